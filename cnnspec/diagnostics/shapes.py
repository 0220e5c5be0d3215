"""Errors that show only once the shape that reaches a layer is known."""

import re
from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, write
from cnnspec.core.shapes import Image, Shape
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, listing, many


class ShapeDiagnostic(Diagnostic):
    """A layer cannot take the shape that it gets.

    The checker that knows where the shape came from fills in `origin`, as
    `after pool at line 8`.
    """

    shape: Shape
    origin: str = ""

    @property
    def label(self) -> str:
        origin = f", {self.origin}" if self.origin else ""
        return f"the {self.shape.article} is {self.shape} here{origin}"

    def _instead(self, text: str) -> Fixes:
        """The fix that writes another size, where the one at the span is a plain number."""
        if not self.span or not re.fullmatch(r"[\dx]+", self.span.text):
            return ()
        return (write(self.span, text, title=f"write `{text}`"),)


class WindowTooLarge(ShapeDiagnostic):
    """A window larger than the image fits nowhere.

    Without padding, a kernel of K needs at least K rows and columns. Each
    convolution without padding takes K - 1 of them away, each pooling of 2 half
    of them.
    """

    code: ClassVar[str] = "CNN201"
    bad: ClassVar[str] = "pool 7; conv 32x7 relu; dense 10 softmax"
    good: ClassVar[str] = "pool 7; conv 32x3 relu; dense 10 softmax"

    what: str = "kernel"
    window: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    ceil: bool = False
    """Whether the window may reach over the end of the image."""

    @property
    def message(self) -> str:
        assert isinstance(self.shape, Image)
        image = f"{self.shape.height}x{self.shape.width}"
        size = f"{self.window[0]}x{self.window[1]}"
        dilated = "" if self.dilation == (1, 1) else f" with dilation {_pair(self.dilation)}"
        return f"{self.what} {size}{dilated} does not fit its {image} input"

    @property
    def help(self) -> str:
        assert isinstance(self.shape, Image)
        image = self.shape.height, self.shape.width
        if self.ceil:
            return f"use a {self.what} of at most {_pair(self._largest)}"
        if image == (1, 1):
            return "the image is a single pixel here: pool less before, or use `same` padding"
        largest = self._largest
        if largest == (1, 1):
            return "use a smaller dilation, or `same` padding"
        return f"use a {self.what} of at most {_pair(largest)}, or `same` padding"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import append, statement_around

        largest = self._largest
        smaller = () if largest == (1, 1) and not self.ceil else self._instead(_pair(largest))
        return smaller if self.ceil else (*smaller, append(statement_around(span), "same"))

    @property
    def _largest(self) -> tuple[int, ...]:
        """The largest window that fits."""
        assert isinstance(self.shape, Image)
        sides = zip((self.shape.height, self.shape.width), self.dilation, strict=True)
        return tuple((side - 1) // step + 1 for side, step in sides)


def _pair(sides: tuple[int, ...]) -> str:
    return str(sides[0]) if sides[0] == sides[1] else f"{sides[0]}x{sides[1]}"


class NeedsImage(ShapeDiagnostic):
    """Convolution and pooling need an image; a vector has no rows and columns."""

    code: ClassVar[str] = "CNN202"
    bad: ClassVar[str] = "flatten; conv 8x3 relu; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; flatten; dense 10 softmax"

    of: str = ""

    @property
    def message(self) -> str:
        return f"`{self.of}` needs an image and gets a vector of {self.shape}"

    @property
    def help(self) -> str:
        return "move it before the layer that flattens the image, or `reshape` the vector"


class ChannelsDoNotDivide(ShapeDiagnostic):
    """Groups share the channels of the input and of the output evenly."""

    code: ClassVar[str] = "CNN203"
    bad: ClassVar[str] = "conv 9x3 relu; conv 12x3 relu groups=4; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; conv 12x3 relu groups=4; dense 10 softmax"

    groups: int = 1
    channels: int = 1
    which: str = "input channels"
    shared: tuple[int, ...] = ()
    """All channels that the groups share: those of the input and of the output."""

    @property
    def message(self) -> str:
        return f"{self.channels} {self.which} do not divide into {self.groups} groups"

    @property
    def help(self) -> str:
        fits = [g for g in range(1, min(self.channels, 64) + 1) if self.channels % g == 0]
        return f"{self.channels} divides into {listing(fits, quote='')} groups"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_option

        shared = self.shared or (self.channels,)
        fits = [g for g in range(1, self.groups + 1) if not any(n % g for n in shared)]
        number = str(fits[-1])
        return set_option(span, "groups", number) or self._instead(number)


class TooFewChannels(ShapeDiagnostic):
    """A slice takes channels that are there.

    `slice 8 start=4` leaves out four channels and takes the eight after them, so there
    must be twelve.
    """

    code: ClassVar[str] = "CNN210"
    bad: ClassVar[str] = "conv 16x3 relu; slice 8 start=12; pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 16x3 relu; slice 8 start=8; pool 2; dense 10 softmax"

    taken: int = 1
    start: int = 0

    @property
    def message(self) -> str:
        there = self.shape.dims[-1]
        after = f" after the first {self.start}" if self.start else ""
        return f"`slice` takes {many(self.taken, 'channel')}{after}, of {there}"

    @property
    def help(self) -> str:
        left = self.shape.dims[-1] - self.start
        if left > 0:
            return f"take at most {many(left, 'channel')}"
        return f"use a start below {self.shape.dims[-1]}"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_option

        there = self.shape.dims[-1]
        if self.start < there:
            return self._instead(str(there - self.start))
        return set_option(span, "start", str(max(there - self.taken, 0)))


class CannotReshape(ShapeDiagnostic):
    """A reshape keeps every value, so the sizes multiply to the same number."""

    code: ClassVar[str] = "CNN204"
    bad: ClassVar[str] = "reshape 7x7x10; dense 10 softmax"
    good: ClassVar[str] = "reshape 7x7x16; dense 10 softmax"

    target: Shape | None = None

    @property
    def message(self) -> str:
        assert self.target is not None
        return (
            f"cannot reshape {self.shape} into {self.target}: "
            f"{self.shape.size} values are not {self.target.size}"
        )

    @property
    def help(self) -> str:
        return f"choose sizes that multiply to {self.shape.size}"

    def fixes_at(self, span: Span) -> Fixes:
        assert self.target is not None
        sizes = list(self.target.dims)
        rest = self.target.size // sizes[-1]
        if self.shape.size % rest:
            return ()
        # The channels give way: rows and columns are what a reshape is mostly about.
        return self._instead("x".join(map(str, [*sizes[:-1], self.shape.size // rest])))


class NothingLeft(ShapeDiagnostic):
    """Cropping must leave at least one pixel."""

    code: ClassVar[str] = "CNN205"
    bad: ClassVar[str] = "crop 14; dense 10 softmax"
    good: ClassVar[str] = "crop 4; dense 10 softmax"

    sides: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    """Rows cut off above and below, columns on the left and on the right."""

    @property
    def message(self) -> str:
        (top, bottom), (left, right) = self.sides
        if self._even:
            return f"cropping {top}x{left} from each side leaves nothing"
        assert isinstance(self.shape, Image)
        image = f"{self.shape.height}x{self.shape.width}"
        rows, columns = many(top + bottom, "row"), many(left + right, "column")
        return f"cropping {rows} and {columns} of {image} leaves nothing"

    @property
    def help(self) -> str:
        if self._even:
            return f"crop at most {_pair(self._most)}"
        assert isinstance(self.shape, Image)
        rows, columns = self.shape.height - 1, self.shape.width - 1
        return f"crop at most {many(rows, 'row')} and {many(columns, 'column')} in all"

    def fixes_at(self, span: Span) -> Fixes:
        return self._instead(_pair(self._most)) if self._even else ()

    @property
    def _even(self) -> bool:
        """Whether as much is cut off on one side as on the other."""
        return all(before == behind for before, behind in self.sides)

    @property
    def _most(self) -> tuple[int, int]:
        """The rows and columns that can be cropped from each side."""
        assert isinstance(self.shape, Image)
        return (self.shape.height - 1) // 2, (self.shape.width - 1) // 2


class WrongClasses(ShapeDiagnostic):
    """The last layer has one output for each class."""

    code: ClassVar[str] = "CNN206"
    bad: ClassVar[str] = "dense 9 softmax"
    good: ClassVar[str] = "dense 10 softmax"

    classes: int = 10
    last: str = ""
    known: bool = False
    """Whether the number of classes follows from a known dataset."""
    end: Span | None = None
    """The last statement, where a layer can be put after it."""

    @property
    def message(self) -> str:
        if isinstance(self.shape, Image):
            return f"the network ends in an image, not in {self.classes} outputs for the classes"
        return f"the network has {many(self.shape.size, 'output')} for {self.classes} classes"

    @property
    def label(self) -> str:
        return f"the output of `{self.last}`, the last layer, is {self.shape}"

    @property
    def help(self) -> str:
        if self.last == "dense":
            layer = f"write `dense {self.classes} softmax`"
            if self.known or isinstance(self.shape, Image):
                return layer
            return f"{layer}, or `classes {self.shape.size}`: as many as the data have"
        return f"end with `dense {self.classes} softmax`"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_after

        if self.last == "dense" and span.text.isdecimal():
            number = str(self.classes)
            return (write(span, number, safe=self.known, title=f"write `{number}`"),)
        if self.end is None:
            return ()
        layer = f"dense {self.classes} softmax"
        return (Fix((put_after(self.end, layer),), title=f"end with `{layer}`"),)


class TooManyValuesHere(ShapeDiagnostic):
    """The output of a layer is larger than any machine could hold."""

    code: ClassVar[str] = "CNN207"
    bad: ClassVar[str] = "resize 60000x60000; dense 10 softmax"
    good: ClassVar[str] = "resize 56x56; dense 10 softmax"

    values: int = 0

    @property
    def message(self) -> str:
        return f"the output of this layer would hold {self.values:,} values"

    @property
    def help(self) -> str:
        return "choose smaller sizes; the limit is 2,147,483,647 values for one image"
