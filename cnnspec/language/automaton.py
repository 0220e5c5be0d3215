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
    """The text has a fault, or is cut in a way that needs a second look; `at` is where."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


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
            (origin, size, getattr(tree, name) if name else None, parts, parts == _ITSELF)
            for origin, size, name, parts in states.RULES
        ]

    def read(self, text: str) -> Any:
        """What the tree makes of the whole text; raises `Unreadable`."""
        rules, actions, goals, words = self._rules, states.ACTIONS, states.AFTER, states.KEYWORDS
        path = [0]
        values: list[Any] = []
        for found in self._pieces(text):
            terminal = found.lastgroup or ""
            token = Token(found[terminal])
            token.start_pos, token.end_pos = found.span(terminal)
            if terminal in words:
                terminal = words[terminal].get(token, terminal)
            token.type = terminal
            while (action := actions[path[-1]].get(terminal, _NONE)) < 0:
                if action == _NONE:
                    if path[-1] == states.FINAL and terminal == states.END:
                        return values[-1]
                    raise Unreadable(token.start_pos)
                symbol, size, make, parts, itself = rules[~action]
                if size == 1:
                    # As most rules do; what is made of its one value comes in its place.
                    value = values[-1]
                    if not itself:
                        value = [value] if parts is None else _kept([value], parts)
                    if make:
                        value = make(value)
                    path[-1], listed = goals[path[-2]][symbol]
                    values[-1] = [value] if listed else value
                    continue
                if size:
                    value = values[-size:]
                    del path[-size:], values[-size:]
                    if parts is not None:
                        value = _kept(value, parts)
                else:
                    value = []
                if make:
                    value = make(value)
                goal, listed = goals[path[-1]][symbol]
                values.append([value] if listed else value)
                path.append(goal)
            path.append(action)
            values.append(token)
        raise Unreadable(len(text))


_NONE = -1_000_000
"""No rule has this number."""
_ITSELF = ((0, True),)
"""The parts of a rule that hands on the one list it takes."""


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
