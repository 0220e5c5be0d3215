"""Checkpoints on disk: what is written is what is read, and damage is told from soundness."""

import json

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import Run
from cnnspec.training.checkpoints import MANIFEST, Checkpoint, delete, pack, save, unpack, valid

SOURCE = Source("x.cnn", "dense 10 softmax")


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path, check(SOURCE).spec, SOURCE)


def checkpoint(number):
    arrays = {"variable_0": np.full((3, 2), number, np.float32), "variable_1": np.int64(number)}
    return Checkpoint(arrays, {"epoch": number, "history": [{"epoch": 1, "loss": 0.1}]})


def numbers(run):
    return [found.facts["epoch"] for found in valid(run)[0]]


def files(run):
    return sorted(path.name for path in (run.folder / "checkpoints").iterdir())


def test_checkpoint_reads_back_as_it_was_written():
    again = unpack(pack(checkpoint(7)))
    assert again.facts == checkpoint(7).facts
    for name, value in checkpoint(7).arrays.items():
        assert np.array_equal(again.arrays[name], value)
        assert again.arrays[name].dtype == value.dtype


def test_writing_keeps_the_last_two_checkpoints(run):
    assert valid(run) == ([], [])
    for number in range(1, 5):
        save(run, f"epoch-{number}", checkpoint(number))
    assert numbers(run) == [4, 3]
    assert files(run) == ["epoch-3.npz", "epoch-4.npz", "manifest.json"]


def test_writing_the_same_name_replaces_the_checkpoint(run):
    for number in (1, 2):
        save(run, "epoch-0-step-9", checkpoint(number))
    assert numbers(run) == [2]


def test_writing_removes_what_a_killed_write_left(run):
    save(run, "epoch-1", checkpoint(1))
    (run.folder / "checkpoints" / ".epoch-2.npz.abc").write_bytes(b"half")
    save(run, "epoch-2", checkpoint(2))
    assert files(run) == ["epoch-1.npz", "epoch-2.npz", "manifest.json"]


def test_delete_leaves_no_file(run):
    save(run, "epoch-1", checkpoint(1))
    delete(run)
    assert not (run.folder / "checkpoints").exists()
    delete(run)


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "gone"])
def test_damaged_checkpoint_is_reported_and_the_one_before_is_used(run, damage):
    for number in (1, 2):
        save(run, f"epoch-{number}", checkpoint(number))
    path = run.folder / "checkpoints" / "epoch-2.npz"
    data = path.read_bytes()
    flipped = data[:200] + bytes([data[200] ^ 1]) + data[201:]
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": data[:-1], "flipped": flipped}[damage])
    found, damaged = valid(run)
    assert [each.facts["epoch"] for each in found] == [1]
    assert [fault.severity for fault in damaged] == ["warning"]
    assert "epoch-2.npz" in damaged[0].message


def test_manifest_of_a_newer_version_is_refused(run):
    save(run, "epoch-1", checkpoint(1))
    path = run.folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))
    with pytest.raises(CnnspecError, match="newer than this program reads") as caught:
        valid(run)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"checkpoints": [3]}'])
def test_damaged_manifest_is_reported_by_name(run, text):
    save(run, "epoch-1", checkpoint(1))
    (run.folder / MANIFEST).write_text(text)
    with pytest.raises(CnnspecError, match="damaged") as caught:
        valid(run)
    assert caught.value.exit_code == 3


def test_reading_a_checkpoint_unpickles_nothing(run):
    array = np.array([print], dtype=object)
    with pytest.raises(ValueError, match=r"[Oo]bject arrays"):
        pack(Checkpoint({"variable_0": array}, {}))
    import io

    file = io.BytesIO()
    np.savez(file, allow_pickle=True, facts=array)
    with pytest.raises(ValueError, match=r"[Oo]bject arrays"):
        unpack(file.getvalue())
