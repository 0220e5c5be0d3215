"""One value for all that is known of a text, and its JSON."""

import json
import re
from typing import Any

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.ir.source import SpecSource
from cnnspec.language.parse import parse_value
from cnnspec.service.document import Places, document, symbol
from cnnspec.service.snapshot import Snapshot, snapshot
from tests.support.paths import ROOT, SPECS


def of(text: str, **values: str) -> Snapshot:
    sets = {name: parse_value(Source("<set>", f"{name}={v}")) for name, v in values.items()}
    return snapshot(Source("x.cnn", text), sets)


def dumped(text: str, **options: bool) -> dict[str, Any]:
    return document(of(text), **options)


def test_it_is_what_check_says():
    for path in SPECS:
        source = Source(path.name, path.read_text())
        found, checked = snapshot(source), check(source)
        assert found.checked.spec == checked.spec
        assert found.problems == checked.problems
        assert found.totals == checked.totals


def test_advice_is_among_the_problems():
    (problem,) = of("data mnist; dense 100; dense 10 softmax; budget params <= 40k").problems
    # 784*U + U + 10*U + 10 <= 40,000 gives U = 50.
    (fix,) = problem.fixes
    assert [(edit.span.text, edit.text) for edit in fix.edits] == [("dense 100", "dense 50")]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("let a = 1/8; let b = 2*3; dense 10 softmax", {}, {"a": 0.125, "b": 6}),
        ("let a = 2; let b = 3*a; dense 10 softmax", {"a": "5"}, {"a": 5, "b": 15}),
        # 784*w + w + 10*w + 10 <= 10,000.
        ("let w = fit(1..64); dense (w); dense 10 softmax; budget params <= 10k", {}, {"w": 12}),
        ("let a = 1; block b(f) { let c = f; dense (c) }; b 10; softmax", {}, {"a": 1}),
        ("let a = 1; let b = ; dense 10", {}, {"a": 1}),
    ],
)
def test_lets_have_their_values(text, values, expected):
    lets = of(text, **values).lets
    assert {let.name: float(let.value) for let in lets} == expected
    assert all(let.span.text.startswith(let.name) for let in lets)


def test_budgets_have_a_share_and_a_place():
    (one, two) = dumped("data mnist; dense 10 softmax; budget params <= 15700; budget depth <= 0")[
        "budgets"
    ]
    # 784 * 10 + 10 = 7,850, half of the limit.
    assert (one["value"], one["share"], one["holds"]) == (7850, 0.5, True)
    assert (two["value"], two["share"], two["holds"]) == (1, None, False)
    assert (one["start"], one["end"]) == (30, 52)


def test_rows_have_shapes_before_and_places():
    text = (
        "data mnist\nconv 8x3\nconcat {\n  branch { pool 2 }\n  branch { avgpool 2 }\n}\ndense 10"
    )
    conv, _, _, concat, flatten, _dense = dumped(text)["layers"]
    assert (conv["inputs"], conv["output"]) == ([[28, 28, 1]], [26, 26, 8])
    assert concat["inputs"] == [[13, 13, 8], [13, 13, 8]]
    assert conv["range"] == {
        "start": {"line": 1, "character": 0},
        "end": {"line": 1, "character": 8},
    }
    assert text[concat["start"] : concat["end"]] == "concat"
    assert flatten["implied"]


def test_formulas_are_there_when_asked_for():
    plain, full = dumped("dense 10"), dumped("dense 10", formulas=True)
    assert "formulas" not in plain["layers"][0]
    assert full["layers"][1]["formulas"]["parameters"]["numbers"] == "(784 + 1) * 10"
    assert full["legend"]


@pytest.mark.parametrize("unusual", ["\U0001f600", "é", "\f"])
def test_problems_have_offsets_and_ranges_in_utf_16(unusual):
    text = f"# a comment\nconv 8x3 # {unusual}\ndense 1O softmax; dens 10"
    for problem in dumped(text)["problems"]:
        start = problem["range"]["start"]
        line = text.split("\n")[start["line"]].encode("utf-16-le")
        before = line[: 2 * start["character"]].decode("utf-16-le")
        assert problem["start"] == text.index(text.split("\n")[start["line"]]) + len(before)
        for fix in problem["fixes"]:
            assert all({"start", "end", "range", "text"} <= set(edit) for edit in fix["edits"])


def test_a_place_in_another_file_says_so(tmp_path):
    (tmp_path / "b.cnn").write_text("block cbr(f) { conv (f)x99 }")
    main = Source(str(tmp_path / "a.cnn"), 'use "b.cnn"\ncbr 8\ndense 10 softmax')
    found = snapshot(main)
    (problem,) = document(found)["problems"]
    assert problem["file"].endswith("b.cnn")
    assert (problem["start"], problem["end"]) == (24, 26)
    related = problem["related"][0]
    assert related["range"]["start"] == {"line": 1, "character": 0}
    places = Places(found)
    names = [symbol(one, places) for one in found.symbols]
    (block,) = [one for one in names if one["kind"] == "block"]
    assert block["definition"]["file"].endswith("b.cnn")
    assert block["uses"][0]["file"].endswith("a.cnn")


def test_unsaved_texts_count_for_check_and_symbols(tmp_path):
    (tmp_path / "b.cnn").write_text("block old(f) { conv (f)x3 }")
    main = Source(str(tmp_path / "a.cnn"), 'use "b.cnn"\nnew 8\ndense 10 softmax')
    assert not snapshot(main).ok
    unsaved = {str((tmp_path / "b.cnn").resolve()): "block new(f) { conv (f)x3 }"}
    found = snapshot(main, None, unsaved)
    assert found.ok
    assert {s.name for s in found.symbols if s.kind == "block"} == {"new"}


def test_the_drawing_is_of_a_spec_without_errors():
    assert of("dens 10").drawing is None
    drawing = of("dense 10 softmax").drawing
    assert drawing is not None
    assert drawing.startswith("<svg")


def test_a_spec_that_no_one_wrote_is_answered_as_well():
    spec = check(Source("x", "let a = 2; conv (a)x3; dense 10 softmax")).spec
    found = snapshot(SpecSource("made", spec))
    assert document(found)["layers"][0]["params"] == 20
    assert found.symbols == ()


def test_every_golden_error_is_json():
    for path in sorted((ROOT / "tests" / "errors").glob("*.cnn")):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        data = document(of(text))
        assert json.loads(json.dumps(data)) == data
        code = re.match("CNN[0-9]+", path.name)
        assert code
        assert any(problem["code"] == code.group() for problem in data["problems"]), path.name
