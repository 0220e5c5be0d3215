"""A point of a sweep has the verdict that the whole text has with the values of the point."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cnnspec.analysis import check as checking
from cnnspec.analysis.check import CheckedSpec, check_parsed
from cnnspec.core.record import Record
from cnnspec.core.source import Source, Span
from cnnspec.expansion import cache, statements
from cnnspec.expansion.expand import expand
from cnnspec.language.parse import parse
from cnnspec.layers import base
from cnnspec.sweeps.points import points

NETWORK = """
let depth = 2; let filters = 8; let kernel = 3; let width = filters*2
repeat i in 0..(depth-1) { conv (filters * 2^i)x(kernel) relu; pool 2 }
dense (width) relu; dense 10 softmax
"""
SWEEPS = {
    "lets": NETWORK
    + """
        sweep { depth in 1..5; filters in 4, 8, -8; kernel in 2, 3, 1/2 }""",
    "budgets": NETWORK
    + """
        budget params <= 30k; budget macs <= 400k
        sweep { depth in 1..4; filters in 4, 8, 16 }""",
    "settings": NETWORK
    + """
        train { loss mse; validation 0.1; early_stop val_loss }
        sweep {
          loss in mse, cross, 3; optimizer in adam(1e-3), sgd(0.1, momentum=2), adam(rate)
          batch in 0, (filters), (width*8000); validation in 0.1, none
        }""",
    "settings first": NETWORK
    + """
        sweep { seed in 1..2; loss in mse, huge; filters in 0, 4; kernel in 3, 31 }""",
    "settings between": NETWORK
    + """
        sweep { filters in 4, 8; batch in 16, 32; kernel in 3, 40 }""",
    "settings that follow from lets": NETWORK
    + """
        train { batch (filters*2); epochs (width) }
        sweep { filters in 8, 16; batch in (filters), 7; width in 3, 2.5 }""",
    "misfits": """
        data mnist; let units = 10; let crop = 2; dense (units) softmax
        train { schedule cosine(warmup=5); class_weight 1, 2, 1; augment crop=(crop) }
        expect val_accuracy >= 0.5
        sweep {
          units in 3, 10; epochs in 3, 9; validation in 0.2, none; crop in 2, 28
          class_weight in none, balanced
        }""",
    "last layer": """
        let units = 9; conv 4x3; dense (units) sigmoid
        sweep { loss in binary_crossentropy, mse; units in 9, 10; metrics in f1, nothing }""",
    "fit": """
        let w = fit(1..24); let k = 3; conv (w)x(k) relu; dense 10; budget params <= 9k
        sweep { seed in 1, 2; k in 1, 3, 29; batch in 8, 0 }""",
    "fit from a let": """
        let n = 2; let w = fit(n..(n*4)); dense (w); dense 10; budget params <= 6k
        sweep { n in 2, 3, 0.5, 400; validation in none, 0.2 }""",
    "fit that is swept": """
        let w = fit(1..24); dense (w); dense 10; sweep { w in 2, 4; batch in 1, 2 }""",
    "fit that no setting suits": """
        let w = fit(1..4); dense (w); dense 10; train { schedule cosine(warmup=5) }
        sweep { epochs in 3, 9 }""",
    "use": """
        use "blocks.cnn"; let f = 4; pair (f); residual project { pair (f*2) 5 }; gap; dense 10
        sweep { f in 2, 4, 0; batch in 1, 0 }""",
    "blocks": """
        let f = 4; block pair(n, k=3) { conv (n)x(k); bn; conv (n)x(n) same }; pair (f)
        repeat 2 { pair (f) 7 }; gap; dense 10
        sweep { f in 2, 4, 30; runs in 1, 0 }""",
    "branches": """
        let f = 4; let g = 4; conv 4x3; add { branch { conv (f)x3 same }; branch { conv (g)x1 } }
        repeat 2 shared { conv (g)x3 same }; gap; dense 10
        sweep { f in 4, 8; epochs in 1, 2; g in 4, 8 }""",
    "a let that a limit hides": """
        let n = 1; repeat (n) { repeat 30 { relu } }; dense 10; let late = 1
        sweep { late in 1, 2; n in 1, 3 }""",
    "a let with the name of a setting": """
        let batch = 4; conv (batch)x3; dense 10; train { batch (batch*2) }
        sweep { batch in 2, 4, 0; seed in 1, -1 }""",
    "faults": """
        let a = 1; let c = d; conv (a)x3 rleu; conv (c)x3; input 20x20; data mnist; dense 10
        sweep { a in 1, 2; seed in (c), (e), 2; batch in 2, none }""",
    "a text that does not parse": """
        let a = 1; conv (a)x3); dense 10; sweep { a in 1, 2; seed in 1, 2 }""",
    "a block without its end": """
        let a = 1; dense 10; sweep { a in 1, 2; seed in 1, 2 }; repeat 2 { let b = 3; relu""",
    "no layer": """
        let a = 1; sweep { a in 1, 2; seed in 1, -2 }""",
    "allow": """
        let a = 1; allow dense flatten; repeat (a) { conv 2x3 }; dense 10
        sweep { a in 0, 1; seed in 1, -2 }""",
}


def shown(value: Any) -> Any:
    """Everything a record holds and what takes no part in equality, such as places, too."""
    if isinstance(value, Span):
        return value.source.name, value.start, value.end
    if isinstance(value, Record):
        return type(value), *(shown(getattr(value, name)) for name in type(value).fields)
    if isinstance(value, tuple | list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        # Where the sweep stands says the text, and no point of it.
        return {name: shown(item) for name, item in value.items() if name != "sweep"}
    return str(value)


def verdict(checked: CheckedSpec) -> Any:
    return shown(checked.replace(source=checked.source.name))


@pytest.mark.parametrize("kept", [20_000, 5])
@pytest.mark.parametrize("name", SWEEPS)
def test_a_point_has_the_verdict_of_its_text(
    name: str, kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (checking, cache, base):
        monkeypatch.setattr(module, "MAX_KEPT", kept)
    monkeypatch.setattr(statements, "MAX_LAYERS", 60)
    (tmp_path / "blocks.cnn").write_text("block pair(n, k=3) { conv (n)x(k) same; bn; relu }")
    source = Source(str(tmp_path / "net.cnn"), SWEEPS[name])
    parsed = parse(source)
    axes = expand(parsed).sweep
    assert axes
    choices = product(*(axis.values for axis in axes))
    for point, values in zip(points(source, axes, {}), choices, strict=True):
        named = {axis.name: value for axis, value in zip(axes, values, strict=True)}
        assert verdict(point.checked) == verdict(check_parsed(parsed, named)), point.label
