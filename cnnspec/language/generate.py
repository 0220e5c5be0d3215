"""Grammar to tables: what lark makes of `grammar/cnn.lark`, as a module of plain values.

`python -m cnnspec.language.generate` prints `states.py`; `make grammar` writes it.
"""

import sys
from typing import Any

from lark.parsers.lalr_analysis import Shift

from cnnspec.language.recovery import parser

_HEAD = '''"""The grammar as tables. Made by `make grammar` from `grammar/cnn.lark`: do not edit.

A piece of a text is one terminal, after what is ignored. State 0 is the first one. A state
says for each symbol what comes next: a state to go to, or ~n where rule n is complete. A
rule has its symbol, how many values it takes, the method of the tree that gets
them ("" where they are handed on as a list), and, unless it is all of them, which it gets:
their places, and whether there is a list of them.
"""

# fmt: off
# ruff: noqa: E501
'''
_END = "END"
_RULE = "tuple[str, int, str, tuple[tuple[int, bool], ...] | None]"


def text() -> str:
    """The module, the same for the same grammar on every machine."""
    built = parser()
    front: Any = built.parser
    table = front.parser._parse_table
    numbers = _numbered(table)
    places = {rule: index for index, rule in enumerate(built.rules)}
    states = [
        {
            _END if name == "$END" else str(name): numbers[what]
            if action is Shift
            else ~places[what]
            for name, (action, what) in sorted(table.states[state].items())
        }
        for state in numbers
    ]
    lexer = front.lexer.root_lexer
    terminals = lexer.scanner.terminals
    # Words that a terminal of their own takes though another one would fit as well.
    words = {
        name: {t.pattern.value: t.name for t in unless.scanner.terminals}
        for name, unless in lexer.callback.items()
    }
    ignored = {t.name: t.pattern.to_regexp() for t in terminals if t.name in lexer.ignore_types}
    pieces = [f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in terminals if t.name not in ignored]
    # What is skipped is never given back, and something always fits: no text takes long.
    skipped = f"(?>(?:{'|'.join(ignored.values())})*)"
    pattern = f"{skipped}(?:{'|'.join(pieces)}|(?P<{_END}>\\Z)|(?P<OTHER>(?s:.)))"
    values = {"WORDS": words, "FINAL": numbers[table.end_states["start"]], "END": _END}
    lines = [f"TERMINALS = {pattern!r}", *(f"{name} = {value!r}" for name, value in values.items())]
    rules = [_rule(rule) for rule in built.rules]
    for name, kind, rows in (("RULES", _RULE, rules), ("STATES", "dict[str, int]", states)):
        lines += [f"{name}: tuple[{kind}, ...] = (", *(f"    {row!r}," for row in rows), ")"]
    return _HEAD + "\n".join(lines) + "\n"


def _numbered(table: Any) -> dict[Any, int]:
    """The states in the order in which they are met from the first one on."""
    start = table.start_states["start"]
    numbers = {start: 0}
    for state in (waiting := [start]):
        for _, (action, after) in sorted(table.states[state].items()):
            if action is Shift and after not in numbers:
                numbers[after] = len(numbers)
                waiting.append(after)
    return numbers


def _rule(rule: Any) -> tuple[str, int, str, tuple[tuple[int, bool], ...] | None]:
    """Symbol, size, method and parts of a rule; what begins with `_` is handed on as a list."""
    origin = str(rule.origin.name)
    parts = tuple(
        (place, not symbol.is_term and symbol.name.startswith("_"))
        for place, symbol in enumerate(rule.expansion)
        if not (symbol.is_term and symbol.filter_out)
    )
    whole = len(parts) == len(rule.expansion) and not any(several for _, several in parts)
    name = "" if origin.startswith("_") else str(rule.alias or origin)
    return origin, len(rule.expansion), name, None if whole else parts


if __name__ == "__main__":
    sys.stdout.write(text())
