"""Every example of docs/sweeps.md: its spec is swept without training, its commands exist."""

import re
import shlex

import pytest

from cnnspec.commands import main, parser_of
from tests.support.paths import ROOT

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


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("x{depth", "expected '}'"),
        ("{}", "`` is not swept"),
        ("{0}", "`0` is not swept"),
        ("{depth.real}", "`depth.real` is not swept"),
        ("{depth:q}", "`depth` can only be written as"),
        ("{depth!z}", "`depth` can only be written as"),
        ("{depth}", "two points would be called `1`: depth=1, filters=8, kernel=1"),
        ("-", "would have no name"),
    ],
)
def test_a_template_that_names_no_point_is_told(tmp_path, monkeypatch, capsys, template, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.cnn").write_text(SPEC)
    assert main(["sweep", "grid.cnn", "--dry-run", "--names", template]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "other",
    ["--stop-early=halving", "--backend=jax", "--sample=2", "--threads=2", "--max-runs=9", "-e=a"],
)
def test_a_sweep_goes_on_without_other_values(capsys, other):
    assert main(["sweep", "--resume", "runs/x", other]) == 2
    assert "a sweep continues as it began" in capsys.readouterr().err
