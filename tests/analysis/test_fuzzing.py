"""Whatever the text: an answer, and for what is refused a reason inside of it."""

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.sources import decode
from cnnspec.ir.document import load
from tests.support.fuzz import TEXTS, WORDS, check_text
from tests.support.paths import ROOT

quick = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@quick
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_words_in_any_order(words: list[str]) -> None:
    check_text(" ".join(words))


@quick
@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_words_without_blanks(words: list[str]) -> None:
    check_text("".join(words))


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
    check_text(text)


@quick
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check_text(text)


@quick
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    try:
        source = decode(data, "fuzz")
    except CnnspecError as problems:
        codes = [problem.code for problem in problems.diagnostics]
    else:
        codes = []
        check_text(source.text)
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
    with pytest.raises(CnnspecError) as caught:
        load(json.dumps(data), "fuzz")
    assert [p.code for p in caught.value.diagnostics] == ["CNN401"]


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_wrong_texts_in_one_process(count: int) -> None:
    command = [sys.executable, "-m", "tests.support.fuzz", str(count), "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["most_calls"] < 500_000, report["worst"]
    assert report["memory_mb"] < 200
