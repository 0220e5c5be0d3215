"""Begins a class: reads rules and submissions, judges them, and plans what is trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cnnspec.analysis.assignment import Rules
from cnnspec.analysis.check import check
from cnnspec.classes.folder import Class, create, keep_names
from cnnspec.classes.judging import Judged, Terms, alike, judge_all, names_shown
from cnnspec.classes.submissions import find
from cnnspec.classes.under_rules import data_of
from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.datasets.files import contents
from cnnspec.diagnostics.data import DatasetMissing
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.state import Overrides
from cnnspec.ir.spec import Data
from cnnspec.ir.training import Training
from cnnspec.sweeps.plan import Plan, Planned


class Means(Record):
    """How a class is trained: what computes, how many at a time, and how long each may take."""

    backend: str
    jobs: int
    threads: int
    limit: float
    offline: bool


def begin(
    rules: Rules,
    folder: Path,
    out: Path,
    means: Means,
    *,
    overrides: Overrides,
    settings: Sequence[str] = (),
    hidden: bool = False,
    command: Sequence[str] = (),
) -> Class:
    """Judges every submission and makes the folder of the class; nothing is trained yet.

    `settings` says what `overrides` gives everyone. Raises `CnnspecError` for rules that cannot be
    judged, for a folder without submissions, and where the data is not there.
    """
    _require_settings(overrides)
    rules_file = rules.source.name
    data = data_of(rules)
    found = find(folder, Path(rules_file))
    _require_data(data, offline=means.offline)
    terms = Terms(
        rules,
        overrides,
        native=means.backend == "native",
        jobs=means.jobs,
        images=data.dataset.counts[0] if data.dataset else None,
    )
    shown = names_shown(found.submissions, hidden=hidden)
    # In the order of what is shown: that of the files would tell of hidden names.
    judged = sorted(
        judge_all(found.submissions, shown, terms), key=lambda each: natural(each.entry.name)
    )
    judged = _trained_once(judged)
    plan = _plan(judged, rules_file, data, means)
    made = create(
        out,
        rules,
        plan,
        entries=tuple(each.entry for each in judged),
        twins=tuple(alike(judged)),
        without=found.without,
        settings=tuple(settings),
        hidden=hidden,
        command=tuple(command),
    )
    if hidden:
        pairs = zip(shown, found.submissions, strict=True)
        paths = {called.name: str(each.path.relative_to(folder)) for called, each in pairs}
        keep_names(made.folder, sorted(paths.items()))
    return made


def _require_settings(overrides: Overrides) -> None:
    """Raises `CnnspecError` where a value is not one of a setting of training."""
    for name in overrides:
        if name not in Training.specs:
            cause = f"`--set {name}`: in a class only settings of training are set for everyone"
            raise CnnspecError(CannotRead(None, cause, "as in `--set epochs=3`"))
    plain = Source("<class>", "conv 10x1; gap; softmax")
    wrong = [p for p in check(plain, overrides).problems if p.severity == "error"]
    if wrong:
        raise CnnspecError(*wrong)


def _require_data(data: Data, *, offline: bool) -> None:
    """Raises `CnnspecError` where the data of the rules is not there, before anything is judged."""
    if data.dataset:
        contents(data.dataset, offline=offline)
    elif not Path(data.source).exists():
        cause = f"the rules name the data {data.source}, which is not there"
        raise CnnspecError(DatasetMissing(None, cause, "a path is seen from the file of the rules"))


def _trained_once(judged: Sequence[Judged]) -> list[Judged]:
    """The submissions with the run that each is judged by: equal specs have one."""
    first: dict[str, str] = {}
    found = []
    for each in judged:
        if each.spec:
            key = str(each.spec.replace(model=""))
            training = first.setdefault(key, each.entry.slug)
            each = each.replace(entry=each.entry.replace(training=training))
        found.append(each)
    return found


def _plan(judged: Sequence[Judged], source: str, data: Data, means: Means) -> Plan | None:
    """What is trained; `None` where nothing is."""
    own = (each for each in judged if each.entry.training == each.entry.slug)
    points = tuple(_planned(each) for each in own)
    if not points:
        return None
    how: dict[str, Any] = {"backend": means.backend, "threads": means.threads}
    return Plan(
        model=Path(source).stem,
        source=source,
        names={},
        total=len(points),
        points=points,
        reasons={},
        dropped=(),
        data=None if data.dataset else data.source,
        limit=means.limit,
        isolated=True,
        **how,
    )


def _planned(judged: Judged) -> Planned:
    spec, entry = judged.spec, judged.entry
    assert spec is not None
    assert entry.params is not None
    assert entry.macs is not None
    seeds = tuple(spec.train.seeds)
    return Planned(entry.slug, {}, entry.params, entry.macs, seeds, spec.train.epochs, spec)
