"""What a class knows of a submission before it trains: the verdicts on it and what is wrong.

A plain value that is kept as JSON, so that a class goes on without the files it began with.
"""

from typing import Any, Self

from cnnspec.analysis.rules import Verdict
from cnnspec.core.record import Record
from cnnspec.core.terminal import Line


class Problem(Record):
    """A diagnostic of a submission: as JSON, and as the lines that people read."""

    data: dict[str, Any]
    lines: tuple[Line, ...]

    @property
    def sentence(self) -> str:
        """Code, line and message."""
        place = f"line {self.data['line']}: " if "line" in self.data else ""
        return f"{self.data['code']} {place}{self.data['message']}"

    def dump(self) -> dict[str, Any]:
        """The problem as JSON."""
        return {**self.data, "shown": self.lines}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The problem from its JSON."""
        rest = dict(data)
        shown = rest.pop("shown")
        return cls(rest, tuple([(text, style) for text, style in line] for line in shown))


class Entry(Record):
    """A submission as it was judged.

    `name` is shown, and `slug` names its files; both are a pseudonym where names are hidden.
    `verdicts` are in the order of the rules, `None` for what is not known yet. `reason` says why it
    is not trained, empty where it is. `shared` is a text of it that pages of others may show.
    `training` is the slug whose run is its own too: submissions that say the same are trained once.
    """

    name: str
    slug: str
    file: str
    text: str
    shared: str
    model: str
    params: int | None
    macs: int | None
    verdicts: tuple[Verdict, ...]
    problems: tuple[Problem, ...]
    reason: str = ""
    training: str = ""

    def dump(self) -> dict[str, Any]:
        """The submission as JSON."""
        return {
            **self.as_dict(),
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
            "problems": [problem.dump() for problem in self.problems],
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The submission from its JSON; raises `KeyError` or `TypeError` where it is damaged."""
        fields = {name: data[name] for name in cls.fields if name != "training"}
        # Classes of before had a training for each submission.
        fields["training"] = data.get("training", data["slug"])
        fields["verdicts"] = tuple(Verdict(v["found"], v["holds"]) for v in data["verdicts"])
        fields["problems"] = tuple(map(Problem.load, data["problems"]))
        return cls(**fields)
