"""Text to syntax tree. The only importer of lark; knows no layer and no setting by name.

lark's LALR parser does not recurse, and the tree is built by callbacks while it
parses, so the depth of a text costs no stack. After an error the parser skips to
the end of the statement and goes on, so that one run finds the faults of a whole
file.
"""

import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.text import UNITS, BadNumber, MissingSpace, UnexpectedText
from cnnspec.diagnostics.words import BadArithmetic
from cnnspec.language.scan import scan
from cnnspec.language.syntax import (
    Binary,
    Block,
    Call,
    Dims,
    Expression,
    Group,
    Negative,
    Node,
    Number,
    Option,
    Range,
    Relation,
    Sequence,
    Statement,
    String,
    Word,
)
from cnnspec.record import Record
from cnnspec.source import Source, Span

MAX_WHOLE = 2**31 - 1


class Parsed(Record):
    """The statements of a text and what was wrong with it."""

    source: Source
    statements: tuple[Statement, ...]
    problems: tuple[Diagnostic, ...]


def grammar_folder() -> Path:
    """Where the grammar lies: in the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent.parent / "grammar"
    return inside if inside.is_dir() else inside.parent.parent / "grammar"


class _Tree(lark.Transformer[Any, Any]):
    """Makes a syntax node of every rule as soon as it is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.begin(Source("", ""))

    def begin(self, source: Source) -> None:
        """Starts on another text; a parser is built once and used for many."""
        self.source = source
        self.problems: list[Diagnostic] = []

    def _span(self, first: Any, last: Any) -> Span:
        start: Any = first.start_pos if isinstance(first, lark.Token) else first.span.start
        end: Any = last.end_pos if isinstance(last, lark.Token) else last.span.end
        # Braces put after the end, for those that are missing, stand in no file.
        return Span(self.source, start, min(end, len(self.source.text)))

    def _number(self, token: lark.Token, sign: int = 1) -> int | float:
        digits = re.sub(r"[A-Za-z]+$", "", token) if token[-1].isalpha() else str(token)
        scale = UNITS.get(token[len(digits) :], 1)
        digits = digits.replace("_", "")
        if digits.isdigit() and len(digits) < 20:
            value: int | float = int(digits) * scale
        else:
            value = math.inf if digits.isdigit() else float(digits) * scale
            if value.is_integer() and scale > 1:
                value = int(value)
        if isinstance(value, int) and value > MAX_WHOLE:
            value = math.inf
        if value == math.inf:
            self.problems.append(BadNumber(self._span(token, token), number=str(token)))
            return 1
        return sign * value

    def start(self, items: list[Any]) -> tuple[Statement, ...]:
        statements: tuple[Statement, ...] = items[0]
        return statements

    def body(self, items: list[Any]) -> tuple[Statement, ...]:
        return tuple(items)

    def statement(self, items: list[Any]) -> Statement:
        word, *rest = items
        block = rest.pop() if rest and isinstance(rest[-1], Block) else None
        last = word
        for argument in rest:
            start = argument.span.start
            end = last.end_pos if isinstance(last, lark.Token) else last.span.end
            if start == end and not isinstance(argument, Relation | Option):
                self.problems.append(
                    MissingSpace(
                        argument.span,
                        before=self._span(last, last).text,
                        after=argument.span.text,
                    )
                )
            last = argument
        span = self._span(word, block or last)
        return Statement(span, str(word), self._span(word, word), tuple(rest), block)

    def block(self, items: list[Any]) -> Block:
        end = items[-1].start_pos
        return Block(self._span(items[0], items[-1]), items[1], end < len(self.source.text))

    def option(self, items: list[Any]) -> Option:
        name, value = items
        return Option(self._span(name, value), str(name), self._span(name, name), value)

    def relation(self, items: list[Any]) -> Relation:
        operator, value = items
        return Relation(self._span(operator, value), str(operator), value)

    def sequence(self, items: list[Any]) -> Sequence:
        return Sequence(self._span(items[0], items[-1]), tuple(items))

    def range(self, items: list[Any]) -> Range:
        return Range(self._span(items[0], items[1]), items[0], items[1])

    def literal(self, items: list[Any]) -> Number:
        span = self._span(items[0], items[-1])
        sign = -1 if items[0].type == "MINUS" else 1
        numbers = [t for t in items if t.type == "NUMBER"]
        value = self._number(numbers[0], sign)
        if len(numbers) == 2:
            below = self._number(numbers[1])
            if below == 0:
                self.problems.append(BadArithmetic(span, reason="it divides by zero"))
                below = 1
            value = divide(value, below)
        return Number(span, value)

    def number(self, items: list[Any]) -> Number:
        return Number(self._span(items[0], items[0]), self._number(items[0]))

    dim = number

    def word(self, items: list[Any]) -> Word:
        return Word(self._span(items[0], items[0]), str(items[0]))

    def string(self, items: list[Any]) -> String:
        return String(self._span(items[0], items[0]), str(items[0])[1:-1])

    def group(self, items: list[Any]) -> Group:
        return Group(self._span(items[0], items[2]), items[1])

    def dims(self, items: list[Any]) -> Dims:
        parts = tuple(item for item in items if isinstance(item, Node))
        return Dims(self._span(items[0], items[-1]), parts)  # type: ignore[arg-type]

    def call(self, items: list[Any]) -> Call:
        name, *inside = items
        arguments = tuple(item for item in inside if isinstance(item, Node))
        span = self._span(name, items[-1])
        return Call(span, str(name), self._span(name, name), arguments)  # type: ignore[arg-type]

    def binary(self, items: list[Any]) -> Binary:
        left, operator, right = items
        return Binary(self._span(left, right), str(operator), left, right)

    def negative(self, items: list[Any]) -> Negative:
        return Negative(self._span(items[0], items[1]), items[1])


def divide(above: int | float, below: int | float) -> int | float:
    """A quotient, whole where it is exact."""
    quotient = above / below
    return int(quotient) if quotient.is_integer() and above % below == 0 else quotient


@cache
def _parser() -> tuple[lark.Lark, _Tree]:
    tree = _Tree()
    grammar = (grammar_folder() / "cnn.lark").read_text(encoding="utf-8")
    # Never `cache=True`: it unpickles a file from a predictable path that others can write.
    return lark.Lark(grammar, parser="lalr", lexer="contextual", transformer=tree), tree


def parse(source: Source) -> Parsed:
    """Parses a text; faults are collected, and every statement that can be read is."""
    problems, text = scan(source)
    if not text.strip():
        return Parsed(source, (), tuple(problems))
    parser, tree = _parser()
    tree.begin(source)
    interactive = parser.parse_interactive(text)
    state, lexer = interactive.parser_state, interactive.lexer_thread
    unbalanced = {p.span.line for p in problems if p.span}
    accepts: Callable[[], set[str]] = interactive.accepts
    faults: list[Diagnostic] = []
    reached = -1
    while True:
        try:
            token = None
            for token in lexer.lex(state):  # type: ignore[no-untyped-call]
                state.feed_token(token)
            statements = state.feed_token(_end(token), True)
            break
        except (UnexpectedToken, UnexpectedCharacters) as error:
            at = min(_position(error), len(source.text))
            if at > reached:
                faults.append(_unexpected(source, at, accepts()))
            # Every round starts further on: what an error leaves may not be read twice.
            reached = max(at, reached + 1)
            if reached > len(text) or not _resume(state, lexer, text, reached):
                statements = ()
                break
    shown = [f for f in faults if f.span and f.span.line not in unbalanced]
    found = problems + tree.problems + _one_a_line(shown)
    places = sorted(p.span.start for p in [*faults, *problems, *tree.problems] if p.span)
    return Parsed(source, _mark_broken(statements, places, len(text)), tuple(found))


def parse_value(source: Source) -> Expression | None:
    """Parses the text of a single value, as `--set` gives it; `None` where it is none."""
    parsed = parse(Source(source.name, f"let {source.text}"))
    match parsed.statements:
        case (Statement(arguments=(Option(value=value),), broken=False),) if not parsed.problems:
            return value
    return None


def _end(last: lark.Token | None) -> lark.Token:
    if last is None:
        return lark.Token("$END", "", 0, 1, 1)
    return lark.Token.new_borrow_pos("$END", "", last)


def _position(error: UnexpectedToken | UnexpectedCharacters) -> int:
    if isinstance(error, UnexpectedCharacters):
        return error.pos_in_stream or 0
    token = error.token
    return (token.end_pos if token.type == "$END" else token.start_pos) or 0


_HUMAN: tuple[tuple[str, str, str], ...] = (
    ("RPAR", "a `)` or an operator", "close the parenthesis"),
    ("LBRACE", "an argument or the end of the statement", "start a new line, or write `;`"),
    ("RBRACE", "a statement or a `}`", "a statement starts with a word, such as `conv`"),
    ("NUMBER", "a value", "write a number, a word or an expression in parentheses"),
    ("$END", "a statement", "a statement starts with a word, such as `conv`"),
)


def _unexpected(source: Source, at: int, acceptable: set[str]) -> UnexpectedText:
    found = re.compile(r"\w+|[^\w\s]|\n|$").search(source.text, at)
    text = found.group() if found else ""
    start, end = found.span() if found else (at, at)
    if text in ("", "\n"):
        start, end, shown = at, at, "the end of the line"
    elif text == "}":
        shown = "the end of the block"
    else:
        shown = f"`{text[:40]}`"
    if "_SEP" in acceptable and "NAME" not in acceptable:
        expected, remedy = "a new line or `;`", "a statement ends with its block"
    else:
        expected, remedy = next(
            ((what, fix) for terminal, what, fix in _HUMAN if terminal in acceptable),
            ("something else", ""),
        )
    line = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    if text == "{":
        remedy = "a block opens on the line of its word: `train {`"
    elif _CALLED.search(line):
        remedy = "the arguments of a statement stand without parentheses: `conv 32x3`"
    elif text == "." and source.text[end : end + 1].isdigit():
        remedy = "a number has a digit before its point, as in 0.5"
    elif text == "=" and "LBRACE" in acceptable:
        remedy = "an option is a name, `=` and a value: `stride=2`"
    elif text and (text[0].isnumeric() and not text[0].isascii()):
        remedy = "numbers are written with the digits 0 to 9"
    elif text in _IN_PATHS and _UNQUOTED.search(line):
        remedy = 'a path is written in quotes: `"images/digits.h5"`'
    elif text in ("*", "\u00d7"):
        remedy = "a size is written `32x3`, an expression in parentheses: `(2*f)`"
    elif text in ("^", "/", "+", "-", "%"):
        remedy = "put an expression in parentheses: `(2*f)`"
    return UnexpectedText(source.span(start, end), found=shown, expected=expected, remedy=remedy)


_IN_PATHS = (".", "/", "\\", "~", ":")
_UNQUOTED = re.compile(r"(?:^|[;{])\s*(?:data|use)\s+[^\s()=;]*$")
_CALLED = re.compile(r"(?:^|[;{])\s*[^\W\d]\w*\([^()]*$")
_STOP = re.compile(r'"[^"\n]*"?|#[^\n]*|[;\n{}]')
_TERMINAL = {";": "_SEP", "\n": "_SEP", "{": "LBRACE", "}": "RBRACE"}


def _resume(state: Any, lexer: Any, text: str, at: int) -> bool:
    """Skips to the end of the statement and takes the parser back to where that may stand.

    A block that stands where none may is skipped as a whole.
    """
    states = state.parse_conf.parse_table.states
    inside = 0
    for match in _STOP.finditer(text, at):
        terminal = _TERMINAL.get(match.group())
        if terminal is None:
            continue
        if inside:
            inside += (terminal == "LBRACE") - (terminal == "RBRACE")
            continue
        depth = next(
            (
                depth
                for depth in range(len(state.state_stack), 0, -1)
                if terminal in states[state.state_stack[depth - 1]]
            ),
            0,
        )
        if depth:
            del state.state_stack[depth:]
            del state.value_stack[depth - 1 :]
            # The position is all of the lexer's state that this package reads.
            lexer.state.line_ctr.char_pos = match.start()
            return True
        inside = terminal == "LBRACE"
    # No statement follows: let the text end here.
    for depth in range(len(state.state_stack), 0, -1):
        if "$END" in states[state.state_stack[depth - 1]]:
            del state.state_stack[depth:]
            del state.value_stack[depth - 1 :]
            lexer.state.line_ctr.char_pos = len(text)
            return True
    return False


def _one_a_line(faults: list[Diagnostic]) -> list[Diagnostic]:
    """Only the first fault of a line: those after it mostly follow from it."""
    seen: set[int] = set()
    first = []
    for fault in faults:
        assert fault.span
        if fault.span.line not in seen:
            seen.add(fault.span.line)
            first.append(fault)
    return first


def _mark_broken(
    statements: tuple[Statement, ...], places: list[int], end: int
) -> tuple[Statement, ...]:
    """Marks the innermost statements in whose text a fault stands."""
    if not places or not statements:
        return statements
    marked = []
    nexts = [s.span.start for s in statements[1:]] + [end + 1]
    for statement, limit in zip(statements, nexts, strict=True):
        mine = [at for at in places if statement.span.start <= at < limit]
        block = statement.block
        if mine and block:
            inside = [at for at in mine if at >= block.span.start]
            inner = _mark_broken(block.statements, inside, block.span.end)
            statement = statement.replace(block=block.replace(statements=inner))
            mine = [at for at in mine if at < block.span.start]
        marked.append(statement.replace(broken=True) if mine else statement)
    return tuple(marked)
