"""Checked specs to draw: every file, random structures, and what is long or deep."""

from functools import cache
from random import Random

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.files.sources import read_source
from tests.support.paths import SPECS
from tests.support.random_specs import draw_spec

CASES = {
    "branches": "concat {" + "branch { conv 2x1 };" * 9 + "branch { } }; gap; dense 10",
    "crowd": "concat {" + "branch { conv 2x1; relu };" * 400 + "}; gap; dense 10",
    "deep": "residual { relu; " * 48 + "conv 1x3 same" + "}" * 48 + "; gap; dense 10",
    "gate": "conv 8x3; multiply { branch { }; branch { gap; dense 8 sigmoid } }; dense 10",
    "hundred": "repeat i in 1..100 { conv (i)x3 same relu }; gap; dense 10",
    "in_branch": "residual { repeat i in 1..20 { conv (i)x3 same }; conv 1x1 }; gap; dense 10",
    "names": 'conv 8x3 name="größe 日本 longer than any box is wide"; dense 10',
    "number": "dense 10",
    "odd": "reshape 1x784x1; conv 2048x1 same; conv 300x1; gmp; dense 10",
    "project": "conv 8x3; residual project { conv 16x3 same stride=2 }; gap; dense 10",
    "repeated": "conv 4x3 same; repeat 60 { residual { conv 4x3 same; bn; relu } }; dense 10",
    "shared": "conv 4x3; repeat 3 shared { conv 4x3 same; bn; relu }; relu; dense 10",
    "shrinking": "conv 4x3; repeat 2 shared { pool 2; conv 4x3 same }; dense 10",
    "skips": "conv 4x3; add { branch { }; branch { } }; average { branch { }; branch { relu } };"
    "dense 10",
    "thousands": "repeat i in 1..1500 { conv (i)x1 }; gap; dense 10",
}
RANDOM = 30


def cases() -> dict[str, str]:
    """Texts by their names."""
    texts = {path.stem: read_source(str(path)).text for path in SPECS}
    texts |= {f"random_{seed}": str(draw_spec(Random(seed))) for seed in range(RANDOM)}
    return texts | CASES


@cache
def checked(text: str) -> CheckedSpec:
    """The checked text; its budgets need not hold."""
    result = check(Source("x", text))
    assert result.graph.output_shape is not None
    assert result.totals is not None
    return result
