"""From a source to a checked spec, for whoever asks: a command or a program. Light."""

from cnnspec.analysis.advice import advised
from cnnspec.analysis.check import Checked, check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import Problems
from cnnspec.expansion.expand import Overrides


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
