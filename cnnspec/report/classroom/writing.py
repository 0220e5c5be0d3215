"""Writes the results of a class: lines of a terminal, CSV, JSON and, last, the pages. Light."""

from typing import Any

from cnnspec.analysis.rules import Verdict
from cnnspec.classes.folder import Class
from cnnspec.classes.results import Results, Row
from cnnspec.core.table import Cell, Table, csv_text
from cnnspec.core.terminal import Line
from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import reason
from cnnspec.diagnostics.runs import NoReport
from cnnspec.files.atomic import json_text, write_atomically
from cnnspec.report.classroom.phrases import headline, standing, wrong
from cnnspec.report.phrases import count, duration, number
from cnnspec.runs.metrics import MEASURED_METRICS
from cnnspec.sweeps.folder import RESULTS, TABLE

_LONG = 90
"""Characters of what is wrong that a terminal shows of a submission."""


def finalize(of: Class, warn: Warn) -> Results:
    """Writes the results of a class into its folder; returns them.

    Pages that cannot be written are a warning. Raises `CnnspecError` where the rest cannot.
    """
    results = Results(of)
    write_atomically(of.folder / RESULTS, json_text(results.dump()))
    write_atomically(of.folder / TABLE, csv(results))
    try:
        from cnnspec.report.classroom.page import write

        write(results)
    except Exception as error:
        again = f"`cnnspec class --resume {of.folder}` writes it again"
        warn(NoReport(None, f"the report could not be written: {reason(error)}", again))
    return results


def lines(results: Results) -> list[Line]:
    """The lines printed at the end of a class."""
    found: list[Line] = [[(results.of.title, "strong"), (f", {headline(results)}", "")], []]
    found += ranking(results).lines()
    found.append([])
    for place, rule in enumerate(results.rules):
        found.append([(f"{results.holds(place)} of {len(results.rows)}: {rule.text}", "")])
    for group in results.of.twins:
        names = ", ".join(map(results.called, group.files))
        found.append([(f"the same {group.same}: {names}", "")])
    if results.of.without:
        found.append([(f"no .cnn file in: {', '.join(results.of.without)}", "dim")])
    return found


def ranking(results: Results) -> Table:
    """Every submission with what it reached or what is wrong with it, the best first."""
    title = MEASURED_METRICS[results.by].title
    header = ("rank", "submission", "", title, "params", "time", "what is wrong")
    return Table(header, tuple(_cells(results, row) for row in results.rows), "rllrrrl")


def _cells(results: Results, row: Row) -> tuple[str, ...]:
    style, words = standing(row)
    said = wrong(results, row)
    return (
        str(row.rank or ""),
        row.name,
        Cell(words, style),
        number(row.metric(results.by)) if row.trained else "",
        count(row.entry.params) if row.entry.params is not None else "",
        duration(row.seconds) if row.seconds else "",
        said if len(said) <= _LONG else f"{said[: _LONG - 1]}…",
    )


def csv(results: Results) -> str:
    """Every submission, the best first; two columns for each rule: what was found, and whether.

    Numbers are numbers; what is not known is empty.
    """
    records = [_record(results, row) for row in results.rows]
    return csv_text(records[0], (record.values() for record in records))


def _record(results: Results, row: Row) -> dict[str, Any]:
    record: dict[str, Any] = {
        "rank": row.rank,
        "name": row.name,
        "file": row.entry.file,
        "model": row.entry.model,
        "state": row.state,
        "rules kept": row.kept,
        "params": row.entry.params,
        "macs": row.entry.macs,
        "epochs": row.point.mean("epochs") if row.point else None,
        "seconds": row.seconds,
    }
    record |= {f"{metric.words}": row.metric(key) for key, metric in MEASURED_METRICS.items()}
    for rule, verdict, value in zip(results.rules, row.verdicts, row.numbers, strict=True):
        record[rule.text] = _found(verdict, value)
        record[f"{rule.text} held"] = verdict.holds
    others = [
        results.called(slug)
        for group in results.of.twins
        if row.entry.slug in group.files
        for slug in group.files
        if slug != row.entry.slug
    ]
    record["identical"] = " ".join(dict.fromkeys(others))
    record["reason"] = row.reason
    record["problems"] = "; ".join(problem.sentence for problem in row.entry.problems)
    return record


def _found(verdict: Verdict, value: float | None) -> Any:
    return verdict.found if value is None else value
