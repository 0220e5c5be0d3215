"""Samplers: each finds what a function wants, is told what the checker rejects, and is pure."""

import random
import subprocess
import sys
from statistics import fmean

import pytest

from cnnspec.core.source import Source
from cnnspec.expansion.expand import read
from cnnspec.sweeps.dimensions import dimensions, text_of
from cnnspec.sweeps.guided.samplers import CMA_ES, NSGA2, TPE, Told, propose

SPEC = """
let w = 4; let r = 0.1; dropout (r); dense (w) relu; dense 10
sweep { w in 1..32; r in 0.0..1.0; batch in 32, 64; loss in mse, poisson }
"""
SPACE = dimensions(read(Source("x", SPEC)).sweep)


def texts(asked):
    return {name: text_of(value) for name, value in asked.values.items()}


def hill(values):
    """At most 1, at w = 10 and r = 0.75, with one of the losses."""
    near = 1 - abs(int(values["w"]) - 10) / 16 - abs(float(values["r"]) - 0.75)
    return near - (0.3 if values["loss"] == "mse" else 0)


def played(name, count, *, against=False):
    """Tells a sampler what `hill` says of its proposals; the first ten are drawn."""
    told, chance = [], random.Random(7)
    for number in range(count):
        if name == TPE and number < 10:
            values = {d.name: text_of(d.at(chance.random())) for d in SPACE}
            marks = {}
        else:
            asked = propose(name, SPACE, told, seed=number)
            values, marks = texts(asked), asked.marks
        cost = float(values["w"]) if against else None
        # A budget on the width, which half of all points keep, the best one included.
        over = max(0.0, int(values["w"]) / 16 - 1)
        score = -2.0 - over if over else hill(values)
        told.append(Told(values, score, cost, over, marks))
    return told


@pytest.mark.parametrize(("name", "count"), [(TPE, 40), (NSGA2, 60), (CMA_ES, 60)])
def test_a_sampler_finds_more_than_chance(name, count):
    late = [each.score for each in played(name, count)[-20:] if not each.violation]
    chance = random.Random(1)
    drawn = [{d.name: text_of(d.at(chance.random())) for d in SPACE} for _ in range(1000)]
    valid = [hill(values) for values in drawn if int(values["w"]) <= 16]
    assert fmean(late) > fmean(valid) + 0.15


def test_tpe_avoids_what_was_rejected():
    """Half of all widths are over, and few of the proposals once some were rejected."""
    told = played(TPE, 40)
    assert sum(each.violation > 0 for each in told[20:]) <= 4


@pytest.mark.parametrize("name", [TPE, NSGA2])
def test_a_second_objective_brings_small_points_too(name):
    told = played(name, 50, against=True)
    widths = [int(each.values["w"]) for each in told[-25:]]
    assert min(widths) <= 3
    assert max(widths) >= 8


@pytest.mark.parametrize("name", [TPE, NSGA2, CMA_ES])
def test_a_proposal_is_a_function_of_what_is_told(name):
    """Another process, which is told the same, proposes the same: nothing else is kept."""
    told = played(name, 15)
    told.append(Told(told[0].values | {"w": "9"}, None, None, 0.0, {}))
    here = texts(propose(name, SPACE, told, seed=3))
    program = (
        "from tests.sweeps.guided.test_samplers import *\n"
        f"told = played({name!r}, 15)\n"
        "told.append(Told(told[0].values | {'w': '9'}, None, None, 0.0, {}))\n"
        f"print(texts(propose({name!r}, SPACE, told, seed=3)))"
    )
    if name == TPE:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str(here)
    assert texts(propose(name, SPACE, told, seed=3)) == here
    assert {texts(propose(name, SPACE, told, seed=s))["r"] for s in range(4, 9)} != {here["r"]}
