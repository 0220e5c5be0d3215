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
        self._pieces = re.compile(states.PIECE).finditer
        self._rules = [
            (origin, size, getattr(tree, name) if name else None, parts)
            for origin, size, name, parts in states.RULES
        ]

    def read(self, text: str) -> Any:
        """What the tree makes of the whole text; raises `Unreadable`."""
        rules, actions, goals, words = self._rules, states.ACTIONS, states.AFTER, states.WORDS
        final, end = states.FINAL, states.END
        path = [0]
        values: list[Any] = []
        for found in self._pieces(text):
            terminal = found.lastgroup or ""
            token = Token(found[terminal])
            token.start_pos, token.end_pos = found.span(terminal)
            if terminal in words:
                terminal = words[terminal].get(token, terminal)
            token.type = terminal
            while True:
                action = actions[path[-1]].get(terminal)
                if action is None:
                    raise Unreadable
                if action >= 0:
                    path.append(action)
                    values.append(token)
                    break
                symbol, size, make, parts = rules[~action]
                if size == 1:
                    path.pop()
                    taken = [values.pop()]
                else:
                    taken = values[-size:] if size else []
                    del path[len(path) - size :], values[len(values) - size :]
                if parts is not None:
                    taken = _kept(taken, parts)
                goal, listed = goals[path[-1]][symbol]
                value = make(taken) if make else taken
                values.append([value] if listed else value)
                if goal == final and terminal == end:
                    return value
                path.append(goal)
        raise Unreadable


def _kept(values: list[Any], parts: tuple[tuple[int, bool], ...]) -> list[Any]:
    """The values that a rule keeps, with those of lists in place of the lists.

    A list that comes first is used as it is: what grows by one is not copied each time.
    """
    kept: list[Any] | None = None
    for part, several in parts:
        value = values[part]
        if kept is None:
            kept = value if several else [value]
        elif several:
            kept += value
        else:
            kept.append(value)
    return kept or []
