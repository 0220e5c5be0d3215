"""What a piece of text is by its form and its neighbours: the rules of every highlighter.

Each rule is a regular expression that Python, Oniguruma (TextMate) and Pygments read alike,
with a sort for each group, or one for all of it. The first rule that matches at a place wins.
"""

from cnnspec.core.record import Record
from cnnspec.editors.lexicon import Words

WORD = r"[^\W\d]\w*"
_START = r"(?:^|(?<=[;{}]))([ \t]*)"
_NUMBER = r"[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?(?:(?:KiB|MiB|kB|MB|k|M)(?!\w))?"


class Rule(Record):
    """A regular expression, and the sorts of its groups; an empty one is of blanks."""

    pattern: str
    sorts: tuple[str, ...]


def rules(words: Words) -> tuple[Rule, ...]:
    """Returns the rules for the words of the language, the most special first."""
    return (
        Rule(r"(#.*)", ("comment",)),
        Rule(r'("[^"\n]*"?)', ("string",)),
        Rule(rf"{_START}(block)([ \t]+)({WORD})", ("", "keyword", "", "block")),
        Rule(rf"{_START}(let)([ \t]+)({WORD})", ("", "keyword", "", "name")),
        *(
            Rule(rf"{_START}({_any(words[sort])})\b", ("", sort))
            for sort in ("keyword", "layer", "setting")
        ),
        Rule(rf"{_START}({WORD})", ("", "block")),
        Rule(rf"({WORD})(?=[ \t]*=(?!=))", ("option",)),
        Rule(rf"\b({_any(words['function'])})(?=\()", ("function",)),
        Rule(rf"\b({_any(words['call'])})\b", ("call",)),
        Rule(rf"\b({_any((*words['value'], *words['layer']))})\b", ("value",)),
        Rule(r"\b(in)\b", ("keyword",)),
        Rule(r"((?<=[0-9)])x(?=[0-9(]))", ("operator",)),
        Rule(rf"({_NUMBER})", ("number",)),
        Rule(rf"({WORD})", ("name",)),
        Rule(r"(<=|>=|==|\.\.|//|[=<>+\-*/%^])", ("operator",)),
        Rule(r"([{}();,])", ("punctuation",)),
    )


def _any(words: tuple[str, ...]) -> str:
    # The longest first: `relu6` is not `relu`.
    return "|".join(sorted(dict.fromkeys(words), key=lambda word: (-len(word), word)))
