"""The editor bundle that is committed is what `make page` makes of the packages named."""

import json
import shutil
import subprocess

import pytest

from cnnspec.page.files import STATIC
from tests.support.paths import ROOT

PAGE = ROOT / "editors" / "page"
BUNDLE = STATIC / "vendor" / "codemirror.js"


def test_it_names_the_packages_that_it_holds():
    wanted = json.loads((PAGE / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    head = BUNDLE.read_text(encoding="utf-8").partition("*/")[0]
    held = [line.split()[1:] for line in head.splitlines()[2:16]]
    assert len(held) == 14
    assert dict(held) == {n: wanted[n] for n, _ in held}
    assert "Marijn Haverbeke" in head


def test_it_is_what_is_built(tmp_path):
    if not shutil.which("node") or not (PAGE / "node_modules").is_dir():
        pytest.skip("needs node and `make page-packages`")
    made = tmp_path / "codemirror.js"
    subprocess.run(["node", "vendor.mjs", str(made)], cwd=PAGE, check=True, timeout=120)
    assert made.read_text(encoding="utf-8") == BUNDLE.read_text(encoding="utf-8")
