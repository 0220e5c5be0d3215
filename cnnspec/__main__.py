"""The command line as a process of its own: `cnnspec`, or `python -m cnnspec`."""

import gc
import sys

RARELY = 100_000
"""New objects between two looks for garbage. A check makes little that is, and ends soon."""


def program() -> int:
    """Runs the command and returns its exit code."""
    gc.set_threshold(RARELY)
    # A console or a pipe of Windows may know neither `…` nor `±`, and would raise.
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")
    # Only now: what is imported is no garbage either.
    from cnnspec.commands import main

    code = main()
    # The process ends here: to look through everything once more takes a tenth of a check.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(program())
