"""Ranges of a sweep: how they are written, which values they have, how these are drawn."""

import math
import random
from collections import Counter
from itertools import islice

import pytest

from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.expansion.expand import read
from cnnspec.sweeps.dimensions import Dimension, drawn, size, text_of

SPEC = "let w = 4; let r = 0.1; dropout (r); dense (w) relu; dense 10; sweep {{ {} }}"


def axes(swept):
    expanded = read(Source("x", SPEC.format(swept)))
    assert not expanded.problems, expanded.problems
    return expanded.sweep


def dimension(swept):
    (axis,) = axes(swept)
    return Dimension(axis)


def test_whole_numbers_are_a_list_as_ever():
    assert [text_of(v) for v in axes("w in 2..(2*2)")[0].values] == ["2", "3", "4"]
    assert dimension("w in 2..4").size == 3


@pytest.mark.parametrize(
    ("swept", "whole", "log"),
    [
        ("r in 0.1..0.5", False, False),
        ("r in 0.0..1.0", False, False),  # written with a point, though both ends are whole
        ("r in 1e-4..1 log", False, True),
        ("w in 4..64 log", True, True),
    ],
)
def test_kinds_of_ranges(swept, whole, log):
    (axis,) = axes(swept)
    assert axis.values == ()
    assert (axis.interval.whole, axis.interval.log) == (whole, log)


@pytest.mark.parametrize(
    ("swept", "count"),
    [
        ("r in 0.1..0.5", 401),  # 0.100, 0.101, … 0.500
        ("r in 0.0..1.0", 101),  # its length reaches 1, so steps of a hundredth
        ("r in 1e-3..1e-2 log", 901),  # a decade of 900 values, and 0.01
        ("w in 4..64 log", 61),
        ("r in 0.1, 0.2", 2),
    ],
)
def test_a_range_has_the_values_that_are_short(swept, count):
    """Every place gives one of so many values, and together they give all of them."""
    found = dimension(swept)
    assert found.size == count
    steps = 6_000
    texts = {text_of(found.at(place / steps)) for place in range(steps + 1)}
    assert len(texts) == count


def test_values_are_texts_that_read_as_they_were_written():
    for swept in ("r in 1e-4..1e-1 log", "r in -0.5..0.5", "w in 4..64 log", "w in 1, 3, 5"):
        found = dimension(swept)
        for place in (0, 0.123, 0.5, 0.77, 1):
            value = found.at(place)
            assert found.value(text_of(value)) == value
            # Half of the places that give the value, of which 4 of `4..64 log` has the most.
            half = math.log(4.5 / 3.5) / math.log(64.5 / 3.5) / 2 if swept[0] == "w" else 0.01
            half = 1 / 6 if swept == "w in 1, 3, 5" else half
            assert abs(found.place(text_of(value)) - place) <= half + 0.003


def test_log_places_are_logarithms():
    found = dimension("r in 1e-4..1e-1 log")
    assert [text_of(found.at(place)) for place in (0, 1 / 3, 0.5, 1)] == [
        "0.0001",
        "0.001",
        "0.00316",
        "0.1",
    ]
    assert found.place("0.01") == pytest.approx(2 / 3)
    whole = dimension("w in 1..100 log")
    drawn_values = [int(text_of(whole.at((k + 0.5) / 1000))) for k in range(1000)]
    # P(w <= 10) is log(10.5 / 0.5) / log(100.5 / 0.5)
    share = sum(value <= 10 for value in drawn_values) / 1000
    assert share == pytest.approx(math.log(21) / math.log(201), abs=0.01)


def test_every_value_of_a_list_is_as_likely_and_unordered_names_are_told():
    found = dimension("optimizer in adam, sgd(0.1)")
    assert not found.ordered
    assert dimension("w in 1, 3, 5").ordered
    assert not dimension("w in 1, 5, 3").ordered
    texts = Counter(text_of(found.at(k / 1000)) for k in range(1000))
    assert texts == {"adam": 500, "sgd(0.1)": 500}


def test_points_drawn_from_ranges_come_once_and_the_same_for_a_seed():
    spanned = axes("w in 1..4; r in 0.0..1.0")
    assert size(spanned) == 404
    first, again = (
        [tuple(map(text_of, p)) for p in drawn(spanned, random.Random(1))] for _ in range(2)
    )
    assert first == again
    assert len(set(first)) == len(first) == 404
    other = islice(drawn(spanned, random.Random(2)), 5)
    assert [tuple(map(text_of, p)) for p in other] != first[:5]


@pytest.mark.parametrize(
    ("swept", "message", "place"),
    [
        ("r in 0.5..0.1", "`r` does not take an empty range here", "in 0.5..0.1"),
        ("r in 0.5..0.5", "`r` does not take an empty range here", "in 0.5..0.5"),
        (
            "r in 0.0..1.0 log",
            "`r` does not take a `log` range that begins at 0.0 here",
            "0.0..1.0",
        ),
        ("r in 0.1, 0.2 log", "`r` does not take a list with `log` here", "log"),
        ("r in 0.1..0.2 lin", "`r` does not take the word `lin` here", "lin"),
    ],
)
def test_wrong_ranges(swept, message, place):
    (problem,) = read(Source("x", SPEC.format(swept))).problems
    assert (problem.code, problem.message) == ("CNN120", message)
    assert problem.span.text == place
    # What the help says to write is right.
    good = problem.help.removeprefix("write it as in `").rstrip("`")
    assert not read(Source("x", SPEC.format(good))).problems


def test_sweep_says_what_to_do_with_a_range(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.cnn").write_text(SPEC.format("r in 1e-3..1e-1 log; w in 2, 4"))
    assert main(["sweep", "net.cnn", "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert "`r in 1e-3..1e-1 log` is a range to draw values from" in said
    assert "`r in 0.001, 0.01, 0.1`" in said
    # Both remedies work.
    (tmp_path / "list.cnn").write_text(SPEC.format("r in 0.001, 0.01, 0.1; w in 2, 4"))
    assert main(["sweep", "list.cnn", "--dry-run"]) == 0
    assert "6 points, 0 dropped" in capsys.readouterr().out
    assert main(["sweep", "net.cnn", "--dry-run", "--sample", "3"]) == 0
    assert "3,602 points, 3 drawn at random" in capsys.readouterr().out
    assert main(["check", "net.cnn"]) == 0
    assert "3,602 points, 200 drawn at random, 0 dropped" in capsys.readouterr().out
