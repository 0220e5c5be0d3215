"""The automaton of the grammar: reads a text that has no faults, by tables alone.

lark makes the tables of `grammar/cnn.lark` ahead of time (`generate`); to import lark and
to let it read the grammar would take longer than everything else that a check does. Where
this automaton comes to an end, lark would come to the same; where it does not know on, it
says so, and lark is asked.
"""

import re
from typing import Any

from cnnspec.language import states


class Unreadable(Exception):
    """The text has a fault, or is cut in a way that needs a second look."""


class Token(str):
    """A piece of the text: which terminal it is, where it begins and where it ends."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int


class Automaton:
    """An LALR parser (DeRemer, "Practical translators for LR(k) languages", 1969).

    `tree` has a method for each rule, which gets what was made of its parts.
    """

    def __init__(self, tree: Any) -> None:
        self._match = re.compile(states.TERMINALS).match
        self._rules = [
            (origin, size, getattr(tree, name) if name else None, parts)
            for origin, size, name, parts in states.RULES
        ]

    def read(self, text: str) -> Any:
        """What the tree makes of the whole text; raises `Unreadable`."""
        match, rules, table = self._match, self._rules, states.STATES
        words, ignored = states.WORDS, states.IGNORED
        path = [states.START]
        values: list[Any] = []
        at, end = 0, len(text)
        while True:
            if at < end:
                found = match(text, at)
                if found is None:
                    raise Unreadable
                terminal = found.lastgroup or ""
                begin, at = at, found.end()
                if terminal in ignored:
                    continue
                token = Token(found.group())
                if terminal in words:
                    terminal = words[terminal].get(token, terminal)
                token.type, token.start_pos, token.end_pos = terminal, begin, at
            else:
                terminal, token = states.END, Token()
            while True:
                step = table[path[-1]].get(terminal)
                if step is None:
                    raise Unreadable
                if step >= 0:
                    path.append(step)
                    values.append(token)
                    break
                origin, size, make, parts = rules[~step]
                taken = values[-size:] if size else []
                if size:
                    del path[-size:], values[-size:]
                if parts is not None:
                    kept: list[Any] = []
                    for part, several in parts:
                        if several:
                            kept += taken[part]
                        else:
                            kept.append(taken[part])
                    taken = kept
                values.append(make(taken) if make else taken)
                path.append(table[path[-1]][origin])
                if at == end and path[-1] == states.FINAL and terminal == states.END:
                    return values[-1]
