"""Wheel, sdist and checkout each find the grammar, and nothing else stands at the top."""

import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests.support.paths import ROOT

CHECK = (
    "import sys; sys.path.insert(0, sys.argv[1]); import cnnspec;"
    "assert cnnspec.__file__.startswith(sys.argv[1]), cnnspec.__file__;"
    "from cnnspec.commands import main;"
    "sys.exit(main(['check', '-e', 'conv 8x3 relu; gap; dense 10 softmax']))"
)


def checks(folder):
    """Runs a check with the package in a folder, from elsewhere."""
    command = [sys.executable, "-P", "-c", CHECK, str(folder)]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


def test_a_wheel_holds_all_it_needs(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "wheel")
    assert "cnnspec/grammar/cnn.lark" in names
    assert "cnnspec/grammar/ir.schema.json" in names
    assert sum(name.startswith("cnnspec/templates/") for name in names) == 6
    assert sum("fashion_mnist_mini" in name for name in names) == 6
    assert {
        f"cnnspec/report/{name}.html" for name in ("base", "page", "comparison", "handin")
    } <= set(names)
    page = {"index.html", "style.css", "main.js", "words.js", "vendor/codemirror.js"}
    assert {f"cnnspec/page/static/{name}" for name in page} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "specs/"))]
    assert "total" in checks(tmp_path / "wheel")


def test_an_sdist_works_as_a_checkout(built, tmp_path):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert (folder / "grammar" / "cnn.lark").is_file()
    assert (folder / "specs" / "quickstart.cnn").is_file()
    assert (folder / "cnnspec" / "templates" / "lenet.cnn").is_file()
    assert "total" in checks(folder)


def test_a_checkout_works_without_being_installed():
    assert "total" in checks(ROOT)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git checkout")
def test_the_top_level_is_as_agreed():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    top = {path.split("/")[0] for path in listed}
    assert {name for name in top if not name.startswith(".")} == {
        "cnnspec",
        "editors",
        "findings",
        "grammar",
        "specs",
        "tests",
        "docs",
        "CITATION.cff",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "Makefile",
    }
