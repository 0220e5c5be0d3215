"""Every example of docs/search.md: its spec is checked without training, its commands exist."""

import re
import shlex

import pytest

from cnnspec.commands import main, parser_of
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
(SPEC,) = re.findall(r"```cnn\n(.*?)```", PAGE, re.S)
COMMANDS = re.findall(r"^cnnspec .*$", PAGE, re.M)


def test_the_spec_has_points_within_its_budgets(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "within.cnn").write_text(SPEC)
    assert main(["check", "within.cnn"]) == 0
    assert main(["search", "within.cnn", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "1,000 drawn at random" in said
    assert "CNN301 budget params <= 6,000" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_as_the_page_has_them(command):
    _, name, *arguments = shlex.split(command, comments=True)
    _, parser = parser_of(name)
    parser.parse_intermixed_args(arguments)
