"""The tests of the stages that the page runs, in the Python of the browser."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PAGE = ROOT / "editors" / "page"
# The formatter is compared on every text in `test_static.py`.
STAGES = (
    "tests/language/test_expressions.py",
    "tests/expansion",
    "tests/analysis/test_check.py",
    "tests/analysis/test_formulas.py",
    "tests/diagnostics/test_render.py",
    "tests/service",
)
# What a browser has no pipes for, and texts of a megabyte, which take it minutes.
LEFT_OUT = "not pipe and not longer and not large and not refused_at_once"


@pytest.mark.skipif(
    not shutil.which("node") or not (PAGE / "node_modules").is_dir(),
    reason="needs node, and the packages of `make page-packages`",
)
def test_the_tests_of_these_stages_pass():
    site = Path(pytest.__file__).parents[1]
    command = ["node", "pytest.mjs", str(ROOT), str(site), *STAGES, "-k", LEFT_OUT]
    done = subprocess.run(command, cwd=PAGE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-500:]
    assert "passed" in done.stdout
