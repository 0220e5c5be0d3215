"""What docs/native.md shows is what is generated, and its commands are commands."""

import re
import shlex

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import parser_of
from cnnspec.core.source import Source
from cnnspec.targets.c.compiler import FLAGS
from cnnspec.targets.c.native import laid_out
from cnnspec.targets.c.network import network_text
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "native.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.S)
TEXTS = [text for kind, text in BLOCKS if kind == "c"]
COMMANDS = re.findall(r"^cnnspec .*$", BLOCKS[0][1], re.M)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    np.savez(folder / "shapes.npz", x=np.zeros((2, 6, 6), np.uint8))
    (text,) = (text for kind, text in BLOCKS if kind == "cnn")
    checked = check(Source(str(folder / "tiny.cnn"), text))
    assert checked.ok
    return network_text(laid_out(checked), checked.spec.train).text


@pytest.mark.parametrize("text", TEXTS)
def test_the_c_shown_is_what_is_generated(text, generated):
    assert text in generated


def test_there_is_something_to_compare():
    assert len(TEXTS) == 5
    assert len(COMMANDS) == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_what_the_parser_takes(command):
    _, name, *arguments = shlex.split(command)
    _, parser = parser_of(name)
    parser.parse_intermixed_args(arguments)


def test_flags_named_are_used():
    assert "-ffp-contract=off" in FLAGS
    assert not any("fast-math" in flag for flag in FLAGS)


def test_settings_that_the_page_names_are_no_part_of_the_text(generated):
    (text,) = (text for kind, text in BLOCKS if kind == "cnn")
    other = text.replace("sgd(0.1)", "sgd(0.3)").replace("batch 32", "batch 32; epochs 9; seed 4")
    assert other != text
    checked = check(Source("tiny.cnn", other))
    assert network_text(laid_out(checked), checked.spec.train).text == generated
