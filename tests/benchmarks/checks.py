"""What a check takes: from cold beside what people would run instead, warm, and as specs grow."""

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.measuring import (
    Row,
    compare,
    ended,
    figure,
    process,
    program,
    python,
    say,
)
from tests.support.paths import ROOT

LENET = "specs/lenet5.cnn"
LARK = (
    "import lark; lark.Lark(open('grammar/cnn.lark').read(), parser='lalr', lexer='contextual')"
    f".parse(open('{LENET}').read())"
)
BY_HAND = "tests/benchmarks/by_hand"
SIZES = (100, 1_000, 10_000)
FORMS = {
    "by `repeat`": lambda layers: f"repeat {layers} {{ conv 3x3 same relu }}",
    "line by line": lambda layers: "conv 3x3 same relu\n" * layers,
}
"""How many layers can be written."""


def rows(repeats: int) -> list[Row]:
    """Everything about checks."""
    check = process(program("cnnspec"), "check", LENET)
    helping = process(program("cnnspec"), "--help")
    in_lark = process(*python("-c", LARK))
    in_keras = process(*python(f"{BY_HAND}/in_keras.py", "check"))
    found = [
        compare("check, and lark that parses the file", check, in_lark, repeats),
        compare("check, and by hand in Keras", check, in_keras, min(repeats, 5)),
        compare("--help, and Python alone", helping, process(*python("-c", "0")), repeats),
    ]
    if find_spec("n_orca"):
        orca = process(program("n-orca"), "verify", f"{BY_HAND}/lenet5.n.orca.md")
        found.append(compare("check, and n-orca 0.2.0", check, orca, repeats))
    else:
        say("n-orca is not compared: it is not installed (`pip install n-orca==0.2.0`)")
    with tempfile.TemporaryDirectory() as folder:
        text = (ROOT / LENET).read_text().replace("== 61_706", "<= 100_000")
        files = [str(Path(folder) / f"{number}.cnn") for number in range(1_000)]
        for number, file in enumerate(files):
            Path(file).write_text(text.replace("dense 84", f"dense {number % 90 + 1}"))
        each = [ended(program("cnnspec"), "check", *files) for _ in range(3)]
    found.append(figure("1,000 specs in one process", (e.seconds for e in each), "s"))
    inside = [json.loads(ended(*python("-m", "tests.benchmarks.checks")).printed) for _ in range(3)]
    found += [
        figure(name, (taken[name] for taken in inside), "ms" if "warm" in name else "s")
        for name in inside[0]
    ]
    few, many = SIZES[0], SIZES[-1]
    for written in FORMS:
        ratios = (
            taken[named(many, written)] / many / (taken[named(few, written)] / few)
            for taken in inside
        )
        found.append(figure(f"a layer of {many:,} {written}, of {few}: 1", ratios, ""))
    return found


def named(layers: int, written: str) -> str:
    """What the time of a check is called."""
    return f"{layers:,} layers {written}"


def timed(work: Callable[[], object], times: int) -> float:
    """The median of several runs, in seconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def within() -> dict[str, float]:
    """What is measured within one process: a warm check, and specs of more and more layers."""
    from cnnspec.__main__ import RARELY
    from cnnspec.analysis.check import check
    from cnnspec.core.source import Source

    gc.set_threshold(RARELY)
    lenet = (ROOT / LENET).read_text()
    assert check(Source("x", lenet)).ok

    def warm() -> object:
        return check(Source("x", lenet))

    timed(warm, 100)
    found = {"a warm check of LeNet-5": 1e3 * timed(warm, 500)}
    for layers in SIZES:
        for written, text in FORMS.items():
            # The last layer is the dense one.
            source = Source("x", f"{text(layers - 1)}\ndense 10 softmax")
            assert check(source).totals is not None
            found[named(layers, written)] = timed(lambda s=source: check(s), 5)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(within()))
