"""Memory plans: no two values meet, and no plan is below what is alive."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cnnspec.analysis.check import CheckedSpec
from cnnspec.operations.base import Input, Operation
from cnnspec.program.arena import offsets_of
from cnnspec.program.build import Program, build_program
from cnnspec.program.inference import inference_plan, least_ram
from cnnspec.program.memory_plan import MemoryPlan, memory_plan
from cnnspec.program.passes import for_inference
from cnnspec.program.spans import Span
from cnnspec.targets.interpreter.run import Interpreter
from tests.program.networks import checked, drawn, weights
from tests.support.paths import SPECS


def networks(count: int) -> Iterator[tuple[int, CheckedSpec]]:
    return ((seed, drawn(seed)) for seed in range(count))


def for_inference_of(text: str) -> Program:
    return for_inference(build_program(checked(text).graph))


def whole(plan: MemoryPlan, value: int) -> int:
    """The value that another is made of in the same pass; itself if it is there as a whole."""
    while value in plan.lines:
        (value,) = plan.program.steps[value].inputs
    return value


def between_steps(plan: MemoryPlan) -> list[int]:
    """Numbers that are kept from each step to the next ones, counted value by value.

    A value that another only shows in a new shape counts once.
    """
    steps, program = plan.program.steps, plan.program
    kept = []
    for now in range(len(steps)):
        later = {s for step in steps[now + 1 :] for s in step.inputs if s <= now}
        later |= {program.output} if program.output <= now else set()
        later = {whole(plan, value) for value in later}
        shown = set()
        for value in later:
            while steps[value].operation.view:
                (value,) = steps[value].inputs
            shown.add(value)
        kept.append(sum(steps[value].value.shape.size for value in shown))
    return kept


def run_in_arena(plan: MemoryPlan, stored: dict[str, Any], images: np.ndarray) -> np.ndarray:
    """What the program gives where every value lies in one array, as the plan says.

    Each step reads its inputs there and writes its output there, in the order of the plan and
    row by row if it grows into an input. A value that is written over too early would be another
    one when it is read. Of what is never whole the rows that a row needs are made before it.
    """
    program = plan.program
    interpreter = Interpreter(program, stored, "float64")
    arena = np.full((len(images), plan.peak // 4), np.nan)
    places = plan.places

    lines: dict[int, np.ndarray] = {}
    made_rows: dict[int, set[int]] = {}

    def value(step: int) -> np.ndarray:
        if step in plan.lines:
            return lines[step]
        dims = program.steps[step].value.shape.dims
        return arena[:, cells(step)].reshape(len(images), *dims).copy()

    def make(step: int, wanted: range) -> None:
        """Makes rows of a value that is never whole, those that are not there yet."""
        operation, shape = program.steps[step].operation, program.steps[step].value.shape
        (source,) = program.steps[step].inputs
        if source in plan.lines:
            make(source, needed(operation, wanted))
        there = made_rows.setdefault(step, set())
        lines.setdefault(step, np.full((len(images), *shape.dims), np.nan))
        new = [row for row in wanted if 0 <= row < shape.dims[0] and row not in there]
        lines[step][:, new] = interpreter._step(operation, [value(source)])[:, new]
        there.update(new)

    def needed(operation: Operation, wanted: range) -> range:
        rows = operation.rows
        assert rows
        first, last = min(wanted), max(wanted)
        return range(first * rows.step + rows.first, last * rows.step + rows.last + 1)

    def cells(step: int) -> slice:
        begin = plan.buffers[places[step]].offset // 4
        return slice(begin, begin + program.steps[step].value.shape.size)

    for index, step in enumerate(program.steps):
        if isinstance(step.operation, Input):
            arena[:, cells(index)] = images.reshape(len(images), -1)
        if isinstance(step.operation, Input) or index in plan.lines:
            continue
        place, sources = cells(index), [cells(whole(plan, source)) for source in step.inputs]
        meet = any(max(place.start, s.start) < min(place.stop, s.stop) for s in sources)
        passed = any(source in plan.lines for source in step.inputs)
        by_row = (meet or passed) and step.operation.rows and not step.operation.in_place
        rows = range(step.value.shape.dims[0] if by_row else 1)
        size = (place.stop - place.start) // len(rows)
        for row in reversed(rows) if index in plan.backwards else rows:
            for source in step.inputs:
                if source in plan.lines:
                    make(source, needed(step.operation, range(row, row + 1)))
            inputs = [value(source) for source in step.inputs]
            made = interpreter._step(step.operation, inputs).reshape(len(images), -1)
            part = slice(row * size, (row + 1) * size)
            arena[:, place][:, part] = made[:, part]
    return arena[:, cells(program.output)]


def test_drawn_networks_run_in_their_arena() -> None:
    ran = 0
    for seed, result in networks(120):
        program = for_inference(build_program(result.graph))
        if max(step.value.shape.size for step in program.steps) > 20_000:
            continue
        plan = memory_plan(program)
        stored = weights(build_program(result.graph), seed)
        images = np.random.default_rng(seed).random((2, *result.spec.shape.dims))
        wanted = Interpreter(program, stored, "float64").predict(images).reshape(2, -1)
        if np.isfinite(wanted).all():
            ran += 1
            # Arrays that lie elsewhere are added up in another order.
            ours = run_in_arena(plan, stored, images)
            assert np.allclose(ours, wanted, rtol=1e-9, atol=1e-12), seed
    assert ran > 60


@pytest.mark.parametrize(
    "text",
    [
        "conv 16x3 same; dwconv 7 same stride=2; conv 8x1; gap; dense 10",
        "conv 16x3 same; pool 5 stride=2 same; dwconv 7x3; conv 4x1; gap; dense 10",
        "conv 8x3 same; bn; conv 12x5 relu; avgpool 2; conv 4x3 stride=2; dense 10",
    ],
)
def test_steps_in_one_pass_run_in_their_arena(text: str) -> None:
    full, program = build_program(checked(text).graph), for_inference_of(text)
    plan = memory_plan(program)
    assert plan.lines
    stored = weights(full, 1)
    images = np.random.default_rng(1).random((2, 28, 28, 1))
    wanted = Interpreter(program, stored, "float64").predict(images).reshape(2, -1)
    assert np.allclose(run_in_arena(plan, stored, images), wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alignment", [1, 16, 64])
def test_buffers_have_bytes_in_common_only_where_one_is_made_of_the_other(alignment: int) -> None:
    common = 0
    for seed, result in networks(200):
        plan = inference_plan(result.graph, "int8", alignment)
        steps, places = plan.program.steps, plan.places
        for number, buffer in enumerate(plan.buffers):
            assert buffer.offset % alignment == 0
            assert 0 <= buffer.offset < buffer.end <= plan.peak
            for at, other in enumerate(plan.buffers[:number]):
                together = buffer.first <= other.last and other.first <= buffer.last
                apart = buffer.end <= other.offset or other.end <= buffer.offset
                if together and not apart:
                    common += 1
                    assert other.last == buffer.first, seed
                    sources = [whole(plan, source) for source in steps[buffer.first].inputs]
                    assert at in [places[source] for source in sources], seed
        for step in range(len(steps)):
            used = [buffer for buffer in plan.buffers if buffer.alive(step)]
            taken = max(each.end for each in used) - min(each.offset for each in used)
            assert plan.live[step] <= min(taken, sum(each.size for each in used))
    assert common > 40


def test_no_plan_is_below_what_is_kept_between_steps() -> None:
    for seed, result in networks(200):
        program = for_inference(build_program(result.graph))
        plan = memory_plan(program, "int8")
        assert plan.peak >= max(plan.live)
        for kept, live in zip(between_steps(plan), plan.live, strict=True):
            assert kept <= live, seed


def test_no_arena_is_below_the_least_that_search_counts_on() -> None:
    for seed, result in networks(60):
        assert result.totals is not None
        for dtype in ("float32", "int8"):
            assert least_ram(result.graph, dtype) <= result.totals.ram(dtype), seed


def test_drawn_networks_need_no_more_than_is_alive() -> None:
    plans = [inference_plan(result.graph) for _, result in networks(300)]
    assert sum(max(plan.live) < plan.peak for plan in plans) <= 3


# Values of one image that each plan needs, by hand.
@pytest.mark.parametrize(
    ("text", "values"),
    [
        # The last row comes first and is written above the three that it needs, and so on.
        ("conv 8x3 relu; gap; dense 10", 26 * 26 * 8 + 3 * 28),
        ("avgpool 2; conv 8x1; gap; dense 10", 14 * 14 * 8 + 14),
        ("conv 4x5 same; gap; dense 10", 784 * 4 + 3 * 28),
        # An image is flattened where it lies.
        ("dense 10", 784 + 10),
        # What only training needs takes nothing, also where its input is still read.
        ("concat { branch { dropout 0.5 }; branch { } }; conv 1x1; dense 10", 2 * 784 + 28),
        ("concat { branch { relu }; branch { } }; conv 1x1; dense 10", 784 + 2 * 784 + 28),
        # The image is pooled before anything is joined, so that nothing else reads it then.
        ("concat { branch { relu }; branch { } }; gap; dense 10", 784 + 2),
        # The sum lies where one of its inputs was, and a convolution begins a row before it.
        ("conv 4x1; residual { relu; conv 4x1 }; gap; dense 10", 784 * (4 + 4) + 28 * 4),
        ("conv 4x1; upsample 2; gap; dense 10", 784 * 4 + 784 * 4 * 4),
        # Half of the channels lie apart in memory, so they are copied.
        ("conv 4x1; slice 2 start=1; gap; dense 10", 784 * 4 + 784 * 2),
        ("conv 4x1; shuffle 2; gap; dense 10", 2 * 784 * 4),
        # Three rows of what is between, the output, and above it a row of the image.
        ("conv 16x3 same; dwconv 3 same stride=2; gap; dense 10",
         3 * 28 * 16 + 14 * 14 * 16 + 28),
        # A single pixel is the vector as it lies in memory.
        ("conv 8x1; multiply { branch { }; branch { gap keep; conv 8x1 sigmoid } }; gap; dense 10",
         784 * 8 + 28),
        # The gate is a vector shown as an image of one pixel.
        ("conv 8x1; multiply { branch { }; branch { gap; dense 8 sigmoid } }; gap; dense 10",
         784 * 8 + 28),
    ],
)  # fmt: skip
def test_peak_by_hand(text: str, values: int) -> None:
    plan = memory_plan(for_inference_of(text))
    assert plan.peak == 4 * values
    assert memory_plan(for_inference_of(text), "int8").peak == values


def test_order_by_size_leaves_no_gap_where_the_order_of_use_would() -> None:
    # 10 and 5 are in use together, then 5 and 12: placed as they come, 12 would lie on top.
    spans = [Span(0, 1, 10), Span(1, 2, 5), Span(2, 3, 12)]
    offsets = offsets_of(spans, 17)
    assert max(o + s.size for o, s in zip(offsets, spans, strict=True)) == 17


def test_many_buffers_in_use_together_are_placed_all_the_same() -> None:
    spans = [Span(step, 2_000, 3 + step % 5) for step in range(2_000)]
    offsets = offsets_of(spans, sum(span.size for span in spans))
    taken = sorted((o, o + s.size) for o, s in zip(offsets, spans, strict=True))
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(taken))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_specs_need_no_more_than_is_alive(path: Any) -> None:
    plan = inference_plan(checked(path.read_text(encoding="utf-8")).graph)
    assert plan.peak == max(plan.live)


def test_an_arena_is_filled_where_placing_one_by_one_leaves_a_gap() -> None:
    # 4, 6, 2 and 5 fill all of 17. Then 8 comes to 6 and 2, so there have to be 8 in one place.
    spans = [Span(0, 1, 4), Span(1, 3, 6), Span(1, 3, 2), Span(1, 1, 5), Span(2, 4, 8)]
    offsets = offsets_of(spans, 17)
    assert max(o + s.size for o, s in zip(offsets, spans, strict=True)) == 17
    for (a, at), (b, place) in itertools.combinations(zip(spans, offsets, strict=True), 2):
        if a.first <= b.last and b.first <= a.last:
            assert at + a.size <= place or place + b.size <= at
