"""Every example of docs/data.md is checked, and its data is made, read and verified."""

import re
import shlex

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import parser_of
from cnnspec.core.source import Source
from cnnspec.datasets.locate import beside
from cnnspec.datasets.splits import divide
from tests.support.data_files import (
    arrays,
    images,
    labels,
    write_h5,
    write_idx,
    write_npz,
    write_pictures,
)
from tests.support.paths import ROOT
from tests.support.published_data import csv

PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
SPECS = re.findall(r"```cnn\n(.*?)```", PAGE, re.S)
COMMANDS = re.findall(r"^cnnspec .*$", PAGE, re.M)
DIGITS = arrays(
    train_images=images(60, 28, 28),
    train_labels=labels(60),
    test_images=images(6, 28, 28, seed=1),
)


def write_named(path):
    named = {
        "pictures": DIGITS["train_images"],
        "answers/all": DIGITS["train_labels"],
        "secret": DIGITS["test_images"],
    }
    write_h5(path, **dict.fromkeys(DIGITS), **named)


def write_tables(path):
    header = [f"pixel{number}" for number in range(784)]
    csv(path, DIGITS["train_images"], DIGITS["train_labels"], names=["label", *header])
    csv(path.with_name("test.csv"), DIGITS["test_images"], names=header)


MAKERS = {
    "digits.npz": lambda path: write_npz(path, **DIGITS),
    "digits.h5": write_named,
    "idx": lambda path: write_idx(path, **DIGITS),
    "pictures": lambda path: write_pictures(path, **DIGITS),
    "train.csv": write_tables,
}


def test_every_kind_has_its_example():
    assert {check(Source("page", text)).spec.data.source for text in SPECS} == set(MAKERS)
    assert len(COMMANDS) == 7


@pytest.mark.parametrize("text", SPECS)
def test_every_example_works(text, tmp_path):
    result = check(Source(str(tmp_path / "spec.cnn"), text))
    assert result.problems == ()
    data = result.spec.data
    MAKERS[data.source](tmp_path / data.source)
    splits = divide(result.spec, beside(data, result.source.name), offline=True)
    assert len(splits.images.train) == 60
    assert (splits.test.labels is None) == ("val_accuracy" in text)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one(command):
    _, name, *arguments = shlex.split(command, comments=True)
    parser_of(name)[1].parse_intermixed_args(arguments)
