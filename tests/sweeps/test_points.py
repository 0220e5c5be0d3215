import json

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.expansion.expand import read
from cnnspec.language.parse import parse_value
from cnnspec.sweeps.dimensions import size
from cnnspec.sweeps.points import Survey, points, survey

GRID = """
let depth = 2; let filters = 32; let kernel = 3
repeat i in 0..(depth-1) { conv (filters * 2^i)x(kernel) relu; pool 2 }
dropout 0.5; dense 10 softmax
sweep {
  depth in 1..3;  filters in 8, 16, 32;  kernel in 1, 2, 3
  loss in categorical_crossentropy, poisson, binary_crossentropy
}
"""


def surveyed(text: str) -> Survey:
    source = Source("x", text)
    return survey(source, read(source).sweep, {})


def test_the_grid_of_the_notebook_is_81_networks() -> None:
    found = surveyed(GRID)
    assert (found.points, found.left, found.reasons) == (81, 81, {})
    assert found.smallest
    assert found.smallest.values["depth"] == "3"
    assert found.largest
    assert found.largest.checked.totals
    assert found.largest.checked.totals.params == 93_962


def test_points_that_fail_are_dropped_with_their_reason() -> None:
    found = surveyed(GRID.replace("3  filters", "4; filters") + "budget params <= 40k")
    assert found.reasons["CNN301 budget params <= 40,000"] == 15


def test_a_point_is_the_spec_with_its_values() -> None:
    source = Source("x", GRID)
    chosen = [p for p in points(source, read(source).sweep, {}) if p.label.endswith("poisson")]
    assert chosen[-1].label == "depth=3, filters=32, kernel=3, loss=poisson"
    assert chosen[-1].checked.spec.train.loss.word == "poisson"
    assert len(chosen[-1].checked.layers) == 9


def test_set_fixes_a_name_of_the_sweep() -> None:
    value = parse_value(Source("set", "filters=8"))
    assert value is not None
    assert size(read(Source("x", GRID), {"filters": value}).sweep) == 27


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("let w = fit(1..64); dense (w); dense 10; budget params <= 8k", 10),
        ("let w = fit(1..64); dense (w); dense 10; budget params <= 7950", 9),
        ("let w = fit(1..64); conv 8x(w); gap; dense 10", 28),
        ("let w = fit(1..9); conv 12x3 ; conv 12x3 groups=w; gap; dense 10", 6),
        ("let w = fit(1..64); conv (64-w)x3 relu; dense 10; budget params <= 200k", 63),
        ("let w = fit(3..3); dense (w); dense 10", 3),
        ("let n = 2; let w = fit(n..(2*n)); repeat w { relu }; dense 10", 4),
    ],
)
def test_fit_takes_the_largest_value_for_which_all_holds(text: str, value: int) -> None:
    result = check(Source("x", text))
    assert result.ok
    assert result.fitted == {"w": value}


def test_fit_says_what_fails_at_the_smallest_value() -> None:
    text = "let w = fit(2..64); dense (w); dense 10; budget params <= 1k; budget macs <= 1k"
    (problem,) = check(Source("x", text)).problems
    assert problem.code == "CNN303"
    assert "at 2: params is 1,600" in problem.label
    assert "macs is 1,588" in problem.label


def test_set_takes_the_place_of_a_fit() -> None:
    value = parse_value(Source("set", "w=3"))
    assert value is not None
    result = check(Source("x", "let w = fit(1..64); dense (w); dense 10"), {"w": value})
    assert result.fitted == {}
    assert str(result.layers[1].layer) == "dense 3"


def test_a_fault_of_another_kind_is_told_as_it_is() -> None:
    result = check(Source("x", "let w = fit(1..64); dense (w) rleu; dense 10"))
    assert [problem.code for problem in result.problems] == ["CNN102"]


@pytest.mark.parametrize(
    "text",
    [
        "let w = fit(1..1000);"
        + "conv 2x(w) same relu;" * 30
        + "gap; dense 10; budget params <= 9",
        "let a = fit(1..1000); let b = fit(1..1000); let c = fit(1..1000); maximize macs;"
        "dense (a); dense (b); dense (c); dense 10; budget params <= 30k",
    ],
)
def test_a_fit_that_would_take_long_is_refused(text: str) -> None:
    assert [problem.code for problem in check(Source("x", text)).problems] == ["CNN007"]


def test_a_fitted_name_can_be_swept() -> None:
    text = "let w = fit(1..64); dense (w); dense 10; budget params <= 8k"
    assert surveyed(f"{text}; sweep {{ w in 4, 8; batch in 32, 64 }}").points == 4
    source = Source("x", f"{text}; sweep {{ w in 4, 8 }}")
    checked = check(source)
    assert checked.fitted == {"w": 10}
    assert [axis.name for axis in checked.expanded.sweep] == ["w"]
    swept = points(source, checked.expanded.sweep, {})
    # 784 (w) + w + 10 w + 10
    assert [p.checked.totals and p.checked.totals.params for p in swept] == [3_190, 6_370]


HUGE = """
let a = 1; let b = 1; let c = 1
conv (a)x3; conv (b)x3; conv (c)x3; gap; dense 10 softmax
sweep { a in 1..10000; b in 1..10000; c in 1..10000 }
"""


def test_very_many_points_are_counted_and_drawn_without_listing_them(tmp_path, capsys) -> None:
    path = tmp_path / "huge.cnn"
    path.write_text(HUGE)
    for options in ([], ["--max-runs", "100"]):
        assert main(["sweep", str(path), "--dry-run", *options]) == 1
        assert "this sweep has 1,000,000,000,000 points" in capsys.readouterr().err
    assert main(["check", str(path)]) == 1
    assert "this sweep has 1,000,000,000,000 points" in capsys.readouterr().err
    for command in (["check", str(path)], ["sweep", str(path), "--dry-run"]):
        # As many as are asked for are still too many to look at.
        assert main([*command, "--max-runs", "1000000"]) == 1
        said = capsys.readouterr().err
        assert "the limit is 1,000,000; `cnnspec sweep FILE --dry-run --sample 100`" in said
    assert main(["sweep", str(path), "--dry-run", "--sample", "5", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["points"], data["drawn"], data["dropped"]) == (10**12, 5, {})
    assert len({tuple(t["values"].values()) for t in data["trainings"]}) == 5
    # The three convolutions of a, b and c filters, and the last layer.
    for training in data["trainings"]:
        a, b, c = map(int, training["values"].values())
        assert training["params"] == 9 * (a + a * b + b * c) + a + b + 11 * c + 10


def test_a_search_among_very_many_points_ends(
    tmp_path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnspec.sweeps.plan.MAX_DRAWN", 30)
    path = tmp_path / "huge.cnn"
    path.write_text(f"{HUGE}\nbudget params <= 1")
    assert main(["sweep", str(path), "--dry-run", "--sample", "2"]) == 2
    assert "none of 30 points of" in capsys.readouterr().err
