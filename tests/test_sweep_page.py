"""Every example of docs/sweeps.md: its spec is swept without training, its commands exist."""

import re
import shlex

import pytest

from cnnspec.commands import main, parser_of
from tests.places import ROOT

PAGE = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
(SPEC,) = re.findall(r"```cnn\n(.*?)```", PAGE, re.S)
COMMANDS = re.findall(r"^cnnspec .*$", PAGE, re.M)


def test_the_spec_has_its_points(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.cnn").write_text(SPEC)
    assert main(["sweep", "grid.cnn", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "81 points, 6 dropped by this check" in said
    assert "6 dropped: CNN301 budget params <= 60,000" in said
    assert "grid_2-32-3-poisson" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_as_the_page_has_them(command):
    _, name, *arguments = shlex.split(command, comments=True)
    _, parser = parser_of(name)
    parser.parse_intermixed_args(arguments)


def test_dry_run_tells_the_points_that_sample_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.cnn").write_text(SPEC)
    drawn = []
    for _ in range(2):
        assert main(["sweep", "grid.cnn", "--dry-run", "--sample", "5", "--json"]) == 0
        drawn.append(capsys.readouterr().out)
    assert drawn[0] == drawn[1]
    assert drawn[0].count('"name"') == 5
