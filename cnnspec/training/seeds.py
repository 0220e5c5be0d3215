"""Trains a spec once for each of its seeds, and takes mean and spread together."""

import keras

from cnnspec.check import Checked, check
from cnnspec.datasets.where import of_run
from cnnspec.diagnostics.base import Stopped, Warn, silent
from cnnspec.ir.spec import Spec
from cnnspec.runs import ENVIRONMENT, IR, Run
from cnnspec.series import Series
from cnnspec.source import Source
from cnnspec.terminal import messages, show
from cnnspec.training import session
from cnnspec.training.session import Held
from cnnspec.training.trackers import Watch


def train(
    checked: Checked,
    series: Series,
    backend: str,
    warn: Warn,
    *,
    offline: bool = False,
    watch: Watch | None = None,
) -> tuple[Held, ...]:
    """Trains the seeds of a series that have not been trained; returns what became of its claims.

    Seeds count up from that of the spec. A claim is judged by the mean. Raises
    `Problems`, and `Stopped` after a signal.
    """
    spec = checked.spec
    seeds = range(spec.train.seed, spec.train.seed + spec.train.runs)
    for seed in seeds:
        run = Run(series.folder / series.name(seed))
        if run.finished:
            continue
        show([[], [(f"seed {seed}", "strong")]], messages())
        # What one training leaves behind in Keras is of no use to the next.
        keras.backend.clear_session()
        try:
            if (run.folder / IR).is_file():
                session.resume(run, backend, warn, offline=offline, watch=watch)
            else:
                one = _one(spec, checked.source.name, seed)
                begun = [r for r in series.runs() if (r.folder / ENVIRONMENT).is_file()]
                session.train(
                    one,
                    series.folder,
                    backend,
                    # Every seed has the same data, and what is odd about it is said once.
                    silent if begun else warn,
                    offline=offline,
                    name=run.folder.name,
                    where=of_run(spec.data, begun[0]) if begun else None,
                    watch=watch,
                )
        except Stopped as stopped:
            raise Stopped(stopped.number, str(series)) from None
    figures = series.figures()
    means = {split: {m: s.mean for m, s in found.items()} for split, found in figures.items()}
    claims = session.judge(spec, means)
    series.finish(
        {
            "seeds": list(seeds),
            **{split: {m: s.dump() for m, s in found.items()} for split, found in figures.items()},
            "expectations": [held.dump() for held in claims],
            "target": series.target(),
        }
    )
    return claims


def _one(spec: Spec, name: str, seed: int) -> Checked:
    """The spec of one of several runs."""
    one = spec.replace(train=spec.train.replace(seed=seed, runs=1))
    return check(Source(name, str(one)))
