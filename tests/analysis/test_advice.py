from random import Random

import pytest

from cnnspec.analysis.advice import advice, with_advice
from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.edits import Fix, apply_edits
from cnnspec.core.source import Source
from cnnspec.graph.build import build_graph
from cnnspec.ir.claims import Budget
from tests.support.counting import calls, work
from tests.support.paths import SPECS
from tests.support.random_specs import draw_spec

LENET = (
    "conv 6x5 same relu; pool 2\nconv 16x5 relu; pool 2\n"
    "dense 120 relu\ndense 84 relu\ndense 10 softmax\n"
)


def found(text: str) -> list[str]:
    """What is advised for each budget that does not hold."""
    result = check(Source("x", text))
    fixes = [advice(result, v) for v in result.budget_results if not v.holds]
    return [fix.title if fix else "" for fix in fixes]


def done(checked: CheckedSpec, given: Fix) -> CheckedSpec:
    """The spec with the advice applied."""
    return check(Source("x", apply_edits(checked.source, given.edits)))


def fits(checked: CheckedSpec) -> int:
    """Does whatever is advised, and sees it fit; how many pieces of advice there were."""
    number = 0
    for index, verdict in enumerate(checked.budget_results):
        given = None if verdict.holds else advice(checked, verdict)
        if given is None:
            continue
        number += 1
        again = done(checked, given)
        assert again.budget_results[index].holds, given
        assert not given.safe
        assert given.title.endswith(f" would fit ({again.budget_results[index].value:,})")
        for before, after in zip(checked.budget_results, again.budget_results, strict=True):
            assert after.holds or not before.holds
        assert {p.code for p in again.problems if p.severity == "error"} <= {"CNN301", "CNN302"}
    return number


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("params <= 61_705", "`dense 119 relu` at line 3 would fit (61,221)"),
        ("params <= 50k", "`dense 95 relu` at line 3 would fit (49,581)"),
        ("flash <= 200KiB", "`dense 98 relu` at line 3 would fit (204,144)"),
        ("macs <= 416k", "`dense 118 relu` at line 3 would fit (415,552)"),
        # Pooled to 14x14x5, and the last of these rows needs four of 28: 1,092 numbers.
        ("ram <= 5KiB", "`conv 5x5 same relu` at line 1 would fit (4,368)"),
        ("params < 20k", "`gap; dense 120 relu` at line 3 would fit (15,626)"),
        ("params <= 100", ""),
        ("depth <= 2", ""),
        ("params == 100", ""),
        ("params >= 100k", ""),
    ],
)
def test_advice_for_lenet_5(budget: str, said: str) -> None:
    assert found(f"{LENET}budget {budget}") == [said]


def test_one_change_for_all_budgets_comes_first() -> None:
    text = LENET.replace("120", "150") + "budget params <= 62k; budget macs <= 420k"
    assert found(text) == [
        "`dense 120 relu` at line 3 would fit (61,706)",
        "`dense 120 relu` at line 3 would fit (416,520)",
    ]


def test_a_budget_that_holds_goes_on_holding() -> None:
    text = "dense 64 relu; dense 10 softmax; budget params <= 40k"
    assert found(text) == ["`dense 50 relu` at line 1 would fit (39,760)"]
    assert found(f"{text}; budget macs >= 50k") == [""]


def test_a_statement_that_makes_several_layers_is_one_change() -> None:
    text = "block b(f) { conv (f)x3 same relu }\nb 16; pool 2; b 16; pool 2; dense 10 softmax\n"
    (said,) = found(f"{text}budget params <= 9k")
    assert said.startswith("`conv 14x3 same relu` at line 1 would fit")
    # One statement, two different layers: no text of one layer is both.
    text = "repeat i in 0..1 { conv (16*2^i)x3 relu; pool 2 same }\ndense 10 softmax\n"
    assert found(f"{text}budget params <= 15k") == [
        "`gap; dense 10 softmax` at line 2 would fit (5,130)"
    ]


def test_groups_and_names_are_kept() -> None:
    text = "conv 12x3 relu groups=1\nconv 12x3 relu groups=4 name=wide\npool 3\ndense 10 softmax\n"
    (said,) = found(f"{text}budget params <= 7k")
    assert said == "`conv 8x3 relu groups=4 name=wide` at line 2 would fit (5,474)"


def test_the_help_carries_the_advice() -> None:
    result = check(Source("x", f"{LENET}budget params <= 50k; budget params == 3"))
    first, second = with_advice(result)
    assert first.help.startswith("most of it: dense 48,120, ")
    assert first.help.endswith("; `dense 95 relu` at line 3 would fit (49,581)")
    assert second.help == ""
    assert [p.message for p in with_advice(result)] == [p.message for p in result.problems]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_advice_for_committed_specs_fits(path) -> None:
    spec = check(Source("x", path.read_text(encoding="utf-8"))).spec
    for share in (0.98, 0.8, 0.5, 0.2):
        limits = check(Source("x", str(spec))).totals
        assert limits is not None
        budgets = tuple(
            Budget(quantity, "<=", float(int(share * limits.of(Budget(quantity, "<=", 0)))))
            for quantity in ("params", "macs", "ram", "flash", "trainable")
        )
        for budget in budgets:
            fits(check(Source("x", str(spec.replace(budgets=(budget,))))))


@pytest.mark.parametrize("seed", range(150))
def test_advice_for_random_networks_fits(seed: int) -> None:
    random = Random(seed)
    spec = draw_spec(random).replace(budgets=(), expectations=())
    costs = check(Source("x", str(spec))).totals
    assert costs is not None
    quantities = random.sample(("params", "macs", "ram", "trainable"), 2)
    budgets = [
        Budget(q, "<=", float(int(costs.of(Budget(q, "<=", 0)) * random.uniform(0.4, 1.1))))
        for q in quantities
    ]
    fits(check(Source("x", str(spec.replace(budgets=tuple(budgets))))))


def test_there_is_advice_often_enough_to_test() -> None:
    text = "{}\nbudget params <= {}"
    assert (
        sum(fits(check(Source("x", text.format(LENET, n)))) for n in range(1, 62_000, 2_000)) > 20
    )


def test_advice_is_deterministic_and_little_work() -> None:
    result = check(
        Source("x", f"{LENET}budget params <= 50k; budget ram <= 5KiB; budget depth <= 9")
    )
    first = with_advice(result)
    again = []
    # A check of this spec is 1,000 calls; advice tries some twenty networks.
    assert work(lambda: again.append(with_advice(result))) < 50_000
    assert again == [first]


def test_search_for_advice_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnspec.analysis.advice.MOST_ROWS", 100)
    text = (
        "repeat 100 { conv 4x1 relu }\nconv 8x1 relu; pool 14; dense 10 softmax\nbudget macs <= 9"
    )
    result = check(Source("x", text))
    with calls(build_graph) as count:
        with_advice(result)
    # One network for each of two sets of budgets: then no more rows are left to look at.
    assert count["build_graph"] == 2
