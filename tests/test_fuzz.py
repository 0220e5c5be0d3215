"""Whatever the text: an answer, and for what is refused a reason inside of it."""

import json
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnspec.check import check
from cnnspec.diagnostics.base import Diagnostic, Problems
from cnnspec.diagnostics.render import as_json, render
from cnnspec.explain import explain
from cnnspec.files import decode
from cnnspec.ir.document import load
from cnnspec.layers.table import LAYERS
from cnnspec.source import Source
from cnnspec.terminal import plain
from tests.conftest import SPECS

TEXTS = [path.read_text(encoding="utf-8") for path in SPECS]
WORDS = [
    *LAYERS, "model", "data", "mnist", "input", "classes", "let", "budget", "expect", "train",
    "params", "accuracy", "epochs", "optimizer", "adam(1e-3)", "metrics", "f1", "early_stop",
    "val_f1", "f", "x", "in", "same", "no_bias", "stride=2", "init=he_normal(seed=1)", "name=a",
    "l2=", "f=", "=", "3", "32x3", "28x28x1", "0.5", "1/8", "0", "-1", "6k", "8KiB", "1e999",
    "99999999999", "(f)", "(2*f)x3", "(", ")", "{", "}", ";", "\n", "\r\n", "\t", "#", '"',
    '"a b"', ",", "..", "<=", "==", ">", "^", "%", "*", "-", "٣", "ü", "\x00", "\u202e",
    "\ufeff", "\U0001d7db", "🙂",
]  # fmt: skip

quick = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def answers(text: str) -> None:
    source = Source("fuzz", text)
    result = check(source)
    for problem in result.problems:
        inside(problem, source)
    printed = plain(render(result.problems))
    assert all(category(char) not in ("Cc", "Cs") or char == "\n" for char in printed)
    if result.ok:
        assert result.totals is not None
        assert explain(result)
        assert check(Source("printed", str(result.spec))).spec == result.spec
    else:
        assert printed.startswith("error[CNN")


def inside(problem: Diagnostic, source: Source) -> None:
    assert problem.span is not None
    for span in (problem.span, *(label.span for label in problem.related)):
        assert span.source is source
        assert 0 <= span.start <= span.end <= len(source.text)
    assert problem.message
    assert as_json(problem)["line"] >= 1


@quick
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_words_in_any_order(words: list[str]) -> None:
    answers(" ".join(words))


@quick
@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_words_without_blanks(words: list[str]) -> None:
    answers("".join(words))


@quick
@given(
    st.sampled_from(TEXTS),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(["", *WORDS])),
        min_size=1,
        max_size=4,
    ),
)
def test_a_spec_with_some_edits(text: str, edits: list[tuple[float, int, str]]) -> None:
    for place, cut, word in edits:
        at = int(place * len(text))
        text = text[:at] + word + text[at + cut :]
    answers(text)


@quick
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    answers(text)


@quick
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    try:
        source = decode(data, "fuzz")
    except Problems as problems:
        codes = [problem.code for problem in problems.diagnostics]
    else:
        codes = []
        answers(source.text)
    assert codes in ([], ["CNN006"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*WORDS, "layer"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["version", "layers", "layer", "units", "name", "train", "budgets"]),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(quick, max_examples=100)
@given(JSON)
def test_any_document(data: object) -> None:
    with pytest.raises(Problems) as caught:
        load(json.dumps(data), "fuzz")
    assert [p.code for p in caught.value.diagnostics] == ["CNN401"]
