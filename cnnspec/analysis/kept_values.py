"""Settings that keep the rules about them: for what a help says, and for a first submission."""

from collections.abc import Iterable, Iterator
from math import ceil, floor
from typing import Any

from cnnspec.analysis.rules import SettingRule, Wanted
from cnnspec.ir.spec import Data
from cnnspec.language.arg_types import ArgType, Int


def kept_value(rules: Iterable[SettingRule], present: Any) -> Any:
    """Returns the value nearest to the present one that keeps rules about one setting.

    `None` where none is found.
    """
    found = list(rules)
    wanted = [each for rule in found for each in rule.wanted]
    if all(each.holds(present) for each in wanted):
        return present
    known = (v for v in _candidates(wanted, found[0].kind) if all(w.holds(v) for w in wanted))
    if not _number(present):
        return next(known, None)
    return min(known, key=lambda v: abs(v - present) if _number(v) else 0.0, default=None)


def statement_that_keeps(rule: SettingRule, present: Any) -> str:
    """Returns the statement that keeps a rule, such as `epochs 15`; empty where none is found."""
    value = kept_value([rule], present)
    if value is None or (isinstance(value, Data) and not value.dataset):
        # A path is seen from the file that it is in, and the one of the rules means nothing here.
        return ""
    return f"{rule.name} {rule.kind.write(value)}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _candidates(wanted: list[Wanted], kind: ArgType) -> Iterator[Any]:
    """Yields values that may keep all that is wanted."""
    yield from (item.value for each in wanted for item in each.items)
    limits = [each.limit for each in wanted if each.relation]
    if not limits:
        return
    middle = (min(limits) + max(limits)) / 2
    if isinstance(getattr(kind, "kind", kind), Int):
        for limit in (*limits, middle):
            yield from (floor(limit), ceil(limit), floor(limit) - 1, ceil(limit) + 1)
    else:
        yield from (*limits, middle, *(limit * part for limit in limits for part in (0.9, 1.1)))
