"""Values that are kept as lines: the least that any choice of them needs, with the fewest."""

from itertools import chain, combinations
from random import Random

from cnnspec.program.build import Program, build_program
from cnnspec.program.lines import chosen_lines
from cnnspec.program.memory_plan import memory_plan
from cnnspec.program.passes import for_integers
from cnnspec.program.spans import live_sizes, spans_of
from cnnspec.program.usage import possible_lines
from tests.program.networks import checked


def program_of(text: str) -> Program:
    return for_integers(build_program(checked(text).graph))


def most_in_use(program: Program, lines: dict[int, int]) -> int:
    spans = spans_of(program.steps, program.output, lambda numbers: numbers, lines)
    return max(live_sizes(spans, len(program.steps)))


def drawn_chain(seed: int) -> str:
    random = Random(seed)
    layers = []
    for _ in range(random.randint(3, 6)):
        filters, size = random.choice((2, 4, 8, 16)), random.choice((1, 3, 5))
        layers.append(
            random.choice(
                (
                    f"conv {filters}x{size} same",
                    f"conv {filters}x{size} same tanh",
                    f"dwconv {size} same stride={random.choice((1, 2))}",
                    "bn",
                    "pool 3 stride=1",
                )
            )
        )
    return f"input 40x40x1; classes 10; {'; '.join(layers)}; gap; dense 10"


def test_no_choice_of_lines_needs_less() -> None:
    with_lines = 0
    for seed in range(80):
        program = program_of(drawn_chain(seed))
        possible = possible_lines(program)
        every = chain.from_iterable(
            combinations(possible, count) for count in range(len(possible) + 1)
        )
        needed = {}
        for values in every:
            needed[values] = most_in_use(program, {value: possible[value] for value in values})
        lines = chosen_lines(program, lambda numbers: numbers)
        least = min(needed.values())
        assert most_in_use(program, lines) == least, seed
        assert len(lines) == min(len(values) for values in needed if needed[values] == least), seed
        with_lines += bool(lines)
    assert with_lines > 20


def test_several_windows_in_one_pass_by_hand() -> None:
    text = "conv 8x3 same; conv 8x3 same; conv 8x3 same; avgpool 4; dense 10"
    plan = memory_plan(program_of(text), "int8")
    # Of each value on the way as many rows as the next window is high. A row of the output has 56
    # numbers, and four rows of the image, of 112, are done with by then. So the output needs no
    # place of its own but the number by which it has to begin below the image.
    assert plan.peak == (3 + 3 + 4) * 28 * 8 + 28 * 28 + 1
    assert len(plan.lines) == 3
