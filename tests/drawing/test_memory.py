"""The picture of a memory plan: its rectangles are the buffers, its words are inside."""

import re
from xml.etree import ElementTree

import pytest

from cnnspec.drawing.memory import draw_memory
from cnnspec.program.inference import inference_plan
from tests.support.drawing_cases import cases, checked

ALL = cases()
SVG = "{http://www.w3.org/2000/svg}"
each = pytest.mark.parametrize("text", ALL.values(), ids=ALL)


def picture(text):
    """The plan, the picture and the rectangle of each buffer: left, top, width, height."""
    result = checked(text)
    plan = inference_plan(result.graph)
    root = ElementTree.fromstring(draw_memory(result, plan))
    groups = [g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}title") is not None]
    sides = ("x", "y", "width", "height")
    boxes = [[float(g.find(f"{SVG}rect").get(s)) for s in sides] for g in groups]
    return plan, root, boxes


@each
def test_rectangles_are_the_buffers_and_overlap_where_one_is_made_of_the_other(text):
    plan, root, boxes = picture(text)
    assert len(boxes) == len(plan.buffers)
    width, height = float(root.get("width")), float(root.get("height"))
    scale = 340 / plan.peak
    for (x, y, wide, high), buffer in zip(boxes, plan.buffers, strict=True):
        assert x >= 0
        assert x + wide <= width
        assert y >= 0
        assert y + high <= height
        assert high == pytest.approx(max(buffer.size * scale, 1), abs=0.06)
    for number, (x, y, wide, high) in enumerate(boxes):
        for (left, top, across, down), other in zip(boxes[:number], plan.buffers, strict=False):
            beside = x + wide <= left + 0.2 or left + across <= x + 0.2
            # A buffer of a few bytes is drawn a pixel high.
            apart = y + high <= top + 1.1 or top + down <= y + 1.1
            assert beside or apart or other.last == plan.buffers[number].first


@each
def test_it_refers_to_nothing_and_says_all_in_words(text):
    plan, root, _ = picture(text)
    assert f"{plan.peak:,} bytes" in root[1].text
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            *("svg", "title", "desc", "g", "rect", "path", "text"),
        }
        assert not set(element.attrib) & {"id", "class", "href", "onload"}
        for name in ("x", "y", "width", "height", "d"):
            assert not re.search("nan|inf", element.get(name, ""))


def test_names_of_users_are_escaped_and_cut():
    name = "<script>" * 8
    _, root, _ = picture(f'conv 3x3 name="{name}"; gap; dense 10')
    assert name in "".join(title.text for title in root.iter(f"{SVG}title"))
    shown = [element.text for element in root.iter(f"{SVG}text")]
    assert any(text.startswith("<script>") and text.endswith("…") for text in shown)


def test_a_name_in_a_block_keeps_its_end():
    _, root, _ = picture("block of_a_long_name { conv 8x3 same }; of_a_long_name; gap; dense 10")
    assert "…conv" in [element.text for element in root.iter(f"{SVG}text")]


def test_a_network_of_a_thousand_layers_has_a_width_that_can_be_shown():
    _, root, boxes = picture("repeat 1000 { conv 3x3 same }; gap; dense 10")
    assert float(root.get("width")) < 4_200
    assert len(boxes) == 1003
