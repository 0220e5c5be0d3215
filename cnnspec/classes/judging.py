"""Judges each submission of a class, and says what of it is trained.

Whatever a submission holds, it is a row: no error of one ends the class.
"""

import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.assignment import Judgement, judge_checked
from cnnspec.analysis.check import CheckedSpec, check, check_text
from cnnspec.analysis.load import normalized
from cnnspec.analysis.rule_problems import rule_problems
from cnnspec.analysis.rules import ExpectRule, Verdict
from cnnspec.analysis.rules_file import Rules
from cnnspec.analysis.twins import Twins, twins
from cnnspec.classes.entry import Entry, Problem
from cnnspec.classes.submissions import Submission, uses
from cnnspec.classes.under_rules import looks_at_test, obstacles, under_rules
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.assignments import UsesOthers
from cnnspec.diagnostics.base import Diagnostic, many
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import MAX_SHOWN, as_json, render
from cnnspec.expansion.state import Overrides
from cnnspec.files.names import folder_name
from cnnspec.ir.source import SpecSource
from cnnspec.ir.spec import Spec
from cnnspec.language.parse import parse

_COLUMNS = 100
"""The longest line of a submission that is shown whole beside its error."""
MAX_TEXT = 20_000
"""Characters of a submission that pages show."""


class Terms(Record):
    """What holds for every submission: rules, overrides, and where it is trained."""

    rules: Rules
    overrides: Overrides
    native: bool
    jobs: int
    images: int | None


class Judged(Record):
    """A submission as it was judged, and the spec that is trained, if there is one."""

    entry: Entry
    spec: Spec | None = None
    checked: CheckedSpec | None = None


class Shown(Record):
    """How a submission is called: its own name, or a pseudonym that hides it and its file."""

    name: str
    slug: str
    hidden: bool = False


def names_shown(found: Sequence[Submission], *, hidden: bool) -> list[Shown]:
    """Returns what each submission is called, distinct on every system.

    Pseudonyms are numbers in a random order, so that they tell nothing of the names.
    """
    if hidden:
        numbers = list(range(1, len(found) + 1))
        random.SystemRandom().shuffle(numbers)
        width = max(2, len(str(len(found))))
        labels = [f"S{number:0{width}}" for number in numbers]
        return [Shown(label, label, hidden=True) for label in labels]
    taken: set[str] = set()
    shown = []
    for each in found:
        stem = slug = (folder_name(each.name) or "submission")[:60]
        number = 1
        # Some systems take `Ada` and `ada` for one.
        while slug.casefold() in taken:
            number += 1
            slug = f"{stem}-{number}"
        taken.add(slug.casefold())
        shown.append(Shown(safe(each.name), slug))
    return shown


def judge_all(found: Sequence[Submission], shown: Sequence[Shown], terms: Terms) -> list[Judged]:
    """Judges every submission."""
    pairs = zip(found, shown, strict=True)
    return [_judged(submission, called, terms) for submission, called in pairs]


def alike(judged: Iterable[Judged]) -> list[Twins]:
    """Returns the groups of submissions that are the same, by the names that are shown."""
    return twins({each.entry.slug: each.checked for each in judged if each.checked})


def _judged(submission: Submission, called: Shown, terms: Terms) -> Judged:
    try:
        source = submission.read()
        checked = _checked(source, alone=submission.alone)
    except CnnspecError as problems:
        told = _Teller(submission, called, None)
        entry = _entry(told, "", terms.rules, problems.diagnostics, "cannot be read")
        return Judged(entry)
    told = _Teller(submission, called, source)
    return _of_checked(told, judge_checked(terms.rules, checked), terms)


def _checked(source: Source, *, alone: bool) -> CheckedSpec:
    """Checks a text; one that lies beside those of others may not read them."""
    text = normalized(source)
    if isinstance(text, SpecSource):
        return check(text)
    parsed = parse(text)
    used = () if alone else tuple(uses(parsed.statements))
    if used:
        raise CnnspecError(*(UsesOthers(statement.span) for statement in used))
    return check_text(parsed, {})


def _of_checked(told: "_Teller", judgement: Judgement, terms: Terms) -> Judged:
    rules, checked = terms.rules, judgement.checked
    problems: tuple[Diagnostic, ...] = tuple(p for p in with_advice(checked))
    broken = rule_problems(rules, judgement)
    problems += tuple(p for p in broken if (p.code, p.span) not in _places(problems))
    static = [
        verdict.holds
        for rule, verdict in zip(rules.rules, judgement.verdicts, strict=True)
        if not isinstance(rule, ExpectRule)
    ]
    count = sum(p.severity == "error" for p in checked.problems)
    reason, trained = "", None
    if count:
        reason = f"{many(count, 'error')} in the text"
    elif not all(static):
        reason = f"breaks {many(sum(not holds for holds in static), 'rule')}"
    elif seen := tuple(looks_at_test(rules, checked)):
        problems += seen
        reason = "its training looks at the test images"
    elif blocked := tuple(obstacles(checked, terms.native, terms.jobs, terms.images)):
        problems += blocked
        reason = "cannot be trained here"
    else:
        model = told.called.slug if told.called.hidden else checked.spec.model
        made = under_rules(rules, checked, terms.overrides, told.called.slug, model)
        if made.ok:
            trained = made.spec
        else:
            problems += tuple(p.replace(span=None) for p in made.problems if hasattr(p, "span"))
            reason = "cannot be measured as the rules ask"
    entry = _entry(told, checked.spec.model, rules, problems, reason, judgement)
    return Judged(entry, trained, checked)


def _places(problems: Iterable[Diagnostic]) -> set[tuple[object, ...]]:
    return {(p.code, p.span) for p in problems}


def _entry(
    told: "_Teller",
    model: str,
    rules: Rules,
    problems: tuple[Diagnostic, ...],
    reason: str,
    judgement: Judgement | None = None,
) -> Entry:
    unknown = Verdict("", None)
    verdicts = judgement.verdicts if judgement else (unknown,) * len(rules.rules)
    totals = judgement.checked.totals if judgement else None
    # What keeps it from being trained comes before warnings.
    problems = tuple(sorted(problems, key=lambda each: each.severity != "error"))
    return Entry(
        name=told.called.name,
        slug=told.called.slug,
        file=told.file,
        text=told.text,
        shared=told.shared(judgement),
        model="" if told.called.hidden else model,
        params=totals.params if totals else None,
        macs=totals.macs if totals else None,
        # What a submission claims of itself counts for nothing: it is measured.
        verdicts=tuple(
            unknown if isinstance(rule, ExpectRule) else verdict
            for rule, verdict in zip(rules.rules, verdicts, strict=True)
        ),
        problems=tuple(map(told.problem, problems[:MAX_SHOWN])),
        reason=reason,
    )


class _Teller:
    """Tells of a submission by the name that is shown, whatever path its file has."""

    def __init__(self, submission: Submission, called: Shown, source: Source | None) -> None:
        self.called = called
        self._source = source
        path = Path(source.name) if source else submission.path
        # The longest first: a file before the folder that it is in.
        self._hidden = {
            str(path): f"{called.name}.cnn",
            f"{submission.path}/": "",
            str(submission.path): called.name,
            path.name: f"{called.name}.cnn",
        }
        # The folder of the class says nothing of a submission, and no page needs it.
        self._home = f"{submission.path.parent}/"
        self.file = "" if called.hidden else path.name
        if submission.alone and source and not called.hidden:
            self.file = f"{submission.path.name}/{path.name}"

    @property
    def text(self) -> str:
        """What was handed in, cut where it is very long."""
        text = self._source.text if self._source else ""
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n…"

    def shared(self, judgement: Judgement | None) -> str:
        """A text for the pages of others: where names are hidden, one without comments."""
        if not self.called.hidden or judgement is None:
            return "" if self.called.hidden else self.text
        if not judgement.checked.ok:
            return _without_comments(self.text)
        return str(judgement.checked.spec.replace(model=self.called.slug))

    def problem(self, found: Diagnostic) -> Problem:
        """A diagnostic for pages and tables."""
        lines = [
            [(self._said(t), style) for t, style in line] for line in render((found,), _COLUMNS)
        ]
        return Problem(self._plain(as_json(found)), tuple(lines))

    def _said(self, text: str) -> str:
        if not self.called.hidden:
            return text.replace(self._home, "")
        for name, instead in self._hidden.items():
            text = text.replace(name, instead)
        return _without_comments(text)

    def _plain(self, value: Any) -> Any:
        match value:
            case str():
                return self._said(value)
            case list():
                return [self._plain(each) for each in value]
            case dict():
                return {key: self._plain(each) for key, each in value.items()}
        return value


_COMMENT = re.compile(r'("[^"\n]*")|#.*')


def _without_comments(text: str) -> str:
    """A text without its comments, in which people write their names."""
    return _COMMENT.sub(lambda found: found[1] or "", text)


def summary(judged: Sequence[Judged]) -> str:
    """How many submissions there are, and how many of them are trained."""
    trained = sum(each.spec is not None for each in judged)
    return f"{many(len(judged), 'submission')}, {trained:,} to train"
