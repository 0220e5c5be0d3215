"""Many wrong texts in one process: `python -m tests.support.fuzz COUNT SEED`.

Texts are words in any order, characters in any order, and specs of the project with
edits. Prints, as JSON, how many there were, the most calls that one took and the memory.
"""

import json
import resource
import sys
from pathlib import Path
from random import Random
from unicodedata import category

from cnnspec.analysis.check import check
from cnnspec.analysis.formulas import explain
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.core.terminal import plain
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import as_json, render
from cnnspec.expansion.vocabulary import VOCABULARY
from cnnspec.ir.document import dump, load
from cnnspec.ir.validity import is_valid
from cnnspec.layers.table import LAYERS
from tests.support.counting import work
from tests.support.paths import SPECS

ROUTES = """data "x"; classes 2; input 16x16x4
block part(f) { conv (f)x3 same relu name=in; concat { branch { }; branch { from in } } }
conv 8x3 same relu name=stem
add project bn {
  branch { conv 8x3 same relu name=a }
  branch { part 4 name=b; concat { branch { slice 4 start=4 }; branch { from a } }; conv 8x1 }
}
pad top=1 right=1; pool 2 ceil; shuffle 2
multiply { branch { }; branch { gap keep; conv 8x1 sigmoid } }
concat { branch { upsample 2; crop bottom=1 left=1 }; branch { from stem; crop 1 top=0 } }
gap; dense 2 softmax
"""
TEXTS = [*(path.read_text(encoding="utf-8") for path in SPECS), ROUTES]
WORDS = [
    *LAYERS, *VOCABULARY.outside, *VOCABULARY.elsewhere,
    "model", "data", "mnist", "input", "classes", "let", "budget", "expect", "train",
    "params", "accuracy", "epochs", "optimizer", "adam(1e-3)", "metrics", "f1", "early_stop",
    "from", "from a", "from input", "slice 1", "start=1", "ceil", "keep", "top=1", "bn",
    "val_f1", "repeat", "shared", "block", "b(f, k=3)", "residual", "project", "concat", "add",
    "multiply", "branch", "use", "sweep", "fit(1..9)", "maximize", "minimize",
    "macs", "allow", "1..3", "1, 2", "f", "x", "in",
    "same", "no_bias", "stride=2", "init=he_normal(seed=1)", "name=a", "l2=", "f=",
    "round(f)", "max(f, 8)", "floor(7/2)", "ceil(f)", "min(2, f)", "(7 // 2)", "(f % 3)", "0.7",
    "data none", "none", "slice 2 start=1", "shuffle 2", "gap keep", "pad top=1",
    "pool 2 ceil",
    "add project bn", "CNN601", "CNN610", "//", "fit", "=", "3", "32x3", "28x28x1", "0.5", "1/8",
    "0", "-1", "6k", "8KiB", "1e999", "99999999999", "(f)", "(2*f)x3",
    "(", ")", "{", "}", ";", "\n", "\r\n", "\t", "#", '"',
    '"a b"', ",", "..", "<=", "==", ">", "^", "%", "*", "-", "٣", "ü", "\x00", "\u202e",
    "\ufeff", "\U0001d7db", "🙂", "Conv2D", "kernel_size=3", "padding=1", "lr", "batch_size",
    "Conv2D(8, (3, 3), activation='relu')", "nn.Conv2d(1, 8, 3)", "nn.ReLU", "model.add(", "[net]",
    "[convolutional]", "layer { type: \"Pooling\" }", "'relu'", "(3, 3)", "8,000", "50%", "// no",
    "fx3", "_", "import x",
]  # fmt: skip


def check_text(text: str) -> None:
    source = Source("fuzz", text)
    result = check(source)
    for problem in result.problems:
        check_place(problem, source)
        for fix in problem.fixes:
            assert isinstance(apply_edits(fix.edits[0].span.source, fix.edits), str)
    printed = plain(render(result.problems))
    assert all(category(char) not in ("Cc", "Cs") or char == "\n" for char in printed)
    if result.ok:
        assert result.totals is not None
        assert explain(result)
        for form in (str(result.spec), result.spec.written(full=True)):
            again = check(Source("printed", form))
            assert again.ok
            assert again.spec == result.spec
        assert load(json.dumps(dump(result.spec)), "ir") == result.spec
        assert is_valid(result.spec)
    else:
        assert printed.startswith("error[CNN")


def check_place(problem: Diagnostic, source: Source) -> None:
    assert problem.span is not None
    for span in (problem.span, *(label.span for label in problem.related)):
        assert span.source is source
        assert 0 <= span.start <= span.end <= len(source.text)
    assert problem.message
    assert as_json(problem)["line"] >= 1


def wrong_text(random: Random) -> str:
    """A text that is most likely wrong."""
    kind = random.random()
    if kind < 0.2:
        return " ".join(random.choices(WORDS, k=random.randint(0, 30)))
    if kind < 0.3:
        return "".join(random.choices(WORDS, k=random.randint(0, 12)))
    if kind < 0.4:
        return "".join(
            chr(random.choice((random.randrange(128), random.randrange(0xD800))))
            for _ in range(random.randint(0, 60))
        )
    text = random.choice(TEXTS)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(["", *WORDS]) + text[at + random.randint(0, 12) :]
    return text


def peak() -> float:
    """The most memory this program has used, in MB.

    `getrusage` also counts what the process held before it became this program.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main(count: int, seed: int) -> None:
    """Runs and reports."""
    random = Random(seed)
    most, worst = 0, ""
    for _ in range(count):
        text = wrong_text(random)
        try:
            calls = work(lambda text=text: check_text(text))
        except BaseException:
            sys.stderr.write(f"{text!r}\n")
            raise
        if calls > most:
            most, worst = calls, text
    report = {"count": count, "most_calls": most, "memory_mb": peak(), "worst": worst}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
