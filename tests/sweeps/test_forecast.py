"""The time that is left of a sweep, by arithmetic."""

import pytest

from cnnspec.sweeps.forecast import Forecast, work_of
from tests.support.sweep_folders import planned


def test_time_left_follows_from_the_work_and_not_from_the_number():
    # Two at a time, 10 seconds for each unit of work: 80 are left of 120 for 2 of 10 trainings.
    found = Forecast({"a": 4.0, "b": 4.0, **{str(n): 0.5 for n in range(8)}})
    assert found.left(0, {}) is None
    found.begin("a", 0)
    found.begin("b", 0)
    found.end("a", 40)
    found.end("b", 40)
    assert found.left(40, {}) == pytest.approx(8 * 0.5 * 10 / 2)


def test_seconds_of_every_training_are_told_from_those_of_its_work():
    # 3 seconds for each training and 2 for each unit of work.
    found = Forecast({"a": 10.0, "b": 4.0, "c": 1.0, "d": 1.0})
    for name, began, ended in (("a", 0, 23), ("b", 23, 34)):
        found.begin(name, began)
        found.end(name, ended)
    assert found.left(34, {}) == pytest.approx(2 * (3 + 2))
    found.begin("c", 34)
    assert found.left(36, {}) == pytest.approx(5 - 2 + 5)


def test_epochs_of_running_trainings_count_before_any_has_ended():
    found = Forecast({"a": 8.0, "b": 2.0})
    found.begin("a", 0)
    # A quarter of 8 units in 20 seconds, so 10 seconds for each.
    assert found.left(20, {"a": 0.25}) == pytest.approx(60 + 20)
    assert found.left(20, {"a": 0.0}) is None
    assert not found.ended


def test_a_training_that_fails_at_once_says_nothing_of_the_others():
    found = Forecast({"a": 5.0, "b": 5.0})
    found.begin("a", 0)
    found.end("a", 1, counts=False)
    assert found.left(1, {}) is None
    found.begin("b", 1)
    found.end("b", 51)
    assert found.left(51, {}) is None


def test_a_training_that_only_has_to_be_measured_has_no_work():
    found = Forecast({"a": 0.0, "b": 2.0})
    found.begin("a", 0)
    assert found.left(5, {"a": 1.0}) is None
    found.end("a", 6)
    assert found.left(6, {}) is None


def test_the_longest_training_is_waited_for():
    found = Forecast({"a": 1.0, "b": 1.0, "c": 9.0})
    for name in "abc":
        found.begin(name, 0)
    found.end("a", 10)
    assert found.left(10, {}) == pytest.approx(80)


def test_work_is_macs_times_images_times_epochs(tmp_path):
    sweep = planned(
        tmp_path,
        "data fashion_mnist_mini; let f = 1; conv (f)x3; gap; dense 10 softmax;"
        "train { epochs 6; validation 0.25 }; sweep { f in 2, 4; epochs in 2, 6 }",
    )
    works = {t.point.name: work_of(t) for t in sweep.trials()}
    macs = {f: 26 * 26 * 9 * f + 10 * f for f in (2, 4)}
    found = {(t.point.values["f"], t.point.epochs): works[t.point.name] for t in sweep.trials()}
    assert found == {(str(f), e): macs[f] * 0.75 * e for f in (2, 4) for e in (2, 6)}
    trial = next(t for t in sweep.trials() if t.point.epochs == 6)
    assert work_of(trial, 2) == trial.point.macs * 0.75 * 2
    trial.run.folder.mkdir()
    trial.run.write_json("history.json", [{"epoch": 1}, {"epoch": 2}])
    assert work_of(trial) == trial.point.macs * 0.75 * 4


def test_trainings_of_which_nothing_is_known_take_as_long_as_the_others() -> None:
    forecast = Forecast({})
    forecast.add({"a": 10.0, "b": 30.0}, to_come=3)
    assert forecast.left(0.0, {}) is None
    forecast.begin("a", 0.0)
    forecast.end("a", 5.0)
    forecast.begin("b", 5.0)
    forecast.end("b", 20.0)
    # Half a second for each unit of work, and 20 units for each of the three.
    assert forecast.left(20.0, {}) == 30.0
    forecast.add({"c": 40.0}, to_come=1)
    assert forecast.left(20.0, {}) == 20.0 + 10.0
