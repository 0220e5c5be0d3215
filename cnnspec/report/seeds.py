"""A folder as a trained network: one run, or several of one spec with different seeds."""

from pathlib import Path
from statistics import fmean

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.report.contents import Contents, Epoch, ReportedClaim, read, verdicts
from cnnspec.runs.run import IR, Run
from cnnspec.runs.seeds import SERIES, MeanStd, SeedRuns, spread


class Trained(Record):
    """A network that was trained, once or with several seeds; `runs` holds at least one."""

    folder: Path
    runs: tuple[Contents, ...]

    @property
    def name(self) -> str:
        """The name of the folder."""
        return safe(self.folder.name)

    @property
    def several(self) -> bool:
        """Whether there is more than one seed."""
        return len(self.runs) > 1

    @property
    def middle(self) -> Contents:
        """The run shown in detail: the one with the median test accuracy (the lower of two)."""
        measured = [run for run in self.runs if run.metric("accuracy") is not None]
        ranked = sorted(measured, key=lambda run: run.metric("accuracy") or 0)
        return ranked[(len(ranked) - 1) // 2] if ranked else self.runs[0]

    @property
    def verdicts(self) -> tuple[ReportedClaim, ...]:
        """The results of the claims; for several seeds of their mean, once all have finished."""
        if not self.several:
            return self.runs[0].verdicts
        return verdicts(self.middle.checked, Run(self.folder).salvage(SERIES)[0])

    @property
    def damages(self) -> tuple[str, ...]:
        """Sentences about damaged files of the runs."""
        own = Run(self.folder).salvage(SERIES)[1] if self.several else ""
        return (*((own,) if own else ()), *(each for run in self.runs for each in run.damages))

    def with_damage(self, damage: str) -> "Trained":
        """Returns the network with another damaged file of the run shown in detail."""
        middle = self.middle
        return self.replace(
            runs=tuple(run.with_damage(damage) if run is middle else run for run in self.runs)
        )

    def metric(self, name: str) -> MeanStd | None:
        """A measured metric over the seeds; `None` where no run has it."""
        return spread(run.metric(name) for run in self.runs)

    @property
    def seconds(self) -> MeanStd | None:
        """The time that training took, in seconds."""
        return spread(run.seconds for run in self.runs)

    @property
    def epochs(self) -> MeanStd | None:
        """How many epochs were run."""
        return spread(len(run.history) for run in self.runs)

    @property
    def history(self) -> tuple[Epoch, ...]:
        """The mean of each metric over the seeds for each epoch that all have reached."""
        if not self.several:
            return self.runs[0].history
        means: list[Epoch] = []
        for epochs in zip(*(run.history for run in self.runs), strict=False):
            names = [n for n in epochs[0] if all(e.get(n) is not None for e in epochs)]
            means.append({name: fmean(e[name] or 0 for e in epochs) for name in names})
        return tuple(means)


def gather(folder: Path, like: CheckedSpec | None = None) -> Trained:
    """Reads a folder: a run, or the runs `seed-1`, `seed-2`, … Raises `CnnspecError`.

    `like`, a checked spec, saves a check if it equals theirs.
    """
    members = [folder] if (folder / IR).is_file() else seeds(folder)
    if not members:
        Run.open(str(folder))
    runs: list[Contents] = []
    for member in members:
        # All seeds of a spec have the same network.
        runs.append(read(Run.open(str(member)), runs[0].checked if runs else like))
    return Trained(folder.resolve(), tuple(runs))


def seeds(folder: Path) -> list[Path]:
    """The runs `seed-<n>` in a folder, by their numbers."""
    return [run.folder for run in SeedRuns(folder).runs()]


def runs_below(folder: Path) -> list[Path]:
    """The trained folders below a folder: runs and groups of seeds, by name."""
    if not folder.is_dir() or (folder / IR).is_file() or seeds(folder):
        return [folder]
    found = [path.parent for path in _runs(folder)]
    found += [path for path in folder.iterdir() if path.is_dir() and seeds(path)]
    return sorted(found, key=lambda path: natural(path.name)) or [folder]


def _runs(folder: Path) -> list[Path]:
    return list(folder.glob(f"*/{IR}"))
