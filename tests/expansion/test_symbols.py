"""Where names are defined and used, and the proof: a symbol renamed at its spans alone."""

import re
from random import Random

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.expansion.symbols import Symbol, rename, symbol_at, symbols
from cnnspec.ir.spec import Merge, Node, SharedRepeat, every
from cnnspec.language.parse import parse
from cnnspec.layers.table import LAYERS
from tests.support.paths import SPECS
from tests.support.random_specs import draw_spec


def found(text: str) -> tuple[Symbol, ...]:
    return symbols(parse(Source("x", text)))


def told(text: str) -> list[str]:
    """Each symbol as `kind name column: columns of its uses`, for a text of one line."""
    return [
        f"{s.kind} {s.name} {s.definition.start}:" + "".join(f" {use.start}" for use in s.uses)
        for s in found(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Numbers: in sizes, options, expressions, settings, claims and sweeps.
        ("let f = 8; conv (f)x3; dense (f)", ["let f 4: 17 30"]),
        ("let f = 8; let g = 2*f", ["let f 4: 21", "let g 15:"]),
        ("let s = 2; conv 8x3 stride=s l2=1/s", ["let s 4: 27 34"]),
        ("let r = 1; conv 8x3 init=random_normal(stddev=r)", ["let r 4: 46"]),
        ("let n = 3; train { epochs n; optimizer adam(n/10) }", ["let n 4: 26 44"]),
        ("let v = 1/8; train { validation v }", ["let v 4: 32"]),
        ("let g = 2; gn g; gn instance", ["let g 4: 14"]),
        ("let n = 3; budget params <= n; expect loss <= n", ["let n 4: 28 46"]),
        ("let w = fit(1..(n)); let n = 4; dense (w)", ["let w 4: 39", "let n 25:"]),
        ("let n = 2; let w = fit(1..(n)); dense (w)", ["let n 4: 27", "let w 15: 39"]),
        ("sweep { d in 1, 2 }; let d = 1", ["let d 25: 8"]),
        ("let a = 1; let d = 1; sweep { d in 1, a }", ["let a 4: 38", "let d 15: 30"]),
        ("sweep { loss in poisson, mse }; let d = 1", ["let d 36:"]),
        # Words that are choices are not names, even where a name is spelt like them.
        ("let relu = 8; conv (relu)x3 relu", ["let relu 4: 20"]),
        ("let same = 2; conv 8x3 same pad=same", ["let same 4:"]),
        ("let test = 1; train { validation none }", ["let test 4:"]),
        # Variables and shadowing.
        ("repeat i in 1..2 { conv (i)x3 }", ["variable i 7: 25"]),
        ("let n = 2; repeat n { relu }", ["let n 4: 18"]),
        ("let n = 2; repeat n shared { relu }", ["let n 4: 18"]),
        ("let i = 1; repeat i in 0..(i) { dense (i) }", ["let i 4: 27", "variable i 18: 39"]),
        ("let f = 1; repeat 2 { let f = f+1; dense (f) }; dense (f)",
         ["let f 4: 30 55", "let f 26: 42"]),
        ("dense (f); let f = 1; dense (f)", ["let f 15: 29"]),
        # Blocks: `f` of two blocks and of the text are three symbols.
        ("let f = 1; block a(f) { dense (f) }; block b(f, k=f) { dense (f) }; a f; b f=f k=2",
         ["let f 4: 50 70 77", "block a 17: 68", "parameter f 19: 31", "block b 43: 73",
          "parameter f 45: 62 75", "parameter k 48: 79"]),
        ("block a { relu }; block b { a }; repeat 2 { b }",
         ["block a 6: 28", "block b 24: 44"]),
        ("let k = 3; block b { conv 8x(k) }; let k2 = 1; b", ["let k 4: 29", "block b 17: 47",
                                                            "let k2 39:"]),
        # Layers.
        ("conv 8x3 name=stem; add name=join { branch { relu name=\"a b\" }; branch { } }",
         ["layer stem 14:", "layer join 29:", "layer a b 55:"]),
        ("block b { relu }; b name=first", ["block b 6: 18", "layer first 25:"]),
        ("conv 8x3 name=conv", []),
        ("residual project { conv 8x3 name=a }", ["layer a 33:"]),
        # Errors: all that parses has its names.
        ("let f = 8; cnov (f)x3; dense (f", ["let f 4: 17"]),
        ("let f = 8; let f = 9; dense (f)", ["let f 4: 15 29"]),
        ("block b(f) { dense (f) }; block b { relu }; b 3", ["block b 6: 32 44",
                                                             "parameter f 8: 20"]),
        ("let f = 2; train { epochs f; dense (f)", ["let f 4: 26 36"]),
        ("let f = 8; data { dense (f) }", ["let f 4: 25"]),
        ("let; block; repeat; use; train; sweep; let f; budget; add", []),
    ],
)  # fmt: skip
def test_names_are_found_where_they_are(text: str, expected: list[str]) -> None:
    assert told(text) == expected


def test_spans_are_those_of_the_name_alone() -> None:
    text = 'let width = 8\nblock cbr(f) { conv (f)x3 name="a b" }\ncbr width\ncbr f=2'
    for symbol in found(text):
        assert {span.text.strip('"') for span in symbol.spans} == {symbol.name}


def test_a_scope_ends_with_its_block() -> None:
    outer, block, parameter, inner = found("let a = 1\nblock b(f) { let c = f }\nb (a)\n")
    assert outer.scope.text.startswith("a = 1")
    assert outer.scope.text.endswith("b (a)\n")
    assert block.scope.text == "b(f) { let c = f }\nb (a)\n"
    assert parameter.scope.text == "f) { let c = f }"
    assert inner.scope.text == "c = f }"


def test_the_symbol_at_a_place() -> None:
    source = Source("x", "let width = 8; conv (width)x3")
    known = symbols(parse(source))
    for offset in (4, 9, 21, 23, 26):
        symbol = symbol_at(known, source, offset)
        assert symbol is not None
        assert symbol.name == "width"
    assert symbol_at(known, source, 0) is None
    assert symbol_at(known, source, 11) is None
    assert symbol_at(known, Source("x", source.text), 4) is None


def test_blocks_of_a_file_are_defined_in_it(tmp_path) -> None:
    (tmp_path / "blocks.cnn").write_text("let k = 3\nblock cbr(f) { conv (f)x(k); bn }\n")
    (tmp_path / "more.cnn").write_text('use "blocks.cnn"\nblock two(f) { cbr f; cbr f=f }\n')
    main = tmp_path / "net.cnn"
    main.write_text('use "more.cnn"; use "blocks.cnn"; use "none.cnn"\ntwo 8; cbr 4\n')
    source = Source(str(main), main.read_text())
    known = {(s.kind, s.name, s.definition.source.name[-10:]): s for s in symbols(parse(source))}
    assert [key[:2] for key in known] == [
        ("file", "more.cnn"),
        ("block", "two"),
        ("parameter", "f"),
        ("file", "blocks.cnn"),
        ("let", "k"),
        ("block", "cbr"),
        ("parameter", "f"),
    ]
    cbr = known["block", "cbr", "blocks.cnn"]
    assert [(span.source.name[-8:], span.text) for span in cbr.uses] == [
        (str(main)[-8:], "cbr"),
        ("more.cnn", "cbr"),
        ("more.cnn", "cbr"),
    ]
    parameter = known["parameter", "f", "blocks.cnn"]
    assert [span.source.name[-10:] for span in parameter.uses] == ["0/more.cnn", "blocks.cnn"]
    file = known["file", "blocks.cnn", "blocks.cnn"]
    assert [span.text for span in file.uses] == ['"blocks.cnn"'] * 2


def test_files_that_use_each_other_end(tmp_path) -> None:
    (tmp_path / "a.cnn").write_text('use "b.cnn"\nblock a { relu }')
    (tmp_path / "b.cnn").write_text('use "a.cnn"\nblock b { relu }')
    main = Source(str(tmp_path / "net.cnn"), 'use "a.cnn"; a; b')
    kinds = [(symbol.kind, symbol.name, len(symbol.uses)) for symbol in symbols(parse(main))]
    assert kinds == [
        ("file", "a.cnn", 2),
        ("block", "a", 1),
        ("file", "b.cnn", 1),
        ("block", "b", 1),
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("let", "in"), ("let", "a b"), ("let", "3x"), ("layer", "conv_2"), ("layer", 'a"b'),
     ("file", "a.cnn")],
)  # fmt: skip
def test_a_text_that_cannot_be_a_name_is_refused(kind: str, name: str) -> None:
    span = Source("x", "abc").span(0, 1)
    with pytest.raises(ValueError, match=r"name|word|lies"):
        rename(Symbol(kind, "a", span, (), span), name)


FRESH = {"layer": "fresh name"}


def renamed(source: Source, symbol: Symbol) -> CheckedSpec:
    edits = rename(symbol, FRESH.get(symbol.kind, "fresh_name"))
    return check(Source(source.name, apply_edits(source, edits)))


def names(result: CheckedSpec) -> list[str]:
    return [e.name for e in every(result.spec.nodes) if isinstance(e, Node | Merge)]


def parts(result: CheckedSpec) -> list[object]:
    """The network without the names of its layers, and the verdicts."""
    network = [
        e.times if isinstance(e, SharedRepeat) else getattr(e, "layer", None)
        for e in every(result.spec.nodes)
    ]
    shapes = [(call.layer, call.input_shape, call.output_shape) for call in result.graph.calls]
    verdicts = [(v.value, v.holds) for v in result.budget_results]
    codes = sorted(problem.code for problem in result.problems)
    return [network, shapes, result.spec.train, result.totals, verdicts, codes]


def same(before: CheckedSpec, after: CheckedSpec, symbol: Symbol) -> None:
    """Whether a renamed symbol left everything but a name as it was."""
    assert parts(before) == parts(after)
    if symbol.kind in ("block", "layer"):
        # What names are called may change, what they tell apart may not.
        pairs = set(zip(names(before), names(after), strict=True))
        assert len(pairs) == len(set(names(before))) == len(set(names(after)))
    else:
        assert before.spec == after.spec
    swept = [(a.name, [str(v.span.text) for v in a.values]) for a in before.expanded.sweep]
    assert len(swept) == len(after.expanded.sweep)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_symbol_of_a_spec_can_be_renamed(path) -> None:
    source = Source(str(path), path.read_text(encoding="utf-8"))
    before = check(source)
    assert before.ok
    for symbol in symbols(parse(source)):
        same(before, renamed(source, symbol), symbol)


POOL = ("f", "k", "n", "relu", "same")
"""Few names, so that they hide each other, and words of the language among them."""


def with_names(text: str, random: Random, pool: tuple[str, ...] = POOL) -> str:
    """A drawn text with numbers named by lets, parameters and variables, layers in blocks."""
    lines: list[str] = []
    lets: dict[str, str] = {}
    for number, line in enumerate(text.split("\n")):
        sized = re.match(r"(\w+) (\d+)\b", line)
        if not sized or sized[1] not in LAYERS or '"' in line or "x" in line.split()[1][-1:]:
            lines.append(line)
            continue
        word, value = sized.groups()
        rest = line[sized.end() :]
        form, name = random.choice(("let", "block", "repeat", "inner")), random.choice(pool)
        given = next((n for n, v in lets.items() if v == value), None)
        given = f"({given})" if given else value
        if form == "let" and name not in lets:
            lets[name] = value
            lines += [f"let {name} = {value}", f"{word} ({name}+0){rest}"]
        elif form == "block":
            default = random.choice(("", "=1"))
            use = random.choice((given, f"{name}={given}"))
            lines += [f"block b{number}({name}{default}) {{", f"  {word} ({name}){rest}", "}"]
            lines.append(f"b{number} {use}{random.choice(('', f' name=u{number}'))}")
        elif form == "repeat":
            lines.append(f"repeat {name} in {given}..{given} {{ {word} ({name}){rest} }}")
        else:
            lines.append(f"repeat 1 {{ let {name} = {given}; {word} ({name}){rest} }}")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(100))
def test_a_symbol_of_a_drawn_spec_can_be_renamed(seed: int) -> None:
    random = Random(seed)
    drawn = str(draw_spec(random))
    source = Source("drawn", with_names(drawn, random))
    before = check(source)
    assert before.graph.output_shape == check(Source("drawn", drawn)).graph.output_shape
    for symbol in symbols(parse(source)):
        same(before, renamed(source, symbol), symbol)


@pytest.mark.parametrize("seed", range(100))
def test_a_symbol_of_a_text_with_errors_can_be_renamed(seed: int) -> None:
    """What a rename leaves alone keeps its errors; there is none more and none less."""
    random = Random(seed)
    # No names that are layers too: whether a layer without a separator before it is an unknown
    # word or a missing separator depends on whether the word is also a name.
    text = with_names(str(draw_spec(random)), random, ("f", "k", "n"))
    for _ in range(random.randint(1, 2)):
        at = random.randrange(len(text))
        text = text[:at] + random.choice(("", " $ ", "{", "\n", " relu ")) + text[at + 2 :]
    source = Source("drawn", text)
    before = sorted(problem.code for problem in check(source).problems)
    for symbol in symbols(parse(source)):
        after = sorted(problem.code for problem in renamed(source, symbol).problems)
        assert before == after, (text, symbol)
