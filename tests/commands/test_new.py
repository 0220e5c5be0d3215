"""The templates, and the command that copies them."""

import json
import re

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.language.formatter import format_text
from cnnspec.layers.table import CONSTRUCTS
from cnnspec.service.templates import FOLDER, TEMPLATES, template


def test_every_file_is_listed():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.cnn" for name in TEMPLATES}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_right_short_and_explained(name):
    text = template(name).text
    source = Source(name, text)
    result = check(source)
    assert result.problems == ()
    assert result.spec.model == name
    assert result.spec.data.source == "fashion_mnist_mini"
    assert result.budget_results
    assert result.spec.expectations
    assert len(text.splitlines()) <= 30
    assert max(map(len, text.splitlines())) <= 100
    assert format_text(source, CONSTRUCTS) == text
    lines = [line for line in text.splitlines() if re.search(r"\w", line)]
    assert [line for line in lines if "#" not in line and line != "train {"] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet", "residual block"),
        ("mobilenet", "multiply block"),
        ("inception", "concat block"),
        ("mlp", "let"),
    ],
)
def test_a_template_shows_what_the_language_can(name, words):
    assert set(words.split()) <= set(template(name).text.split())


def test_a_template_is_copied_once(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "tiny"]) == 0
    out = capsys.readouterr().out
    assert "written to tiny.cnn" in out
    path = tmp_path / "tiny.cnn"
    assert path.read_text() == template("tiny").text
    path.write_text("mine")
    assert main(["new", "tiny"]) == 3
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert main(["new", "tiny", "--force"]) == 0
    assert path.read_text() == template("tiny").text


def test_a_path_is_a_file_or_a_folder(tmp_path, capsys):
    assert main(["new", "mlp", str(tmp_path / "my net.cnn")]) == 0
    assert main(["new", "mlp", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.split("\n", 2)[2])["file"].endswith("mlp.cnn")
    assert {p.name for p in tmp_path.iterdir()} == {"my net.cnn", "mlp.cnn"}
    assert main(["new", "mlp", str(tmp_path / "nowhere" / "x.cnn")]) == 3
    assert main(["check", str(tmp_path / "my net.cnn")]) == 0


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "digits", "gone/digits.cnn"]) == 3
    assert "make the folder gone first" in capsys.readouterr().err
    (tmp_path / "gone").mkdir()
    assert main(["new", "digits", "gone/digits.cnn"]) == 0
    assert main(["new", "digits", "gone/digits.cnn/digits.cnn"]) == 3
    assert "gone/digits.cnn is a file, or in one" in capsys.readouterr().err


def test_without_a_name_all_are_listed(capsys):
    assert main(["new"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n{name} " in out for name in TEMPLATES)
    assert main(["new", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in data["templates"]] == list(TEMPLATES)


def test_an_unknown_template_is_2_with_a_suggestion(capsys, tmp_path):
    assert main(["new", "lennet", str(tmp_path / "x.cnn")]) == 2
    assert "did you mean `lenet`?" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main(["new", "x", "--template", "tny"]) == 2
    assert "did you mean `tiny`?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../digits", "a/b", "digits.cnn", "..", "con"])
def test_a_name_that_no_file_can_have_is_2(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 2
    assert "is not a name for a network" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [[], ["--template", "tiny"], ["--template", "resnet"]])
def test_a_network_has_its_own_name_and_a_template(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "digits", *options]) == 0
    text = (tmp_path / "digits.cnn").read_text()
    source = Source("digits.cnn", text)
    chosen = options[1] if options else "lenet"
    result = check(source)
    assert result.problems == ()
    assert result.spec == check(Source("", template(chosen).text)).spec.replace(model="digits")
    assert format_text(source, CONSTRUCTS) == text
    assert chosen not in text.split("\n", 1)[1]


RULES = "data mnist\nallow conv pool dense\nbudget params <= 2k\ntrain { epochs <= 3 }\n"


def test_a_network_keeps_the_rules_that_are_given(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.cnn").write_text(RULES)
    assert main(["new", "mine", "--rules", "rules.cnn"]) == 0
    assert main(["check", "--rules", "rules.cnn", "--strict", "mine.cnn"]) == 0
    capsys.readouterr()
    assert main(["new", "--rules", "rules.cnn", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == "submission.cnn"
    (tmp_path / "rules.cnn").write_text("budget params <= 5\n")
    assert main(["new", "none", "--rules", "rules.cnn"]) == 1
    assert "keeps `budget params <= 5`" in capsys.readouterr().err
    assert not (tmp_path / "none.cnn").exists()
    assert main(["new", "x", "--rules", "rules.cnn", "--template", "tiny"]) == 2
