"""A training under the sanitizers of the compiler: addresses, undefined behaviour, threads."""

import os
import subprocess
import sys

import pytest

from cnnspec.targets.c.compiler import find_compiler
from tests.support.paths import ROOT
from tests.targets.c.support import needs_compiler

pytestmark = [needs_compiler, pytest.mark.slow]

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
    command = [*find_compiler().command, f"-print-file-name={library}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isabs(found):  # noqa: PTH117 - what the compiler prints where it has none
        pytest.skip(f"the compiler has no {library}")
    environment = os.environ | {
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
