import gc

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.language.parse import parse_value
from tests.support.paths import SPECS


def checked(text: str, **sets: str) -> CheckedSpec:
    overrides = {}
    for name, value in sets.items():
        overrides[name] = parse_value(Source("<--set>", f"{name}={value}"))
        assert overrides[name] is not None
    return check(Source("x", text), overrides)


def codes(text: str, **sets: str) -> list[str]:
    problems = checked(text, **sets).problems
    return [problem.code for problem in problems if problem.severity == "error"]


# A layer needs its input and output; one that changes values only writes over its input, and one
# that works row by row leaves of the input what its last row needs. Values of one image, by hand.
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("dense 10", 28 * 28 + 10),
        ("conv 8x3 relu; gap; dense 10", 26 * 26 * 8 + 3 * 28),
        ("conv 8x3; relu; bn; gap; dense 10", 26 * 26 * 8 + 3 * 28),
        # Pooled in windows side by side, the image between is never there as a whole.
        ("conv 8x3; pool 2; gap; dense 10", 13 * 13 * 8 + 4 * 28),
        ("conv 8x3; bn; relu; dropout 0.1; pool 2; gap; dense 10", 13 * 13 * 8 + 4 * 28),
        # Others have a few rows of it, and when the last of them is there, what it was made of is
        # done with but for the rows that no window needs.
        ("conv 8x3; pool 3 stride=2; gap; dense 10", 3 * 26 * 8 + 12 * 12 * 8 + 3 * 28),
        ("conv 8x3; gelu; pool 2; gap; dense 10", 2 * 26 * 8 + 13 * 13 * 8 + 2 * 28),
        ("conv 8x3; avgpool 2; gap; dense 10", 2 * 26 * 8 + 13 * 13 * 8 + 2 * 28),
        ("dense 10 relu", 28 * 28 + 10),
        ("pool 28; dense 10", 28 * 28 + 1),
        ("relu; pool 28; dense 10", 28 * 28 + 1),
    ],
)
def test_ram_by_hand(text: str, values: int) -> None:
    totals = checked(text).totals
    assert totals is not None
    assert totals.ram() == 4 * values


@pytest.mark.parametrize(
    ("budget", "value"),
    [
        ("params", 7850),
        ("trainable", 7850),
        ("macs", 7840),
        ("depth", 1),
        ("flash", 31_400),
        ("flash float32", 31_400),
        ("flash float16", 15_700),
        # The kernel; a bias and a factor for each unit; 256 exponentials of two bytes.
        ("flash int8", 7840 + 10 * (4 + 4) + 512),
        ("ram", 3176),
        ("ram int8", 794),
    ],
)
def test_every_budget_is_measured_and_judged_at_its_limit(budget: str, value: int) -> None:
    for relation, limit, holds in [
        ("<=", value, True), ("<=", value - 1, False), ("<", value, False), ("<", value + 1, True),
        (">=", value, True), (">=", value + 1, False), (">", value, False), (">", value - 1, True),
        ("==", value, True), ("==", value + 1, False),
    ]:  # fmt: skip
        result = checked(f"dense 10 softmax; budget {budget} {relation} {limit}")
        (verdict,) = result.budget_results
        assert (verdict.value, verdict.holds, result.ok) == (value, holds, holds)


def test_a_dense_layer_brings_its_flatten_along() -> None:
    rows = checked("conv 8x3; dense 10").layers
    assert [(row.name, row.implicit) for row in rows] == [
        ("conv", False),
        ("dense.flatten", True),
        ("dense", False),
    ]
    assert [row.implicit for row in checked("flatten; dense 10").layers] == [False, False]


# One fault says one thing: what is unknown after it is not judged.
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("conv 32x40; conv 64x40; pool 99; dense 10", ["CNN201"]),
        ("conv 32x40; conv 64x40; dense 10; conv 3x3", ["CNN201", "CNN202"]),
        ("flatten; conv 3x3; pool 2; dense 9", ["CNN202", "CNN206"]),
        ("dens 32; conv 32x99", ["CNN101"]),
        ("dens 32; conv 32x99; dense 9", ["CNN101", "CNN206"]),
        ("conv 32x3 rleu; conv 8x99; flatten; conv 8x3", ["CNN102"]),
        ("resize 60000x60000; conv 8x3 groups=5; dense 10", ["CNN207"]),
        ("let f = 1/0; conv (f)x3; dense (f)", ["CNN109"]),
        ("let f = 1/0; let g = f + 1; conv (g)x3; dense 10", ["CNN109"]),
        ("let f = $; conv (f)x3; dense 10", ["CNN001"]),
        ("let f 3; conv (f)x3; dense 10", ["CNN120"]),
        ("input 0x28; conv 8x99; dense 9", ["CNN105", "CNN206"]),
        ("input 28x28$; conv 8x99; dense 10", ["CNN001"]),
        ("classes 1; dense 1", ["CNN105"]),
        ("data mnst; conv 8x99; dense 9", ["CNN102"]),
        ("data mnist; classes 5; dense 5", ["CNN113"]),
        ("conv 32x3relu strides=2; dense 9", ["CNN008", "CNN206"]),
        ("budget params <= 5; dens 10", ["CNN101"]),
        ("budget parms <= 5; dense 10", ["CNN102"]),
        ("conv 8x3 name=a; conv 8x3 name=a; dense 10", ["CNN013"]),
        ("train { epochs 0 }; dense 10; train { epochs 5 }", ["CNN105", "CNN013"]),
    ],
)
def test_error_causes_no_follow_on_errors(text: str, found: list[str]) -> None:
    assert codes(text) == found


def test_problems_come_in_the_order_of_the_text() -> None:
    problems = checked("budget params <= 5\nconv 8x99\ndense 10\ntrain { epochs 0 }").problems
    assert [p.span.line for p in problems if p.span] == [2, 4]


def test_totals_need_every_layer() -> None:
    assert checked("dense 10").totals is not None
    for text in ("dens 3; dense 10", "conv 8x99; dense 10", "dense 10 sofmax", "", "input 3"):
        result = checked(text)
        assert result.totals is None
        assert result.budget_results == ()


def test_error_says_where_a_shape_comes_from() -> None:
    (problem,) = checked("conv 8x3\npool 2\n\nconv 8x99\ndense 10").problems
    assert problem.label == "the image is 13x13x8 here, after pool at line 2"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("expect val_loss <= 1; train { validation none }", ["CNN302"]),
        ("expect accuracy >= 0.5; train { validation none }", []),
        ("expect val_loss <= 1; train { validation test }", []),
        ("train { validation none; early_stop val_loss }", ["CNN302"]),
        ("train { validation none; early_stop train_loss }", []),
    ],
)
def test_figures_of_validation_need_some(text: str, found: list[str]) -> None:
    assert codes(f"dense 10 softmax; {text}") == found


def test_a_set_value_replaces_a_let_and_a_training_setting() -> None:
    text = "let f = 8; conv (f)x3; dense 10; train { epochs 5 }"
    spec = checked(text, f="4", epochs="7", batch="32").spec
    assert str(spec.nodes[0].layer) == "conv 4x3"
    assert (spec.train.epochs, spec.train.batch) == (7, 32)


@pytest.mark.parametrize(
    ("sets", "code"),
    [
        ({"g": "4"}, "CNN112"),
        ({"epoch": "4"}, "CNN112"),
        ({"epochs": "0"}, "CNN105"),
        ({"optimizer": "adm"}, "CNN102"),
        ({"f": "0"}, "CNN105"),
        ({"f": "1/0"}, "CNN109"),
    ],
)
def test_a_wrong_set_value_is_one_fault(sets: dict[str, str], code: str) -> None:
    assert codes("let f = 8; conv (f)x3; dense 10", **sets) == [code]


def test_a_set_name_that_is_near_is_suggested() -> None:
    (problem,) = checked("dense 10", epoch="4").problems
    assert problem.help == "did you mean `epochs`?"


def test_a_hundred_million_parameters_are_over_budget_at_once() -> None:
    (problem,) = checked("dense 100M; dense 10 softmax; budget params <= 6k").problems
    assert problem.message == "params is 79,500,000,010, and the budget is <= 6,000"


def test_ten_thousand_layers_are_checked() -> None:
    result = checked("relu;" * 9_999 + "dense 10")
    assert result.ok
    assert len(result.layers) == 10_001


@pytest.mark.parametrize(
    "text",
    [
        "relu;" * 10_000 + "dense 10",
        "repeat 10000 { relu }; dense 10",
        "repeat 1000000000 { relu }; dense 10",
        "repeat 1000 { repeat 1000 { repeat 1000 { repeat 1000 { relu } } } }; dense 10",
        "repeat 10000 { repeat 10000 { let a = 1 } }; dense 10",
        "block a { relu }\n"
        + "".join(f"block a{'a' * n} {{ {'a' * n}; {'a' * n} }}\n" for n in range(1, 60))
        + "a" * 60
        + "; dense 10",
    ],
)
def test_more_layers_are_refused_at_once(text: str) -> None:
    assert [problem.code for problem in checked(text).problems] == ["CNN007"]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_check_leaves_no_reference_cycles(path) -> None:
    """What holds itself in a circle stays in memory until someone looks: twice the time."""
    source = Source(str(path), path.read_text(encoding="utf-8"))
    assert check(source).ok
    gc.disable()
    # What is there by now, and that is much where others have trained, is not looked through.
    gc.freeze()
    try:
        check(source)
        assert gc.collect() == 0
    finally:
        gc.unfreeze()
        gc.enable()


def test_an_unknown_option_is_shown_as_it_was_typed(capsys) -> None:
    assert main(["check", "-e", "dense 10 softmax", "--set", "epoch=3"]) == 1
    err = capsys.readouterr().err
    assert "1 | --set epoch=3\n  |       ^^^^^\n  = help: did you mean `epochs`?" in err
    assert main(["check", "-e", "dense 10 softmax", "--set", "batch=many"]) == 1
    assert "1 | --set batch=many\n  |             ^^^^\n" in capsys.readouterr().err
