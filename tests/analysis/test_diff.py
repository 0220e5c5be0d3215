"""What changed between two specs, as a value and as a person meets it."""

import json
from functools import partial
from random import Random

import pytest

from cnnspec.analysis.check import check
from cnnspec.analysis.diff import Difference, compare
from cnnspec.commands import main
from cnnspec.core.source import Source
from tests.support.counting import work
from tests.support.paths import ROOT, SPECS
from tests.support.random_specs import draw_spec

LENET = str(ROOT / "specs" / "lenet5.cnn")
BASE = """
conv 8x3 relu; pool 2; conv 16x3 relu name=deep; pool 2; dense 10 softmax
budget params <= 9k; expect accuracy >= 0.8
train { epochs 5 }
"""


def difference(before: str, after: str) -> Difference:
    return compare(check(Source("a", before)), check(Source("b", after)))


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """The layers that differ: what happened to each, and its name."""
    return [
        (pair.change, (pair.after or pair.before).name)  # type: ignore[union-attr]
        for pair in difference(before, after).pairs
        if pair.change != "same"
    ]


def test_a_layer_between_others_moves_only_what_it_changes() -> None:
    after = BASE.replace("pool 2; conv", "pool 2; bn; conv")
    assert changes(BASE, after) == [("added", "bn")]
    assert changes(after, BASE) == [("removed", "bn")]
    after = BASE.replace("conv 16", "conv 16x3 same relu; conv 16")
    assert changes(BASE, after)[0] == ("added", "conv_2")
    assert ("changed", "deep") in changes(BASE, after)


def test_an_argument_changes_a_layer_and_the_shapes_after_it() -> None:
    after = BASE.replace("16x3", "32x3")
    assert changes(BASE, after) == [
        ("changed", "deep"),
        ("changed", "pool_2"),
        ("changed", "dense.flatten"),
        ("changed", "dense"),
    ]
    found = difference(BASE, after)
    assert found.totals["params"] == (5258, 10_426)
    assert not found.claims
    assert not found.same


def test_only_a_name_that_was_given_counts() -> None:
    assert changes(BASE, BASE.replace("name=deep", "name=deeper")) == [("changed", "deeper")]
    assert changes(BASE, BASE.replace(" name=deep", "")) == [("changed", "conv_2")]
    block = "block b {{ {}relu }}; b; b; dense 10"
    assert changes(block.format(""), block.format("tanh; ")) == [
        ("added", "b.tanh"),
        ("added", "b_2.tanh"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("epochs 5", "epochs 6", ["train.epochs"]),
        ("epochs 5", "early_stop val_f1", ["train.epochs", "train.early_stop"]),
        ("epochs 5", "epochs 5; optimizer adam(1e-3)", []),
        ("\nconv", "\nmodel new; data mnist\nconv", ["model", "data"]),
        ("\nconv", "\nallow conv pool dense\nconv", ["allow"]),
        ("<= 9k", "<= 9000", []),
        ("<= 9k", "<= 8k", ["budget params"]),
        ("budget params", "budget trainable", ["budget params", "budget trainable"]),
        ("expect accuracy >= 0.8", "", ["expect accuracy"]),
    ],
)
def test_settings_and_claims(old: str, new: str, what: list[str]) -> None:
    found = difference(BASE, BASE.replace(old, new))
    assert [change.what for change in (*found.claims, *found.settings)] == what
    assert found.same is (what == [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("add { branch { relu; tanh }; branch { } }", "add { branch { relu }; branch { tanh } }"),
        ("concat { branch { relu }; branch { } }", "concat { branch { }; branch { relu } }"),
        (
            "relu; concat { branch { bn }; branch { } }",
            "concat { branch { relu; bn }; branch { } }",
        ),
        ("repeat 2 shared { relu; bn }", "repeat 2 { relu; bn }"),
    ],
)
def test_the_same_layers_wired_in_another_way_differ(before: str, after: str) -> None:
    end = "; dense 10"
    assert not difference(before + end, after + end).same
    assert difference(before + end, before + end).same


def test_how_it_is_written_makes_no_difference() -> None:
    sugar = "let f = 4; repeat 2 { residual { conv (f/4)x3 same relu } }; dense 10"
    plain = (
        "add { branch { conv 1x3 same relu }; branch { } }\n"
        "add { branch { conv 1x3 same relu }; branch { } }\ndense 10 linear"
    )
    assert difference(sugar, plain).same


@pytest.mark.parametrize("seed", range(60))
def test_random_specs(seed: int) -> None:
    before, after = (check(Source("x", str(draw_spec(Random(s))))) for s in (seed, seed + 1))
    assert compare(before, before).same
    found = compare(before, after)
    assert not found.same
    assert [p.before for p in found.pairs if p.before] == list(before.layers)
    assert [p.after for p in found.pairs if p.after] == list(after.layers)


def test_twice_as_many_layers_are_twice_the_work_to_compare() -> None:
    works = []
    for count in (500, 1000):
        before, after = (
            check(Source("x", f"repeat {n} {{ relu; bn; tanh }}; dense 10"))
            for n in (count + 100, count)
        )
        works.append(work(partial(compare, before, after)))
        pairs = compare(before, after).pairs
        assert sum(pair.change == "removed" for pair in pairs) == 300
    assert works[0] < works[1] < 2.1 * works[0]


def test_the_same_specs_end_with_0(capsys, tmp_path) -> None:
    assert main(["ir", LENET]) == 0
    document = tmp_path / "lenet5.json"
    document.write_text(capsys.readouterr().out)
    for path in SPECS:
        assert main(["diff", str(path), str(path)]) == 0
        assert "say the same" in capsys.readouterr().out
    assert main(["diff", LENET, str(document)]) == 0


def test_what_differs_is_told_and_ends_with_1(capsys, tmp_path) -> None:
    (tmp_path / "a.cnn").write_text(BASE)
    (tmp_path / "b.cnn").write_text(
        BASE.replace("pool 2; conv", "pool 2; bn; conv")
        .replace("epochs 5", "epochs 6")
        # A budget that is passed can be compared all the same.
        .replace("<= 9k", "<= 1k")
    )
    paths = [str(tmp_path / "a.cnn"), str(tmp_path / "b.cnn")]
    assert main(["diff", *paths]) == 1
    out = capsys.readouterr().out
    assert "\n+  bn    bn     13x13x8      32     0\n6 layers are the same\n" in out
    assert ["params", "5,258", "5,290", "+32"] in [line.split() for line in out.splitlines()]
    assert "\n~  budget params <= 9000 -> <= 1000\n" in out
    assert "\n~  train.epochs 5 -> 6\n" in out
    assert main(["diff", "--json", *paths]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["same"] is False
    (layer,) = data["layers"]
    assert (layer["change"], layer["before"]) == ("added", None)
    assert layer["after"]["layer"] == "bn"
    assert data["same_layers"] == 6
    assert data["totals"]["params"] == {"before": 5258, "after": 5290}
    assert data["settings"] == [{"what": "train.epochs", "before": "5", "after": "6"}]


@pytest.mark.parametrize(("text", "code"), [("dens 10", 1), ("conv 8x99; dense 10", 1), ("", 1)])
def test_a_wrong_spec_is_told_and_not_compared(text: str, code: int, capsys, tmp_path) -> None:
    (tmp_path / "wrong.cnn").write_text(text)
    assert main(["diff", LENET, str(tmp_path / "wrong.cnn")]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error[CNN" in captured.err
    assert main(["diff", "--json", LENET, str(tmp_path / "wrong.cnn")]) == code
    assert json.loads(capsys.readouterr().out)["ok"] is False
