"""The command that draws."""

import io
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cnnspec.commands import main
from cnnspec.drawing.svg import draw
from tests.support.drawing_cases import checked
from tests.support.paths import ROOT

LENET = str(ROOT / "specs" / "lenet5.cnn")


def test_the_picture_is_printed_as_a_file(capsysbinary):
    assert main(["draw", LENET]) == 0
    out = capsysbinary.readouterr().out.decode()
    assert out.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg ')
    assert out.split("\n", 1)[1] == draw(checked(Path(LENET).read_text())) + "\n"


@pytest.mark.parametrize("form", ["stdin", "text", "ir"])
def test_every_way_to_give_a_spec_is_the_same(form, capsysbinary, tmp_path, monkeypatch):
    text = Path(LENET).read_text()
    assert main(["ir", LENET]) == 0
    document = tmp_path / "lenet5.json"
    document.write_bytes(capsysbinary.readouterr().out)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    arguments = {"stdin": ["-"], "text": ["-e", text], "ir": [str(document)]}
    assert main(["draw", LENET]) == 0
    wanted = capsysbinary.readouterr().out
    assert main(["draw", *arguments[form]]) == 0
    assert capsysbinary.readouterr().out == wanted


def test_a_file_is_written_once(tmp_path, capsys):
    out = tmp_path / "my net.svg"
    assert main(["draw", LENET, "--out", str(out)]) == 0
    assert f"written to {out}" in capsys.readouterr().out
    ElementTree.parse(out)
    out.write_text("mine")
    assert main(["draw", LENET, "--out", str(out)]) == 3
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main(["draw", LENET, "--out", str(out), "--force"]) == 0
    ElementTree.parse(out)
    assert main(["draw", LENET, "--out", str(tmp_path / "nowhere" / "x.svg")]) == 3


def test_set_changes_what_is_drawn(capsys):
    text = "let f = 4; conv (f)x3; dense 10"
    assert main(["draw", "--json", "-e", text, "--set", "f=6"]) == 0
    assert json.loads(capsys.readouterr().out)["boxes"][1]["output"] == [26, 26, 6]


def test_json_is_one_document_of_boxes_and_lines(capsys, tmp_path):
    assert main(["draw", "--json", LENET, "--out", str(tmp_path / "x.svg")]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["command"], data["ok"]) == ("draw", True)
    assert data["out"] == str(tmp_path / "x.svg")
    assert (tmp_path / "x.svg").exists()
    assert data["boxes"][0]["layers"] == ["input"]
    assert data["boxes"][1]["output"] == [28, 28, 6]
    assert data["edges"][:2] == [["input", "conv"], ["conv", "pool"]]
    for box in data["boxes"]:
        assert 0 <= box["x"] <= box["x"] + box["width"] <= data["width"]
        assert 0 <= box["y"] <= box["y"] + box["height"] <= data["height"]


def test_what_is_not_drawn_is_in_the_document(capsys):
    assert main(["draw", "--json", "-e", "repeat i in 1..999 { conv (i)x1 }; gap; dense 10"]) == 0
    boxes = json.loads(capsys.readouterr().out)["boxes"]
    (left,) = (box for box in boxes if not box["drawn"])
    assert sum(len(box["layers"]) for box in boxes) == 1002
    assert len(left["layers"]) > 600


def test_a_wrong_spec_is_not_drawn(capsys, tmp_path):
    out = tmp_path / "x.svg"
    assert main(["draw", "-e", "conv 3x30; dense 9", "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert "error[CNN201]" in captured.err
    assert captured.out == ""
    assert not out.exists()
    assert main(["draw", "--json", "-e", "dens 10"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False
    assert main(["draw"]) == 2


def test_the_picture_of_the_readme_is_drawn_anew(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["draw", "specs/lenet5.cnn"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "lenet5.svg").read_text()
    assert "docs/lenet5.svg" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("command", [["export", "a", "--to", "c"], ["report", "a"]])
def test_a_folder_that_is_named_like_a_file_is_refused(command, tmp_path, capsys):
    assert main([*command, "--out", str(tmp_path / "x.zip")]) == 2
    said = capsys.readouterr().err
    assert "ends in .zip, and it will be a folder" in said
    assert "name it x\n" in said
    assert not (tmp_path / "x.zip").exists()


def test_memory_is_drawn_as_a_file_and_told_as_a_document(tmp_path, capsys):
    out = tmp_path / "memory.svg"
    assert main(["draw", LENET, "--memory", "--dtype", "int8", "--json", "--out", str(out)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["memory"]["dtype"] == "int8"
    assert data["memory"]["peak"] == 14 * 14 * 6 + 4 * 28
    assert ElementTree.parse(out).getroot()[0].text == "lenet5: memory at inference"
    assert main(["draw", LENET, "--dtype", "int8"]) == 2
    assert "--memory" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x.png", "x.pdf", "x.PNG", "net.cnn"])
def test_a_name_that_says_something_else_than_svg_is_refused(name, tmp_path, capsys):
    assert main(["draw", LENET, "--out", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert "the file will be SVG" in said
    assert not list(tmp_path.iterdir())
    (better,) = (word for word in said.split() if word.endswith(".svg"))
    assert main(["draw", LENET, "--out", str(tmp_path / better)]) == 0
    ElementTree.parse(tmp_path / better)
