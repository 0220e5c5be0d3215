"""What a run says of drawn digits, before and after they are prepared, as a table.

    python -m tests.results.own_digits RUN

Ten digits in six forms and ten in three harder ones, none of a data set, and pictures that
are no digit, which ought to be doubted.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import cnnspec
from cnnspec.api.trained import Trained
from tests.support.digits import SIX, THREE, no_digits

EIGHTEEN = (3, 5, 7)
"""The digits of the eighteen pictures: three in six forms."""


def pictures(form: str, digits: tuple[int, ...]) -> list[bytes]:
    """Digits in a form, as files; always the same."""
    number = [*SIX, *THREE].index(form)
    draw = (SIX | THREE)[form]
    return [draw(digit, np.random.default_rng([number, digit])) for digit in digits]


def counts(trained: Trained, form: str, digits: tuple[int, ...]) -> tuple[int, int, int]:
    """How many are right as they are, right once prepared, and doubted once prepared."""
    with TemporaryDirectory() as folder:
        paths = []
        for digit, data in zip(digits, pictures(form, digits), strict=True):
            suffix = "png" if data.startswith(b"\x89PNG") else "jpg"
            paths.append(Path(folder) / f"{digit}.{suffix}")
            paths[-1].write_bytes(data)
        plain = trained.recognize(*paths, as_is=True)
        prepared = trained.recognize(*paths)
    right = [
        sum(answer.label == str(digit) for answer, digit in zip(answers, digits, strict=True))
        for answers in (plain, prepared)
    ]
    return right[0], right[1], sum(bool(answer.doubted) for answer in prepared)


def table(trained: Trained) -> Iterator[str]:
    yield "| form | as it is | prepared | doubted |"
    yield "|---|---|---|---|"
    digits = tuple(range(10))
    for form in (*SIX, *THREE):
        before, after, doubted = counts(trained, form, digits)
        yield f"| {form} | {before} of 10 | {after} of 10 | {doubted} |"
    eighteen = [counts(trained, form, EIGHTEEN) for form in SIX]
    before, after, doubted = map(sum, zip(*eighteen, strict=True))
    yield f"| 3, 5 and 7 in the first six | {before} of 18 | {after} of 18 | {doubted} |"
    for what, given in no_digits().items():
        doubted = sum(bool(answer.doubted) for answer in trained.recognize(*given))
        yield f"| no digit: {what} | | | {doubted} of {len(given)} |"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in table(cnnspec.open_run(sys.argv[1])))
