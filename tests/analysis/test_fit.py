"""Several fits, an objective, and what limits them; the numbers are from arithmetic."""

import json
import random
from itertools import product
from pathlib import Path

import pytest

from cnnspec.analysis.check import CheckedSpec, Checker, check
from cnnspec.analysis.search import Search
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.language.parse import parse, parse_value

TWO = "dense (a) relu; dense (b) relu; dense 10 softmax"
B_FIRST = f"let b = fit(1..9); let a = fit(1..9); {TWO}"
A_FIRST = f"let a = fit(1..64); let b = fit(1..64); {TWO}"


def params(a: int, b: int) -> int:
    """The parameters of two dense layers of `a` and `b` units and a last one of 10."""
    return 785 * a + (a + 1) * b + (b + 1) * 10


def checked(text: str, **values: str) -> CheckedSpec:
    overrides = {
        name: parse_value(Source("set", f"{name}={value}")) for name, value in values.items()
    }
    return check(Source("x", text), {n: v for n, v in overrides.items() if v is not None})


def looks(text: str) -> tuple[dict[str, int], int]:
    """The values that are found, and how many networks were looked at."""
    checker = Checker(parse(Source("x", text)))
    search = Search(checker, checker.plain({}), {})
    found = search.optimum() if search.objective else search.best(())
    names = [fit.name for fit in search.fits]
    return dict(zip(names, found.values, strict=True)), len(search.outcomes)


@pytest.mark.parametrize(
    ("text", "limit", "fitted", "cost"),
    [
        (B_FIRST, 1_000, {"b": 9, "a": 1}, 903),
        (B_FIRST, 807, {"b": 1, "a": 1}, 807),
        (B_FIRST, 819, {"b": 2, "a": 1}, 819),
        (B_FIRST, 1_697, {"b": 9, "a": 2}, 1_697),
        (B_FIRST, 1_696, {"b": 9, "a": 1}, 903),
        (A_FIRST, 9_000, {"a": 11, "b": 16}, 8_997),
        (A_FIRST, 8_667, {"a": 11, "b": 1}, 8_667),
        (A_FIRST, 8_666, {"a": 10, "b": 38}, 8_658),
        (A_FIRST, 10**6, {"a": 64, "b": 64}, 55_050),
    ],
)
def test_each_fit_is_the_largest_given_those_before(
    text: str, limit: int, fitted: dict[str, int], cost: int
) -> None:
    result = checked(f"{text}; budget params <= {limit}")
    assert result.fitted == fitted
    assert result.totals
    assert result.totals.params == cost == params(fitted["a"], fitted["b"])


def test_no_values_say_which_budget_and_by_how_much() -> None:
    (problem,) = checked(f"{B_FIRST}; budget params <= 800; budget macs <= 9k").problems
    assert problem.message == "no values of `b` from 1 to 9 and `a` from 1 to 9 fit"
    assert problem.label == ("at b = 1, a = 1: params is 807, and the budget is <= 800 (7 over)")


def test_an_objective_comes_before_the_order() -> None:
    limit = 20_000
    fitting = [(a, b) for a, b in product(range(1, 65), repeat=2) if params(a, b) <= limit]
    macs, a, b = max((784 * a + a * b + 10 * b, a, b) for a, b in fitting)
    result = checked(f"{A_FIRST}; budget params <= 20k; maximize macs")
    assert result.fitted == {"a": a, "b": b} == {"a": 25, "b": 10}
    assert result.totals
    assert result.totals.macs == macs == 19_950
    least = checked(f"{A_FIRST}; budget macs >= 9000; minimize params")
    needed = [
        c for c in product(range(1, 65), repeat=2) if 784 * c[0] + c[0] * c[1] + 10 * c[1] >= 9000
    ]
    assert tuple(least.fitted.values()) == min(needed, key=lambda c: (params(*c), -c[0], -c[1]))


def test_a_set_value_takes_the_place_of_one_fit() -> None:
    text = f"{A_FIRST}; budget params <= 9000; maximize macs"
    assert checked(text, b="1").fitted == {"a": 11}
    assert checked(text, b="1", a="2").fitted == {}
    assert checked(text, b="1", a="2").ok


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        # A kernel of 28 leaves one pixel: 28 * 28 * 2 + 2 + 30 = 1,600; of 27 it costs
        # 1,460 + 90 for four pixels, of 1 it is 4 + 15,690.
        ("let k = fit(1..28); conv 2x(k); dense 10; budget params <= 1_600", {"k": 28}),
        ("let k = fit(1..28); conv 2x(k); dense 10; budget params <= 1_599", {"k": 27}),
        # 10 pixels a side divide into 5 and 2: what a larger pool leaves out costs nothing.
        ("let p = fit(1..6); crop 9; pool (p); dense 10; budget params >= 100", {"p": 3}),
        # Each halving leaves a quarter of 784, 196, 49 and 9 pixels, then one: 10 * 9 + 10.
        ("let n = fit(0..4); repeat (n) { pool 2 }; dense 10; budget params == 100", {"n": 3}),
        ("let n = fit(0..4); repeat (n) { pool 2 }; dense 10; budget params >= 500", {"n": 2}),
        # The groups divide 12 filters: 6 is the largest number below 9 that does.
        ("let g = fit(1..9); conv 12x3; conv 12x3 groups=(g); gap; dense 10", {"g": 6}),
        # A width that groups of 4 divide, though every larger one is too large or does not fit:
        # 9 w + w + 9 w w / 4 + w + 10 w + 10 <= 600 holds to w = 12, of the multiples of 4.
        (
            "let w = fit(1..40); conv (w)x3; conv (w)x3 groups=4; gap; dense 10;"
            "budget params <= 600",
            {"w": 12},
        ),
        # The projection is there where widths differ: w = 8 costs nothing for it.
        (
            "let w = fit(1..16); conv 8x1; residual project { conv (w)x1 }; gap; dense 10;"
            "budget params <= 178",
            {"w": 8},
        ),
        # A second range that the first value ends.
        (
            "let a = fit(1..5); let b = fit(1..(a)); dense (b); dense (a); dense 10",
            {"a": 5, "b": 5},
        ),
        (
            "let a = fit(1..5); let b = fit((a)..9); dense (b); dense 10; budget params <= 3990",
            {"a": 5, "b": 5},
        ),
    ],
)
def test_costs_that_fall_where_a_value_rises(text: str, fitted: dict[str, int]) -> None:
    result = checked(text)
    assert result.ok
    assert result.fitted == fitted


def test_widths_are_halved_and_others_are_not() -> None:
    wide = "let w = fit(1..1000); dense (w) relu; dense 10; budget params <= 80k"
    assert looks(wide) == ({"w": 100}, 10)
    both = "let a = fit(1..1000); let b = fit(1..1000); dense (a); dense (b); dense 10;"
    values, count = looks(f"{both} budget params <= 400k")
    assert values == {"a": 508, "b": 2}
    assert count <= 2 * 10
    scaled = (
        "let w = fit(1..1000); let m = round(w * 0.75 / 8) * 8;"
        "block b(n, k=3) { conv (n)x(k) same };"
        "repeat i in 0..2 { b (m * 2^i) }; repeat 2 { b 8 k=1 }; gap; dense 10; budget params <= 1M"
    )
    assert looks(scaled)[1] <= 10
    between = f"{both} budget params == 400_000"
    # 785 a + (a + 1) b + 10 b + 10 is 400,000 for a and b in this range.
    exact = [(a, (399_990 - 785 * a) / (a + 11)) for a in range(1, 510)]
    values, count = looks(between)
    whole = [(a, int(b)) for a, b in exact if b.is_integer() and 1 <= b <= 1000]
    assert tuple(values.values()) == max(whole)
    assert count <= 5_000
    kernel = "let k = fit(1..28); conv 2x(k); dense 10; budget params <= 1_549"
    assert looks(kernel) == ({"k": 26}, 3)


@pytest.mark.parametrize(
    "use",
    [
        "conv (60-w)x3; gap",
        "conv (w % 7 + 1)x3; gap",
        "conv (64/w)x1; gap",
        "conv 8x1; repeat (w) { conv 8x1 }; gap",
        "block b(n) { conv 8x(n) same }; b (w); gap",
        "block b(n, k=w) { conv (n)x(k) same }; b 8; gap",
        "let c = 0 - 1; conv (60 + w*c)x3; gap",
        "repeat i in -1..0 { conv (60 + w*i)x1 }; gap",
        "residual project { conv (w)x1 }; gap",
        "upsample (w); conv 1x3; gap",
    ],
)
def test_what_may_cost_less_is_tried_one_by_one(use: str) -> None:
    # Every value fits; the largest is looked at first, and a width would be halved.
    text = f"let w = fit(1..9); {use}; dense 10"
    checker = Checker(parse(Source("x", text)))
    assert Search(checker, checker.plain({}), {}).rising == (False,)


def drawn(random: random.Random) -> str:
    """A network of two widths in which each is used in several ways."""
    layers = [
        "conv (a)x3 relu",
        "conv (2*b)x3 same stride=2",
        "conv (a+b)x1; bn",
        "residual { conv (a)x3 same }",
        "concat { branch { conv (b)x1 }; branch { conv (a)x3 same } }",
        "pool 2",
        "multiply { branch { }; branch { gap; dense (b) relu; dense (a) sigmoid } }",
        "conv (4*a)x3 groups=4",
        "dwconv 3 multiplier=2",
        "tconv (b)x2 stride=2",
        "slice 2",
        "gn 2",
    ]
    chosen = random.choices(layers, k=random.randint(1, 4))
    limits = {"params": (100, 3_000), "macs": (10_000, 200_000), "ram": (4_000, 40_000)}
    kinds = random.sample(sorted(limits), random.randint(1, 2))
    budgets = [f"budget {kind} <= {random.randint(*limits[kind])}" for kind in kinds]
    if random.random() < 0.4:
        kind = random.choice(sorted(limits))
        budgets.append(f"budget {kind} >= {random.randint(*limits[kind]) // 4}")
    head = ["let a = fit(1..6)", "let b = fit(2..6)"]
    random.shuffle(head)
    return "; ".join([*head, "conv (a)x3", *chosen, "gap; dense 10", *budgets])


@pytest.mark.parametrize(
    "objective", ["", "; maximize macs", "; minimize ram", "; maximize params", "; minimize macs"]
)
@pytest.mark.parametrize("seed", range(12))
def test_the_values_are_those_of_trying_all(seed: int, objective: str) -> None:
    text = drawn(random.Random(seed)) + objective
    names = ("a", "b") if text.startswith("let a") else ("b", "a")
    found = []
    for values in product(range(1, 7), repeat=2):
        named = dict(zip(names, values, strict=True))
        if named["b"] < 2:
            continue
        one = checked(text, **{name: str(value) for name, value in named.items()})
        if one.ok:
            assert one.totals
            word, _, quantity = objective.removeprefix("; ").partition(" ")
            cost = one.totals.dump().get(quantity, 0)
            rank = -cost if word == "minimize" else cost
            found.append((rank, values))
    result = checked(text)
    if found:
        assert tuple(result.fitted.values()) == max(found)[1]
    else:
        assert not result.ok


def test_check_shows_what_limits_a_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.cnn"
    path.write_text(f"{A_FIRST}; budget params <= 9000; budget macs <= 20k")
    assert main(["check", str(path)]) == 0
    out = capsys.readouterr().out
    assert "a = 11, the largest value that fits; with a = 12 and b = 1, params is 9,453" in out
    assert "budget params <= 9000: 8,997 held, 99.9 % used, limits a and b" in out
    # 784 * 11 + 11 * 16 + 16 * 10 of 20,000
    assert "budget macs <= 20000: 8,960 held, 44.8 % used\n" in out
    assert main(["check", "--json", str(path)]) == 0
    (data,) = json.loads(capsys.readouterr().out)["files"]
    assert data["fitted"] == {"a": 11, "b": 16}
    assert data["fits"][0]["next"]["values"] == {"a": 12, "b": 1}
    assert data["fits"][1]["next"]["breaks"] == ["budget params <= 9000"]
    assert data["objective"] is None
    assert [(b["share"], b["limits"]) for b in data["budgets"]] == [
        (8_997 / 9_000, ["a", "b"]),
        (0.448, []),
    ]


def test_the_end_of_a_range_and_a_shape_can_be_the_limit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = "let k = fit(1..64); let n = fit(1..2); conv (n)x(k); gap; dense 10"
    assert main(["check", "-e", spec]) == 0
    out = capsys.readouterr().out
    assert "k = 28, the largest value that fits; with k = 29 and n = 1, kernel 29x29" in out
    assert "n = 2, the largest value that fits; it is the last of its range" in out


def test_an_error_that_no_value_mends_is_the_only_one() -> None:
    result = checked(f"{A_FIRST}; epocs 3; budget params <= 1")
    assert [p.code for p in result.problems] == ["CNN101"]
    result = checked("let a = fit(1..64); let b = fit(1..64); dense (a); dense (b); dense 9")
    assert [p.code for p in result.problems] == ["CNN206"]


def test_the_page_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2].joinpath("docs/fit.md").read_text(encoding="utf-8")
    _, spec, _, said, _, objective, _ = page.split("```", 6)
    assert main(["check", "-e", spec.removeprefix("cnn")]) == 0
    assert said.strip() in capsys.readouterr().out
    assert main(["check", "-e", objective.removeprefix("cnn")]) == 0
    assert "8,960 MACs" in capsys.readouterr().out
