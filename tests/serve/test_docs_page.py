"""What docs/page.md shows: its commands are commands, and its buttons and keys are there."""

import re
import shlex

import pytest

from cnnspec.commands import parser_of
from cnnspec.page.files import STATIC
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^cnnspec .*$", PAGE, re.M)
SCRIPTS = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_what_the_parser_takes(command):
    _, name, *arguments = shlex.split(command)
    _, parser = parser_of(name)
    parser.parse_intermixed_args(arguments)


@pytest.mark.parametrize("label", re.findall(r"\*\*(.+?)\*\*|the button \"(.+?)\"", PAGE))
def test_buttons_are_on_the_page(label):
    assert f'"{"".join(label)}"' in SCRIPTS


def test_keys_are_those_of_the_editor():
    for key in ("F2", "F8", "F12", "Mod-.", "Shift-Alt-f", "Mod-s"):
        assert f'key: "{key}"' in SCRIPTS


def test_what_is_installed_and_made_exists():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extra in re.findall(r"cnnspec\[(\w+)\]", PAGE):
        assert re.search(rf"^{extra} = \[", project, re.M)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)$", PAGE, re.M):
        assert re.search(rf"^{target}:", makefile, re.M)
