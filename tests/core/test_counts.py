import pytest

from cnnspec.core.counts import ZERO, Count, count

KH, KW, CIN, F = count(3, "Kh"), count(5, "Kw"), count(2, "Cin"), count(10, "F")


@pytest.mark.parametrize(
    ("number", "value", "symbols", "numbers"),
    [
        (KH, 3, "Kh", "3"),
        (count(7), 7, "7", "7"),
        ((KH * KW * CIN + 1) * F, 310, "(Kh*Kw*Cin + 1) * F", "(3*5*2 + 1) * 10"),
        (KH * KW * CIN * F, 300, "Kh*Kw*Cin*F", "3*5*2*10"),
        (F - (KH - 1), 8, "F - (Kh - 1)", "10 - (3 - 1)"),
        ((F - KH) // CIN + 1, 4, "floor((F - Kh) / Cin) + 1", "floor((10 - 3) / 2) + 1"),
        (F.ceildiv(KH), 4, "ceil(F / Kh)", "ceil(10 / 3)"),
        (F / CIN * KH, 15, "F/Cin*Kh", "10/2*3"),
        (F / (CIN * KW), 1, "F / (Cin*Kw)", "10 / (2*5)"),
        (KH + ZERO, 3, "Kh", "3"),
        (ZERO + KH, 3, "Kh", "3"),
    ],
)  # fmt: skip
def test_value_and_derivation(number: Count, value: int, symbols: str, numbers: str) -> None:
    assert (number.value, number.symbols, number.numbers) == (value, symbols, numbers)


def test_rounding_goes_the_way_of_its_name() -> None:
    for above in range(0, 20):
        for below in range(1, 6):
            assert (count(above) // below).value == above // below
            assert count(above).ceildiv(below).value == -(-above // below)


def test_a_derivation_says_what_it_is_worth() -> None:
    from random import Random

    random = Random(1)
    for _ in range(200):
        number = count(random.randrange(1, 9))
        for _ in range(4):
            other = count(random.randrange(1, 9))
            number = random.choice(
                (number + other, number - other, number * other, other - number, other * number)
            )
        assert eval(number.numbers) == number.value
