"""A spec that no one wrote as text, as the source of what is reported of it."""

from cnnspec.core.source import Source
from cnnspec.ir.spec import Spec


class SpecSource(Source):
    """The canonical text of a spec, written when someone looks at it.

    What has a spec already checks the spec; the text serves what is shown, and as the
    place of an error.
    """

    __slots__ = ("_text", "spec")

    def __init__(self, name: str, spec: Spec) -> None:
        self.name = name
        self.spec = spec
        self._starts = None
        self._text = ""

    @property
    def text(self) -> str:  # type: ignore[override]
        """The canonical text."""
        # A spec that says nothing still names its data, so that no text is empty.
        if not self._text:
            self._text = str(self.spec)
        return self._text

    def written(self) -> Source:
        """The text alone, to be parsed."""
        return _Written(self.name, self.text)


class _Written(Source):
    """The canonical text of a document: its lines are not those of the file."""

    __slots__ = ()

    @property
    def shown(self) -> str:
        return f"{self.name}, as text"
