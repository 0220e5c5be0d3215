"""Pieces of HTML for notebooks. Everything passed in is text and is escaped here."""

import base64

from cnnspec.core.markup import html_text


def text(value: object) -> str:
    """A value escaped as HTML text, for elements and for quoted attributes."""
    return html_text(str(value))


def heading(title: object, more: object = "") -> str:
    """A line in bold with plain text after it."""
    return f"<p><b>{text(title)}</b> {text(more)}</p>"


def preformatted(lines: str) -> str:
    """Text that keeps its lines and spaces."""
    return f"<pre>{'<br>'.join(map(text, lines.splitlines()))}</pre>"


def picture(svg: str, alt: str) -> str:
    """A picture in an element of its own, so that no name in it meets one of the page."""
    data = base64.b64encode(svg.encode()).decode()
    source = f"data:image/svg+xml;base64,{data}"
    return f'<img src="{source}" alt="{text(alt)}" style="max-width:100%;background:white">'


def link(address: str, shown: object) -> str:
    """A link to a file beside the notebook."""
    return f'<a href="{text(address)}" target="_blank">{text(shown)}</a>'
