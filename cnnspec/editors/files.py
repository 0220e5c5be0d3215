"""The files of editors that are made from the tables: `python -m cnnspec.editors.files FOLDER`.

They are committed in `editors/`; a test compares them.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnnspec.editors.lexicon import lexicon
from cnnspec.editors.rules import WORD, Rule, rules
from cnnspec.service.templates import TEMPLATES, template

SCOPES = {
    "comment": "comment.line.number-sign.cnn",
    "string": "string.quoted.double.cnn",
    "number": "constant.numeric.cnn",
    "layer": "support.class.layer.cnn",
    "keyword": "keyword.control.cnn",
    "setting": "support.type.property-name.cnn",
    "option": "variable.parameter.cnn",
    "value": "constant.language.cnn",
    "call": "support.type.cnn",
    "function": "support.function.cnn",
    "block": "entity.name.function.cnn",
    "name": "variable.other.cnn",
    "operator": "keyword.operator.cnn",
    "punctuation": "punctuation.cnn",
}
"""The TextMate scope of each sort; `name` is what no table holds."""

_VIM = {
    "keyword": "Statement",
    "layer": "Type",
    "setting": "Identifier",
    "value": "Constant",
    "call": "Function",
    "function": "Function",
}


def textmate() -> dict[str, Any]:
    """Returns the TextMate grammar, which VS Code, GitHub, Sublime Text and others read."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "cnnspec",
        "scopeName": "source.cnn",
        "fileTypes": ["cnn"],
        "patterns": [_pattern(rule) for rule in rules(lexicon())],
    }


def _pattern(rule: Rule) -> dict[str, Any]:
    captures = {
        str(number): {"name": SCOPES[sort]} for number, sort in enumerate(rule.sorts, 1) if sort
    }
    return {"match": rule.pattern, "captures": captures}


def snippets() -> dict[str, Any]:
    """Returns a snippet for each template of `cnnspec new`, as VS Code reads them."""
    found = {}
    for each in map(template, sorted(TEMPLATES)):
        found[each.name] = {
            "prefix": each.name,
            "description": each.story.partition(". Train it")[0],
            "body": [re.sub(r"([$}\\])", r"\\\1", line) for line in each.text.splitlines()],
        }
    return found


def vim() -> str:
    """Returns the syntax file of Vim."""
    return "\n".join(_vim_lines()) + "\n"


def _vim_lines() -> Iterator[str]:
    yield '" Made by `make editors` from the tables of cnnspec.'
    yield 'if exists("b:current_syntax") | finish | endif'
    yield "syntax case match"
    words = lexicon()
    for sort in ("value", "call", "function", "setting", "layer", "keyword"):
        # Of two that match, Vim takes the later one, where a statement begins.
        head = r"\%(^\|[;{}]\)\s*\zs" if sort in ("setting", "layer", "keyword") else r"\<"
        listed = r"\|".join(sorted(words[sort], key=len, reverse=True))
        yield rf"syntax match cnn{sort.title()} /{head}\%({listed}\)\>/"
    yield r"syntax match cnnKeyword /\<in\>/"
    yield r"syntax match cnnOption /\<\h\w*\ze\s*==\@!/"
    yield r"syntax match cnnNumber /\<\d[0-9_.]*\%([eE][+-]\?\d\+\)\?\%(KiB\|MiB\|kB\|MB\|k\|M\)\?/"
    yield 'syntax region cnnString start=/"/ end=/"/ oneline'
    yield "syntax match cnnComment /#.*/"
    links = _VIM | {"option": "Special", "number": "Number", "string": "String"}
    for sort, group in (links | {"comment": "Comment"}).items():
        yield f"highlight default link cnn{sort.title()} {group}"
    yield 'let b:current_syntax = "cnn"'


def script() -> str:
    """Returns the rules as a module for the page, whose editor colours a text by itself."""
    found = [[_in_javascript(rule.pattern), rule.sorts] for rule in rules(lexicon())]
    lines = "".join(f"  {json.dumps(each, ensure_ascii=False)},\n" for each in found)
    head = (
        "// Made by `make editors` from the tables of cnnspec: a pattern, the sort of each group."
    )
    return f"{head}\nexport const RULES = [\n{lines}];\n"


_LETTER = r"[\p{L}\p{N}_]"
_BOUNDARY = f"(?:(?<!{_LETTER})(?={_LETTER})|(?<={_LETTER})(?!{_LETTER}))"


def _in_javascript(pattern: str) -> str:
    """Returns a pattern as JavaScript reads it, whose classes of letters know ASCII only."""
    for python, javascript in (
        (WORD, rf"[\p{{L}}_]{_LETTER}*"),
        (r"\b", _BOUNDARY),
        (r"\w", _LETTER),
    ):
        pattern = pattern.replace(python, javascript)
    return pattern


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


FILES = {
    "vscode/syntaxes/cnn.tmLanguage.json": lambda: _json(textmate()),
    "vscode/snippets/cnn.json": lambda: _json(snippets()),
    "vim/syntax/cnn.vim": vim,
    "../cnnspec/page/static/words.js": script,
}
"""Every file that is made, by its place in `editors/`; the editor of the page is in the package."""


def main(folder: str = "editors") -> None:
    """Writes every file into a folder."""
    for name, text in FILES.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
