"""Several seeds of one spec: how often the text is parsed and its network built."""

import json
import shutil

import pytest

from cnnspec.commands import main
from cnnspec.graph.build import build_graph
from cnnspec.language.parse import parse
from tests.support.counting import calls

TEXT = """
model twice   # a comment
data fashion_mnist_mini
pool 14; dense 10 softmax
train { batch 100; epochs 1; measure held_out; runs 2 }
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory, backend):
    """The folder of a series of two seeds, and what was called for it."""
    folder = tmp_path_factory.mktemp("series")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "twice.cnn").write_text(TEXT)
        with calls(parse, build_graph) as count:
            assert main(["train", "twice.cnn"]) == 0
    return folder / "runs/twice-1", count


def test_two_seeds_are_parsed_and_built_once(trained) -> None:
    series, count = trained
    # One of both, the report of both seeds included.
    assert count == {"parse": 1, "build_graph": 1}
    assert (series / "report.html").is_file()
    for seed in (1, 2):
        folder = series / f"seed-{seed}"
        document = json.loads((folder / "ir.json").read_text())
        assert (document["train"]["seed"], document["train"]["runs"]) == (seed, 1)
        assert (folder / "source.cnn").read_text() == TEXT


def test_a_resumed_series_is_not_parsed_for_each_seed(trained, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    series = tmp_path / "runs/twice-1"
    shutil.copytree(trained[0], series)
    # As a process that was killed leaves it: the last seed without its figures.
    (series / "report.html").unlink()
    (series / "series.json").unlink()
    (series / "seed-2/metrics.json").unlink()
    with calls(parse, build_graph) as count:
        assert main(["train", "--resume", "runs/twice-1"]) == 0
    assert count == {"parse": 1, "build_graph": 1}
    assert (series / "report.html").is_file()
