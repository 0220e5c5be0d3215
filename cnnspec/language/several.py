"""Arguments of several numbers: a list, the sides of a window, the sizes of an image."""

from typing import Any

from cnnspec.core.source import Span
from cnnspec.language.arg_types import ArgType, Float, Int
from cnnspec.language.expressions import Bindings
from cnnspec.language.syntax import Argument, Dims, Expression, Option, Relation, Sequence


class Numbers(ArgType):
    """Numbers in a list: `1, 1, 2.5`."""

    many = True

    def __init__(self, item: Float) -> None:
        self.item = item

    @property
    def expected(self) -> str:
        return f"a list with commas, each {self.item.expected}"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema, "minItems": 1}

    def read(self, value: Expression, bindings: Bindings, what: str) -> tuple[float, ...]:
        return self.read_arguments((value,), value.span, bindings, what)

    def read_arguments(
        self, arguments: tuple[Argument, ...], span: Span, bindings: Bindings, what: str
    ) -> tuple[float, ...]:
        numbers: list[float] = []
        for argument in arguments:
            if isinstance(argument, Option | Relation):
                raise self._wrong(argument, what)
            items = argument.items if isinstance(argument, Sequence) else (argument,)
            numbers += [self.item.read(item, bindings, what) for item in items]
        return tuple(numbers)

    def write(self, value: tuple[float, ...]) -> str:
        return ", ".join(self.item.write(item) for item in value)

    def dump(self, value: tuple[float, ...]) -> list[float]:
        return list(value)

    def load(self, data: Any) -> tuple[float, ...]:
        return tuple(float(item) for item in data)


class Pair(ArgType):
    """Rows and columns: `3` for both, or `3x5`."""

    parts = 2

    def __init__(self, low: int = 1) -> None:
        self.side = Int(low)

    @property
    def expected(self) -> str:
        return f"{self.side.expected}, or two as in 3x5"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.side.schema, "minItems": 2, "maxItems": 2}

    def read(self, value: Expression, bindings: Bindings, what: str) -> tuple[int, int]:
        return self.read_parts(value.parts if isinstance(value, Dims) else (value,), bindings, what)

    def read_parts(
        self, values: tuple[Expression, ...], bindings: Bindings, what: str
    ) -> tuple[int, int]:
        if len(values) > 2:
            raise self._wrong(values[2], what)
        sides = [self.side.read(value, bindings, what) for value in values]
        return sides[0], sides[-1]

    def write(self, value: tuple[int, int]) -> str:
        return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"

    def dump(self, value: tuple[int, int]) -> list[int]:
        return list(value)

    def load(self, data: Any) -> tuple[int, int]:
        return self.side.load(data[0]), self.side.load(data[1])


class Dimensions(ArgType):
    """A shape of one to three sizes: `10`, `28x28`, `28x28x1`."""

    parts = 3

    def __init__(self, least: int = 1) -> None:
        self.least = least
        self.side = Int()

    @property
    def expected(self) -> str:
        return "a shape such as 28x28x1"

    @property
    def schema(self) -> dict[str, Any]:
        items = self.side.schema
        return {"type": "array", "items": items, "minItems": self.least, "maxItems": 3}

    def read(self, value: Expression, bindings: Bindings, what: str) -> tuple[int, ...]:
        return self.read_parts(value.parts if isinstance(value, Dims) else (value,), bindings, what)

    def read_parts(
        self, values: tuple[Expression, ...], bindings: Bindings, what: str
    ) -> tuple[int, ...]:
        if not self.least <= len(values) <= 3:
            raise self._wrong(values[-1], what, f"a shape has {self.least} to 3 sizes")
        return tuple(self.side.read(value, bindings, what) for value in values)

    def write(self, value: tuple[int, ...]) -> str:
        return "x".join(map(str, value))

    def dump(self, value: tuple[int, ...]) -> list[int]:
        return list(value)

    def load(self, data: Any) -> tuple[int, ...]:
        return tuple(self.side.load(side) for side in data)
