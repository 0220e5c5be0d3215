"""Several seeds of one spec: how often the text is parsed and its network built."""

import json

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


@pytest.mark.usefixtures("backend")
def test_two_seeds_are_parsed_and_built_once(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twice.cnn").write_text(TEXT)
    with calls(parse, build_graph) as count:
        assert main(["train", "twice.cnn"]) == 0
    # One of both, the report of both seeds included.
    assert count == {"parse": 1, "build_graph": 1}
    assert (tmp_path / "runs/twice-1/report.html").is_file()
    for seed in (1, 2):
        folder = tmp_path / f"runs/twice-1/seed-{seed}"
        document = json.loads((folder / "ir.json").read_text())
        assert (document["train"]["seed"], document["train"]["runs"]) == (seed, 1)
        assert (folder / "source.cnn").read_text() == TEXT


@pytest.mark.usefixtures("backend")
def test_a_resumed_series_is_not_parsed_for_each_seed(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "-e", TEXT, "--no-report"]) == 0
    series = tmp_path / "runs/twice-1"
    # As a process that was killed leaves it: the last seed without its figures.
    (series / "series.json").unlink()
    (series / "seed-2/metrics.json").unlink()
    with calls(parse, build_graph) as count:
        assert main(["train", "--resume", "runs/twice-1"]) == 0
    assert count == {"parse": 1, "build_graph": 1}
