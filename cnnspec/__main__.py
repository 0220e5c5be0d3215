"""The command line as a process of its own: `cnnspec`, or `python -m cnnspec`."""

import gc
import sys

from cnnspec.commands import main


def program() -> int:
    """Runs the command and returns its exit code."""
    code = main()
    # The process ends here: to look for garbage once more takes a tenth of a check.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(program())
