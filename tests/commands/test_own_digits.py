"""Digits that people draw, read by a network trained on MNIST: minutes of training."""

import pytest

import cnnspec
from cnnspec.commands import main
from tests.results.own_digits import EIGHTEEN, counts
from tests.support.digits import SIX, THREE, no_digits
from tests.support.paths import ROOT


@pytest.mark.slow
@pytest.mark.full_data
def test_own_digits_are_read_once_they_are_prepared(published, backend, tmp_path):
    spec = str(ROOT / "specs" / "grid_2.cnn")
    assert main(["train", spec, "--set", "epochs=8", "--out", str(tmp_path)]) in (0, 1)
    trained = cnnspec.open_run(tmp_path / "grid_2-1")
    assert trained.scores["test"]["accuracy"] >= 0.985
    eighteen = [counts(trained, form, EIGHTEEN) for form in SIX]
    assert sum(right for _, right, _ in eighteen) == 18
    assert sum(before for before, _, _ in eighteen) <= 12
    thirty = [counts(trained, form, tuple(range(10))) for form in THREE]
    assert sum(right for _, right, _ in thirty) >= 27
    assert sum(doubted for _, _, doubted in (*eighteen, *thirty)) <= 2
    for what, given in no_digits().items():
        doubted = sum(answer.doubted for answer in trained.recognize(*given))
        assert doubted >= 0.7 * len(given), what
