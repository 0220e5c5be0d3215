"""Trains the networks of specs/frontier with five seeds each: `make frontier`.

    python -m tests.results.frontier [SPEC…] [--seeds N] [--jobs N] [--page]

What has been trained is kept in `docs/frontier.json` and never trained again unless the spec has
changed, so this can be stopped at any time and called again. Each training is a process of its own
with one thread, in machine code. The test images are measured once, after the last epoch. `--page`
trains nothing and writes docs/frontier.md and docs/frontier.svg again.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.results.frontier.page import FRONTIER, names, write_page
from tests.results.frontier.run import facts
from tests.results.training import train


def main() -> None:
    """Trains what is missing, seed by seed, and writes the page after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("specs", nargs="*", metavar="SPEC", default=names())
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--page", action="store_true")
    args = parser.parse_args()
    trainings = [(name, seed) for seed in range(1, args.seeds + 1) for name in args.specs]
    with ThreadPoolExecutor(args.jobs) as pool:
        begun = [pool.submit(add, *each) for each in trainings if not args.page]
        try:
            for done in as_completed(begun):
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)
    write_page()


def add(name: str, seed: int) -> None:
    """Trains a spec with a seed, unless that has been done."""
    if FRONTIER.has(name, seed):
        return
    sys.stderr.write(f"{name}, seed {seed}\n")
    options = ("--backend", "native", "--threads", "1", "--set", "runs=1")
    # Of the first run of each network more is shown.
    row = train(FRONTIER.path(name), seed, *options, **({"facts": facts} if seed == 1 else {}))
    FRONTIER.add(name, seed, "cnnspec", row)
    write_page()


if __name__ == "__main__":
    main()
