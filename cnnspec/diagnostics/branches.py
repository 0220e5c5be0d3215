"""Errors of branches and shared layers, whose shapes must agree."""

from typing import ClassVar

from cnnspec.core.edits import Edit, Fix, Fixes
from cnnspec.core.shapes import Image, Shape
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Label, listing
from cnnspec.diagnostics.shapes import ShapeDiagnostic


class BranchesDiffer(ShapeDiagnostic):
    """Branches that are added, multiplied or compared must have one shape.

    Branches that are concatenated may differ in their channels only. A `residual` whose
    block shrinks the image or changes its channels needs `residual project`. Only `multiply`
    stretches a branch, one of a single pixel or a single channel, over an image. Keras would
    do so for every merge and every side of 1, where it is more often a mistake than meant.
    """

    code: ClassVar[str] = "CNN208"
    bad: ClassVar[str] = "conv 8x3 relu; residual { conv 16x3 same }; pool 2; dense 10 softmax"
    good: ClassVar[str] = (
        "conv 8x3 relu; residual project { conv 16x3 same }; pool 2; dense 10 softmax"
    )

    of: str = ""
    shapes: tuple[Shape, ...] = ()
    projected: bool = False
    """Whether an empty branch already gets a 1x1 convolution."""
    ends: tuple[tuple[Span, str], ...] = ()
    """Where the last layer of each branch is, and its shape."""

    @property
    def message(self) -> str:
        return f"`{self.of}` cannot join {listing(self.shapes, 'and', quote='')}"

    @property
    def help(self) -> str:
        if self.projected:
            if larger := self._enlarged:
                return larger
            return "a projection needs a whole stride: use `same` padding in the block"
        if stretched := self._stretched:
            return stretched
        if self.of in ("add", "residual") and len({type(shape) for shape in self.shapes}) == 1:
            return f"give the branches one shape, or write `{self.of} project`"
        if self.of == "concat":
            return "give the branches the same rows and columns, with `same` padding for instance"
        return "give the branches one shape"

    @property
    def _enlarged(self) -> str:
        """How to say it where the branch is larger than what the projection gets."""
        images = [shape for shape in (*self.shapes, self.shape) if isinstance(shape, Image)]
        sizes = [(image.height, image.width) for image in images]
        if len(images) <= len(self.shapes) or max(sizes) == sizes[-1]:
            return ""
        factor = max(sizes)[0] // max(sizes[-1][0], 1)
        return (
            "a projection makes an image smaller, never larger: write "
            f"`add project {{ branch {{ upsample {factor} }}; branch {{ … }} }}`"
        )

    @property
    def _stretched(self) -> str:
        """How to say what Keras does by itself: a pixel or a channel stretched over an image."""
        largest = max(self.shapes, key=lambda shape: shape.size)
        if self.of in ("multiply", "concat") or not isinstance(largest, Image):
            return ""
        pixel = Image(1, 1, largest.channels)
        if all(shape in (largest, pixel) for shape in self.shapes):
            size = f"{largest.height}x{largest.width}"
            return f"only `multiply` stretches a pixel over an image; write `resize {size} nearest`"
        return ""

    def fixes_at(self, span: Span) -> Fixes:
        # Not where it is an image and a vector: a projection joins images.
        alike = len({type(shape) for shape in self.shapes}) == 1
        if self.of not in ("add", "residual") or self.projected or not alike or self._stretched:
            return ()
        place = span.source.span(span.end, span.end)
        return (Fix((Edit(place, " project"),), title=f"write `{self.of} project`"),)

    @property
    def related(self) -> tuple[Label, ...]:
        return tuple(Label(span, f"this branch ends in {shape}") for span, shape in self.ends)


class WeightsDiffer(ShapeDiagnostic):
    """Shared weights are the same numbers in each repetition, so they need the same channels."""

    code: ClassVar[str] = "CNN209"
    bad: ClassVar[str] = (
        "conv 8x3 relu; repeat 2 shared { conv 16x3 same relu }; pool 2; dense 10 softmax"
    )
    good: ClassVar[str] = (
        "conv 16x3 relu; repeat 2 shared { conv 16x3 same relu }; pool 2; dense 10 softmax"
    )

    first: Shape | None = None

    @property
    def message(self) -> str:
        return f"the shared weights were made for {self.first} and now get {self.shape}"

    @property
    def help(self) -> str:
        return "end the block with as many channels as it begins with"


class UnusedOutput(ShapeDiagnostic):
    """Every layer counts towards the output of the network.

    Where all branches of a merge begin with `from`, what is right before the merge has no
    effect: Keras would leave it out of the model, and its weights out of the sum.
    """

    code: ClassVar[str] = "CNN213"
    bad: ClassVar[str] = (
        "conv 8x3 relu name=a; conv 8x3 same relu\n"
        "add { branch { from a }; branch { from a; conv 8x3 same } }; pool 2; dense 10 softmax"
    )
    good: ClassVar[str] = (
        "conv 8x3 relu name=a; conv 8x3 same relu\n"
        "add { branch { from a }; branch { conv 8x3 same } }; pool 2; dense 10 softmax"
    )

    of: str = ""

    @property
    def message(self) -> str:
        return f"nothing takes the output of `{self.of}`"

    @property
    def label(self) -> str:
        return f"its output is {self.shape}"

    @property
    def help(self) -> str:
        return "let a branch of the merge after it begin without `from`, or remove this layer"
