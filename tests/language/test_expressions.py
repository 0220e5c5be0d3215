import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.language.expressions import evaluate
from cnnspec.language.numbers import MAX_WHOLE, Exact, Fraction
from cnnspec.language.parse import parse_value
from cnnspec.language.tree import MAX_TERMS

SCOPE = {"f": 16, "rate": Fraction(1, 2)}


def value_of(text: str) -> Exact:
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
    assert float(found) == value
    assert isinstance(found, int) == isinstance(value, int)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 % 0", "CNN109"),
        ("1 / (f - 16)", "CNN109"),
        ("9^9^9^9", "CNN109"),
        ("3e38 + 1e38", "CNN109"),
        ("0 - 3e38 - 1e38", "CNN109"),
        ("(1/3)^2000", "CNN109"),
        ("2^-3000", "CNN109"),
        ("1e200 * 1e200", "CNN109"),
        ("0^(0-1)", "CNN109"),
        ("(0-8)^0.5", "CNN109"),
        ("g + 1", "CNN108"),
        ("rat", "CNN108"),
        ('"text"', "CNN106"),
        ("3x3", "CNN106"),
        ("1..4", "CNN106"),
        ("f(3)", "CNN130"),
        ("fit(1..3)", "CNN130"),
        ("round(1, 2)", "CNN131"),
        ("max()", "CNN131"),
        ("floor(a=1)", "CNN106"),
        ("min(1..3)", "CNN106"),
        ("7 // 0", "CNN109"),
        ("7 % (f - 16)", "CNN109"),
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
        (" + ".join(["1"] * (MAX_TERMS + 1)), MAX_TERMS + 1),
        ("^".join(["1"] * (MAX_TERMS + 1)), 1),
        ("- " * MAX_TERMS + "1", 1),
    ],
    ids=["sum", "power", "sign"],
)
def test_length_up_to_the_limit_costs_no_stack(text: str, value: int) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        " + ".join(["1"] * (MAX_TERMS + 2)),
        " + ".join(["1"] * 20_000),
        "^".join(["1"] * (MAX_TERMS + 2)),
        "- " * (MAX_TERMS + 1) + "1",
        "(" + "+".join(["1"] * 600) + ")" + "*1" * 600,
    ],
    ids=["sum", "long sum", "power", "sign", "group"],
)
def test_a_longer_expression_is_one_error(text: str) -> None:
    (error,) = check(Source("x", f"let a = {text}\ndense 10 softmax")).problems
    assert error.code == "CNN007"
    assert error.message == "this expression is too long; the limit is 1,000 terms"


def test_terms_side_by_side_have_no_limit_of_their_own() -> None:
    lines = [f"let a{number} = {'1+' * 500}1" for number in range(4)]
    assert check(Source("x", "\n".join([*lines, "dense 10 softmax"]))).problems == ()


@pytest.mark.parametrize(
    ("text", "above", "below"),
    [
        # Each by hand: 0.7 is 7/10, and so on.
        ("0.7 * 3 * 10", 21, 1),
        ("0.1 + 0.2", 3, 10),
        ("1/3 + 1/6", 1, 2),
        ("1.1 * 1.1", 121, 100),
        ("1e-4 * 1e4", 1, 1),
        ("1.2^3", 216, 125),
        ("(2/3)^-2", 9, 4),
        ("0.001^(1/3)", 1, 10),
        ("(4/9)^1.5", 8, 27),
        ("-7 // 2", -4, 1),
        ("7 // -2", -4, 1),
        ("-7 // -2", 3, 1),
        ("-7 % 2", 1, 1),
        ("7 % -2", -1, 1),
        ("7.5 // 2", 3, 1),
        ("7.5 % 2", 3, 2),
        ("0.7 // 0.1", 7, 1),
        ("floor(-0.5)", -1, 1),
        ("ceil(-0.5)", 0, 1),
        ("floor(2.999)", 2, 1),
        ("ceil(2.001)", 3, 1),
        ("round(0.5)", 1, 1),
        ("round(1.5)", 2, 1),
        ("round(2.5)", 3, 1),
        ("round(-2.5)", -3, 1),
        ("round(-2.4)", -2, 1),
        ("round(0.4999999999999999999)", 0, 1),
        ("min(3, 1/3, 0.5)", 1, 3),
        ("max(-1, -0.5)", -1, 2),
        ("max(min(2 * f, 40), 8) + 1", 33, 1),
        # MobileNet: width 0.35 of 32 channels, 11.2, is 8; 20 is halfway between 16 and 24.
        ("round(32 * 0.35 / 8) * 8", 8, 1),
        ("round(20 / 8) * 8", 24, 1),
        ("2147483647 + 1", 2147483648, 1),
    ],
)
def test_expression_is_exact(text: str, above: int, below: int) -> None:
    found = value_of(text)
    assert (found.numerator, found.denominator) == (above, below)


def test_root_that_is_not_exact_is_the_nearest_float() -> None:
    assert float(value_of("2^0.5")) == 2**0.5
    assert value_of("1000000^0.5") == 1000


@pytest.mark.parametrize(
    "text", ["0.1", "1e-300", "2.5e-8", "0.30000000000000004", "1/7", "3.4e38"]
)
def test_number_as_float_is_the_float_of_python(text: str) -> None:
    above, _, below = text.partition("/")
    assert float(value_of(text)) == float(above) / float(below or 1)


def test_layer_takes_a_call_as_a_number() -> None:
    checked = check(
        Source(
            "t",
            "let a = 0.7; conv round(16 * a)x3; dense (a*3*10) relu; dense max(10, 2) softmax",
        )
    )
    # 0.7 * 16 is 11.2; (26 * 26 * 11 + 1) * 21 weights in the middle.
    assert [layer.params for layer in checked.layers if layer.params] == [110, 156_177, 220]
