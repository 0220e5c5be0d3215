"""A training under the sanitizers of the compiler: addresses, undefined behaviour, threads."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

KINDS = {
    "address": ("-fsanitize=address", "libasan.so"),
    "undefined": ("-fsanitize=undefined", "libubsan.so"),
    "thread": ("-fsanitize=thread", "libtsan.so"),
}
TRAINING = """
import sys
from tests.targets.c import test_bits as t
for text in (t.MIXED, t.PLAIN):
    t.trained(text, 4, None, "-O1", "-g", sys.argv[1])
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_is_clean(kind: str) -> None:
    flag, library = KINDS[kind]
    # clang names the libraries of gcc, which are not its own.
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed, whose sanitizers these are")
    command = ["gcc", f"-print-file-name={library}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isabs(found):  # noqa: PTH117 - what the compiler prints where it has none
        pytest.skip(f"gcc has no {library}")
    environment = os.environ | {
        "CNNSPEC_CC": "gcc",
        "LD_PRELOAD": os.path.realpath(found),
        # Python keeps what it has until it ends.
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "halt_on_error=1",
        # Python and numpy were not compiled for it.
        "TSAN_OPTIONS": "halt_on_error=1:ignore_noninstrumented_modules=1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, flag],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Sanitizer" not in done.stderr
    assert "runtime error" not in done.stderr
