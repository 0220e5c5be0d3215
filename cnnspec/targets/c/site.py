"""Where an operation stands in a network, and what a template makes of it there.

A template is a function from a `Site` to a `Kernel`: C text, with the names that the site
promises, and the memory it wants. It knows no addresses; `layout.py` and `functions.py` add
them.
"""

from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape


class Site(Record):
    """What a template may ask.

    Names in its text: the inputs are `x` (`x0`, `x1`, … where there are several) and their
    gradients `dx` (`dx0`, …), the output `y` and its gradient `dy`; weights have the names
    of their roles (`kernel`) and their gradients `d_kernel`. Values lie as (channel, row,
    column) of vectors with a number of each of sixteen images; weights as Keras has them.
    """

    operation: Any
    inputs: tuple[Shape, ...]
    output: Shape
    index: int
    """The number of the step in its program."""
    wanted: tuple[bool, ...]
    """For each input, whether anything before it is trained, so that `dx` is asked for."""
    first: tuple[bool, ...]
    """For each input, whether nothing has been written to its gradient yet."""
    chunk: int
    """Blocks that lie in memory at once."""

    def into(self, source: int = 0) -> str:
        """The operator that gives an input its gradient: sets it, or adds to it."""
        return "=" if self.first[source] else "+="

    def dx(self, source: int = 0) -> str:
        """The name of the gradient of an input."""
        return f"dx{source}" if len(self.inputs) > 1 else "dx"

    def x(self, source: int = 0) -> str:
        """The name of an input."""
        return f"x{source}" if len(self.inputs) > 1 else "x"

    @property
    def image(self) -> Image:
        """The first input as an image; a vector is an image of one pixel."""
        return as_image(self.inputs[0])


def as_image(shape: Shape) -> Image:
    """Returns a shape as an image; a vector is one pixel with as many channels."""
    return shape if isinstance(shape, Image) else Image(1, 1, shape.size)


class Stage(Record):
    """A piece of work: a text, for one block of sixteen images or for a chunk of them.

    Between two stages of a kernel every part of the batch must have done the first.
    """

    text: str
    chunk: bool = False
    """Whether it wants all blocks of a chunk at once: `blocks` of them, `STRIDE` apart."""
    before: str = ""
    """What is done once for a part, before its blocks."""


class Kernel(Record):
    """What a template makes: the stages of both directions and the memory they want."""

    formula: str
    forward: tuple[Stage, ...]
    backward: tuple[Stage, ...] = ()
    predict: Stage | None = None
    """In place of `forward` where nothing is trained."""
    kept: int = 0
    """Vectors of a block that the way back needs: the name `kept`."""
    scratch: int = 0
    """Vectors that each stage may write to: the name `scratch`."""
    prepare: str = ""
    """What is made of the weights before each step, written to `prepared`."""
    prepared: int = 0
    """Floats that `prepare` writes."""
    shared: int = 0
    """Floats that each part leaves for the others: the name `shared`, by parts."""
    runtime: str = ""
    """The file of `runtime/` that its text needs beside those that every network has."""


def kernel(formula: str, forward: str, backward: str = "", **more: Any) -> Kernel:
    """Returns a kernel that works on one block at a time."""
    back = (Stage(backward),) if backward else ()
    return Kernel(formula, (Stage(forward),), back, **more)
