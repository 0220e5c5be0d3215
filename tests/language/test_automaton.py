"""The automaton reads what lark reads, to the same tree, and leaves every fault to it."""

from random import Random

import pytest

from cnnspec.core.source import Source
from cnnspec.language import states
from cnnspec.language.automaton import Automaton, Unreadable
from cnnspec.language.generate import text as generated
from cnnspec.language.parse import parse
from cnnspec.language.recovery import recover
from cnnspec.language.scan import scan
from cnnspec.language.tree import Tree
from tests.project.test_imports import loaded_by
from tests.support.fuzz import wrong_text
from tests.support.paths import ROOT, SPECS
from tests.support.random_specs import draw_nodes, draw_spec

TREE = Tree()
AUTOMATON = Automaton(TREE)


def read(source, text):
    """What the automaton makes of a text, and the faults of its values; `None` if it gives up."""
    TREE.begin(source)
    try:
        return AUTOMATON.read(text), TREE.problems
    except Unreadable:
        return None


def assert_as_lark(text):
    """Whether the automaton could read it; if so lark reads the same."""
    source = Source("text", text)
    _, scanned = scan(source)
    if not scanned.strip():
        return False
    mine = read(source, scanned)
    statements, faults, problems = recover(source, scanned)
    if mine is None:
        return False
    assert not faults
    # What is printed has the positions too, which take no part in equality.
    assert repr(mine) == repr((statements, problems))
    return True


def test_tables_are_those_of_the_grammar():
    committed = (ROOT / "cnnspec" / "language" / "states.py").read_text(encoding="utf-8")
    assert committed == generated(), "run `make grammar`"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_are_read_as_lark_reads_them(path):
    assert assert_as_lark(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("seed", range(5))
def test_drawn_specs_are_read_as_lark_reads_them(seed):
    random = Random(seed)
    for _ in range(20):
        spec = draw_spec(random)
        spec = spec.replace(nodes=draw_nodes(random, spec.shape, spec.classes))
        assert assert_as_lark(str(spec))


def test_every_rule_is_used_by_what_is_compared():
    """Expressions, ranges and calls as people may write them."""
    text = """
    let a = 1, 2; let b = (1 + 2*3 - 4/2) % 5 ^ -2; let c = adam(1e-3, x=0.5)
    sweep { a in 1, 2; b in 1..9; loss in focal(gamma=2), mse; c in (a)..9 }
    conv (a)x3 same name="x y"; conv 3x(b+1) stride=2x1; dense -1/2; dense 1/8 x(2); pool()
    budget params <= 6k; budget ram < 8KiB; expect accuracy >= 0.98; # end
    block b(f, k=3) { repeat 3 { conv (f)x3 } }; residual { }
    """
    assert assert_as_lark(text) or read(Source("x", text), text) is None
    used = set()

    class Noting:
        def __getattr__(self, name):
            return lambda items: used.add(name) or [name, *items]

    whole = """let b = (1 + 2*3) % 5 ^ -2 - 1, 2; data "a b"; let r = 1..2
    conv (a)x3 stride=2x1; x in 1, (2)..3; dense -1/2; a <= adam(1, x="s", (2), w); e { }"""
    Automaton(Noting()).read(whole)
    assert used == {name for _, _, name, _ in states.RULES if name}


@pytest.mark.parametrize("seed", range(4))
def test_what_it_reads_of_wrong_texts_is_what_lark_reads(seed):
    random = Random(seed)
    read_by_both = sum(assert_as_lark(wrong_text(random)) for _ in range(250))
    assert 20 < read_by_both < 230


@pytest.mark.parametrize("word", ["in", "x", "k", "MiB", "e"])
def test_words_that_are_cut_differently_elsewhere(word):
    """`in` between parentheses is a name there alone: lark has to be asked."""
    for text in (f"let a = ({word})", f"let {word}=3", f"conv ({word})x3", f"{word} {word}"):
        parsed = parse(Source("x", text))
        _, faults, _ = recover(Source("x", text), text)
        assert bool(parsed.problems) == bool(faults)


def test_lark_is_loaded_for_texts_with_errors_only():
    assert "lark" not in loaded_by("check", "specs/lenet5.cnn")
    assert "lark" not in loaded_by("check", "-e", "dens 10")
    assert "lark" in loaded_by("check", "-e", "dense ((10")
