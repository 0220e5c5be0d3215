"""A text with errors to a tree: what is wrong where, and the statements that can be read.

After an error lark's parser skips to the end of the statement and goes on, so that one run
finds the errors of a whole file. It does not recurse, and the tree is built by callbacks
while it parses, so the depth of a text costs no stack.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.syntax import UnexpectedText
from cnnspec.language.elsewhere import SLIPS, of_foreign_setting, of_whole
from cnnspec.language.repairs import CALLED, repair
from cnnspec.language.syntax import Statement
from cnnspec.language.tree import Tree


def grammar_folder() -> Path:
    """Where the grammar lies: in the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent.parent / "grammar"
    return inside if inside.is_dir() else inside.parent.parent / "grammar"


def parser(tree: Tree | None = None) -> lark.Lark:
    """The parser that lark makes of the grammar."""
    grammar = (grammar_folder() / "cnn.lark").read_text(encoding="utf-8")
    # Never `cache=True`: it unpickles a file from a predictable path that others can write.
    return lark.Lark(grammar, parser="lalr", lexer="contextual", transformer=tree)


@cache
def _parser() -> tuple[lark.Lark, Tree]:
    tree = Tree()
    return parser(tree), tree


def recover(
    source: Source, text: str
) -> tuple[tuple[Statement, ...], list[Diagnostic], list[Diagnostic]]:
    """The statements of a text, where it cannot be read, and what is wrong with its values."""
    lark_parser, tree = _parser()
    tree.begin(source)
    interactive = lark_parser.parse_interactive(text)
    state, lexer = interactive.parser_state, interactive.lexer_thread
    accepts: Callable[[], set[str]] = interactive.accepts
    faults: list[Diagnostic] = []
    statements: tuple[Statement, ...] = ()
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
            if at > reached and not of_foreign_setting(source, source.span(at, at + 1)):
                faults.append(_unexpected(source, at, accepts()))
            # Every round starts further on: what an error leaves may not be read twice.
            reached = max(at, reached + 1)
            if reached > len(text) or not _resume(state, lexer, text, reached):
                break
    return statements, faults, tree.problems


def _end(last: lark.Token | None) -> lark.Token:
    if last is None:
        return lark.Token("$END", "", 0, 1, 1)
    return lark.Token.new_borrow_pos("$END", "", last)


def _position(error: UnexpectedToken | UnexpectedCharacters) -> int:
    if isinstance(error, UnexpectedCharacters):
        return error.pos_in_stream or 0
    token = error.token
    return (token.end_pos if token.type == "$END" else token.start_pos) or 0


_OPERATOR = "a `)` or an operator"
_HUMAN: tuple[tuple[str, str, str], ...] = (
    ("RPAR", _OPERATOR, "close the parenthesis"),
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
        expected, remedy = _SEPARATOR, "write `;`: a statement ends with its block"
    else:
        expected, remedy = next(
            ((what, fix) for terminal, what, fix in _HUMAN if terminal in acceptable),
            ("something else", ""),
        )
    line = source.text[source.text.rfind("\n", 0, at) + 1 : at]
    slips = (look(source, source.span(start, end)) for look in SLIPS)
    if slip := next((slip for slip in slips if slip), None):
        return UnexpectedText(
            source.span(start, end), found=shown, expected=expected, remedy=slip.title, fix=slip
        )
    if expected == _OPERATOR and ")" in source.text[at:].partition("\n")[0]:
        remedy = "a parenthesis holds one number, such as `(2*f)`"
    if text == "%" and of_whole(line):
        remedy = "write a whole number: a share in per cent means nothing here"
    elif text == "{":
        remedy = "open a block on the line of its word: `train {`"
    elif CALLED.search(line):
        remedy = "write the arguments of a statement without parentheses: `conv 32x3`"
    elif text == "." and source.text[end : end + 1].isdigit():
        remedy = "write a digit before the point, as in 0.5"
    elif text == "." and source.text[at - 1 : at].isdigit():
        remedy = "write a digit after the point, as in 2.0"
    elif text == "+" and source.text[at - 1 : at] in ("(", "=", ","):
        remedy = "leave out the `+`"
    elif text == "=" and "LBRACE" in acceptable:
        remedy = "write an option as a name, `=` and a value: `stride=2`"
    elif text and (text[0].isnumeric() and not text[0].isascii()):
        remedy = "write numbers with the digits 0 to 9"
    elif text == "*" and "*" in (source.text[at - 1 : at], source.text[end : end + 1]):
        remedy = "write a power with `^`, in parentheses: `(2^3)`"
    elif text in ("*", "\u00d7"):
        remedy = "write a size as `32x3`, and an expression in parentheses: `(2*f)`"
    elif text in ("^", "/", "+", "-", "%"):
        remedy = "put an expression in parentheses: `(2*f)`"
    place = source.span(start, end)
    fix = repair(place, ended=expected == _SEPARATOR)
    return UnexpectedText(place, found=shown, expected=expected, remedy=remedy, fix=fix)


_SEPARATOR = "a new line or `;`"
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
