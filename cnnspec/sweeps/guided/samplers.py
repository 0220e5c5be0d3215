"""Proposes the next point of a search from all that is known of those before.

A proposal is a function of the seed and of what is told, and nothing is kept between two: so a
search that goes on after a crash proposes what it would have proposed without one. TPE and NSGA-II
are those of Optuna, CMA-ES is that of `cmaes`, which Optuna uses too; its state would be a pickle.
"""

import math
import warnings
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from random import Random
from typing import Any

from cnnspec.core.record import Record
from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.language.syntax import Expression
from cnnspec.sweeps.dimensions import Dimension

TPE, NSGA2, CMA_ES, RANDOM = "tpe", "nsga2", "cma-es", "random"
SAMPLERS = {TPE: "optuna", NSGA2: "optuna", CMA_ES: "cmaes", RANDOM: ""}
"""The samplers, each with the package that it needs."""

DRAWN_FIRST = {TPE: 10, NSGA2: 0, CMA_ES: 0, RANDOM: math.inf}
"""So many trained points are drawn at random before a sampler is asked."""

POPULATION = 10
"""The points of a generation of NSGA-II."""

CMA_MARK = "cma-es"
"""Marks the proposals that belong to a generation of CMA-ES."""

_SIGMA = 0.3
"""The first standard deviation of CMA-ES, of a space from 0 to 1."""


def require_sampler(name: str) -> None:
    """Raises `CnnspecError` where the package of a sampler is missing."""
    package = SAMPLERS[name]
    if package and find_spec(package) is None:
        cause = f"the sampler {name} needs {package}, which is not installed"
        raise CnnspecError(MissingExtra(None, cause, "pip install 'cnnspec[search]'"))


class Told(Record):
    """What a sampler is told of a point.

    `score` is `None` while it is being trained. Of a rejected point it is less than every other.
    `cost` is `None` where there is no second objective.
    """

    values: dict[str, str]
    score: float | None
    cost: float | None
    violation: float
    marks: dict[str, int]


class Asked(Record):
    """A point that a sampler proposes, and the marks that it wants to see on it again."""

    values: dict[str, Expression]
    marks: dict[str, int]


def propose(name: str, space: Sequence[Dimension], told: Sequence[Told], seed: int) -> Asked:
    """Returns the next point that a sampler proposes."""
    if name == CMA_ES:
        return _evolved(space, told, seed)
    with warnings.catch_warnings():
        # Of options that are experimental, and of versions to come.
        warnings.simplefilter("ignore")
        return _asked(name, space, told, seed)


def _asked(name: str, space: Sequence[Dimension], told: Sequence[Told], seed: int) -> Asked:
    """A point from a study of Optuna that is made anew."""
    import optuna
    from optuna.trial import TrialState, create_trial

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {dimension.name: _distribution(dimension) for dimension in space}
    if name == TPE:
        told = _told_to_tpe(told)
        sampler: Any = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True
        )
    else:
        sampler = optuna.samplers.NSGAIISampler(seed=seed, population_size=POPULATION)
    several = any(each.cost is not None for each in told)
    directions: list[Any] = ["maximize", "minimize"] if several else ["maximize"]
    study = optuna.create_study(directions=directions, sampler=sampler)
    for each in told:
        values = None
        if each.score is not None:
            values = [each.score, each.cost or 0.0] if several else [each.score]
        study.add_trial(
            create_trial(
                state=TrialState.RUNNING if values is None else TrialState.COMPLETE,
                values=values,
                params={d.name: _encoded(d, each.values[d.name]) for d in space},
                distributions=distributions,
                constraints={"budgets": each.violation},
                system_attrs=dict(each.marks),
            )
        )
    trial = study.ask(distributions)
    found = {d.name: _decoded(d, trial.params[d.name]) for d in space}
    asked = study.get_trials(deepcopy=False)[-1]
    marks = {key: mark for key, mark in asked.system_attrs.items() if type(mark) is int}
    return Asked(found, marks)


def _told_to_tpe(told: Sequence[Told]) -> list[Told]:
    """The points that TPE is told: of the rejected ones the last, as many as there are others.

    It counts all of them to decide how many are good; so many more would make all others good.
    """
    accepted = sum(each.violation == 0 for each in told)
    rejected = [place for place, each in enumerate(told) if each.violation > 0]
    left_out = set(rejected[: max(0, len(rejected) - accepted)])
    return [each for place, each in enumerate(told) if place not in left_out]


def _distribution(dimension: Dimension) -> Any:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if dimension.axis.interval:
        return FloatDistribution(0.0, 1.0)
    if dimension.ordered:
        return IntDistribution(0, dimension.size - 1)
    return CategoricalDistribution(tuple(range(dimension.size)))


def _encoded(dimension: Dimension, text: str) -> float:
    """A value as Optuna has it: its place in a range, its number in a list."""
    return dimension.place(text) if dimension.axis.interval else dimension.index(text)


def _decoded(dimension: Dimension, code: float) -> Expression:
    if dimension.axis.interval:
        return dimension.at(code)
    return dimension.axis.values[int(code)]


def _evolved(space: Sequence[Dimension], told: Sequence[Told], seed: int) -> Asked:
    """A point by CMA-ES: all generations that are complete are told again, which is quick.

    It moves ordered names only; the others, and the first points, are drawn.
    """
    chance = Random(seed)
    values = {dimension.name: dimension.at(chance.random()) for dimension in space}
    ordered = [dimension for dimension in space if dimension.ordered and dimension.size > 1]
    if len(ordered) < 2:
        return Asked(values, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import numpy as np
        from cmaes import CMA

        bounds = np.array([[0.0, 1.0]] * len(ordered))
        optimizer = CMA(np.full(len(ordered), 0.5), _SIGMA, bounds=bounds, seed=seed)
        mine = [each for each in told if CMA_MARK in each.marks]
        for generation in _generations(mine, optimizer.population_size):
            optimizer.tell(
                [
                    (np.array([d.place(each.values[d.name]) for d in ordered]), -(each.score or 0))
                    for each in generation
                ]
            )
        places = optimizer.ask()
    moved = {d.name: d.at(float(place)) for d, place in zip(ordered, places, strict=True)}
    return Asked(values | moved, {CMA_MARK: 1})


def _generations(told: Sequence[Told], size: int) -> Iterable[Sequence[Told]]:
    """Groups of so many points in order, as far as all of them have a score."""
    for start in range(0, len(told) - size + 1, size):
        generation = told[start : start + size]
        if any(each.score is None for each in generation):
            return
        yield generation
