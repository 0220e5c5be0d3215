"""The journal of a search: how it was asked for, and every proposal of its sampler in order.

It is `search.json` in the folder of the sweep. Results are not in it: they are read from the runs,
which have them whatever happened. So a search that is killed at any moment goes on from what is
there, and proposes what it would have proposed.
"""

from typing import Any, Self

from cnnspec.core.record import Record
from cnnspec.sweeps.folder import Sweep
from cnnspec.sweeps.guided.goal import Goal

JOURNAL = "search.json"


class Proposal(Record):
    """A point that was proposed: trained under a `name`, or rejected by the checker without one.

    `violation` is how far a rejected point misses its budgets, 1 for twice as much as allowed.
    `cost` is that of the goal. `marks` are numbers that a sampler has put on it.
    """

    values: dict[str, str]
    name: str = ""
    violation: float = 0.0
    cost: float | None = None
    marks: dict[str, int] = {}  # noqa: RUF012 - a record never changes its defaults


class Journal(Record):
    """All that decides which points a search trains, apart from their results.

    `points` is how many are trained, `width` how many are proposed at a time. `sets` are the
    overrides of the command line, and `drawn` counts the points that chance has drawn so far.
    """

    sampler: str
    seed: int
    points: int
    width: int
    goal: Goal
    sets: tuple[str, ...] = ()
    drawn: int = 0
    proposals: tuple[Proposal, ...] = ()

    @property
    def trained(self) -> list[Proposal]:
        """The proposals that are trained, in order."""
        return [proposal for proposal in self.proposals if proposal.name]

    def dump(self) -> dict[str, Any]:
        """The journal as JSON."""
        data = self.as_dict()
        goal = data.pop("goal")
        proposals = [proposal.as_dict() for proposal in data.pop("proposals")]
        asked = {"metric": goal.metric, "against": goal.against}
        return {"version": 1, **data, **asked, "proposals": proposals}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The journal from a document of its form."""
        return cls(
            data["sampler"],
            data["seed"],
            data["points"],
            data["width"],
            Goal(data["metric"], data["against"]),
            tuple(data["sets"]),
            data["drawn"],
            tuple(Proposal(**proposal) for proposal in data["proposals"]),
        )


def is_search(sweep: Sweep) -> bool:
    """Whether a sweep is guided."""
    return (sweep.folder / JOURNAL).is_file()
