"""What is shown of a sweep without a bar, before and after the first training has ended."""

import pytest

from cnnspec.runs.run import METRICS
from cnnspec.runs.tasks import DONE, Ended
from cnnspec.sweeps import progress
from cnnspec.sweeps.progress import Progress
from tests.support.run_folders import history
from tests.support.sweep_folders import graded, planned


class Task:
    def __init__(self, name):
        self.name = name


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, which tests set."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_progress_is_told_before_the_first_training_has_ended(tmp_path, clock, capsys):
    sweep = planned(tmp_path)
    trials = sorted(sweep.trials(), key=lambda trial: -trial.point.macs)
    shown = Progress(sweep)
    shown.begin_round([Task(trial.name) for trial in trials], None)
    first, second, third = trials[:3]
    shown.on_event(first, None)
    shown.on_event(second, None)
    begun = f"  {first.name}  begun\n  {second.name}  begun\n"
    assert capsys.readouterr().err == begun
    clock[0] += 60
    shown.poll()
    assert capsys.readouterr().err == ""
    first.run.folder.mkdir()
    first.run.write_json("history.json", history(1))
    clock[0] += 60
    shown.poll()
    shown.poll()
    told = capsys.readouterr().err
    # One epoch of three of the first took 120 s: its work is known, and so is that of the others.
    work = sum(trial.point.macs for trial in trials) / first.point.macs
    left = (360 * work - 240) / 2
    assert told == f"  the first epochs are done, {left / 60:.0f} min left\n"
    clock[0] += 60
    first.run.write_json(METRICS, graded(first.point))
    shown.on_event(first, Ended(DONE))
    shown.on_event(third, None)
    told = capsys.readouterr().err
    assert told.startswith(f" 1/12  {first.name}  accuracy 0.9200  loss 0.")
    assert "begun" not in told
    clock[0] += 60
    shown.poll()
    assert capsys.readouterr().err == ""
