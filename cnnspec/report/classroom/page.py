"""The pages of a class: one for the teacher, and one for each student to hand back.

Everything that comes from a submission is escaped, by Jinja2 or where it is drawn.
"""

import re
import shlex
from collections.abc import Iterable
from statistics import median
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from cnnspec.analysis.check import check_spec
from cnnspec.analysis.rules import BudgetRule, ExpectRule
from cnnspec.classes.folder import RULES, STUDENTS
from cnnspec.classes.results import KEPT, Results, Row
from cnnspec.core.markup import html_text
from cnnspec.core.terminal import Line, safe
from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import cannot_write, write_atomically
from cnnspec.ir.claims import UPPER
from cnnspec.report.canvas import Drawn, drawn
from cnnspec.report.classroom.phrases import HELD, headline, shown, standing, wrong
from cnnspec.report.classroom.plots import Dot, Limits, scatter
from cnnspec.report.page import network, template
from cnnspec.report.phrases import count, duration, number
from cnnspec.runs.metrics import MEASURED_METRICS
from cnnspec.runs.run import PAGE
from cnnspec.version import __version__

MOST_GROUPS = 50
"""Groups of submissions that are the same, and members of each, that the page shows."""
MOST_SIDE_BY_SIDE = 6


def write(results: Results) -> None:
    """Writes `report.html` and a page for each submission. Raises `CnnspecError`."""
    folder = results.of.folder / STUDENTS
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CnnspecError(cannot_write(folder, error)) from None
    for row in results.rows:
        write_atomically(folder / f"{row.entry.slug}.html", student(results, row))
    write_atomically(results.of.folder / PAGE, teacher(results))


def teacher(results: Results) -> str:
    """The page of the whole class as HTML."""
    metric = MEASURED_METRICS[results.by]
    text: str = template("class.html").render(
        results=results,
        metric=metric,
        headline=headline(results),
        cautions=cautions(results),
        numbers=_numbers(results),
        rows=[_shown(results, row) for row in results.rows],
        counts=[results.holds(place) for place in range(len(results.rules))],
        figure=figure(results),
        troubled=[row for row in results.rows if row.entry.problems],
        groups=_groups(results),
        commands=_commands(results),
        link=_link,
        diagnostic=diagnostic,
        version=__version__,
    )
    return text


def student(results: Results, row: Row) -> str:
    """The page of a submission as HTML; it tells nothing of the others but the rank."""
    style, words = standing(row)
    spec = row.point.spec if row.point else None
    drawing = Markup("")
    if spec is not None:
        checked = check_spec(spec, row.entry.slug)
        drawing = network(checked) if checked.ok else drawing
    text: str = template("student.html").render(
        title=results.of.title,
        row=row,
        style=style,
        words=words,
        numbers=_of_student(results, row),
        rules=[
            (rule.text, shown(rule, verdict), HELD[verdict.holds], _style(verdict.holds))
            for rule, verdict in zip(results.rules, row.verdicts, strict=True)
        ],
        drawing=drawing,
        settings=results.of.settings,
        diagnostic=diagnostic,
        version=__version__,
    )
    return text


def diagnostic(lines: Iterable[Line]) -> Markup:
    """The lines of a diagnostic, in colours, as the inside of a `<pre>`."""
    shown_lines = [
        "".join(
            f'<span class="d-{style}">{html_text(text)}</span>' if style else html_text(text)
            for text, style in line
        ).rstrip()
        for line in lines
    ]
    return Markup("\n".join(shown_lines))


def _style(holds: bool | None) -> str:
    return {True: "good", False: "bad", None: "soft"}[holds]


def _link(row: Row) -> str:
    """The address of the page of a submission."""
    return f"{STUDENTS}/{quote(row.entry.slug)}.html"


def _shown(results: Results, row: Row) -> dict[str, Any]:
    """A row of the tables, its numbers as texts."""
    style, words = standing(row)
    cells = [
        (shown(rule, verdict), HELD[verdict.holds], _style(verdict.holds))
        for rule, verdict in zip(results.rules, row.verdicts, strict=True)
    ]
    return {
        "row": row,
        "style": style,
        "words": words,
        "metric": number(row.metric(results.by)),
        "params": count(row.entry.params),
        "macs": count(row.entry.macs),
        "time": duration(row.seconds),
        "wrong": wrong(results, row),
        "kept": f"{row.kept} of {len(row.verdicts)}",
        "cells": cells,
    }


def _numbers(results: Results) -> list[tuple[str, str]]:
    """The large numbers at the top: what each is, and its value."""
    found = [
        ("submissions", f"{len(results.rows):,}"),
        ("keep every rule", f"{results.count(KEPT):,}"),
        ("trained", f"{len(results.trained):,}"),
    ]
    reached = [m for row in results.trained if (m := row.metric(results.by)) is not None]
    if reached:
        metric = MEASURED_METRICS[results.by]
        best = max(reached) if metric.more else min(reached)
        found += [(f"best {metric.title}", number(best))]
        found += [(f"median {metric.title}", number(median(reached)))]
        seconds = re.sub(r"(?<=\d) (?=\D)", "\N{NO-BREAK SPACE}", duration(results.seconds))
        found += [("time of all trainings", seconds)]
    return found


def _of_student(results: Results, row: Row) -> list[tuple[str, str]]:
    """The large numbers of a submission."""
    kept = f"{row.kept} of {len(row.verdicts)}"
    found = [("rules kept", kept)]
    for key in dict.fromkeys((results.by, "accuracy")):
        if row.metric(key) is not None:
            found.append((MEASURED_METRICS[key].words, number(row.metric(key))))
    if row.rank:
        found.append(("rank", f"{row.rank} of {len(results.trained)}"))
    if row.entry.params is not None:
        found += [("parameters", count(row.entry.params)), ("MACs", count(row.entry.macs))]
    if row.seconds:
        found.append(("time of training", duration(row.seconds)))
    return found


def cautions(results: Results) -> list[str]:
    """What a teacher must know to read the page rightly."""
    found = []
    if results.of.settings:
        given = ", ".join(f"`{setting}`" for setting in results.of.settings)
        found.append(f"Everyone was trained with {given}, whatever the submission says.")
    waiting = sum(row.state == "not trained yet" for row in results.rows)
    if waiting:
        again = f"`cnnspec class --resume {results.of.folder}`"
        found.append(f"{many(waiting, 'submission')} not trained yet: {again} goes on.")
    if results.of.without:
        names = ", ".join(results.of.without)
        found.append(f"No .cnn file is in: {safe(names)}.")
    return found


def figure(results: Results) -> Drawn | None:
    """Parameters against the metric of the ranking; `None` where nothing was trained."""
    found = [
        Dot(row.entry.params, reached, row.rank, row.state == KEPT)
        for row in results.trained
        if (reached := row.metric(results.by)) is not None
        and row.entry.params is not None
        and row.rank is not None
    ]
    if not found:
        return None
    metric = MEASURED_METRICS[results.by]
    title = f"{metric.words[0].upper()}{metric.words[1:]} by parameters"
    alt = f"{title} of {many(len(found), 'submission')}; the numbers are those of the table."
    return drawn("parameters", title, alt, scatter, title, metric.title, found, _limits(results))


def _limits(results: Results) -> Limits:
    """The limits that the figure shows."""
    params = [
        rule.budget.limit
        for rule in results.rules
        if isinstance(rule, BudgetRule)
        and rule.budget.quantity == "params"
        and rule.budget.relation in UPPER
    ]
    reached = [
        rule.expectation.limit
        for rule in results.rules
        if isinstance(rule, ExpectRule) and rule.expectation.quantity == results.by
    ]
    return Limits(min(params, default=None), max(reached, default=None))


def _groups(results: Results) -> list[dict[str, Any]]:
    """Submissions that are the same, with the texts to lay side by side."""
    entries = {row.entry.slug: row for row in results.rows}
    found = []
    for group in results.of.twins[:MOST_GROUPS]:
        rows = [entries[slug] for slug in group.files if slug in entries]
        names = ", ".join(row.name for row in rows)
        sides = [(row, row.entry.shared) for row in rows[:MOST_SIDE_BY_SIDE]]
        found.append({"same": group.same, "names": names, "sides": sides, "more": len(rows)})
    return found


def _commands(results: Results) -> list[tuple[str, str]]:
    """The commands that do this again, each with what it does."""
    name = results.of.name
    found = [
        ("Do what is left, and write these pages again", ["cnnspec", "class", "--resume", name]),
        (
            "A first submission that keeps the rules",
            ["cnnspec", "new", "--rules", f"{name}/{RULES}"],
        ),
        ("Set the trained networks side by side", ["cnnspec", "compare", f"{name}/trainings"]),
    ]
    if results.of.command and not results.of.hidden:
        found.insert(0, ("As the class was judged", list(results.of.command)))
    best = next((row for row in results.trained), None)
    if best:
        run = ["cnnspec", "report", f"{name}/trainings/{best.entry.training}"]
        found.append(("The full report of the best", run))
    return [(what, safe(shlex.join(command))) for what, command in found]
