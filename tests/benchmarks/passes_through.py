"""`python -m tests.benchmarks.passes_through [TEXT] [--list]`: how far a statement travels.

Counts the functions and files of the package through which a text passes on its way to a
verdict: the fewer there are, the less a reader has to know to follow one statement.
"""

import argparse
import sys
from pathlib import Path
from types import CodeType, FrameType

import cnnspec
from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from tests.benchmarks.measuring import say

TEXT = "conv 32x3 relu; dense 10 softmax"
ROOT = Path(cnnspec.__file__).parent


def passed(text: str) -> set[CodeType]:
    """The functions of the package that a check of `text` enters.

    What runs at import is left out: the text is checked once before anything is counted.
    """
    found: set[CodeType] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            found.add(frame.f_code)

    result = check(Source("warm.cnn", text))
    assert result.ok, result.problems
    sys.setprofile(note)
    try:
        check(Source("spec.cnn", text))
    finally:
        sys.setprofile(None)
    return {code for code in found if Path(code.co_filename).is_relative_to(ROOT)}


def main() -> None:
    """Prints the two numbers, with `--list` what is behind them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.passes_through")
    parser.add_argument("text", nargs="?", default=TEXT)
    parser.add_argument("--list", action="store_true", help="name every function")
    args = parser.parse_args()
    codes = passed(args.text)
    files = {code.co_filename for code in codes}
    say(f"{len(codes)} functions in {len(files)} files: {args.text}")
    if args.list:
        for code in sorted(codes, key=lambda c: (c.co_filename, c.co_firstlineno)):
            place = Path(code.co_filename).relative_to(ROOT)
            say(f"  {place}:{code.co_firstlineno} {code.co_qualname}")


if __name__ == "__main__":
    main()
