"""`cnnspec check --rules`: one row for each submission, each rule held or not."""

from argparse import Namespace
from typing import Any

from cnnspec.analysis.assignment import Judgement, Rules, judge, read_rules
from cnnspec.analysis.load import normalized
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.table import Table, csv_text
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.sources import read_source, read_submission


def run(args: Namespace) -> int:
    """Judges every file; one that cannot be read is a row like any other."""
    if not args.files:
        fault = "no submission is named"
        raise CnnspecError(CannotRead(None, fault, "name the files to judge: `submissions/*.cnn`"))
    rules = read_rules(read_source(args.rules))
    rows = [_row(rules, path) for path in args.files]
    ok = all(row["ok"] for row in rows)
    if args.json:
        print_json({"command": "check", "ok": ok, "rules": rules.names, "submissions": rows})
    elif args.csv:
        header = ["file", "model", "ok", "params", "macs", *rules.names, "fault"]
        print_text(csv_text(header, map(_cells, rows)))
    else:
        show(_lines(rules, rows))
    return 0 if ok else 1


def _row(rules: Rules, path: str) -> dict[str, Any]:
    try:
        return _judged(path, judge(rules, normalized(read_submission(path))))
    except CnnspecError as problems:
        unjudged = [{"found": "", "holds": None} for _ in rules.names]
        nothing = {"model": "", "ok": False, "params": None, "macs": None, "rules": unjudged}
        return {"file": path, **nothing, "fault": _first(problems.diagnostics)}


def _judged(path: str, judgement: Judgement) -> dict[str, Any]:
    checked = judgement.checked
    totals = checked.totals
    return {
        "file": path,
        "model": checked.spec.model,
        "ok": judgement.ok,
        "params": totals.params if totals else None,
        "macs": totals.macs if totals else None,
        "rules": [
            {"found": found, "holds": held}
            for found, held in zip(judgement.found, judgement.held, strict=True)
        ],
        "fault": _first([p for p in checked.problems if p.severity == "error"]),
    }


def _first(problems: "list[Diagnostic] | tuple[Diagnostic, ...]") -> str:
    """The first error in a line, and how many more there are."""
    if not problems:
        return ""
    first = problems[0]
    place = f"line {first.span.line}: " if first.span else ""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{first.code} {place}{first.message}{more}"


def _said(rule: dict[str, Any]) -> str:
    """What became of a rule, with what was found."""
    words = {True: "held", False: "NOT held", None: "not judged"}
    return f"{rule['found']} {words[rule['holds']]}".strip()


def _cells(row: dict[str, Any]) -> list[Any]:
    """A row of CSV."""
    rules = [_said(rule) for rule in row["rules"]]
    return [row["file"], row["model"], row["ok"], row["params"], row["macs"], *rules, row["fault"]]


def _lines(rules: Rules, rows: list[dict[str, Any]]) -> list[Line]:
    cells = []
    for row in rows:
        found = [_said(rule) for rule in row["rules"]]
        params = f"{row['params']:,}" if row["params"] is not None else ""
        verdict = "ok" if row["ok"] else "fails"
        cells.append((row["file"], verdict, params, *found, row["fault"]))
    lines = Table(("file", "", "params", *rules.names, ""), tuple(cells), "llr").lines()
    kept = sum(row["ok"] for row in rows)
    lines += [[], [(f"{kept} of {len(rows)} keep every rule", "strong")]]
    for claim in rules.expectations:
        lines.append([(f"{claim} is measured by `cnnspec train`", "dim")])
    return lines
