"""A class as an object: its submissions as they were judged and ranked. Reads its folder; light."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cnnspec.api import frames, markup
from cnnspec.classes.folder import Class as Kept
from cnnspec.classes.results import Results, Row
from cnnspec.core.terminal import plain
from cnnspec.files.paths import seen_from
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.report.classroom.phrases import headline
from cnnspec.report.classroom.writing import lines, ranking
from cnnspec.runs.run import PAGE

if TYPE_CHECKING:
    import pandas as pd

    from cnnspec.api.trained import Trained


class Class:
    """The submissions of a class, the best first.

    As text it is what `cnnspec class` prints at its end. It is read once: open the folder again
    while a class goes on.
    """

    def __init__(self, folder: Path) -> None:
        self.run = folder
        """The folder of the class."""
        self._results = Results(Kept.open(folder))

    @property
    def submissions(self) -> tuple[Row, ...]:
        """The submissions, each with its `name`, `rank`, `state`, `verdicts` and `reason`."""
        return self._results.rows

    @property
    def ok(self) -> bool:
        """Whether every submission keeps every rule."""
        return self._results.ok

    @property
    def report(self) -> Path | None:
        """The path of the report page; `None` where there is none."""
        page = self.run / PAGE
        return page if page.is_file() else None

    def to_frame(self, of: Literal["submissions", "rules"] = "submissions") -> "pd.DataFrame":
        """Returns a data frame with a row for each submission, or for each of their rules.

        `"submissions"`: `submission`, `rank`, `state`, `kept` (rules), `params`, `macs`, `epochs`,
        `seconds`, every metric of every split, and `reason`, why it was not trained or failed.
        `"rules"`: `submission`, `rule`, `holds` (missing where nobody knows), `value` (the number
        that the rule is about) and `found` (in words).

        Raises `CnnspecError` without pandas, and `ValueError` for another word.
        """
        if of == "submissions":
            return frames.frame(_SUBMISSION, map(_submission, self.submissions))
        if of != "rules":
            raise frames.unknown(of, ("submissions", "rules"))
        judged = (
            {
                "submission": row.name,
                "rule": rule.text,
                "holds": verdict.holds,
                "value": value,
                "found": verdict.found,
            }
            for row in self.submissions
            for rule, verdict, value in zip(
                self._results.rules, row.verdicts, row.numbers, strict=True
            )
        )
        return frames.frame(_RULE, judged)

    def __getitem__(self, name: str) -> "Trained":
        """The network of a submission. Raises `KeyError` where it was not trained."""
        row = next((row for row in self.submissions if row.name == name), None)
        if row is None or not row.trained:
            raise KeyError(name)
        from cnnspec.api.trained import Trained

        trainings = self._results.of.trainings
        assert trainings is not None
        return Trained(trainings.folder / row.entry.training)

    def __len__(self) -> int:
        return len(self.submissions)

    def __str__(self) -> str:
        return plain(lines(self._results)).rstrip()

    def __repr__(self) -> str:
        return f"<Class {self._results.of.title} in {self.run}, {headline(self._results)}>"

    def _repr_html_(self) -> str:
        title = f"in {self.run}, {headline(self._results)}"
        parts = [markup.heading(self._results.of.title, title)]
        parts.append(ranking(self._results).html(styled=True))
        if self.report:
            # An absolute path does not work as a link on the page of a notebook server.
            address = seen_from(self.report, Path.cwd())
            parts.append(f"<p>{markup.link(address, 'report')}</p>")
        return "".join(parts)


_COUNTS = dict.fromkeys(("kept",), frames.WHOLE) | dict.fromkeys(("params", "macs"), frames.MAYBE)
_SUBMISSION = {
    "submission": frames.TEXT,
    "rank": frames.MAYBE,
    "state": frames.TEXT,
    **_COUNTS,
    **dict.fromkeys(("epochs", "seconds", *METRIC_NAMES), frames.REAL),
    "reason": frames.TEXT,
}
_RULE = {
    "submission": frames.TEXT,
    "rule": frames.TEXT,
    "holds": "boolean",
    "value": frames.REAL,
    "found": frames.TEXT,
}


def _submission(row: Row) -> dict[str, object]:
    return {
        "submission": row.name,
        "rank": row.rank,
        "state": row.state,
        "kept": row.kept,
        "params": row.entry.params,
        "macs": row.entry.macs,
        "epochs": row.point.mean("epochs") if row.point else None,
        "seconds": row.seconds,
        **{name: row.metric(name) for name in METRIC_NAMES},
        "reason": row.reason,
    }
