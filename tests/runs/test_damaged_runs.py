"""Runs with any damage in any file: commands name the file, and never end with a bug of ours.

Those that compute with TensorFlow are tried by hand: `tests/support/damaged_runs.py`.
"""

import contextlib
import io
import os
import random
import shutil
import signal

import numpy as np
import pytest

from cnnspec.analysis.load import checked
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import json_text
from cnnspec.report.seeds import gather
from cnnspec.runs.data import class_names, of_run
from cnnspec.runs.run import INPUTS, METRICS, NOVELTY, Run
from cnnspec.runs.weights import HASH, save_weights
from cnnspec.training import checkpoints, inputs
from cnnspec.training.checkpoints import Checkpoint
from tests.support.damaged_runs import damage, light, spoken
from tests.support.run_folders import history, make, metrics

FRAMING = {"frame": [28, 28], "ground": [0.0], "plain": 0.99, "ink": 255.0, "one_tone": 0.9}
FRAMING |= {name: [1.0, 2.0, 3.0] for name in ("side", "box", "mass", "stroke")}
FACTS = {"epoch": 2, "step": 0, "spent": 0.0, "ended": False, "history": history(2)}
FACTS |= {"rates": {"best": None, "share": 1.0, "waited": 0}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two runs with every file that a command reads, and images for their network."""
    folder = tmp_path_factory.mktemp("whole")
    runs = [make(folder) for _ in range(2)]
    for run in runs:
        random = np.random.default_rng(1)
        shapes = checked(run.spec).graph.weights()
        arrays = {n: random.normal(size=s).astype(np.float32) for n, s in shapes.items()}
        run.write_json(METRICS, metrics(**{HASH: save_weights(run, arrays)}))
        doubt = {"limit": 3.0, "rate": 0.01, "split": "validation", "images": 99}
        run.write_json(INPUTS, {"framing": FRAMING, "doubt": doubt})
        novelty = io.BytesIO()
        np.savez(novelty, means=np.zeros((10, 4)), whiten=np.eye(4))
        run.write(NOVELTY, novelty.getvalue())
        checkpoints.save(run, "epoch-2", Checkpoint({"variable_0": np.ones(3)}, FACTS))
    np.savez(folder / "images.npz", x=np.zeros((2, 28, 28), np.uint8))
    return folder, *runs


def readings(run):
    """What `report`, `evaluate`, `train --resume` and `reproduce` read before they compute."""
    yield lambda: json_text([told.dump() for told in gather(run.folder).runs])
    yield lambda: of_run(run.spec.spec.data, run)
    yield lambda: class_names(run, 10)
    yield lambda: checkpoints.valid(run)
    yield lambda: inputs.load(run, run.spec.spec)


def test_a_whole_run_is_read_without_a_word(whole):
    folder, run, other = whole
    for arguments in light(run, other, folder / "images.npz"):
        code, said = spoken(*arguments)
        assert code == 0, said
        assert "damaged" not in said
    for reading in readings(run):
        reading()


@pytest.mark.parametrize("seed", range(10))
def test_ten_damaged_runs_are_read_or_refused(whole, tmp_path, seed):
    folder, run, other = whole
    chance = random.Random(seed)
    for number in range(10):
        copy = tmp_path / str(number) / run.folder.name
        shutil.copytree(run.folder, copy)
        done = damage(copy, chance)
        for arguments in light(copy, other, folder / "images.npz"):
            code, said = spoken(*arguments)
            assert code in (0, 1, 3), (arguments, done, said)
            assert code != 3 or str(copy) in said or "CNN1" in said, (arguments, done, said)
        for reading in readings(Run(copy)):
            with contextlib.suppress(CnnspecError):
                reading()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that lie in a folder")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(whole, tmp_path):
    folder, run, other = whole

    def hang(*_: object) -> None:
        raise AssertionError("a pipe was opened")

    before = signal.signal(signal.SIGALRM, hang)
    try:
        for number, path in enumerate(sorted(p for p in run.folder.rglob("*") if p.is_file())):
            copy = tmp_path / str(number) / run.folder.name
            shutil.copytree(run.folder, copy)
            pipe = copy / path.relative_to(run.folder)
            pipe.unlink()
            os.mkfifo(pipe)
            signal.alarm(20)
            for arguments in light(copy, other, folder / "images.npz"):
                code, said = spoken(*arguments)
                assert code in (0, 3), (arguments, pipe, said)
            for reading in readings(Run(copy)):
                with contextlib.suppress(CnnspecError):
                    reading()
            signal.alarm(0)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
