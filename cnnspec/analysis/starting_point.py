"""A small network that keeps every rule of an assignment, found by trying many.

Each candidate is judged as a submission would be; what no candidate keeps is an error at the rule.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnnspec.analysis.assignment import Judgement, judge
from cnnspec.analysis.kept_values import kept_value
from cnnspec.analysis.rules import AllowRule, BudgetRule, ExpectRule, SettingRule
from cnnspec.analysis.rules_file import Rules
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.assignments import NothingKeeps
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.paths import seen_from
from cnnspec.ir.spec import NAME, Data, Spec
from cnnspec.ir.training import Training
from cnnspec.language.formatter import format_text
from cnnspec.layers.table import CONSTRUCTS

WIDTHS = (8, 16, 12, 6, 4, 24, 32, 3, 2, 1, 48, 64, 96, 128, 192, 256)
"""Filters or units of the first layer, the most usual first."""
_DEEP = "conv {f}x3 same relu; pool 2 same; conv {g}x3 same relu; pool 2 same"
BODIES = (
    _DEEP,
    f"{_DEEP}; conv {{g}}x3 same relu; pool 2 same; conv {{g}}x3 same relu; gap",
    "conv {f}x3 same relu; pool 2 same",
    "conv {f}x3 relu stride=2; conv {g}x3 relu stride=2",
    "conv {f}x3 same relu; conv {f}x3 same relu; pool 2 same; conv {g}x3 same relu; gap",
    "conv {f}x3 relu stride=2; dwconv 3 same relu stride=2; conv {g}x1 relu; dwconv 3 same; gap",
    "conv {f}x3 relu; conv {f}x3 relu; conv {g}x3 relu; conv {g}x3 relu",
    "conv {f}x3 relu",
    "flatten; dense {f} relu",
    "dense {f} relu",
    "dense {g} relu; dense {f} relu",
    "pool 2 same; dense {f} relu",
    "pool 4; dense {f} relu",
    "pool 7",
    "pool 4",
    "pool 2 same",
    "gap",
    "",
)
"""What comes before the end, the most usual first; `g` is twice `f`."""
ENDS = ("dense {c} softmax", "flatten; dense {c} softmax", "conv {c}x1; gap; softmax")


class StartingPoint(Record):
    """A network that keeps every rule, and what became of each."""

    text: str
    judgement: Judgement


def starting_point(rules: Rules, path: Path, model: str) -> StartingPoint:
    """Returns the first candidate that keeps every rule, as the text of a file at `path`.

    Without a warning, if there is one. Raises `CnnspecError` with the rule, or the two rules, that
    no candidate keeps.
    """
    head, tail = _header(rules, path, model), _settings(rules)
    tried: list[Judgement] = []
    warned: StartingPoint | None = None
    for body in _networks(rules):
        layers = "\n".join(part.strip() for part in body.split(";"))
        text = format_text(Source(str(path), f"{head}\n\n{layers}\n\n{tail}"), CONSTRUCTS)
        judgement = judge(rules, Source(str(path), text))
        if judgement.ok and not judgement.warnings:
            return StartingPoint(text, judgement)
        if judgement.ok:
            warned = warned or StartingPoint(text, judgement)
        elif judgement.checked.totals is not None:
            tried.append(judgement)
    if warned:
        return warned
    raise CnnspecError(_blocking(rules, tried))


def _networks(rules: Rules) -> Iterator[str]:
    """Yields the layers of candidates; those that the rules do not allow are left out."""
    spec = Spec()
    for rule in rules.rules:
        if isinstance(rule, SettingRule) and rule.name in ("classes", "data"):
            value = rule.wanted[0].items[0].value
            known = isinstance(value, Data) and value.dataset
            spec = spec.replace(classes=known.classes if known else spec.classes)
            spec = spec.replace(classes=value) if rule.name == "classes" else spec
    allowed = [{*rule.allowed} for rule in rules.rules if isinstance(rule, AllowRule)]
    for body in BODIES:
        for f in WIDTHS if "{f}" in body or "{g}" in body else WIDTHS[:1]:
            for end in ENDS:
                text = "; ".join(filter(None, (body, end))).format(f=f, g=2 * f, c=spec.classes)
                words = {part.split()[0] for part in text.split(";")}
                # `relu` at the end of a layer is part of it.
                if all(words <= each for each in allowed):
                    yield text


def _header(rules: Rules, path: Path, model: str) -> str:
    """The statements before the layers."""
    lines = {"model": f"model {NAME.write(model)}"}
    for rule in rules.rules:
        if isinstance(rule, SettingRule) and not rule.home:
            value = rule.wanted[0].items[0].value
            if isinstance(value, Data) and not value.dataset:
                value = value.replace(source=seen_from(Path(value.source), path.parent.resolve()))
            lines[rule.name] = f"{rule.name} {rule.kind.write(value)}"
    return "\n".join(lines.values())


def _settings(rules: Rules) -> str:
    """The claims and the settings of training that the rules ask for."""
    budgets = [rule.text for rule in rules.rules if isinstance(rule, BudgetRule)]
    claims = [str(rule.expectation) for rule in rules.rules if isinstance(rule, ExpectRule)]
    about: dict[str, list[SettingRule]] = {}
    for rule in rules.rules:
        if isinstance(rule, SettingRule) and rule.home:
            about.setdefault(rule.name, []).append(rule)
    default = Training()
    kept: dict[str, Any] = {n: kept_value(each, getattr(default, n)) for n, each in about.items()}
    lines = [
        f"{name} {about[name][0].kind.write(value)}"
        for name, value in kept.items()
        if value is not None and value != getattr(default, name)
    ]
    block = ["", "train {", *lines, "}"] if lines else []
    return "\n".join([*budgets, *claims, *block])


def _blocking(rules: Rules, tried: list[Judgement]) -> NothingKeeps:
    """The rule that no candidate keeps, else the two that none keeps together."""
    count, held = len(tried), [each.held for each in tried]
    places = range(len(rules.rules))
    for one in places:
        if not any(each[one] for each in held):
            rule = rules.rules[one]
            nearest = _nearest(rule, tried) if isinstance(rule, BudgetRule) else ""
            return NothingKeeps(rule.span, rules=(rule.text,), tried=count, nearest=nearest)
    for one in places:
        for other in range(one):
            if not any(each[one] and each[other] for each in held):
                pair = (rules.rules[other], rules.rules[one])
                texts = tuple(rule.text for rule in pair)
                return NothingKeeps(pair[1].span, rules=texts, tried=count, first=pair[0].span)
    best = max(held, key=lambda each: sum(map(bool, each)), default=())
    broken = [rule for rule, keeps in zip(rules.rules, best, strict=False) if not keeps]
    broken = broken or list(rules.rules)
    return NothingKeeps(broken[0].span, rules=tuple(r.text for r in broken), tried=count)


def _nearest(rule: BudgetRule, tried: list[Judgement]) -> str:
    """The value of a budget that comes nearest to its limit."""
    values = [each.checked.totals.of(rule.budget) for each in tried if each.checked.totals]
    nearest = min(values, key=lambda value: abs(value - rule.budget.limit), default=None)
    return "" if nearest is None else f"{nearest:,}"
