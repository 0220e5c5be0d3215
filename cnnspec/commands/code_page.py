"""The page of every error and warning: `docs/codes.md`."""

from cnnspec.commands.page_parts import MADE
from cnnspec.commands.stories import first_fix, printed
from cnnspec.core.terminal import plain, safe
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.catalog import catalog, story, title

_GROUPS = {
    "CNN0": "The text",
    "CNN1": "Words and values",
    "CNN2": "Shapes",
    "CNN3": "Budgets and claims",
    "CNN4": "IR documents",
    "CNN5": "Training",
    "CNN6": "Warnings",
    "CNN7": "Targets",
    "CNN9": "Environment: files, packages, data, runs",
}


def codes() -> str:
    """The page of every code."""
    lines = [
        "# Codes",
        "",
        MADE,
        "Every error and warning has a code that never changes its meaning;",
        "`cnnspec explain CODE` prints its explanation. Warnings leave the exit code at 0 unless",
        "`check --strict` is given, and `silence CODE` turns one off in a spec. Where it is said,",
        "`check --fix` writes the spec that was surely meant, and `check --fix --unsafe` a guess;",
        "`check --diff` only shows what they would write.",
        "",
    ]
    group = ""
    for code, cls in catalog().items():
        if code[:4] != group:
            group = code[:4]
            lines += [f"## {_GROUPS[group]}", ""]
        lines += [f"### {code}: {title(cls)}", "", *story(cls), ""]
        lines += _examples(cls)
    return "\n".join(lines)


def _examples(cls: type[Diagnostic]) -> list[str]:
    lines: list[str] = []
    if cls.bad:
        bad = [safe(line) for line in cls.bad.splitlines()]
        lines += ["Wrong:", "", "```text", *bad, "", *plain(printed(cls)).splitlines(), "```", ""]
        lines += _fixed_by(cls)
    if cls.good:
        lines += ["Right:", "", "```cnn", *cls.good.splitlines(), "```", ""]
    return lines


def _fixed_by(cls: type[Diagnostic]) -> list[str]:
    """Which command fixes the wrong example, if one does."""
    fix = first_fix(cls)
    if fix is None:
        return []
    option = "--fix" if fix.safe else "--fix --unsafe"
    return [f"Fixed by `check {option}`: {fix.title}.", ""]
