"""From a source to a checked spec, for whoever asks: a command or a program. Light."""

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.state import Overrides


def normalized(source: Source) -> Source:
    """The text itself, or for an IR document the canonical text of what it says.

    The printed form of a spec parses to an equal spec, so that every later step,
    messages included, works on text alone.
    """
    if not source.text.lstrip().startswith("{"):
        return source
    from cnnspec.ir.document import load

    return Source(source.name, str(load(source.text, source.name)))


def checked(source: Source, values: Overrides | None = None) -> CheckedSpec:
    """The checked spec; raises `CnnspecError` where it has errors."""
    result = check(source, values)
    if not result.ok:
        raise CnnspecError(*with_advice(result))
    return result
