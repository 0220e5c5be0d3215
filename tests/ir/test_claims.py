import pytest

from cnnspec.core.source import Source
from cnnspec.expansion.expand import read
from cnnspec.ir.claims import METRIC_NAMES, QUANTITIES, Budget, Expectation


def claims(text: str):
    expanded = read(Source("x", f"dense 10; {text}"))
    found = (*expanded.spec.budgets, *expanded.spec.expectations)
    return found, [problem.code for problem in expanded.problems]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("budget params <= 6000", Budget("params", "<=", 6000)),
        ("budget params <= 6k", Budget("params", "<=", 6000)),
        ("budget flash int8 <= 8KiB", Budget("flash", "<=", 8192, "int8")),
        ("budget flash float32 <= 8KiB", Budget("flash", "<=", 8192)),
        ("budget ram on c <= 9k", Budget("ram", "<=", 9000)),
        ("budget ram on tflm <= 9k", Budget("ram", "<=", 9000, runtime="tflm")),
        (
            "budget flash int8 on litert <= 9k",
            Budget("flash", "<=", 9000, "int8", runtime="litert"),
        ),
        ("budget macs < (2 * 10^6)", Budget("macs", "<", 2_000_000)),
        ("expect accuracy >= 0.98", Expectation("accuracy", ">=", 0.98)),
        ("expect accuracy >= 49/50", Expectation("accuracy", ">=", 0.98)),
        ("expect val_loss < 2.5", Expectation("val_loss", "<", 2.5)),
    ],
)
def test_claim_is_read(text: str, claim) -> None:
    assert claims(text) == ((claim,), [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("budget", "CNN111"),
        ("budget params", "CNN111"),
        ("budget <= 6000", "CNN111"),
        ("budget params = 6000", "CNN111"),
        ("budget params in 6000", "CNN111"),
        ("budget params <= 6000 <= 7000", "CNN111"),
        ("budget ram on <= 7000", "CNN102"),
        ("budget ram on tflm int8 <= 7000", "CNN111"),
        ("budget ram on tflite <= 7000", "CNN102"),
        ("budget ram on litert <= 7000", "CNN308"),
        ("budget ram float16 on tflm <= 7000", "CNN102"),
        ("budget macs on tflm <= 7000", "CNN102"),
        ("budget ram on 3 <= 7000", "CNN106"),
        ("expect accuracy on tflm >= 0.9", "CNN102"),
        ("budget params 3 <= 6000", "CNN111"),
        ("budget accuracy >= 0.9", "CNN102"),
        ("budget flash int9 <= 6000", "CNN102"),
        ("budget params int8 <= 6000", "CNN102"),
        ('budget params <= "many"', "CNN106"),
        ("budget params <= 1, 2", "CNN106"),
        ("budget params <= many", "CNN108"),
        ("expect params <= 6000", "CNN102"),
        ("expect accuracy >= 98", "CNN105"),
        ("expect f1 >= -0.1", "CNN105"),
    ],
)
def test_claim_that_is_wrong_is_refused(text: str, code: str) -> None:
    assert claims(text) == ((), [code])


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_is_a_budget(quantity: str) -> None:
    ((budget,), problems) = claims(f"budget {quantity} <= 3")
    assert (str(budget), problems) == (f"budget {quantity} <= 3", [])


@pytest.mark.parametrize("measure", METRIC_NAMES)
def test_every_measure_is_an_expectation(measure: str) -> None:
    ((claim,), problems) = claims(f"expect {measure} <= 1")
    assert (str(claim), problems) == (f"expect {measure} <= 1", [])
    assert claim.split == {"val": "validation", "tra": "training"}.get(measure[:3], "test")


@pytest.mark.parametrize(
    ("relation", "below", "at", "above"),
    [("<=", 1, 1, 0), ("<", 1, 0, 0), ("==", 0, 1, 0), (">", 0, 0, 1), (">=", 0, 1, 1)],
)
def test_a_claim_holds_or_not(relation: str, below: int, at: int, above: int) -> None:
    claim = Expectation("loss", relation, 2.0)
    assert [claim.holds(1.9), claim.holds(2.0), claim.holds(2.1)] == [below, at, above]
    assert not claim.holds(float("nan"))
