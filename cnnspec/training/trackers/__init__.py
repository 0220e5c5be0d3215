"""Programs that follow a training beside the run folder; off by default.

Knows their names and what one is asked to do; each is the module of its name, and is
imported only when a training begins. Light by itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from cnnspec.diagnostics.base import Warn, listing, silent
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError, reason
from cnnspec.diagnostics.packages import require_packages
from cnnspec.diagnostics.runs import TrackerFailed
from cnnspec.ir.spec import Spec
from cnnspec.language.suggest import nearest
from cnnspec.runs.run import ENVIRONMENT, Run

TRACKERS = {"tensorboard": "tensorboard", "mlflow": "mlflow"}
"""Every tracker and the package that it needs; the extra that installs it has its name."""

Figures = Mapping[str, Any]
"""Figures by their names, as in `history.json` or `metrics.json`."""


class Tracker(Protocol):
    """What follows trainings, one after the other. Whatever its methods raise harms none."""

    def begin(self, run: Run, spec: Spec, environment: Figures) -> int:
        """Begins with a run or goes on with it; returns the last epoch it knows of, or 0."""

    def epoch(self, figures: Figures) -> None:
        """Takes an entry of the history; after `begin` also those from before a stop."""

    def end(self, metrics: Figures | None) -> None:
        """Takes what was measured at the end; `None` where training stopped before it."""

    def shown(self, folder: Path) -> str:
        """Where what it holds of the runs in a folder is to be seen: a command or an address."""


class Watch:
    """Tells trackers what happens in a training. One that fails is left alone from then on."""

    def __init__(
        self,
        names: Sequence[str] = (),
        parent: Path = Path(),
        warn: Warn = silent,
        made: Mapping[str, Tracker] | None = None,
    ) -> None:
        """Trackers by their names; what one keeps of many runs lies beside `parent`, theirs.

        `made` are further ones, which are not of `TRACKERS`.

        Raises `CnnspecError` where there is none of a name, or its package is missing.
        """
        for name in names:
            if name not in TRACKERS:
                near = nearest(name, TRACKERS)
                hint = f"did you mean `{near}`?" if near else f"it can be {listing(TRACKERS)}"
                raise CnnspecError(CannotRead(None, f"unknown tracker `{name}`", hint))
            require_packages(f"tracking with {name}", name, TRACKERS[name])
        self._names = list(dict.fromkeys([*names, *(made or {})]))
        self._parent = parent
        self._warn = warn
        self._trackers: dict[str, Tracker] = dict(made or {})
        self._following = False

    def begin(self, run: Run, spec: Spec, history: Sequence[Figures]) -> None:
        """A training begins, or goes on after the epochs of a history."""
        self._following = True

        def follow(name: str) -> None:
            if name not in self._trackers:
                module: Any = import_module(f"{__name__}.{name}")
                self._trackers[name] = module.tracker(self._parent)
            known = self._trackers[name].begin(run, spec, run.read_json(ENVIRONMENT))
            for figures in history:
                if figures["epoch"] > known:
                    self._trackers[name].epoch(figures)

        self._each(follow)

    def epoch(self, figures: Figures) -> None:
        """An epoch has finished."""
        self._each(lambda name: self._trackers[name].epoch(figures))

    def end(self, metrics: Figures | None = None) -> None:
        """The training has ended, with `None` before its time; says so once."""
        if self._following:
            self._following = False
            self._each(lambda name: self._trackers[name].end(metrics))

    def shown(self, folder: Path) -> dict[str, str]:
        """Where to see what trackers hold of the runs in a folder, by their names."""
        return {
            name: tracker.shown(folder)
            for name, tracker in self._trackers.items()
            if name in self._names
        }

    def _each(self, tell: Callable[[str], None]) -> None:
        for name in list(self._names):
            try:
                tell(name)
            except Exception as error:  # whatever a foreign program makes of a disk or a server
                self._names.remove(name)
                cause = f"{name} no longer follows the training: {_reason(error)}"
                self._warn(TrackerFailed(None, cause, "the training is not changed by that"))


def _reason(error: Exception) -> str:
    """The first line of an error, without the passwords of addresses in it."""
    return without_passwords(reason(error))[:200]


def without_passwords(text: str) -> str:
    """A text without the names and passwords of the addresses in it."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def numbers(figures: Figures, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Every number among figures by its path: `test/accuracy`; lists and words are left out."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{name}", float(value)


def of_epoch(figures: Figures) -> dict[str, float]:
    """The numbers of an epoch without that of the epoch itself."""
    return {name: value for name, value in numbers(figures) if name != "epoch"}


def of_end(metrics: Figures) -> dict[str, float]:
    """The numbers measured at the end: `final/test/accuracy`, apart from those of epochs."""
    return dict(numbers(metrics, "final/"))
