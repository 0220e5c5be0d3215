"""Branches that begin with the output of a named layer: shapes, weights, memory and names."""

import json

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.analysis.load import normalized
from cnnspec.core.source import Source
from cnnspec.drawing.layout import layout
from cnnspec.expansion.symbols import rename, symbols
from cnnspec.graph.receptive_field import fields
from cnnspec.ir.document import dump
from cnnspec.ir.spec import every
from cnnspec.language.parse import parse

HEAD = 'data "x"; classes 2; input 16x16x4\n'
CROSSING = """
add {
  branch { conv 8x3 same relu name=a; conv 8x3 same }
  branch { conv 8x5 same relu; concat { branch { }; branch { from a } }; conv 8x1 }
}
gap; dense 2 softmax
"""


def checked(text: str) -> CheckedSpec:
    result = check(Source("x", HEAD + text))
    assert [p.message for p in result.problems if p.severity == "error"] == []
    return result


def codes(text: str) -> list[str]:
    return [p.code for p in check(Source("x", HEAD + text)).problems if p.severity == "error"]


def edges(result: CheckedSpec) -> set[tuple[str, str]]:
    calls = result.graph.calls
    return {(calls[source].name, call.name) for call in calls for source in call.inputs}


def test_a_route_takes_the_output_of_the_named_layer_from_another_branch() -> None:
    result = checked(CROSSING)
    assert ("a", "concat") in edges(result)
    assert {len(call.inputs) for call in result.layers} == {1, 2}
    # conv, conv, conv 5x5, conv 1x1 on 16 channels, dense.
    counts = [(9 * 4 + 1) * 8, (9 * 8 + 1) * 8, (25 * 4 + 1) * 8, (16 + 1) * 8, 9 * 2]
    assert result.totals is not None
    assert result.totals.params == sum(counts)


def test_a_u_net_joins_what_it_has_pooled_with_what_it_was() -> None:
    result = checked(
        "conv 8x3 same relu name=fine; pool 2; conv 16x3 same relu name=coarse; pool 2"
        "\nconv 16x3 same relu; concat { branch { upsample 2 }; branch { from coarse } }"
        "\nconv 8x3 same relu; concat { branch { upsample 2 }; branch { from fine } }"
        "\nconv 2x1; gap; softmax"
    )
    shapes = [call.output_shape.dims for call in result.layers if call.layer.word == "concat"]
    assert shapes == [(8, 8, 32), (16, 16, 16)]


def test_the_image_is_a_source() -> None:
    result = checked("pool 2; concat { branch { upsample 2 }; branch { from input } }; dense 2")
    assert ("input", "concat") in edges(result)


def test_in_shared_weights_a_route_is_that_of_the_same_round() -> None:
    result = checked(
        "repeat 2 shared { conv 4x3 same relu name=a; conv 4x3 same relu"
        "\nadd { branch { }; branch { from a } } }"
        "\nconcat { branch { }; branch { from a } }; dense 2"
    )
    # The last round is the one that the text after the repeat means.
    assert {("a", "add"), ("a@2", "add@2"), ("a@2", "concat")} <= edges(result)


def test_a_block_knows_its_own_names_first() -> None:
    join = "add { branch { }; branch { from a } }"
    block = f"block part {{ conv 4x3 same relu name=a; conv 4x3 same; {join} }}"
    result = checked(f"{block}\nconv 4x3 same relu name=a; part; part; dense 2")
    assert {("part.a", "part.add"), ("part_2.a", "part_2.add")} <= edges(result)


def test_a_use_of_a_block_is_a_source_by_its_name() -> None:
    text = "block part(f) { conv (f)x3 same; relu }\npart 4 name=stem; conv 4x3 same"
    result = checked(f"{text}; add {{ branch {{ }}; branch {{ from stem }} }}; dense 2")
    assert ("stem.relu", "add") in edges(result)


def test_a_block_may_begin_a_branch_elsewhere() -> None:
    text = "block skip { from stem; conv 4x1 }\nconv 4x3 same relu name=stem; conv 4x3 same"
    result = checked(f"{text}; add {{ branch {{ }}; branch {{ skip }} }}; dense 2")
    assert ("stem", "skip.conv") in edges(result)


def test_a_projection_brings_a_route_to_the_shape_of_the_others() -> None:
    result = checked(
        "conv 8x3 same relu name=stem; pool 2"
        "\nadd project bn { branch { conv 16x3 same; bn }; branch { from stem } }; dense 2"
    )
    calls = {call.name: call for call in result.layers}
    assert calls["add.project"].input_shape.dims == (16, 16, 8)
    assert calls["add.project"].output_shape.dims == (8, 8, 16)
    assert calls["add.project"].params == 8 * 16
    assert calls["add.project.bn"].params == 4 * 16


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("conv 8x3; add { branch { }; branch { from b } }; relu name=b; dense 2", "CNN211"),
        ("conv 8x3; add { branch { }; branch { from conv } }; dense 2", "CNN211"),
        ("conv 8x3 name=a; add { branch { relu; from a }; branch { } }; dense 2", "CNN212"),
        ("conv 8x3 name=a; from a; dense 2", "CNN212"),
        ("conv 4x3 same name=a; repeat 2 shared { from a; relu }; dense 2", "CNN212"),
        ("conv 4x3 name=a; conv 4x3; add { branch { from a }; branch { from a; relu } }; dense 2",
         "CNN213"),
        ("conv 4x3 name=a; conv 4x3; add { branch { from a }; branch { } }; dense 2", "CNN208"),
        ("conv 4x3 name=a; conv 4x3; add { branch { from }; branch { } }; dense 2", "CNN120"),
        ("conv 4x3 name=a; conv 4x3; add { branch { from 3 }; branch { } }; dense 2", "CNN106"),
    ],
)  # fmt: skip
def test_what_a_route_cannot_be_is_one_error(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_the_receptive_field_is_the_widest_of_both_ways() -> None:
    result = checked(
        "conv 4x5 same name=a; conv 4x3 same; concat { branch { }; branch { from a } }; dense 2"
    )
    known = dict(zip([call.name for call in result.graph.calls], fields(result.graph), strict=True))
    assert known["concat"][0].size == 7


def test_a_route_is_kept_in_memory_until_it_is_read() -> None:
    # 256 places: 8 channels grow into 8, one number on, with a row of 16 channels of each of the
    # two convolutions between. With the route 16 grow into 16, one row of 16 behind, and what is
    # kept from 8 channels stays beside that, until all 24 are there.
    text = "conv 8x1{}; conv 16x1; conv 16x1; {}conv 8x1; gap; dense 2"
    without = checked(text.format("", "")).totals
    kept = checked(text.format(" name=a", "concat { branch { }; branch { from a } }; ")).totals
    assert without is not None
    assert kept is not None
    assert without.ram() == 4 * (256 * 8 + 1 + 2 * 16 * 16)
    assert kept.ram() == 4 * (256 * (24 + 8) + 16 * 16)


def test_a_route_is_drawn_with_every_layer_once_and_its_line() -> None:
    result = checked(CROSSING)
    sheet = layout(result)
    drawn = [call for box in sheet.boxes for call in box.calls]
    assert sorted(drawn) == list(range(len(result.graph.calls)))
    names = [call.name for call in result.graph.calls]
    assert {(names[e.source], names[e.target]) for e in sheet.edges} == edges(result)
    assert [box.what for box in sheet.boxes if box.what] == ["from a"]


def test_a_route_reads_back_from_its_text_and_its_document() -> None:
    spec = checked(CROSSING).spec
    assert check(Source("again", str(spec))).spec == spec
    assert check(normalized(Source("x.json", json.dumps(dump(spec))))).spec == spec


@pytest.mark.parametrize("source", ["conv", "later", "nothing"])
def test_a_document_with_a_route_that_no_text_can_say_is_refused(source: str) -> None:
    document = dump(checked(CROSSING).spec)
    text = json.dumps(document).replace('{"from": "a"}', json.dumps({"from": source}))
    assert check(normalized(Source("x.json", text))).problems


def test_a_layer_that_is_a_source_is_renamed_with_its_uses() -> None:
    parsed = parse(Source("x", HEAD + CROSSING))
    (layer,) = [symbol for symbol in symbols(parsed) if symbol.name == "a"]
    text = HEAD + CROSSING
    for edit in sorted(rename(layer, "middle"), key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert text == (HEAD + CROSSING).replace("name=a", "name=middle").replace(
        "from a", "from middle"
    )
    assert len(list(every(check(Source("x", text)).spec.nodes))) == 9


@pytest.mark.parametrize(
    "broken", ["conv round(8)*2x3 same name=stem", "conv 8x3 wide name=stem", "convv 8x3 name=stem"]
)
def test_a_source_with_an_error_is_not_called_unknown_as_well(broken):
    text = f"{broken}\nconcat {{ branch {{ }}; branch {{ from stem }} }}\ngap; dense 10"
    codes = [problem.code for problem in check(Source("x", text)).problems]
    assert "CNN211" not in codes
    assert len(codes) == 1
