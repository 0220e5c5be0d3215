"""CITATION.cff cites the version that is here; its form is checked by `cffconvert --validate`."""

import re
import tomllib

from cnnspec.version import __version__
from tests.support.paths import ROOT

CITATION = dict(re.findall(r"^([\w-]+): (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M))


def test_the_version_and_the_licence_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert CITATION["version"] == __version__
    assert CITATION["license"] == project["license"]
    assert CITATION["cff-version"] == "1.2.0"


def test_the_authors_are_those_of_the_licence():
    (holder,) = re.findall(r"Copyright \(c\) \d+ (.+)", (ROOT / "LICENSE").read_text("utf-8"))
    assert f"\n  - name: {holder}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
