"""An option as a line of its own, `lr=0.05`: to which setting it belongs, with its value.

Only asked for a text with an error.
"""

import re

from cnnspec.core.edits import Edit, Fix, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.names import Misplaced
from cnnspec.diagnostics.rewrites import statement_around, without_statement
from cnnspec.expansion.state import State
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.training import EarlyStop, Training

_VALUE = re.compile(r"\w+\s*[:=]?\s*([^\s;{}=:][^;{}=]*)")


def home_of(state: State, word: str, span: Span) -> Misplaced | None:
    """Returns the error of an option outside its setting, `None` where no setting has it.

    Args:
        state: The settings that are read already.
        word: The option by its name here.
        span: The word as it is written, which begins its statement.
    """
    statement = statement_around(span)
    value = _VALUE.fullmatch(statement.text)
    option = f"{word}={value[1].strip() if value else '…'}"
    schedule = state.training.get("schedule")
    for cls in (EarlyStop, Augment):
        if word in cls.specs and not (schedule and word in type(schedule).specs):
            given = _setting(span, cls.word)
            text = f"{cls.word} {' '.join([*cls.words()[:1], option])}"
            found = re.fullmatch(r"\w+\s+(.*)", given.text) if given else None
            if given and found:
                text = f"{given.text} {option}"
            fix = _fix(statement, given, text) if value else None
            return Misplaced(span, word=span.text, home=f"to `{cls.word}`: `{text}`", fix=fix)
    for setting, table in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
        takers = [name for name, cls in table.items() if word in cls.specs]
        if not takers:
            continue
        given = _setting(span, setting)
        chosen = re.match(r"\w+\s+(\w+)(?:\((.*)\))?", given.text) if given else None
        usual = Training.specs[setting].default.word
        taker = chosen[1] if chosen else usual
        inside = [chosen[2]] if chosen and chosen[2] and chosen[1] in takers else []
        taker = taker if taker in takers else takers[0]
        text = f"{setting} {taker}({', '.join([*inside, option])})"
        # What else is in the line of the setting must not be lost.
        whole = given is None or (chosen and chosen.end() == len(given.text))
        # A rate that is there already is not written twice.
        whole = whole and not (inside and word == "learning_rate")
        fix = _fix(statement, given, text) if value and whole else None
        return Misplaced(span, word=span.text, home=f"to the {setting}: `{text}`", fix=fix)
    return None


def _setting(span: Span, word: str) -> Span | None:
    """The statement of a setting in the text around; `None` without one."""
    pattern = rf"(?:^|[;{{])[ \t]*({word}[ \t][^;{{}}#\n]*)"
    found = re.search(pattern, span.source.text, re.MULTILINE)
    return found and span.source.span(found.start(1), found.start(1) + len(found[1].rstrip()))


def _fix(statement: Span, given: Span | None, text: str) -> Fix:
    """The fix that gives a setting the option: in its line, or in the place of the option."""
    if given is None:
        return write(statement, text, title=f"write `{text}`")
    return Fix((without_statement(statement), Edit(given, text)), False, f"write `{text}`")
