"""A picture that a notebook shows and that can be saved as a file. Light."""

from pathlib import Path
from typing import TYPE_CHECKING

from cnnspec.core.record import Record
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically

if TYPE_CHECKING:
    from cnnspec.report.canvas import Drawn


def free(path: Path, remedy: str) -> None:
    """Raises `CnnspecError` where the file exists: it is not overwritten without being asked."""
    if path.exists():
        raise CnnspecError(CannotWrite(None, f"{path} exists", remedy))


class Picture(Record):
    """A picture as one `<svg>` element, with a description in words."""

    svg: str
    alt: str

    @property
    def file(self) -> str:
        """The content of an SVG file."""
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{self.svg}\n'

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes an SVG file; an existing one is overwritten only with `force`.

        Raises `CnnspecError`.
        """
        path = Path(path)
        if not force:
            free(path, "replace it with `force=True`")
        write_atomically(path, self.file)
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture: {self.alt}>"


def of_drawn(drawn: "Drawn") -> Picture:
    """A plot of a report without the XML header of its file."""
    return Picture(drawn.svg[drawn.svg.index("<svg") :], drawn.alt)
