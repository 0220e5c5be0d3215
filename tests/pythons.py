"""Runs the light tests on every Python there is, and draws every spec on each: `make test-pythons`.

Interpreters are those named on the command line, else each `python3.N` from 3.11 on that is on
the path or among the versions of pyenv. Each gets an environment of its own with the light part
and nothing of the extras. Drawings must be equal byte for byte.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT, SPECS

ENVIRONMENTS = ROOT / ".venv" / "pythons"
OLDEST = (3, 11)
VERSION = "import sys; print(*sys.version_info[:2], sys.version.split()[0])"


def version_of(python: str) -> tuple[tuple[int, int], str] | None:
    """Returns the version of an interpreter, or nothing where it does not start."""
    done = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    major, minor, words = done.stdout.split()
    return (int(major), int(minor)), words


def interpreters() -> list[str]:
    """Returns the interpreters to test with, one of each minor version."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = [f"python3.{minor}" for minor in range(OLDEST[1], 30)]
    found = [path for name in names if (path := shutil.which(name))]
    found += [str(path) for path in sorted(pyenv.glob("3.*/bin/python3"))]
    chosen: dict[tuple[int, int], str] = {}
    for python in found:
        version = version_of(python)
        # A shim of pyenv is on the path, and starts nothing unless its version is chosen.
        if version and version[0] >= OLDEST:
            chosen.setdefault(version[0], python)
    return [chosen[version] for version in sorted(chosen)]


def environment(python: str, version: str) -> Path:
    """Returns the interpreter of an environment with the light part and its tests."""
    folder = ENVIRONMENTS / version
    inside = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not inside.exists():
        # The pip of this environment installs: Debian's Pythons come without one.
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(inside), "install", "--quiet"]
    extra = ["--disable-pip-version-check", "--editable", str(ROOT), "--group", "light"]
    subprocess.run([*pip, *extra], cwd=ROOT, check=True)
    return inside


def drawings(python: Path) -> dict[str, bytes]:
    """Returns every spec as this interpreter draws it."""
    draw = [str(python), "-m", "cnnspec", "draw"]
    return {
        spec.name: subprocess.run(
            [*draw, str(spec)], cwd=ROOT, capture_output=True, check=True
        ).stdout
        for spec in SPECS
    }


def main(named: list[str]) -> int:
    """Tests on each interpreter; 1 if any test fails or any drawing differs."""
    drawn: dict[str, dict[str, bytes]] = {}
    failed = []
    for python in named or interpreters():
        version = version_of(python)
        if version is None:
            failed.append(f"{python} does not start")
            continue
        print(f"Python {version[1]}: {python}", flush=True)
        inside = environment(python, version[1])
        tests = [str(inside), "-m", "pytest", "-q", "--light", "-p", "no:cacheprovider"]
        if subprocess.run(tests, cwd=ROOT, check=False).returncode:
            failed.append(f"tests fail on Python {version[1]}")
        drawn[version[1]] = drawings(inside)
    first = next(iter(drawn), "")
    for version_drawn, pictures in drawn.items():
        differ = [name for name, text in pictures.items() if text != drawn[first][name]]
        failed += [f"{name} is drawn differently by {first} and {version_drawn}" for name in differ]
    print(f"{len(drawn)} Pythons ({', '.join(drawn)}), {len(SPECS)} drawings of each")
    print("\n".join(failed) or "all tests pass, and all drawings are the same")
    return 1 if failed or not drawn else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
