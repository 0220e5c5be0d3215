"""Series: one spec trained with several seeds, each a run of its own in a common folder.

The folder has `spec.cnn` and `source.cnn` like a run, the runs `seed-<n>`, and when all have
finished `series.json` with mean and standard deviation of every metric. Knows files only.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import write_atomically
from cnnspec.files.sources import read_source
from cnnspec.ir.spec import Spec
from cnnspec.runs.expectations import ExpectationResult, judge_expectations
from cnnspec.runs.run import AGREEMENT, INTEGERS, IR, METRICS, SOURCE, SPEC, Run, new_folder

SERIES = "series.json"
MEASURES = ("accuracy", "f1", "loss")
SPLITS = ("test", "validation", "train")


class MeanStd(Record):
    """A metric over seeds: mean and sample standard deviation (n - 1), `None` for one seed."""

    mean: float
    deviation: float | None
    values: int

    def __format__(self, form: str) -> str:
        """`0.9913 ± 0.0004`, or a single value."""
        if self.deviation is None:
            return format(self.mean, form)
        return f"{self.mean:{form}} ± {self.deviation:{form}}"

    def dump(self) -> dict[str, Any]:
        """Mean and deviation as JSON."""
        return {"mean": self.mean, "deviation": self.deviation, "values": self.values}


def spread(found: Iterable[float | None]) -> MeanStd | None:
    """Mean and standard deviation of the values that are not `None`; `None` without any."""
    values = [value for value in found if value is not None]
    if not values:
        return None
    return MeanStd(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


Spreads = dict[str, dict[str, MeanStd]]
"""Metrics over seeds by split and measure."""


class SeedRuns:
    """The folder of a series."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, parent: Path, spec: Spec, source: Source, name: str = "") -> "SeedRuns":
        """Makes a new folder with the frozen spec: `<model>-<n>`, or `name`.

        Raises `CnnspecError`.
        """
        series = cls(parent / name if name else new_folder(parent, spec.model))
        Run(series.folder).make("")
        write_atomically(series.folder / SPEC, str(spec))
        write_atomically(series.folder / SOURCE, source.text)
        return series

    @classmethod
    def find(cls, folder: str) -> "SeedRuns | None":
        """The series in a folder, `None` where it is not one."""
        path = Path(folder)
        return cls(path) if (path / SPEC).is_file() and not (path / IR).is_file() else None

    @property
    def spec(self) -> Source:
        """The frozen spec."""
        return read_source(str(self.folder / SPEC))

    @property
    def finished(self) -> bool:
        """Whether every seed has been trained."""
        return (self.folder / SERIES).is_file()

    def name(self, seed: int) -> str:
        """The name of the run of a seed."""
        return f"seed-{seed}"

    def runs(self) -> list[Run]:
        """The runs that exist, by their seeds."""
        folders = {int(p.name[5:]): p for p in self.folder.glob("seed-*") if _NAME.match(p.name)}
        return [Run(folders[seed]) for seed in sorted(folders) if (folders[seed] / IR).is_file()]

    def metrics(self, within: str = "") -> Spreads:
        """Mean and deviation of every metric of every split over the finished runs.

        `within` is the part of the metrics that has them: `INTEGERS` has those of int8.
        """
        documents = [run.read_json(METRICS) for run in self.runs() if run.finished]
        documents = [document.get(within) or {} for document in documents] if within else documents
        found: Spreads = {}
        for split in SPLITS:
            for measure in (*MEASURES, *((AGREEMENT,) if within == INTEGERS else ())):
                one = spread((each.get(split) or {}).get(measure) for each in documents)
                if one is not None:
                    found.setdefault(split, {})[measure] = one
        return found

    def target(self) -> dict[str, Any] | None:
        """The target and the mean epoch and time of reaching it, `None` where a seed did not."""
        found = [run.read_json(METRICS).get("target") for run in self.runs() if run.finished]
        if not found or not found[0]:
            return None
        facts = {name: [target[name] for target in found] for name in ("epoch", "seconds")}
        means = {n: None if None in values else fmean(values) for n, values in facts.items()}
        reached = sum(epoch is not None for epoch in facts["epoch"])
        claim = {name: found[0][name] for name in ("quantity", "limit")}
        return {**claim, **means, "reached": reached}

    def summary(self) -> Any:
        """Reads `series.json`: what all seeds reached together. Raises `CnnspecError`."""
        return Run(self.folder).read_json(SERIES)

    def finalize(self, spec: Spec) -> tuple[ExpectationResult, ...]:
        """Writes `series.json`: what all seeds reached together. Claims are judged by the mean."""
        metrics, integers = self.metrics(), self.metrics(INTEGERS)
        claims = judge_expectations(spec, _means(metrics), _means(integers))
        summary = {
            "seeds": list(spec.train.seeds),
            **_dumped(metrics),
            **({INTEGERS: _dumped(integers)} if integers else {}),
            "expectations": [held.dump() for held in claims],
            "target": self.target(),
        }
        Run(self.folder).write_json(SERIES, summary)
        return claims

    def __str__(self) -> str:
        return str(self.folder)


def _means(found: Spreads) -> dict[str, dict[str, float]]:
    return {split: {m: s.mean for m, s in each.items()} for split, each in found.items()}


def _dumped(found: Spreads) -> dict[str, dict[str, Any]]:
    return {split: {m: s.dump() for m, s in each.items()} for split, each in found.items()}


_NAME = re.compile(r"seed-\d+$")


def one_run(folder: str) -> Run:
    """The run in a folder; raises `CnnspecError` for a series, which holds several."""
    series = SeedRuns.find(folder)
    if series is None:
        return Run.open(folder)
    names = [str(run) for run in series.runs()]
    remedy = f"name one of them: {names[0]}" if names else "train it first"
    raise CnnspecError(BadRun(None, f"{folder} holds several runs, one for each seed", remedy))
