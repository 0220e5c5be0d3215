"""A trained run measured again: its network rebuilt, its weights loaded, its data scored."""

from pathlib import Path
from typing import Any

from cnnspec.datasets.splits import divide
from cnnspec.runs.data import of_run
from cnnspec.runs.expectations import ExpectationResult, judge_expectations
from cnnspec.runs.run import Run
from cnnspec.runs.weights import read_weights
from cnnspec.training.backends.base import Backend
from cnnspec.training.integers import integer_scores, integer_splits
from cnnspec.training.score import Score, Scorer


def evaluate(
    run: Run, backend: Backend, data: Path | None = None, *, offline: bool = False
) -> tuple[dict[str, Score], dict[str, dict[str, Any]], tuple[ExpectationResult, ...]]:
    """The scores of every split of the data, those in int8, and what becomes of the expectations.

    `data` stands in for what the run was trained on. Raises `CnnspecError`.
    """
    checked, network = backend.restore(run)
    where = of_run(checked.spec.data, run, data)
    splits = divide(checked.spec, where, offline=offline)
    scores = Scorer(network).scores(splits.named())
    asked = integer_splits(checked.spec)
    integers = integer_scores(checked, read_weights(run), splits) if asked else {}
    figures = {name: found.figures for name, found in scores.items()}
    return scores, integers, judge_expectations(checked.spec, figures, integers)
