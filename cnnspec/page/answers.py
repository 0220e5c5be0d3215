"""What the page asks, and who answers: one request of plain JSON, one answer.

The page in a browser asks its worker, and the page of `cnnspec serve` asks the server; both
ask here. A request names its question in `ask` and carries the text that it is about, so that
no answer depends on an earlier one. What was found out about the last text is kept.
"""

from collections.abc import Callable
from typing import Any

from cnnspec.analysis.assignment import judge, read_rules
from cnnspec.analysis.diff import compare
from cnnspec.analysis.formulas import facts
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.page.exports import EXPORTS, export
from cnnspec.page.view import boxes, edits, rest, view
from cnnspec.service.completion import complete, signature
from cnnspec.service.document import Places, document
from cnnspec.service.edits import fix_all, formatted
from cnnspec.service.hover import hover
from cnnspec.service.meanings import Meaning
from cnnspec.service.names import definition, name_at, renamed
from cnnspec.service.snapshot import Snapshot, snapshot
from cnnspec.service.templates import TEMPLATES, template
from cnnspec.version import __version__

Json = dict[str, Any]
NAME = "spec.cnn"
"""What messages call a text that is in no file."""
_KEPT = 2
"""Texts of which everything that was found out is kept: the one that is typed, and the other."""


class Answers:
    """Answers requests, one at a time. `name` is the file that the text is, if it is one."""

    def __init__(self, name: str = NAME) -> None:
        self._name = name
        self._known: dict[str, Snapshot] = {}

    def answer(self, request: Json) -> Json:
        """Returns the answer to a request; one that fails is an `error` with its problems.

        Raises:
            ValueError: the request is not one.
        """
        question = _QUESTIONS.get(str(request.get("ask")))
        if question is None:
            raise ValueError(f"nobody answers {request.get('ask')!r}")
        try:
            return question(self, request)
        except CnnspecError as error:
            return {"error": _told(error)}

    def found(self, text: str) -> Snapshot:
        """Returns what is known of a text."""
        known = self._known.pop(text, None) or snapshot(Source(self._name, text))
        self._known[text] = known
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return known


def _told(error: CnnspecError) -> list[Json]:
    """The problems of an error, which may be of another text than the one in the editor."""
    return [{"message": each.message, "help": each.help} for each in error.diagnostics]


def _check(answers: Answers, request: Json) -> Json:
    """All that is shown while a text is typed; with `rules` what became of each."""
    found = answers.found(request["text"])
    rules = request.get("rules")
    return view(found) | ({"rules": _judged(found, rules)} if rules else {})


def _judged(found: Snapshot, text: str) -> Json:
    """The rules of an assignment as they are kept, or why they are none."""
    try:
        rules = read_rules(Source("rules.cnn", text))
    except CnnspecError as error:
        return {"error": _told(error)}
    judgement = judge(rules, found.source)
    return {
        "ok": judgement.ok,
        "rules": [
            {"rule": name, "found": verdict.found, "holds": verdict.holds}
            for name, verdict in zip(rules.names, judgement.verdicts, strict=True)
        ],
    }


def _rest(answers: Answers, request: Json) -> Json:
    """What a check left out, as it takes longer."""
    return rest(answers.found(request["text"]))


def _drawing(answers: Answers, request: Json) -> Json:
    """The drawing, and where each block is on it; also of a network that passes a budget."""
    found = answers.found(request["text"])
    if not _known(found):
        return {"svg": None, "boxes": []}
    from cnnspec.drawing.layout import layout
    from cnnspec.drawing.svg import drawn

    sheet = layout(found.checked)
    return {"svg": drawn(found.checked, sheet), "boxes": boxes(found, sheet)}


def _known(found: Snapshot) -> bool:
    """Whether every shape is known, whatever else is wrong."""
    return found.checked.totals is not None and not found.checked.expanded.problems


def _formulas(answers: Answers, request: Json) -> Json:
    """The formulas of some rows: in symbols, with numbers put in, and the results."""
    found = answers.found(request["text"])
    return {
        "layers": [
            {
                "name": call.name,
                "layer": str(call.layer),
                "facts": [
                    {
                        "name": name,
                        "symbols": number.symbols,
                        "numbers": number.numbers,
                        "value": number.value,
                    }
                    for name, number in facts(call)
                ],
            }
            for row in request["rows"]
            if (call := dict(enumerate(found.layers)).get(row)) is not None
        ]
    }


def _hover(answers: Answers, request: Json) -> Json:
    """What is known of the word at a place, in Markdown."""
    found = answers.found(request["text"])
    shown = hover(found, _offset(found, request))
    if shown is None:
        return {"text": ""}
    return {"text": shown.text, "range": Places(found).of(shown.span)["range"]}


def _complete(answers: Answers, request: Json) -> Json:
    """The words that can be typed at a place."""
    found = answers.found(request["text"])
    offered = complete(found, _offset(found, request))
    span = found.source.span(offered.start, offered.end)
    return {
        "range": Places(found).of(span)["range"],
        "items": [_item(meaning) for meaning in offered.items],
    }


def _item(meaning: Meaning) -> Json:
    return {
        "word": meaning.word,
        "sort": meaning.sort,
        "detail": meaning.detail,
        "help": meaning.help,
        "block": meaning.takes_block,
    }


def _signature(answers: Answers, request: Json) -> Json:
    """What the word takes whose arguments are at a place."""
    found = answers.found(request["text"])
    shown = signature(found, _offset(found, request))
    if shown is None:
        return {"word": ""}
    given = [
        {"label": each.label, "help": each.help, "joined": each.joined} for each in shown.parameters
    ]
    return {"word": shown.word, "parameters": given, "active": shown.active, "help": shown.help}


def _format(answers: Answers, request: Json) -> Json:
    """The edits that give a text its canonical layout."""
    found = answers.found(request["text"])
    return {"edits": edits(found, formatted(found))}


def _fix_all(answers: Answers, request: Json) -> Json:
    """The edits of every fix that is surely meant."""
    found = answers.found(request["text"])
    return {"edits": edits(found, fix_all(found))}


def _definition(answers: Answers, request: Json) -> Json:
    """Where the name at a place is defined; nothing where there is none."""
    found = answers.found(request["text"])
    span = definition(found, _offset(found, request))
    return {"line": span.line, **Places(found).of(span)} if span else {}


def _name(answers: Answers, request: Json) -> Json:
    """The name at a place, if it can be renamed; nothing else has one."""
    found = answers.found(request["text"])
    symbol = name_at(found, _offset(found, request))
    return {"name": symbol.name} if symbol and symbol.kind != "file" else {}


def _rename(answers: Answers, request: Json) -> Json:
    """The edits that rename what is at a place, or why it keeps its name."""
    found = answers.found(request["text"])
    result = renamed(found, _offset(found, request), request["name"])
    files = {e.span.source.name for e in result.edits if e.span.source is not found.source}
    if files:
        # The page writes one text.
        return {
            "reason": f"it is also in {listing(sorted(files), 'and')}, where it is renamed first"
        }
    return {"reason": result.reason, "edits": edits(found, result.edits)}


def _compare(answers: Answers, request: Json) -> Json:
    """What changed from the text `before` to the text, or which of them has errors."""
    sides = answers.found(request["before"]), answers.found(request["text"])
    for side, name in zip(sides, ("A", "B"), strict=True):
        if not _known(side):
            return {"unknown": name}
    return compare(sides[0].checked, sides[1].checked).dump()


def _document(answers: Answers, request: Json) -> Json:
    """What `check --json --explain` prints of a text."""
    return document(answers.found(request["text"]), formulas=True)


def _export(answers: Answers, request: Json) -> Json:
    """A file of some kind."""
    return export(answers.found(request["text"]), request["kind"])


def _begin(answers: Answers, request: Json) -> Json:
    """What the page shows before anything is typed: templates, kinds of export, the version."""
    return {
        "version": __version__,
        "templates": [template(name).dump() for name in TEMPLATES],
        "exports": [
            {"kind": kind, "title": each.title, "ending": each.ending}
            for kind, each in EXPORTS.items()
        ],
    }


def _warm(answers: Answers, request: Json) -> Json:
    """Reads a text with an error: what only those need takes a while to load."""
    view(snapshot(Source(NAME, "conv (")))
    return {}


def _offset(found: Snapshot, request: Json) -> int:
    at = request["at"]
    return found.positions.offset(at["line"], at["character"])


_QUESTIONS: dict[str, Callable[[Answers, Json], Json]] = {
    "begin": _begin,
    "check": _check,
    "rest": _rest,
    "drawing": _drawing,
    "formulas": _formulas,
    "hover": _hover,
    "complete": _complete,
    "signature": _signature,
    "definition": _definition,
    "name": _name,
    "rename": _rename,
    "format": _format,
    "fix_all": _fix_all,
    "compare": _compare,
    "document": _document,
    "export": _export,
    "warm": _warm,
}
