"""Grammar to tables: what lark makes of `grammar/cnn.lark`, as a module of plain values.

`python -m cnnspec.language.generate` prints `states.py`; `make grammar` writes it.
"""

import sys
from collections.abc import Iterable
from typing import Any

from lark.parsers.lalr_analysis import Shift

from cnnspec.language.recovery import parser

_HEAD = '''"""The grammar as tables. Made by `make grammar` from `grammar/cnn.lark`: do not edit.

A piece of a text is one terminal, after what is ignored. State 0 is the first one. A state
says for each terminal what comes next: a state to go to, or ~n where rule n is complete. A
rule has its symbol, how many values it takes, the method of the tree that gets them ("" where
they are handed on as a list), and, unless it is all of them, which it gets: their places, and
whether there is a list of them. A state then says for the symbol where to go, and whether the
value becomes a list: rules that only hand on one value are gone through ahead of time.
"""

# fmt: off
# ruff: noqa: E501
'''
_END = "END"

Rule = tuple[str, int, str, tuple[tuple[int, bool], ...] | None]


def text() -> str:
    """The module, the same for the same grammar on every machine."""
    built = parser()
    front: Any = built.parser
    # The parser keeps its table to itself; one that is fed by hand shows its own.
    table: Any = built.parse_interactive("").parser_state.parse_conf.parse_table
    numbers = _numbered(table)
    rules = [_rule(rule) for rule in built.rules]
    places = {rule: place for place, rule in enumerate(built.rules)}
    symbols = {origin for origin, *_ in rules}
    actions: list[dict[str, int]] = []
    after: list[dict[str, int]] = []
    for state in numbers:
        entries = {
            str(name): numbers[what] if action is Shift else ~places[what]
            for name, (action, what) in sorted(table.states[state].items())
        }
        entries = {_END if name == "$END" else name: entry for name, entry in entries.items()}
        actions.append({name: entry for name, entry in entries.items() if name not in symbols})
        after.append({name: entry for name, entry in entries.items() if name in symbols})
    goals = [{name: _goal(name, each, actions, after, rules) for name in each} for each in after]
    plain = {**_lexer(front.lexer.root_lexer), "FINAL": numbers[table.end_states["start"]]}
    return _HEAD + "".join(
        [
            *(f"{name} = {value!r}\n" for name, value in plain.items()),
            _rows("RULES", "tuple[str, int, str, tuple[tuple[int, bool], ...] | None]", rules),
            _rows("ACTIONS", "dict[str, int]", actions),
            _rows("AFTER", "dict[str, tuple[int, bool]]", goals),
        ]
    )


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


def _goal(
    symbol: str,
    here: dict[str, int],
    actions: list[dict[str, int]],
    after: list[dict[str, int]],
    rules: list[Rule],
) -> tuple[int, bool]:
    """Where a symbol leads to, past the states that know but one rule, which hands it on.

    Such a state takes the rule whatever comes next; a fault is seen one step later, where
    something is expected in vain. Also whether the value has become a list by then.
    """
    goal, listed = here[symbol], False
    while len(set(actions[goal].values())) == 1 and not after[goal]:
        (action,) = set(actions[goal].values())
        if action >= 0:
            break
        origin, size, name, parts = rules[~action]
        if size != 1 or name or parts == ():
            break
        assert not (listed and parts is None), "a list of a list"
        goal, listed = here[origin], listed or parts is None
    return goal, listed


def _lexer(lexer: Any) -> dict[str, Any]:
    """The pattern of a piece, the words that are a terminal though another one would fit."""
    terminals = lexer.scanner.terminals
    ignored = [t.pattern.to_regexp() for t in terminals if t.name in lexer.ignore_types]
    pieces = [
        f"(?P<{t.name}>{t.pattern.to_regexp()})"
        for t in terminals
        if t.name not in lexer.ignore_types
    ]
    # What is skipped is never given back, and something always fits: no text takes long.
    end = rf"(?P<{_END}>\Z)|(?P<OTHER>(?s:.))"
    words = {
        name: {t.pattern.value: t.name for t in unless.scanner.terminals}
        for name, unless in lexer.callback.items()
    }
    return {
        "PIECE": f"(?>(?:{'|'.join(ignored)})*)(?:{'|'.join(pieces)}|{end})",
        "KEYWORDS": words,
        "END": _END,
    }


def _rows(name: str, kind: str, rows: Iterable[object]) -> str:
    return f"{name}: tuple[{kind}, ...] = (\n" + "".join(f"    {row!r},\n" for row in rows) + ")\n"


def _rule(rule: Any) -> Rule:
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
