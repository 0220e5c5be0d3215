import pytest

from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.language.expressions import evaluate
from cnnspec.language.numbers import MAX_WHOLE
from cnnspec.language.parse import parse_value

SCOPE = {"f": 16, "rate": 0.5}


def value_of(text: str) -> int | float:
    expression = parse_value(Source("<test>", f"v={text}"))
    assert expression is not None
    return evaluate(expression, SCOPE, "`v`")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("2 * f^2", 512),
        ("2^3^2", 512),
        ("2^-1", 0.5),
        ("- - 3", 3),
        ("2 - -3", 5),
        ("-f + 20", 4),
        ("-2^2", -4),
        ("7 % 4", 3),
        ("f / 4", 4),
        ("f / 5", 3.2),
        ("1/8", 0.125),
        ("6_000", 6000),
        ("6k", 6000),
        ("1.2M", 1_200_000),
        ("32KiB", 32768),
        ("1MiB", 2**20),
        ("3kB", 3000),
        ("2MB", 2_000_000),
        ("1e-4", 0.0001),
        ("2147483647", MAX_WHOLE),
        ("-2147483647", -MAX_WHOLE),
        ("rate * 2", 1),
        ("2^(0-1)", 0.5),
        ("0^0", 1),
    ],
)
def test_expression_has_the_value_of_arithmetic(text: str, value: float) -> None:
    found = value_of(text)
    assert found == value
    assert isinstance(found, int) or not isinstance(value, int) or text == "rate * 2"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 % 0", "CNN109"),
        ("1 / (f - 16)", "CNN109"),
        ("2147483647 + 1", "CNN109"),
        ("9^9^9^9", "CNN109"),
        ("0 - 2147483647 - 1", "CNN109"),
        ("1e200 * 1e200", "CNN109"),
        ("0^(0-1)", "CNN109"),
        ("(0-8)^0.5", "CNN109"),
        ("g + 1", "CNN108"),
        ("rat", "CNN108"),
        ('"text"', "CNN106"),
        ("3x3", "CNN106"),
        ("1..4", "CNN106"),
        ("f(3)", "CNN106"),
        ("1, 2", "CNN106"),
    ],
)
def test_expression_without_a_value_is_refused(text: str, code: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        value_of(text)
    assert caught.value.diagnostic.code == code


def test_depth_up_to_the_limit_is_worked_out() -> None:
    assert value_of("(" * 99 + "1" + ")" * 99) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" + ".join(["1"] * 20_000), 20_000),
        ("^".join(["1"] * 20_000), 1),
        ("- " * 20_000 + "1", 1),
    ],
    ids=["sum", "power", "sign"],
)
def test_length_costs_no_stack(text: str, value: int) -> None:
    assert value_of(text) == value
