import io

import pytest

from cnnspec.core.terminal import has_colour, plain, safe, show, width


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


LINES = [[("error", "error"), (": [/foo] \x1b[31m", "strong")], [], [("ü 日本", "")]]


def test_plain_text_has_no_styles_and_no_control_characters() -> None:
    assert plain(LINES) == "error: [/foo] \\x1b[31m\n\nü 日本\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb", "a b"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b", "\\x9b"),
        ("\u202e", "\\u202e"),
        ("\ud800", "\\ud800"),
        ("größe 🙂", "größe 🙂"),
    ],
)
def test_control_characters_are_made_safe(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("conv", 4), ("ü", 1), ("日本", 4), ("e\u0301", 1), ("\x1b", 4)]
)
def test_width_counts_wide_characters(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")], ids=["NO_COLOR", "dumb"]
)
def test_colour_can_be_refused(monkeypatch, name: str, value: str) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert has_colour(Screen())
    assert not has_colour(io.StringIO())
    monkeypatch.setenv(name, value)
    assert not has_colour(Screen())
    screen = Screen()
    show(LINES, screen)
    assert screen.getvalue() == plain(LINES)


def test_colour_says_the_same(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Screen()
    show(LINES, screen)
    assert "\x1b[1;31merror" in screen.getvalue()
    assert "[/foo] \\x1b[31m" in screen.getvalue()


def test_a_stream_that_knows_less_than_unicode_gets_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    show([[("größe …", "")]], stream)
    stream.flush()
    assert raw.getvalue() == b"gr\\xf6\\xdfe \\u2026\n"
