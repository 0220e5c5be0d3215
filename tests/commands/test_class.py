"""The command line of a class, and its page of the documentation; tests/classes trains one."""

import json
import re

import pytest

from cnnspec.analysis.assignment import judge, read_rules
from cnnspec.commands import main, parser_of
from cnnspec.core.source import Source
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "class.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "takes the file of its rules and the folder of the submissions"),
        (["rules.cnn"], "takes the file of its rules and the folder of the submissions"),
        (["--resume", "x", "rules.cnn"], "a class continues as it began"),
        (["--resume", "x", "--hide-names"], "a class continues as it began"),
        (["--hide-name", "rules.cnn", "x"], "did you mean `--hide-names`?"),
        (["gone.cnn", "x", "--backend", "native"], "there is no file gone.cnn"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_hint(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["class", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_page_names_options_that_there_are():
    _, parser = parser_of("class")
    known = set(parser.names)
    named = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert named - {"--json", "--rules"} <= known
    assert {"--hide-names", "--time-limit", "--resume", "--jobs", "--epochs"} <= named


def test_the_rules_of_the_page_can_be_kept(tmp_path, monkeypatch, capsys):
    _, commands, _, rules, _ = PAGE.split("```", 4)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "assignment.cnn").write_text(rules)
    for line in commands.strip().splitlines()[:2]:
        _, *arguments = line.partition("#")[0].split()
        assert main(arguments) == 0
    text = (tmp_path / "first.cnn").read_text()
    assert judge(read_rules(Source("r", rules)), Source("first.cnn", text)).ok


def test_rules_alone_are_checked(tmp_path, capsys):
    rules = tmp_path / "rules.cnn"
    rules.write_text("data mnist\nbudget params <= 8k\nexpect accuracy >= 0.9\n")
    assert main(["check", "--rules", str(rules)]) == 0
    out = capsys.readouterr().out
    assert "3 rules that can be kept together" in out
    assert "whether training reaches `expect accuracy >= 0.9` is not known before" in out
    assert main(["check", "--rules", str(rules), "--json"]) == 0
    example = json.loads(capsys.readouterr().out)["example"]
    assert judge(read_rules(Source("r", rules.read_text())), Source("x", example["text"])).ok
    rules.write_text("data mnist\nbudget params <= 8\n")
    assert main(["check", "--rules", str(rules)]) == 1
    assert "error[CNN406]" in capsys.readouterr().err
