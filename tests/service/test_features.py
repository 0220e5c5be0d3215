"""Hover, outline, folds, names across files and edits: what editors do with a text."""

from pathlib import Path

import pytest

from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.language.formatter import format_text
from cnnspec.layers.table import CONSTRUCTS
from cnnspec.service.edits import between, fix_all, fixes, formatted
from cnnspec.service.hover import hover
from cnnspec.service.names import definition, references, renamed
from cnnspec.service.outline import folds, outline
from cnnspec.service.sites import sites
from cnnspec.service.snapshot import Snapshot, snapshot
from tests.support.paths import SPECS


def of(text: str, name: str = "x.cnn") -> Snapshot:
    return snapshot(Source(name, text))


def told(text: str, word: str) -> str:
    found = hover(of(text), text.index(word))
    return found.text if found else ""


@pytest.mark.parametrize(
    ("text", "word", "parts"),
    [
        ("conv 8x3", "conv", ["conv FILTERSxKERNEL", "**28x28x1 → 26x26x8**, 80 parameters"]),
        # 26 * 26 positions, 3 * 3 numbers, 8 filters.
        ("conv 8x3", "8x3", ["= 48,672"]),
        ("conv 8x3 relu", "relu", ["the function applied to the output"]),
        ("conv 8x3 stride=2", "stride", ["stride", "default: 1"]),
        ("conv 8x3 init=he_normal", "he_normal", ["variance"]),
        ("train { optimizer adam(1e-3) }", "adam", ["Kingma and Ba"]),
        ("train { epochs 3 }", "epochs", ["passes over the training images"]),
        ("data mnist", "mnist", ["28x28x1, 10 classes, 60,000 + 10,000 images"]),
        ("silence CNN601", "CNN601", ["bias"]),
        ("let f = 2*4; dense (f)", "f)", ["let f = 8", "used 1 time"]),
        ("let f = 2*4; dense (f)", "f =", ["let f = 8"]),
        ("block b(f, k) { conv (f)x(k) }; b 8 3", "b 8", ["block b(f, k)", "28x28x1 → 26x26x8"]),
        ("block b(f, k) { conv (f)x(k) }; b 8 3", "k)", ["parameter k"]),
        ("relu6; dense 10", "relu6", ["rows: `H = 28`"]),
        ("repeat 2 { relu }", "repeat", ["`repeat 3 { … }`"]),
        ("repeat 2 { conv 8x3 }; dense 10", "conv", ["28x28x1 … 26x26x8 → 26x26x8 … 24x24x8"]),
        ("dense 10; budget params <= 15.7k", "budget", ["7,850 of 15,700 (50.0 %)"]),
        ("dense 10; budget params >= 9k", "params", ["weights", "not held"]),
        ("dense 10; expect val_f1 >= 1/2", "val_f1", ["macro F1", "validation"]),
        ("let w = fit(1..9); dense (w); dense 10", "w)", ["let w = 9 (found by fit)"]),
    ],
)
def test_hover(text, word, parts):
    found = told(text, word)
    assert [part for part in parts if part not in found] == []


@pytest.mark.parametrize(
    ("text", "word"), [("# conv 8x3", "conv"), ("unknown 3", "unknown"), ("conv 8x3 ;", ";")]
)
def test_nothing_to_hover(text, word):
    assert told(text, word) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv 8x3; pool 2; dense 10", ["26x26x8", "13x13x8", "10"]),
        # The pieces of a block are where it is written, its output is where it is used.
        ("block b { conv 8x3; relu }; b; b; dense 10",
         ["26x26x8 … 24x24x8", "26x26x8 … 24x24x8", "26x26x8", "24x24x8", "10"]),
        ("residual { conv 8x3 same }; dense 10", []),
        ("conv 8x1; residual { conv 8x3 same }; dense 10", ["28x28x8", "28x28x8", "28x28x8", "10"]),
        ("conv 8x1; add project { branch { conv 4x3 }; branch { } }; dense 10",
         ["28x28x8", "26x26x4"]),
        ("repeat 3 shared { conv 1x3 same }; dense 10", ["28x28x1", "10"]),
        ("conv 8x99; dense 10", []),
    ],
)  # fmt: skip
def test_shapes_of_statements(text, expected):
    found = [site.shapes for site in sites(of(text))]
    if not expected or expected[-1] != "10":
        assert found[: len(expected)] == expected
    else:
        assert found == expected


def test_the_costs_of_a_statement_are_those_of_all_its_layers():
    text = "block b { conv 8x3 same; conv 8x3 same }; repeat 2 { b }; dense 10 softmax"
    found = of(text)
    by_start = {site.statement.span.start: site for site in sites(found)}
    use = by_start[text.index("b }; dense")]
    # 1 to 8, and three times 8 to 8 channels.
    assert use.params == (9 * 1 + 1) * 8 + 3 * (9 * 8 + 1) * 8


def test_a_block_gives_something_each_time_that_it_is_used():
    text = "block b(f) { conv (f)x3; relu }\nblock c(f) { b f; b (2*f) }\nc 4; c 8; dense 10"
    shown = {site.statement.span.text: (site.inputs, site.shapes) for site in sites(of(text))}
    assert shown["b f"] == ("28x28x1 … 24x24x8", "26x26x4 … 22x22x8")
    assert shown["b (2*f)"] == ("26x26x4 … 22x22x8", "24x24x8 … 20x20x16")
    assert shown["c 4"] == ("28x28x1", "24x24x8")
    assert shown["c 8"] == ("24x24x8", "20x20x16")


def test_a_merge_takes_what_its_branches_give():
    text = (
        "concat { branch { conv 4x3 same }; branch { } }\nmultiply { branch { }; branch { gap } }"
    )
    shown = {site.statement.word: site.inputs for site in sites(of(text))}
    assert shown["concat"] == "28x28x4, 28x28x1"
    assert shown["multiply"] == "28x28x5, 1x1x5"


def test_what_a_layer_brings_along_counts_among_its_costs():
    text = "conv 8x1\nadd project { branch { conv 4x3 same }; branch { } }\ndense 10"
    shown = {site.statement.word: site for site in sites(of(text))}
    # The projection is a 1x1 convolution of 8 channels to 4, with a bias.
    assert shown["add"].params == 8 * 4 + 4
    assert (shown["dense"].inputs, shown["dense"].shapes) == ("28x28x4", "10")
    assert "add.project" in told(text, "add")


def test_the_outline_is_a_tree():
    found = outline(of("train {\n epochs 3\n}\nconcat { branch { pool 2 } branch { } }"))
    assert [(part.name, part.kind) for part in found] == [("train", "group"), ("concat", "group")]
    assert [part.name for part in found[0].parts] == ["epochs 3"]


def test_folds():
    text = "# a\n# b\n\n# alone\nblock b { conv 8x3 }\ntrain {\n  # in\n  # side\n  epochs 3\n}\n"
    lines = [(fold.span.text, fold.comment) for fold in folds(of(text))]
    assert lines == [
        (text[text.index("train") : -1], False),
        ("# a\n# b", True),
        ("# in\n  # side", True),
    ]


def files(folder: Path) -> tuple[Snapshot, Snapshot, Source]:
    """A spec, the file of blocks that it uses, and another spec that uses that."""
    texts = {
        "lib.cnn": "let n = 3\nblock unit(f) { conv (f)x(n) relu }\n",
        "main.cnn": 'use "lib.cnn"\nunit 8\nunit f=8\ndense 10 softmax\n',
        "other.cnn": 'use "lib.cnn"\nunit 4\ndense 10 softmax\n',
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    main, lib, other = (
        Source(str(folder / name), texts[name]) for name in ("main.cnn", "lib.cnn", "other.cnn")
    )
    return snapshot(main), snapshot(lib), other


def test_names_across_files(tmp_path):
    main, lib, other = files(tmp_path)
    place = definition(main, main.source.text.index("unit"))
    assert place
    assert (Path(place.source.name).name, place.text) == ("lib.cnn", "unit")
    found = references(lib, lib.source.text.index("unit"), [main.source, lib.source, other])
    names = [Path(span.source.name).name for span in found]
    assert names == ["lib.cnn", "main.cnn", "main.cnn", "other.cnn"]
    parameter = references(lib, lib.source.text.index("f)"), [main.source])
    assert [(Path(s.source.name).name, s.start) for s in parameter][-1] == ("main.cnn", 26)
    # A let of the file is seen in it alone.
    assert len(references(lib, lib.source.text.index("n ="), [main.source])) == 2


def test_a_name_is_changed_in_every_file(tmp_path):
    main, lib, other = files(tmp_path)
    result = renamed(lib, lib.source.text.index("unit"), "cell", [main.source, other])
    assert result.reason == ""
    by_file: dict[str, int] = {}
    for edit in result.edits:
        name = Path(edit.span.source.name).name
        by_file[name] = by_file.get(name, 0) + 1
    assert by_file == {"lib.cnn": 1, "main.cnn": 2, "other.cnn": 1}


@pytest.mark.parametrize(
    ("text", "word", "name", "reason"),
    [
        ("let f = 8; let g = 2; dense (f)", "f =", "g", "`g` is given twice"),
        ("let f = 8; block b(g) { conv (f)x(g) }; b 3", "f =", "g", "would hide it"),
        ("let f = 8; dense (f)", "f =", "1f", "is not a word"),
        ("let f = 8; dense (f)", "dense", "x", "no name here"),
        ("block b { relu }; b; dense 10", "b {", "conv", "conv"),
        ("conv 8x3 name=stem; dense 10", "stem", "conv_2", "cannot be the name of a layer"),
    ],
)
def test_a_name_that_would_change_the_meaning_is_refused(text, word, name, reason):
    found = renamed(of(text), text.index(word), name)
    assert found.edits == ()
    assert reason in found.reason


def test_fixes_are_those_of_what_is_touched():
    text = "conv 8x3 rleu\ndens 10 softmax\n"
    found = of(text)
    assert [offer.problem.code for offer in fixes(found, 0, len(text))] == ["CNN102", "CNN101"]
    assert [offer.problem.code for offer in fixes(found, 15, 16)] == ["CNN101"]
    after = apply_edits(found.source, fix_all(found))
    assert after == "conv 8x3 relu\ndense 10 softmax\n"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_formatting_is_that_of_the_command(path):
    text = path.read_text().replace("\n", "  \n\n\n", 3).replace("conv", "conv ")
    found = of(text)
    expected = format_text(found.source, CONSTRUCTS)
    assert apply_edits(found.source, formatted(found)) == expected
    lines = text.count("\n") + 1
    assert apply_edits(found.source, formatted(found, range(lines))) == expected


def test_a_text_that_does_not_parse_keeps_its_layout():
    assert formatted(of("conv  8x3 (")) == ()


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", [("b\n", "B\n")]),
        ("a\n", "a\n", []),
        ("", "a\n", [("", "a\n")]),
        ("a\nb", "a\nb\n", [("b", "b\n")]),
        ("x\n" * 2000, "x\n" * 1999 + "y\n", [("x\n", "y\n")]),
        ("x\n" * 2000 + "a\n", "y\n" * 2000 + "a\n", [("x\n" * 2000, "y\n" * 2000)]),
    ],
)
def test_edits_between_two_texts_are_few(old, new, edits):
    source = Source("x", old)
    found = between(source, new)
    assert [(edit.span.text, edit.text) for edit in found] == edits
    assert apply_edits(source, found) == new
