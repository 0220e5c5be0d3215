"""Work grows with the input and not with its square: counted in calls, not in seconds."""

import pytest

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.core.spelling import distance
from cnnspec.expansion.statements import expand_statement
from cnnspec.graph.build import build_graph
from cnnspec.language.numbers import apply
from tests.support.counting import calls

END = "dense 10 softmax\n"


def checked(text: str) -> CheckedSpec:
    return check(Source("x", text))


@pytest.mark.parametrize(
    "text",
    [
        "repeat i in 1..9999 { repeat j in 1..9999 { repeat k in 1..9999 { } } }",
        "repeat 9999 { repeat 9999 { repeat 9999 { } } }",
        "repeat 9999 shared { repeat 9999 shared { repeat 9999 shared { } } }",
        "repeat i in 1..9999 { repeat j in 1..(i) { repeat k in 1..(j) { } } }",
        "let n = 9999; repeat (n) { repeat (n) { repeat (n) { } } }",
        "block a { repeat 9999 { } }; block b { repeat 9999 { a } }; repeat 9999 { b }",
        "block a { repeat 99 shared { relu } }; repeat 99 shared { repeat 99 shared { a } }",
        f"repeat 9999 {{ repeat i in {','.join('123' * 999)} {{ }} }}",
    ],
)
def test_repeats_within_repeats_are_not_expanded_to_be_refused(text: str) -> None:
    with calls(expand_statement) as count:
        result = checked(f"{text}\n{END}")
    assert [problem.code for problem in result.problems] == ["CNN007"]
    assert count["expand_statement"] <= 60_000


def blocks(count: int) -> str:
    """So many blocks, and as many words that are none of them."""
    defined = "".join(f"block known{i:04}a {{ relu }}\n" for i in range(count))
    return defined + "".join(f"words{i:04}z\n" for i in range(count)) + END


def lets(count: int) -> str:
    """So many names, and as many that are not defined."""
    defined = "".join(f"let known{i:04}a = 1\n" for i in range(count))
    return defined + "".join(f"dense (words{i:04}z)\n" for i in range(count)) + END


def sources(count: int) -> str:
    """So many layers with names, and as many branches from others."""
    named = "".join(f"relu name=known{i:04}a\n" for i in range(count))
    branch = "add {{ branch {{ from words{:04}z }}; branch {{ }} }}\n"
    return named + "".join(branch.format(i) for i in range(count)) + END


@pytest.mark.parametrize("text", [blocks, lets, sources])
def test_suggestions_do_not_grow_with_words_times_words(text) -> None:
    counts = []
    for size in (300, 600, 1200):
        with calls(distance) as count:
            assert not checked(text(size)).ok
        counts.append(count["distance"])
    small, middle, large = counts
    assert middle <= 2.1 * small
    assert large <= 2.1 * middle


def test_the_suggestion_for_a_word_is_looked_for_once() -> None:
    with calls(distance) as count:
        checked("convolutio 3x3\n" + END)
        once = count["distance"]
        checked("convolutia 3x3\n" * 50 + END)
    assert once > 0
    assert count["distance"] <= 2.1 * once


def test_advice_is_sought_for_the_budgets_that_are_shown() -> None:
    network = "conv 2x3 same relu\n" * 20 + END
    counts = []
    for size in (20, 40, 80):
        result = checked(network + "budget params <= 10\n" * size)
        assert len(result.problems) == size
        with calls(build_graph) as count:
            advised = with_advice(result)
        assert len(advised) == size
        counts.append(count["build_graph"])
    assert counts[0] > 0
    assert counts == [counts[0]] * 3


SUM = " + ".join(["1"] * 300)
TERMS = 299


@pytest.mark.parametrize(
    "text",
    [
        f"repeat 400 {{ let a = {SUM}; dense (a) relu }}",
        f"block b(n) {{ dense (n) relu }}; repeat 400 {{ b ({SUM}) }}",
        f"block b(n={SUM}) {{ dense (n) relu }}; repeat 400 {{ b }}",
        f"repeat 400 {{ repeat ({SUM} - 299) {{ relu }} }}",
        f"repeat 400 {{ repeat i in ({SUM})..({SUM}) {{ relu }} }}",
        f"repeat 400 {{ dense ({SUM}) relu }}",
        f"block b {{ repeat 1 {{ dense ({SUM}) relu }} }}; repeat 400 {{ b }}",
        f"let w = fit(1..100); let a = {SUM}; dense (w) relu",
        f"let w = fit(1..100); dense (w) relu; budget params <= ({SUM} + 10_000)",
        f"let w = fit(1..100); dense (w) relu; train {{ epochs ({SUM}) }}",
    ],
)
def test_an_expression_is_evaluated_once_for_the_values_of_its_names(text: str) -> None:
    with calls(apply) as count:
        assert checked(f"{text}\n{END}").ok
    # The first time nothing is remembered: most statements never come a second time.
    assert count["apply"] <= 4 * TERMS + 20
