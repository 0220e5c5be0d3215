"""`cnnspec check --rules`: one row for each submission, each rule held or not."""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cnnspec.analysis.assignment import Judgement, judge, read_rules
from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import normalized
from cnnspec.analysis.rules import ExpectRule
from cnnspec.analysis.rules_file import Rules
from cnnspec.analysis.twins import Twins, twins
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.table import Cell, Table, csv_text
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.base import Diagnostic, listing, many
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import as_json
from cnnspec.files.sources import read_source, read_submission


def run(args: Namespace) -> int:
    """Judges every file; one that cannot be read is a row like any other."""
    rules = read_rules(read_source(args.rules))
    if not args.files:
        return _rules_alone(rules, args)
    rows: list[dict[str, Any]] = []
    checked: dict[str, CheckedSpec] = {}
    for path in args.files:
        try:
            judgement = judge(rules, normalized(read_submission(path)))
        except CnnspecError as problems:
            rows.append(_unread(path, rules, problems.diagnostics))
        else:
            rows.append(_judged(path, judgement))
            checked[path] = judgement.checked
    same = twins(checked)
    ok = all(row["ok"] and not (args.strict and row["warnings"]) for row in rows)
    if args.json:
        alike = [group.dump() for group in same]
        data = {"command": "check", "ok": ok, "rules": rules.names}
        print_json({**data, "submissions": rows, "identical": alike})
    elif args.csv:
        header = ["file", "model", "ok", "params", "macs", *rules.names]
        header += ["warnings", "identical", "fault"]
        print_text(csv_text(header, [_cells(row, same) for row in rows]))
    else:
        show(_lines(rules, rows, same))
    return 0 if ok else 1


def _rules_alone(rules: Rules, args: Namespace) -> int:
    """Checks the rules themselves: that a network can keep them all.

    Raises `CnnspecError` with those that none of many small networks keeps.
    """
    from cnnspec.analysis.starting_point import starting_point

    found = starting_point(rules, Path("submission.cnn"), "submission")
    totals = found.judgement.checked.totals
    assert totals is not None
    if args.json:
        costs = {"params": totals.params, "macs": totals.macs}
        data = {"command": "check", "ok": True, "rules": rules.names}
        print_json({**data, "example": {"text": found.text, **costs}})
        return 0
    show([[(f"{many(len(rules.rules), 'rule')} that can be kept together:", "strong")]])
    show([[(f"  {name}", "")] for name in rules.names])
    expected = [rule.text for rule in rules.rules if isinstance(rule, ExpectRule)]
    if expected:
        unknown = f"whether training reaches {listing(expected, 'and')} is not known before"
        show([[], [(unknown, "dim")]])
    show([[], [(f"for example with {totals.params:,} parameters and {totals.macs:,} MACs", "")]])
    show([[(f"`cnnspec new --rules {args.rules}` writes such a network", "dim")]])
    return 0


def _unread(path: str, rules: Rules, problems: Iterable[Diagnostic]) -> dict[str, Any]:
    """The row of a file that could not be judged."""
    unjudged = [{"found": "", "holds": None} for _ in rules.names]
    nothing = {"model": "", "ok": False, "params": None, "macs": None, "rules": unjudged}
    return {"file": path, **nothing, "warnings": [], "fault": _first(tuple(problems))}


def _judged(path: str, judgement: Judgement) -> dict[str, Any]:
    checked = judgement.checked
    totals = checked.totals
    return {
        "file": path,
        "model": checked.spec.model,
        "ok": judgement.ok,
        "params": totals.params if totals else None,
        "macs": totals.macs if totals else None,
        "rules": [{"found": v.found, "holds": v.holds} for v in judgement.verdicts],
        "warnings": [as_json(warning) for warning in judgement.warnings],
        "fault": _first(tuple(p for p in checked.problems if p.severity == "error")),
    }


def _first(problems: tuple[Diagnostic, ...]) -> str:
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


def _warned(row: dict[str, Any]) -> str:
    """The codes of the warnings of a row: `CNN602 CNN610 x2`."""
    codes = Counter(warning["code"] for warning in row["warnings"])
    return " ".join(code if times == 1 else f"{code} x{times}" for code, times in codes.items())


def _cells(row: dict[str, Any], same: list[Twins]) -> list[Any]:
    """A row of CSV."""
    rules = [_said(rule) for rule in row["rules"]]
    others = {file: None for group in same if row["file"] in group.files for file in group.files}
    others.pop(row["file"], None)
    told = [*rules, _warned(row), " ".join(others), row["fault"]]
    return [row["file"], row["model"], row["ok"], row["params"], row["macs"], *told]


def _lines(rules: Rules, rows: list[dict[str, Any]], same: list[Twins]) -> list[Line]:
    """The table of a class: of the rules those that are broken, as there may be many."""
    cells = []
    for row in rows:
        params, macs = (f"{n:,}" if n is not None else "" for n in (row["params"], row["macs"]))
        verdict = Cell("ok", "good") if row["ok"] else Cell("fails", "bad")
        cells.append((row["file"], verdict, params, macs, _warned(row), _broken(rules, row)))
    header = ("file", "", "params", "MACs", "warnings", "what is wrong")
    lines = Table(header, tuple(cells), "llrr").lines()
    kept = sum(row["ok"] for row in rows)
    lines += [[], [(f"{kept} of {len(rows)} keep every rule", "strong")]]
    for place, name in enumerate(rules.names):
        count = sum(row["rules"][place]["holds"] is True for row in rows)
        lines.append([(f"{count} of {len(rows)}: {name}", "")])
    for group in same:
        lines.append([(f"the same {group.same}: {', '.join(group.files)}", "")])
    return lines


def _broken(rules: Rules, row: dict[str, Any]) -> str:
    """The rules that a submission breaks and what was found, then its first error."""
    pairs = zip(rules.names, row["rules"], strict=True)
    broken = [f"{name}: {rule['found']}" for name, rule in pairs if rule["holds"] is False]
    return "; ".join([*broken, *([row["fault"]] if row["fault"] else [])])
