"""From a source to a checked spec, for whoever asks: a command or a program. Light."""

from cnnspec.advise import advised
from cnnspec.check import Checked, check
from cnnspec.diagnostics.base import Problems
from cnnspec.expand import Overrides
from cnnspec.source import Source


def normalized(source: Source) -> Source:
    """The text itself, or for an IR document the canonical text of what it says.

    The printed form of a spec parses to an equal spec, so that every later step,
    messages included, works on text alone.
    """
    if not source.text.lstrip().startswith("{"):
        return source
    from cnnspec.ir.document import load

    return Source(source.name, str(load(source.text, source.name)))


def checked(source: Source, values: Overrides | None = None) -> Checked:
    """The checked spec; raises `Problems` where it has errors."""
    result = check(source, values)
    if not result.ok:
        raise Problems(*advised(result))
    return result
