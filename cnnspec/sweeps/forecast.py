"""Estimates how long the rest of a sweep takes, from the work of its trainings.

The work of a training are its MACs for an image, times images, times epochs. What a training takes
is some seconds, and some for each unit of work; both are fitted to the trainings that have ended,
or before that to the epochs of those that run.
"""

from cnnspec.sweeps.folder import Trial


def work_of(trial: Trial, until: int | None = None) -> float:
    """The work that is left of a training up to an epoch, relative to others of its sweep.

    Of the images only the share that is trained on counts: all points have the same data.
    """
    point = trial.point
    share = point.spec.train.validation
    images = 1 - float(share) if share not in ("test", "none") else 1.0
    epochs = min(until or point.epochs, point.epochs) - trial.epochs
    return max(point.macs, 1) * images * max(epochs, 0)


class Forecast:
    """The trainings of a round; times are in seconds of any clock that only goes forward."""

    def __init__(self, works: dict[str, float]) -> None:
        self._left = dict(works)
        self._to_come = 0
        self._running: dict[str, float] = {}
        self._known: list[tuple[float, float]] = []
        self._at_once = 1

    def add(self, works: dict[str, float], to_come: int) -> None:
        """More trainings, and how many are still to come of which nothing is known."""
        self._left |= works
        self._to_come = to_come

    def begin(self, name: str, now: float) -> None:
        """A training begins."""
        if name in self._left:
            self._running[name] = now
            self._at_once = max(self._at_once, len(self._running))

    def end(self, name: str, now: float, *, counts: bool = True) -> None:
        """A training ends; one that failed does not count as a measurement."""
        work, begun = self._left.pop(name, 0.0), self._running.pop(name, None)
        if counts and begun is not None and work:
            self._known.append((work, now - begun))

    @property
    def ended(self) -> bool:
        """Whether a training of the round has been measured to its end."""
        return bool(self._known)

    def left(self, now: float, shares: dict[str, float]) -> float | None:
        """The seconds until all have ended, `None` where nothing is known yet.

        `shares` says how much of each running training is done, from 0 to 1.
        """
        known = self._known or [
            (self._left[name] * share, now - self._running[name])
            for name, share in shares.items()
            if share > 0 and name in self._running and self._left[name] > 0
        ]
        if not known or not (self._left or self._to_come):
            return None
        start, each = _fitted(known)
        usual = start + each * sum(work for work, _ in known) / len(known)
        rest = {name: start + each * work for name, work in self._left.items()}
        for name, begun in self._running.items():
            rest[name] = max(0.0, rest[name] - (now - begun))
        longest = max((rest[name] for name in self._running), default=0.0)
        return max(longest, (sum(rest.values()) + self._to_come * usual) / self._at_once)


def _fitted(known: list[tuple[float, float]]) -> tuple[float, float]:
    """Seconds to begin with and seconds for each unit of work, by least squares, none negative."""
    mean_work = sum(work for work, _ in known) / len(known)
    mean_time = sum(time for _, time in known) / len(known)
    spread = sum((work - mean_work) ** 2 for work, _ in known)
    if spread > 1e-6 * mean_work**2:
        each = sum((w - mean_work) * (t - mean_time) for w, t in known) / spread
        start = mean_time - each * mean_work
        if each >= 0 and start >= 0:
            return start, each
        if each < 0:
            return mean_time, 0.0
    return 0.0, mean_time / mean_work
