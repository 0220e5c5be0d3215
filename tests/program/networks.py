"""Networks drawn at random, checked once for all tests of programs, with weights for them."""

from functools import cache
from random import Random

import numpy as np

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.program.build import Program, build_program
from tests.support.random_specs import draw_spec


def checked(text: str) -> CheckedSpec:
    result = check(Source("x", text))
    assert result.totals is not None
    return result


@cache
def drawn(seed: int) -> CheckedSpec:
    """A network with merges, sharing and every kind of layer; the same for the same seed."""
    return checked(str(draw_spec(Random(seed)).replace(budgets=())))


def program_of(text: str) -> Program:
    """The program of a text, before any pass."""
    return build_program(checked(text).graph)


def weights(program: Program, seed: int) -> dict[str, np.ndarray]:
    """Weights that no initializer leaves; variances are above zero."""
    random = np.random.default_rng(seed)
    return {
        key: random.uniform(0.5, 2, shape)
        if key.endswith("variance")
        else random.normal(0, 0.5 / np.sqrt(max(1, np.prod(shape[:-1]))), shape)
        for key, shape in program.weights.items()
    }
