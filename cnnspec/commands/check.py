"""Checks specs without loading any framework: shapes, parameters, MACs and every budget.

Prints a table for each spec, and its errors and warnings. For a sweep it counts how many
points pass. With `--rules`, prints one row for each spec instead: which rules of an
assignment it breaks, and which specs are the same; without files it checks that some network
can keep the rules. Exit code 0 if every spec passes, 1 if one does not; warnings count only
with `--strict`. `--memory` shows where each value is in the memory arena of inference; the size
of the arena is the RAM of the spec. `--latex` prints the table of the layers for a paper, with
`--explain` also every formula.

`--fix` first applies the safe fixes to the files: each fix is tried, and kept if its finding
is gone and nothing is worse. `--diff` only shows them, with exit code 1 if a file would
change. A text from `-` or `-e` is printed.

`--target` also reports what of a spec a kind of export or a runtime cannot do, before anything is
trained for it.

`--watch` checks again whenever a file is saved.
"""

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.analysis.summary import overview, title
from cnnspec.commands.arguments import SPEC, add_memory, add_overrides, add_sources, count
from cnnspec.commands.inputs import BadUsage, overrides, sources
from cnnspec.commands.output import FORMATS, chosen_format, print_findings, print_json, print_text
from cnnspec.core.terminal import show
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import render
from cnnspec.expansion.state import Overrides
from cnnspec.sweeps import MAX_RUNS

if TYPE_CHECKING:
    from cnnspec.commands.fixing import FixedFile
    from cnnspec.program.memory_plan import MemoryPlan
    from cnnspec.sweeps.points import Survey


TARGETS = ("c", "keras", "litert", "onnx", "tflm", "torch")
"""What a spec can be checked for: the kinds of export, and TensorFlow Lite Micro."""


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_sources(parser, many=True)
    add_overrides(parser)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="write out the formula of every shape, parameter and MAC count",
    )
    parser.add_argument(
        "--latex",
        action="store_true",
        help="print the layers as a table for LaTeX (booktabs); with --explain the formulas too",
    )
    add_memory(parser, "show where each value is in memory at inference")
    parser.add_argument(
        "--target",
        choices=TARGETS,
        help="report what this kind of export, or TensorFlow Lite Micro in int8, cannot do",
    )
    parser.add_argument(
        "--rules",
        metavar="RULES",
        complete=SPEC,
        help="check every file against the rules in this one",
    )
    parser.add_argument("--csv", action="store_true", help="with --rules: print CSV")
    parser.add_argument(
        "--max-runs",
        type=count,
        default=MAX_RUNS,
        metavar="N",
        help=f"check at most N points of a sweep ({MAX_RUNS:,})",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="output format: text, JSON, SARIF 2.1.0 for code scanning, "
        "or GitHub Actions annotations",
    )
    parser.add_argument(
        "--fix", action="store_true", help="apply the safe fixes to the files, then check them"
    )
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="with --fix or --diff: also apply fixes that are a guess",
    )
    parser.add_argument(
        "--diff",
        action="store_true",
        help="print what --fix would change as a unified diff; change nothing",
    )
    parser.add_argument("--strict", action="store_true", help="warnings also give exit code 1")
    parser.add_argument(
        "--watch",
        action="store_true",
        help="check again whenever a file, or one that it uses, is saved; Ctrl-C ends",
    )


def run(args: Namespace) -> int:
    """Checks every spec, with `--fix` after what can be fixed is."""
    form = chosen_format(args)
    _require_consistent(args, form)
    if not args.watch:
        return _once(args, form)
    from cnnspec.commands.watch import watch

    rules = [args.rules] if args.rules else []
    return watch([*args.files, *rules], lambda: _once(args, form))


def _once(args: Namespace, form: str) -> int:
    if args.rules:
        from cnnspec.commands.judge import run as judge

        args.json = form == "json"
        return judge(args)
    values = overrides(args)
    fixed = _fixed(args, values)
    results = [one.result for one in fixed] or [check(s, values) for s in sources(args)]
    if args.target:
        results = [_for_target(result, args.target) for result in results]
    surveys = [_survey(result, values, args.max_runs) for result in results]
    ok = all(not result.problems if args.strict else result.ok for result in results)
    ok = ok and not (args.diff and any(one.changed for one in fixed))
    if form == "json":
        files = [_document(r, s, args) for r, s in zip(results, surveys, strict=True)]
        for file, one in zip(files, fixed, strict=False):
            file["fix"] = one.dump(diff=args.diff)
        print_json({"command": "check", "ok": ok, "files": files})
        return 0 if ok else 1
    results = [r if r.ok else _with_advice(r) for r in results]
    if args.latex:
        _show_latex(results, explain=args.explain)
    elif form == "text":
        _show(results, surveys, fixed, args)
    else:
        print_findings(form, tuple(p for result in results for p in result.problems))
    return 0 if ok else 1


def _document(result: CheckedSpec, found: "Survey | None", args: Namespace) -> dict[str, Any]:
    """A spec as JSON, with how the points of its sweep fare and its memory plan if asked for."""
    from cnnspec.service.document import document
    from cnnspec.service.snapshot import Snapshot

    data = document(Snapshot(result), formulas=args.explain)
    if found:
        data["sweep"] = found.dump()
    if args.memory:
        # Null where an error leaves it unknown.
        data["memory"] = _plan(result, args).dump() if result.totals else None
    return data


def _for_target(result: CheckedSpec, name: str) -> CheckedSpec:
    """A spec with what a target cannot do of it among its errors."""
    from cnnspec.targets.table import TARGETS as BY_NAME
    from cnnspec.targets.table import check_target

    if not result.ok:
        return result
    declined = check_target(result, BY_NAME[name].replace(trains=False, backend=""))
    return result.replace(problems=(*result.problems, *declined))


def _with_advice(result: CheckedSpec) -> CheckedSpec:
    # A spec without errors, which most are, needs none.
    from cnnspec.analysis.advice import with_advice

    return result.replace(problems=with_advice(result))


def _require_consistent(args: Namespace, form: str) -> None:
    """Raises `CnnspecError` for options that do not go together."""
    fixing = args.fix or args.diff
    machine = form in ("sarif", "github")
    read_once = args.inline is not None or not args.files or "-" in args.files
    for wrong, cause, remedy in (
        (
            args.json and args.format not in ("text", "json"),
            f"`--json` and `--format {args.format}` are two formats",
            "give one of the two",
        ),
        (args.csv and not args.rules, "`--csv` goes with `--rules`", "or ask for `--json`"),
        (args.dtype and not args.memory, "`--dtype` goes with `--memory`", "add `--memory`"),
        (
            args.memory and (machine or args.rules or args.diff),
            "`--memory` prints a table for each spec",
            "leave out `--rules`, `--diff` and every format but `json`",
        ),
        (
            args.latex and (form != "text" or args.rules or args.memory or fixing or args.watch),
            "`--latex` prints the layers and nothing else",
            "leave out every other option but `--explain`, `--set` and `--strict`",
        ),
        (
            args.target and args.rules,
            "`--target` does not go with `--rules`",
            "check the files for the target first",
        ),
        (
            args.unsafe and not fixing,
            "`--unsafe` goes with `--fix` or `--diff`",
            "add one of the two",
        ),
        (
            args.diff and machine,
            f"`--diff` prints a diff, not `--format {form}`",
            "choose `--format json`, or leave out `--diff`",
        ),
        (
            args.rules and fixing,
            "`--rules` judges files as they are, without `--fix` and `--diff`",
            "fix the files first",
        ),
        (
            args.watch and (fixing or form != "text" or args.csv),
            "`--watch` prints what a person reads, and changes no file",
            "leave out `--fix`, `--diff` and every format but `text`",
        ),
        (
            args.watch and read_once,
            "`--watch` looks at files",
            "name a .cnn file, and neither `-` nor `-e`",
        ),
        (
            args.rules and machine,
            f"`--rules` prints a table, not `--format {form}`",
            "choose `--format json`, or `--csv`",
        ),
    ):
        if wrong:
            raise CnnspecError(BadUsage(None, cause, remedy))


def _fixed(args: Namespace, values: Overrides) -> "list[FixedFile]":
    """The files after their fixes, if any are asked for."""
    if not (args.fix or args.diff):
        return []
    from cnnspec.commands.fixing import fix

    return fix(args, values)


def _show(
    results: list[CheckedSpec],
    surveys: "list[Survey | None]",
    fixed: "list[FixedFile]",
    args: Namespace,
) -> None:
    """Prints what was fixed, the table of each spec and what is wrong with it."""
    for one in fixed:
        one.show(diff=args.diff)
    # In a text or a diff on standard output nothing else belongs.
    bare = args.diff or any(not one.is_file for one in fixed)
    for index, (result, found) in enumerate(zip(results, surveys, strict=True)):
        if bare:
            show(render(result.problems), sys.stderr)
            continue
        if index:
            show([[]])
        _print(result, args)
        if found:
            from cnnspec.sweeps.survey_lines import survey_lines

            show([[], *survey_lines(found)])


def _show_latex(results: list[CheckedSpec], *, explain: bool) -> None:
    """Prints the layers of each spec for LaTeX; what is wrong is a message."""
    from cnnspec.analysis.latex import formulas_latex, layers_latex

    for result in results:
        if result.totals:
            print_text(layers_latex(result) + (formulas_latex(result) if explain else ""))
        show(render(result.problems), sys.stderr)


def _print(result: CheckedSpec, args: Namespace) -> None:
    if result.totals:
        show([*title(result), []])
        if args.explain:
            from cnnspec.analysis.formulas import explain

            show(explain(result))
        else:
            show(overview(result))
        if args.memory:
            from cnnspec.analysis.memory import memory_lines

            show([[], *memory_lines(_plan(result, args))])
    sys.stdout.flush()
    if result.problems:
        lines = render(result.problems)
        show([[], *lines] if result.totals else lines, sys.stderr)


def _plan(result: CheckedSpec, args: Namespace) -> "MemoryPlan":
    from cnnspec.program.inference import inference_plan

    return inference_plan(result.graph, args.dtype or "float32")


def _survey(result: CheckedSpec, values: Overrides, most: int) -> "Survey | None":
    """How the points of a sweep fare; raises `CnnspecError` where there are too many."""
    axes = result.expanded.sweep
    if not axes or result.expanded.problems:
        return None
    from cnnspec.sweeps.dimensions import has_ranges
    from cnnspec.sweeps.points import require_few, survey

    if not has_ranges(axes):
        require_few(axes, most, "`--max-runs` sets another")
    return survey(result.source, axes, values)
