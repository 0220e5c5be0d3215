"""What docs/python.md shows is run, from its first block to its last."""

import re

import cnnspec
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.S)
ROWS = dict(
    re.findall(r'^\| (?:sweep|run, seeds|comparison) \| `"(\w+)"` \(.*\| (.*) \|$', PAGE, re.M)
)


def test_the_programs_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for program in PROGRAMS:
        exec(program, names)
    shown = capsys.readouterr().out
    assert "('digits-1', 'digits_2', 'digits_4'" in shown
    assert (tmp_path / "compared.html").is_file()
    sweep = names["sweep"]
    best = max(sweep.points, key=lambda point: point.mean("accuracy"))
    assert sweep.ok
    assert sweep.best.run == sweep.run / best.name
    assert sweep.best.scores["test"]["accuracy"] == best.mean("accuracy")
    # Nothing is left to do.
    again = cnnspec.resume(sweep.run, report=False, offline=True)
    assert repr(again) == repr(sweep)
    frame = names["frame"]
    assert len(frame) == 2
    assert set(names["epochs"]["filters"]) == {2, 4}
    # The columns of the table, but for what it says in words.
    for title in re.findall(r"`(\w+)`", ROWS["points"]):
        assert title in frame.columns
    for title in re.findall(r"`(\w+)`", ROWS["runs"]):
        assert title in names["trained"].compare(sweep).to_frame().columns
    for title in re.findall(r"`(\w+)`", ROWS["epochs"]):
        assert title in names["trained"].to_frame().columns
