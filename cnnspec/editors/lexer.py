"""Colours for .cnn texts in what uses Pygments: Sphinx, MkDocs, notebooks, LaTeX's minted.

Pygments finds it by the name `cnn` once cnnspec is installed.
"""

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

from cnnspec.editors.lexicon import lexicon
from cnnspec.editors.rules import rules

_TOKENS = {
    "": Text.Whitespace,
    "comment": Comment.Single,
    "string": String.Double,
    "number": Number,
    "layer": Name.Class,
    "keyword": Keyword,
    "setting": Name.Property,
    "option": Name.Attribute,
    "value": Name.Constant,
    "call": Name.Builtin,
    "function": Name.Builtin,
    "block": Name.Function,
    "name": Name.Variable,
    "operator": Operator,
    "punctuation": Punctuation,
}


class CnnLexer(RegexLexer):  # type: ignore[misc]
    """The texts of cnnspec: small convolutional networks, one line for each layer."""

    name = "cnnspec"
    aliases: ClassVar[list[str]] = ["cnn", "cnnspec"]
    filenames: ClassVar[list[str]] = ["*.cnn"]
    url = "https://pypi.org/project/cnnspec/"
    flags = re.MULTILINE

    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"\s+(?=[;{}\n])|\n\s*\n|\n", Text.Whitespace),
            *(
                (rule.pattern, bygroups(*(_TOKENS[sort] for sort in rule.sorts)))
                for rule in rules(lexicon())
            ),
            (r"\s+", Text.Whitespace),
        ]
    }
