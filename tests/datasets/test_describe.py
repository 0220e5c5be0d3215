import json
from pathlib import Path

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.datasets.describe import describe
from tests.support.data_files import WRITERS, images, write_npz


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("labelled", [True, False])
def test_the_lines_it_gives_are_right(tmp_path, kind, labelled):
    path = WRITERS[kind](tmp_path, **({} if labelled else {"test_labels": None}))
    facts = describe(path).facts
    assert facts["input"] == [8, 6, 1]
    assert facts["train"]["images"]["shape"][:3] == [12, 8, 6]
    assert [c["train"] for c in facts["per_class"].values()] == [4, 4, 4]
    assert [c["test"] for c in facts["per_class"].values()] == (
        [2, 2, 2] if labelled else [None] * 3
    )
    spec = check(Source("x", "\n".join([*facts["lines"], "dense 3 softmax"]))).spec
    assert (spec.data.source, spec.input, spec.classes) == (str(path), (8, 6, 1), 3)
    json.dumps(facts, allow_nan=False)


def test_a_folder_called_like_a_dataset_is_written_as_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    WRITERS["pictures"](tmp_path).rename(tmp_path / "mnist")
    facts = describe(Path("mnist")).facts
    assert facts["lines"][0] == 'data "./mnist"'


def test_the_command_prints_it(tmp_path, capsys):
    path = write_npz(
        tmp_path / "a.npz",
        test_labels=None,
        train_images=images() / 255,
        test_images=images(6) / 255,
    )
    assert main(["data", str(path)]) == 0
    out, err = capsys.readouterr()
    for part in ("12x8x6", "float64", "0 to 1", "unknown", "input 8x6x1", "classes 3"):
        assert part in out
    assert "times 255" in err
    assert main(["data", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == 3


def test_what_is_wrong_with_it_is_told(tmp_path, capsys):
    path = write_npz(tmp_path / "a.npz", train_labels=np.arange(11))
    assert main(["data", str(path)]) == 3
    assert "12 images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mnits"], "did you mean mnist?"),
        (["digits"], "there are mnist"),
        (["a/b", "mnist"], "goes alone"),
        (["a/b", "--fetch"], "goes alone"),
    ],
)
def test_a_wrong_command_line(arguments, message, capsys):
    assert main(["data", *arguments]) == 2
    assert message in capsys.readouterr().err
