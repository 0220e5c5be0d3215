"""Nothing overlaps, nothing is lost, and lines go where the graph goes."""

import itertools
from functools import cache

import pytest

from cnnspec.drawing.blocks import BlockNode
from cnnspec.drawing.labels import HEADING, SIZE, width
from cnnspec.drawing.layout import MARGIN, WIDTH, layout
from tests.support.drawing_cases import CASES, cases, checked

ALL = cases()
each = pytest.mark.parametrize("text", ALL.values(), ids=ALL)


@cache
def drawn(text):
    result = checked(text)
    return result.graph, layout(result)


def rectangle(box):
    return box.x, box.y, box.x + box.width, box.y + box.height


def inside(inner, outer, slack=0.01):
    a, b = rectangle(inner), rectangle(outer)
    return all(a[i] >= b[i] - slack and a[i + 2] <= b[i + 2] + slack for i in (0, 1))


def meet(a, b, slack=0.01):
    return all(a[i] < b[i + 2] - slack and b[i] < a[i + 2] - slack for i in (0, 1))


@each
def test_boxes_do_not_overlap_and_lie_on_the_sheet(text):
    _, sheet = drawn(text)
    for number, box in enumerate(sheet.boxes):
        assert box.x >= MARGIN - 0.01
        assert box.y >= MARGIN - 0.01
        assert box.x + box.width <= sheet.width - MARGIN + 0.01
        assert box.y + box.height <= sheet.legend[0].y
        assert not any(meet(rectangle(box), rectangle(o)) for o in sheet.boxes[number + 1 :])


@each
def test_solids_and_words_stay_in_their_boxes(text):
    _, sheet = drawn(text)
    for box in sheet.boxes:
        left, top, right, bottom = rectangle(box)
        for part in box.parts:
            solid = part.solid
            length = solid.length + solid.right if solid else 2 * BlockNode.RADIUS
            height, up = (solid.height, solid.up) if solid else (2 * BlockNode.RADIUS, 0)
            assert left - 0.01 <= part.x <= part.x + length <= right + 0.01
            assert top - 0.01 <= part.y - up <= part.y + height <= bottom + 0.01
        lines = [y for _, y, _ in box.words]
        for x, y, words in box.words:
            assert left - 0.01 <= x - words.width / 2 <= x + words.width / 2 <= right + 0.01
            assert top <= y - 0.8 * SIZE <= y + 0.2 * SIZE <= bottom + 0.5
        assert all(b - a >= SIZE for a, b in itertools.pairwise(lines))
        # No word on a solid: the first line is above all of them, the others below.
        for part in box.parts:
            if part.solid:
                ends = part.y - part.solid.up, part.y + part.solid.height
                assert all(y <= ends[0] or y - 0.8 * SIZE >= ends[1] for y in lines)


@each
def test_every_row_is_drawn_or_stands_for_equal_ones(text):
    graph, sheet = drawn(text)
    rows = [row for box in sheet.boxes for row in box.calls]
    rows += [row for frame in sheet.frames for row in frame.calls]
    assert sorted(rows) == list(range(len(graph.calls)))
    for box in sheet.boxes:
        assert box.what or {part.call for part in box.parts} == set(box.calls)


@each
def test_lines_connect_what_the_graph_connects(text):
    graph, sheet = drawn(text)
    place = {row: n for n, box in enumerate(sheet.boxes) for row in box.calls}
    for number, frame in enumerate(sheet.frames):
        # A copy stands where the one that is drawn stands.
        place |= dict.fromkeys(frame.calls, -1 - number)
    framed = {
        n: {-1 - k for k, frame in enumerate(sheet.frames) if inside(box, frame)}
        for n, box in enumerate(sheet.boxes)
    }
    wanted = {(place[s], place[t]) for t, row in enumerate(graph.calls) for s in row.inputs}
    found = {(place[edge.source], place[edge.target]) for edge in sheet.edges}
    for source, target in found:
        assert (source, target) in wanted or framed[source], (source, target)
    for source, target in wanted:
        if target < 0 or source == target:
            continue
        sources = [source] if source >= 0 else [n for n in framed if source in framed[n]]
        assert any((s, target) in found for s in sources), (source, target)


@each
def test_lines_begin_and_end_at_solids_and_cross_no_other_box(text):
    _, sheet = drawn(text)
    place = {row: box for box in sheet.boxes for row in box.calls}
    for edge in sheet.edges:
        source, target = place[edge.source], place[edge.target]
        points = edge.points
        assert all(0 < x < sheet.width and 0 < y < sheet.height for x, y in points)
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            assert ax == bx or abs(ay - by) < 1e-6, points
            way = min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
            way = (way[0] - 0.02, way[1] - 0.02, way[2] + 0.02, way[3] + 0.02)
            for box in sheet.boxes:
                if box not in (source, target):
                    assert not meet(way, rectangle(box), 0.1), (edge, box)
        # A branch that begins `from` a layer has its name where the line begins.
        begun = [box for box in sheet.boxes if box.what.startswith("from ")]
        assert any(
            meet((*points[0], *points[0]), rectangle(box), -0.01) for box in (source, *begun)
        )
        assert meet((*points[-1], *points[-1]), rectangle(target), -0.01)


@each
def test_frames_hold_whole_boxes(text):
    _, sheet = drawn(text)
    for frame in sheet.frames:
        held = [box for box in sheet.boxes if meet(rectangle(box), rectangle(frame))]
        assert held
        assert all(inside(box, frame) for box in held)
        assert frame.x >= 0
        assert frame.x + frame.width <= sheet.width


@pytest.mark.parametrize("name", ["hundred", "dense_net", "thousands", "in_branch"])
def test_long_chains_go_on_in_further_rows(name):
    _, sheet = drawn(ALL[name])
    assert sheet.width <= WIDTH + 150
    assert len({round(box.y) for box in sheet.boxes}) > 2


def test_a_skip_goes_above_the_branch_and_the_branch_stays_on_the_axis():
    graph, sheet = drawn("conv 4x3; residual { conv 4x3 same }; dense 10")
    ways = {(edge.source, edge.target): edge.points for edge in sheet.edges}
    add = next(i for i, row in enumerate(graph.calls) if row.layer.word == "add")
    assert len(ways[1, 2]) == len(ways[2, add]) == 2
    assert len(ways[1, add]) == 6
    branch = next(box for box in sheet.boxes if 2 in box.calls)
    assert min(y for _, y in ways[1, add]) < branch.y


def test_the_legend_names_the_kinds_that_occur():
    _, sheet = drawn("conv 4x3; pool 2; dense 10")
    assert [key.kind for key in sheet.legend] == ["convolution", "pooling", "dense", "reshape"]


def test_the_same_text_gives_the_same_places():
    for text in CASES.values():
        assert layout(checked(text)) == layout(checked(text))


@pytest.mark.parametrize("name", ["W" * 255, "short", "🙂" * 255])
def test_the_title_is_cut_to_the_width_of_the_sheet(name):
    result = checked("dense 10")
    expanded = result.expanded.replace(spec=result.spec.replace(model=name))
    sheet = layout(result.replace(expanded=expanded))
    assert width(sheet.title, bold=True) * HEADING / SIZE <= sheet.width - 2 * MARGIN
    assert width(sheet.facts) <= sheet.width - 2 * MARGIN
    assert sheet.title[:5] == name[:5]
