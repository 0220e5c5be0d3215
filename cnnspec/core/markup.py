"""Escapes texts for HTML, Markdown and LaTeX, so that nothing in them is read as markup."""

import re

from cnnspec.core.terminal import safe

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~$])")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{EN DASH}": "--",
    "\N{MINUS SIGN}": r"\ensuremath{-}",
    "\N{PLUS-MINUS SIGN}": r"\ensuremath{\pm}",
    "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    "\N{MIDDLE DOT}": r"\ensuremath{\cdot}",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    # After `\\` LaTeX would read `[` as the distance to the next line, and `*` as a variant.
    "[": "{[}",
    "*": "{*}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
# These are kept apart: TeX joins two of them to one sign, a dash or a quotation mark.
_LIGATURES = ("-(?=-)", "`(?=`)", "'(?=')", "[?!](?=`)")
_OF_LATEX = re.compile("|".join((*map(re.escape, _LATEX), *_LIGATURES)))


def html_text(text: str) -> str:
    """Returns a text for elements and quoted attributes of HTML.

    The module `html` does the same, but importing it loads a table of all entities.
    """
    return "".join(_HTML.get(sign, sign) for sign in safe(text))


def markdown_text(text: str) -> str:
    """Returns a text escaped for Markdown and for HTML within it."""
    text = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", text)


def markdown_prose(text: str) -> str:
    """Returns one of our own sentences for Markdown; text between backticks stays code."""
    parts = safe(text).split("`")
    parts[::2] = [re.sub(r"([\\*_\[<&|])", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [part.replace("|", "\\|") for part in parts[1::2]]
    return "`".join(parts)


def html_prose(text: str) -> str:
    """Returns one of our own sentences for HTML; text between backticks becomes code."""
    parts = html_text(text).split("`")
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts)


def latex_text(text: str) -> str:
    """Returns a text escaped for LaTeX; characters outside of ASCII need its UTF-8 input."""
    return _OF_LATEX.sub(lambda sign: _LATEX.get(sign[0], f"{sign[0]}{{}}"), safe(text))
