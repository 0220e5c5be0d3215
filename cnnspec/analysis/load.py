"""From a source to a checked spec, for whoever asks: a command or a program. Light."""

from cnnspec.analysis.check import CheckedSpec, check, check_spec
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.state import Overrides
from cnnspec.ir.source import SpecSource


def normalized(source: Source) -> Source:
    """The text itself, or for an IR document the spec that it holds. Raises `CnnspecError`."""
    if not source.text.lstrip().startswith("{"):
        return source
    from cnnspec.ir.document import load

    return SpecSource(source.name, load(source.text, source.name))


def checked(source: Source, values: Overrides | None = None) -> CheckedSpec:
    """The checked spec with its warnings; raises `CnnspecError` where it has errors."""
    return _without_errors(check(source, values))


def checked_spec(source: SpecSource, like: CheckedSpec | None = None) -> CheckedSpec:
    """The checked spec of a run, without warnings; raises `CnnspecError` where it has errors.

    `like` was checked before; where its network is the same, its graph is taken.
    """
    return _without_errors(check_spec(source.spec, source.name, like=like))


def _without_errors(result: CheckedSpec) -> CheckedSpec:
    if not result.ok:
        from cnnspec.analysis.advice import with_advice

        raise CnnspecError(*with_advice(result))
    return result
