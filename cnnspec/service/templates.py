"""The templates: first specs that check and train, explained line by line."""

from pathlib import Path

from cnnspec.core.record import Record

FOLDER = Path(__file__).parent.parent / "templates"
TEMPLATES = ("lenet", "mlp", "tiny", "resnet", "mobilenet", "inception")
"""Every template, the easiest first; each is the file of that name."""


class Template(Record):
    """A template: its name, what it is in a line, and its text."""

    name: str
    story: str
    text: str

    def dump(self) -> dict[str, str]:
        """The template as JSON."""
        return {"name": self.name, "story": self.story, "text": self.text}


def template(name: str) -> Template:
    """Returns a template of `TEMPLATES`."""
    text = (FOLDER / f"{name}.cnn").read_text(encoding="utf-8")
    # The first line of a template is a comment that says what it is.
    return Template(name, text.split("\n", 1)[0].lstrip("# "), text)
