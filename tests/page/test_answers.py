"""What the page is told: places as JavaScript counts them, and everything that it shows."""

import json

import pytest

from cnnspec.page.answers import Answers
from cnnspec.page.exports import EXPORTS
from tests.support.paths import SPECS

LENET = next(path for path in SPECS if path.stem == "lenet5").read_text(encoding="utf-8")
OVER = "model small\nlet f = 8\nconv (f)x3 relu\ngap\ndense 10 softmax\nbudget params <= 100\n"


def ask(question, text, **more):
    """An answer, which must be plain JSON."""
    return json.loads(json.dumps(Answers().answer({"ask": question, "text": text, **more})))


def cut(text, place):
    """The text of a range of one line, counted as JavaScript does."""
    line = text.split("\n")[place["start"]["line"]].encode("utf-16-le")
    assert place["start"]["line"] == place["end"]["line"]
    first, last = (2 * place[end]["character"] for end in ("start", "end"))
    return line[first:last].decode("utf-16-le")


def edited(text, edits):
    """A text of one-unit characters after edits."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def at(place):
        return starts[place["line"]] + place["character"]

    for edit in sorted(edits, key=lambda e: -at(e["range"]["start"])):
        first, last = at(edit["range"]["start"]), at(edit["range"]["end"])
        text = text[:first] + edit["text"] + text[last:]
    return text


def test_a_check_has_rows_sites_totals_and_no_problems():
    found = ask("check", LENET)
    assert found["ok"]
    assert found["problems"] == []
    # LeNet-5 of 1998 with dense layers of 120, 84 and 10: 61,706 weights.
    assert found["totals"]["params"] == 61_706
    first = found["sites"][0]
    assert cut(LENET, first["range"]) == "conv 6x5 same relu"
    assert (first["inputs"], first["shapes"]) == ("28x28x1", "28x28x6")
    assert [found["layers"][row]["layer"] for row in first["rows"]] == ["conv 6x5 same relu"]
    (budget,) = found["budgets"]
    assert (budget["holds"], budget["problem"]) == (True, None)


def test_places_are_counted_in_utf_16():
    text = "conv 8x3 relu  # \U0001f600 é\ngap; flaten; dense 10 softmax # \U0001f600\n"
    found = ask("check", text)
    (wrong,) = (each for each in found["problems"] if each["severity"] == "error")
    assert cut(text, wrong["range"]) == "flaten"
    behind = "gap # \U0001f600\n# \U0001f600 x\n"
    shown = ask("hover", behind, at={"line": 0, "character": 1})
    assert cut(behind, shown["range"]) == "gap"


def test_a_budget_that_is_passed_has_a_change_that_keeps_it():
    found = ask("check", OVER)
    (budget,) = found["budgets"]
    assert not budget["holds"]
    fix = found["problems"][budget["problem"]]["fixes"][0]
    assert ask("check", edited(OVER, fix["edits"]))["ok"]


def test_advice_that_takes_long_comes_with_the_second_question():
    text = "conv 8x3 same relu\n" * 80 + "gap\ndense 10 softmax\nbudget params <= 46k\n"
    found = ask("check", text)
    assert not found["whole"]
    assert found["problems"][0]["fixes"] == []
    (advised,) = ask("rest", text)["problems"]
    assert ask("check", edited(text, advised["fixes"][0]["edits"]))["ok"]


def test_the_memory_plan_of_many_layers_comes_with_the_second_question():
    text = "conv 8x3 same relu\n" * 80 + "gap\ndense 10 softmax\n"
    found = ask("check", text)
    assert not found["whole"]
    assert found["totals"].pop("ram") is None
    rest = ask("rest", text)
    # An output of 28 rows begins two rows below its input and grows into what is done with.
    assert rest["totals"].pop("ram") == (28 + 2) * 28 * 8 * 4
    assert rest["totals"] == found["totals"]
    assert "problems" not in rest


def test_a_slider_writes_its_number_into_the_text():
    (let,) = ask("check", OVER)["lets"]
    slider = let["slider"]
    assert cut(OVER, slider["range"]) == "8"
    assert slider["low"] <= 8 <= slider["high"]
    changed = edited(OVER, [{"range": slider["range"], "text": "12"}])
    assert ask("check", changed)["lets"][0]["value"] == 12


def test_a_let_that_is_worked_out_has_a_value_and_no_slider():
    found = ask("check", "let f = 4\nlet g = 2*f\nconv (g)x3; gap; dense 10 softmax")
    assert [(let["value"], let["slider"] is None) for let in found["lets"]] == [
        (4, False),
        (8, True),
    ]


def test_rules_are_judged_and_their_errors_told():
    rules = "allow conv pool dense\nbudget params <= 100k\n"
    judged = ask("check", LENET, rules=rules)["rules"]
    assert not judged["ok"]
    assert [each["holds"] for each in judged["rules"]] == [False, True]
    assert "flatten" in judged["rules"][0]["found"]
    assert "error" in ask("check", LENET, rules="budget params")["rules"]
    assert "rules" not in ask("check", LENET)


def test_the_blocks_of_the_drawing_know_their_rows():
    found = ask("drawing", LENET)
    layers = ask("check", LENET)["layers"]
    rows = [row for box in found["boxes"] for row in box["rows"]]
    assert sorted(rows) == list(range(len(layers)))
    assert found["svg"].startswith("<svg")
    assert ask("drawing", "dens 10") == {"svg": None, "boxes": []}
    # What passes a budget has shapes to draw all the same.
    assert ask("drawing", OVER)["svg"].startswith("<svg")


def test_formulas_give_the_numbers_of_the_table():
    (layer,) = ask("formulas", LENET, rows=[2])["layers"]
    values = {fact["name"]: fact["value"] for fact in layer["facts"]}
    # 16 filters of 5x5 on 6 channels with a bias, at 10x10 places.
    assert values["parameters"] == (5 * 5 * 6 + 1) * 16
    assert values["MACs"] == 10 * 10 * 5 * 5 * 6 * 16
    assert ask("formulas", LENET, rows=[999])["layers"] == []


def test_completion_and_signature_know_the_place():
    offered = ask("complete", "conv 8x3 re", at={"line": 0, "character": 11})
    assert "relu" in [item["word"] for item in offered["items"]]
    assert offered["range"]["start"]["character"] == 9
    shown = ask("signature", "conv 8x3 ", at={"line": 0, "character": 9})
    assert shown["word"] == "conv"
    assert ask("signature", "", at={"line": 0, "character": 0}) == {"word": ""}


def test_format_and_fix_all_are_edits():
    messy = "conv   8x3    relu\ngap\ndens 10 softmax\n"
    fixed = edited(messy, ask("fix_all", messy)["edits"])
    assert "dense 10 softmax" in fixed
    assert edited(fixed, ask("format", fixed)["edits"]).startswith("conv 8x3 relu\n")


def test_a_name_leads_to_its_definition_and_can_be_changed():
    use = {"line": 2, "character": 6}
    found = ask("definition", OVER, at=use)
    assert (cut(OVER, found["range"]), found["line"]) == ("f", 2)
    assert ask("name", OVER, at=use) == {"name": "f"}
    made = ask("rename", OVER, at=use, name="width")
    assert edited(OVER, made["edits"]) == OVER.replace("let f", "let width").replace(
        "(f)", "(width)"
    )
    assert "is not a word" in ask("rename", OVER, at=use, name="9")["reason"]
    nowhere = {"line": 0, "character": 0}
    assert (ask("definition", OVER, at=nowhere), ask("name", OVER, at=nowhere)) == ({}, {})


def test_a_name_of_another_file_keeps_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blocks.cnn").write_text("block unit(f) { conv (f)x3 relu }\n")
    text = 'use "blocks.cnn"\nunit(8); gap; dense 10 softmax\n'
    at = {"line": 1, "character": 1}
    assert "blocks.cnn" in ask("rename", text, at=at, name="cell")["reason"]
    assert ask("definition", text, at=at)["file"].endswith("blocks.cnn")


def test_two_texts_are_compared():
    changed = LENET.replace("dense 84", "dense 42")
    found = ask("compare", changed, before=LENET)
    assert [pair["change"] for pair in found["layers"]] == ["changed", "changed"]
    fewer = (120 * 42 + 42) + (42 * 10 + 10)
    more = (120 * 84 + 84) + (84 * 10 + 10)
    totals = found["totals"]["params"]
    assert totals["after"] - totals["before"] == fewer - more
    assert ask("compare", LENET, before=LENET)["same"]
    assert ask("compare", "dens 10", before=LENET) == {"unknown": "B"}


@pytest.mark.parametrize("kind", EXPORTS)
def test_everything_can_be_exported(kind):
    found = ask("export", LENET, kind=kind)
    assert found["name"] == f"lenet5.{EXPORTS[kind].ending}"
    shown = "28x28x6" if kind in ("svg", "markdown", "csv") else "lenet5"
    shown = r"28\ensuremath{\times}28" if kind == "latex" else shown
    assert shown in found["text"]


def test_keras_source_is_written_without_keras():
    # What Keras would write of a layer with defaults: the words of its own documentation.
    found = ask("export", "conv 8x3 same relu; gap; dense 10 softmax", kind="keras")
    assert 'layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")' in found["text"]
    assert "weights.npz" not in found["text"]


def test_a_text_with_errors_is_exported_as_it_is_and_else_refused():
    assert ask("export", "dens 10", kind="cnn")["text"] == "dens 10"
    assert "unknown word" in ask("export", "dens 10", kind="csv")["error"][0]["message"]


def test_it_begins_with_templates_that_are_right():
    begun = ask("begin", "")
    assert all(ask("check", each["text"])["ok"] for each in begun["templates"])
    assert [each["kind"] for each in begun["exports"]] == list(EXPORTS)


@pytest.mark.parametrize("request_", [{}, {"ask": "rm"}, {"ask": 3}])
def test_what_is_no_question_is_a_value_error(request_):
    with pytest.raises(ValueError, match="nobody answers"):
        Answers().answer(request_)


def test_a_text_that_is_too_long_is_said_in_words():
    (found,) = ask("check", "# " + "x" * 2**21)["problems"]
    assert "2 MiB" in found["message"]


def test_a_file_outside_of_the_folder_is_not_used():
    found = ask("check", 'use "/etc/passwd"\nconv 8x3; gap; dense 10 softmax')
    assert (
        "outside of the folder" in found["problems"][0]["message"] + found["problems"][0]["label"]
    )
