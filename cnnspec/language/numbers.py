"""Numbers of the language: how large they may be, and how they divide."""

MAX_WHOLE = 2**31 - 1


def divide(above: int | float, below: int | float) -> int | float:
    """A quotient, whole where it is exact."""
    quotient = above / below
    return int(quotient) if quotient.is_integer() and above % below == 0 else quotient
