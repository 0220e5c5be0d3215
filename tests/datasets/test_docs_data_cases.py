"""Each row of docs/data_cases.md: its data is made, described, and read by the lines told."""

import re
from pathlib import Path

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.datasets import user_data
from cnnspec.datasets.describe import describe
from cnnspec.datasets.normalize import normal
from tests.support.data_cases import CASES, EXIF, TRAINED
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "data_cases.md").read_text(encoding="utf-8")
ROWS = {
    what: (said, write)
    for what, said, write in re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.M)
    if what != "what is there"
}


def flat(text: str) -> str:
    """The text with single blanks, as tables are aligned by several."""
    return re.sub(r"\s+", " ", text)


def test_every_case_has_its_row():
    assert list(ROWS) == list(CASES)


@pytest.mark.parametrize("what", CASES)
def test_the_answer_is_that_of_the_page(what, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    code = main(["data", *CASES[what]()])
    answer = flat("\n".join(capsys.readouterr()))
    said, write = ROWS[what]
    place = 0
    for part in said.split(" … "):
        assert part in answer[place:], answer
        place = answer.index(part, place) + len(part)
    for words in re.findall(r"`([^`]+)`", write):
        assert words in answer
    assert ("error" in said) == (code == 3)
    assert (code != 3) == (what in TRAINED)


@pytest.mark.parametrize("what", TRAINED)
def test_the_lines_give_the_images_as_they_were_drawn(what, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path, *options = CASES[what]()
    assert main(["data", path, *options]) in (0, 1)
    shown = capsys.readouterr().out.partition("in a spec:\n")[2]
    result = check(Source("spec", f"{shown}\nflatten; dense {shown.split()[-1]} softmax"))
    assert result.ok, result.problems
    data = result.spec.data
    known = normal(user_data.read_all(Path(path), data, result.spec.shape.dims), data)
    drawn = TRAINED[what].astype(np.uint8)
    found = known.train.images.reshape(drawn.shape)
    if what == EXIF:
        assert np.abs(found.astype(int) - drawn).mean() < 3
    else:
        assert sorted(map(bytes, found)) == sorted(map(bytes, drawn))
    assert describe(Path(path), data).facts["lines"][0] == str(data)
