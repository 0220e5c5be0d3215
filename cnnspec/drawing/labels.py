"""The labels of a picture: what is written at a layer, and how wide it is at most.

Widths are estimated for the widest of the usual fonts, DejaVu Sans, because no font is loaded.
"""

from math import fsum

from cnnspec.analysis.summary import brief
from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.graph.graph import LayerCall
from cnnspec.ir.spec import is_automatic

SIZE = 11
"""The font size, in pixels."""
HEADING = 17
"""The font size of the title, in pixels."""
LINE = 14
"""The distance from one line to the next."""
WIDEST = 108.0
"""The maximum width of a line at a layer."""
_LINES = 3

_NARROW = frozenset(" .,:;|!'()[]{}/\\ijlftI-")
_BROAD = frozenset("mwMW@%&#+<>=~^")


class Words(Record):
    """One line of text and its style: `layer`, `detail`, `shape`, `name` or `title`."""

    text: str
    style: str

    @property
    def width(self) -> float:
        """An upper bound of its width."""
        return width(self.text, bold=self.style in ("shape", "title"))


def width(text: str, *, bold: bool = False) -> float:
    """An upper bound of the width of a text at the size of labels."""
    return fsum(map(_em, text)) * SIZE * (1.13 if bold else 1.0)


def _em(char: str) -> float:
    if char in _NARROW:
        return 0.42
    if char in _BROAD:
        return 0.98
    if char.isascii():
        return 0.79 if char.isupper() else 0.64
    from unicodedata import combining, east_asian_width

    return 0.0 if combining(char) else 1.4 if east_asian_width(char) in "WF" else 1.0


def shortened(text: str, room: float, *, bold: bool = False) -> str:
    """Returns the text, cut to a width where it is longer."""
    if width(text, bold=bold) <= room:
        return text
    kept = ""
    for char in text:
        if width(f"{kept}{char}…", bold=bold) > room:
            break
        kept += char
    return f"{kept}…"


def wrapped(text: str, room: float = WIDEST) -> list[str]:
    """Wraps a text into a few lines of a width; the last one is cut if there is more."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(shortened(word, room))
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = [shortened(f"{lines[_LINES - 1]} …", room)]
    return lines


def params(call: LayerCall) -> str:
    """The label with the number of parameters of a call, empty where it has none."""
    if call.weights_from:
        return (
            "shared weights" if call.inference.params.value or call.inference.frozen.value else ""
        )
    return f"{call.params:,} params" if call.params else ""


def labels(call: LayerCall) -> list[Words]:
    """The labels below a layer: its name if one was given, the layer, its parameters."""
    own = call.name.rpartition(".")[2].partition("@")[0]
    named = [] if call.implicit or is_automatic(own) else [own]
    lines = [Words(shortened(safe(name), WIDEST), "name") for name in named]
    lines += [Words(line, "layer") for line in wrapped(safe(brief(call.layer)))]
    return lines + [Words(text, "detail") for text in [params(call)] if text]


def story(call: LayerCall) -> str:
    """Everything about a call in one line."""
    costs = [text for text in (params(call), f"{call.macs:,} MACs" if call.macs else "") if text]
    facts = ", ".join([f"{call.input_shape} -> {call.output_shape}", *costs])
    return safe(f"{call.name}: {call.layer}, {facts}")
