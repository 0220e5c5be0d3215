"""The words of a text with where each is: in which blocks, statement, call and option.

Reads what the parser does not: a text that is being typed, where half a statement says
already what may follow it. Knows the forms of the grammar and no word of the language.
"""

import re
from collections.abc import Iterator

from cnnspec.core.record import Record

_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
  | (?P<string>"[^"\n]*"?)
  | (?P<separator>[;\n])
  | (?P<times>(?<=[0-9)])x(?=[0-9(]))
  | (?P<word>[^\W\d]\w*)
  | (?P<number>[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?(?:(?:KiB|MiB|kB|MB|k|M)(?!\w))?)
  | (?P<open>[{(])
  | (?P<close>[})])
  | (?P<operator><=|>=|==|\.\.|//|[=<>,+\-*/%^])
  | (?P<other>[^\s])
    """,
    re.VERBOSE,
)


_OPERANDS = ("word", "number", "string")


class Place(Record):
    """Where something is or can be written.

    `blocks` are the words of the statements around it, the outermost first, and `statement` is
    the word of its own, empty where a statement begins. `calls` are the names before the
    parentheses around it, empty for one that only groups. `option` is the name before its `=`.
    """

    blocks: tuple[str, ...] = ()
    statement: str = ""
    calls: tuple[str, ...] = ()
    option: str = ""
    given: tuple[str, ...] = ()
    """The names of options and the words that the statement or call has before it."""
    values: int = 0
    """How many numbers and strings without a name it has before it; `32x3` are two."""
    relation: bool = False
    """Whether a comparison or `in` is before it."""
    start: int = 0
    """The first character of the statement."""


class Token(Record):
    """A piece of text between blanks: its form, which is a group of `_TOKEN`, and its place."""

    form: str
    start: int
    end: int
    text: str
    place: Place


class _Given:
    """What a statement or a call has been given so far."""

    __slots__ = ("name", "option", "relation", "values", "words")

    def __init__(self, name: str) -> None:
        self.name = name
        self.words: list[str] = []
        self.option = ""
        self.values = 0
        self.relation = False


class _Walk:
    """The place that is reached, token by token."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.begin()

    def begin(self) -> None:
        """A statement begins."""
        self.word = ""
        self.start = 0
        self.given = [_Given("")]
        self.ended = False
        """Whether a value may have ended, so that another one begins without a sign."""
        self.linked = False
        """Whether a sign goes on with the value before."""

    def operand(self) -> None:
        """A value begins, and ends that of an option before it."""
        if self.ended:
            self.given[-1].option = ""

    @property
    def place(self) -> Place:
        inner = self.given[-1]
        calls = tuple([given.name for given in self.given[1:]])
        return Place(
            tuple(self.blocks),
            self.word,
            calls,
            inner.option,
            tuple(inner.words),
            inner.values,
            inner.relation,
            self.start,
        )

    def take(self, match: re.Match[str], after: str, *, calls: bool) -> None:
        """Moves on behind a token; `after` is the next, a parenthesis that it `calls`."""
        form, text = match.lastgroup, match.group()
        inner = self.given[-1]
        if form == "separator" or text in ("{", "}"):
            if text == "{":
                self.blocks.append(self.word)
            elif text == "}" and self.blocks:
                self.blocks.pop()
            self.begin()
        elif form == "word":
            self.take_word(inner, match, after, calls=calls)
        elif form in _OPERANDS:
            inner.values += not (inner.option or self.linked)
            self.ended, self.linked = True, False
        elif text == "(":
            inner.values += not (inner.option or self.linked or self.calling)
            self.given.append(_Given(self.calling))
            self.calling = ""
            self.ended = self.linked = False
        elif text == ")":
            if len(self.given) > 1:
                self.given.pop()
            self.ended, self.linked = True, False
        else:
            self.take_sign(inner, text)

    calling = ""
    """The word right before a parenthesis."""

    def take_word(self, inner: _Given, match: re.Match[str], after: str, *, calls: bool) -> None:
        text = match.group()
        self.ended = self.linked = False
        if not self.word and len(self.given) == 1:
            self.word, self.start = text, match.start()
        elif text == "in":
            inner.relation = True
        elif after == "=":
            inner.option = text
            inner.words.append(text)
        else:
            if not inner.option:
                inner.words.append(text)
            self.ended = not calls
        if calls:
            self.calling = text

    def take_sign(self, inner: _Given, text: str) -> None:
        if text == "," and len(self.given) > 1:
            inner.option = ""
        elif text in ("<=", ">=", "==", "<", ">"):
            inner.relation = True
        elif text == "x":
            inner.values += not inner.option
        self.ended = False
        self.linked = text not in ("=", ",") or len(self.given) == 1


def tokens(text: str, end: int | None = None) -> Iterator[Token]:
    """Yields the tokens of a text, or of what is before a character, each with its place.

    The last one is empty and of the form `end`; its place is that of a word at the end.
    """
    end = len(text) if end is None else end
    walk = _Walk()
    found = [match for match in _TOKEN.finditer(text, 0, end) if match.lastgroup != "comment"]
    for match, following in zip(found, [*found[1:], None], strict=False):
        after = following.group() if following else ""
        touches = following is not None and following.start() == match.end()
        if match.lastgroup in _OPERANDS or match.group() == "(":
            walk.operand()
        yield Token(match.lastgroup or "", match.start(), match.end(), match.group(), walk.place)
        walk.take(match, after, calls=after == "(" and touches)
    walk.operand()
    yield Token("end", end, end, "", walk.place)


def place_at(text: str, offset: int) -> tuple[Place, int] | None:
    """Returns the place of a word that ends at a character, and where that word begins.

    The two are the same character where there is none yet. `None` within comments and strings.
    """
    start = offset
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    line = text.rfind("\n", 0, start) + 1
    found = [match for match in _TOKEN.finditer(text, line, start) if match.end() == start]
    if any(_OPEN.fullmatch(match.group()) for match in found):
        return None
    *_, last = tokens(text, start)
    sizes = _SIZE.fullmatch(text, start - (text[start - 1 : start] == ")"), offset)
    if sizes:
        # The one in parentheses is counted already.
        more = sizes.group().count("x") - sizes.group().startswith(")")
        return last.place.replace(values=last.place.values + more), start
    return last.place, start


_SIZE = re.compile(r"[0-9)][0-9_]*(x[0-9_]*)*")
"""What is typed of a size: `8x`, or behind a parenthesis `)x3`."""


_OPEN = re.compile(r'#.*|"[^"]*')
"""A comment, and a string whose end is missing."""
