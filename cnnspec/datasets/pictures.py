"""Files of pictures: read, decoded by one process or several, and the broken ones named."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnspec.core.natural import natural
from cnnspec.datasets.decoder import Decoder
from cnnspec.datasets.raw import PICTURES, Raw, bad, guarded, note
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import DatasetCorrupt
from cnnspec.diagnostics.errors import CnnspecError

_BYTES = 2**28
"""More bytes than the file of one picture has."""
_USUAL = 2**16
MANY = 5000
"""Pictures that are worth starting processes for."""
_SHOWN = 8


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps Pillow's warnings back: sizes are looked at here, and what decodes is good enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def refuse_broken(where: Path, broken: dict[str, str], count: int) -> None:
    """Raises `CnnspecError` that names the pictures that cannot be read, if there are any."""
    if not broken:
        return
    shown = "; ".join(f"{name} ({reason})" for name, reason in list(broken.items())[:_SHOWN])
    more = f"; and {len(broken) - _SHOWN:,} more" if len(broken) > _SHOWN else ""
    cause = f"{where}: {len(broken):,} of {count:,} pictures cannot be read: {shown}{more}"
    remedy = "copy them again or delete them, or leave them out: write `skip_broken` after `data`"
    raise CnnspecError(DatasetCorrupt(None, cause, remedy))


def done(decoders: Iterable[Decoder], notes: list[Diagnostic]) -> None:
    """Notes how many pictures were resized, and which are left out because they are broken."""
    decoders = list(decoders)
    resized = sum(decoder.resized for decoder in decoders)
    shape = next((decoder.shape for decoder in decoders if decoder.shape), None)
    if resized and shape:
        count = sum(len(decoder.kept) for decoder in decoders)
        text = f"{resized:,} of {count:,} pictures are resized to {shape[0]}x{shape[1]}"
        notes.append(note(text))
    broken = [name for decoder in decoders for name in decoder.broken]
    if broken:
        more = f" and {len(broken) - 4:,} more" if len(broken) > 4 else ""
        text = f"{len(broken):,} cannot be read and are left out: {', '.join(broken[:4])}{more}"
        notes.append(note(text))


@quiet()
def images(
    path: Path, shape: tuple[int, ...]
) -> tuple[Raw, tuple[str, ...], tuple[Diagnostic, ...]]:
    """A picture or all pictures below a folder, with the names of their files.

    Raises `CnnspecError` that names those that cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    with guarded(path):
        paths = [path]
        if path.is_dir():
            found = filter(is_picture, path.rglob("*"))
            paths = sorted(found, key=lambda one: natural(str(one)))
    if not paths:
        raise bad(
            path, f"it has no pictures ({', '.join(PICTURES)})", "name a folder that has some"
        )
    decoder = Decoder(len(paths), shape)
    names = tuple(one.relative_to(folder).as_posix() for one in paths)
    add_files(decoder, zip(map(str, paths), names, strict=True), lambda name, data: None)
    if decoder.broken:
        shown = "; ".join(f"{name} ({why})" for name, why in list(decoder.broken.items())[:_SHOWN])
        raise bad(path, f"cannot be read: {shown}", "copy them again, or leave them out")
    notes: list[Diagnostic] = []
    raw = Raw(decoder.pixels(str(path), notes), None, str(path))
    done([decoder], notes)
    return raw, names, tuple(notes)


def add_files(
    decoder: Decoder, files: Iterable[tuple[str, str]], seen: Callable[[str, bytes], None]
) -> None:
    """Reads and decodes files, given as path and name; `seen` gets the content of each in turn.

    Many of them are decoded by several processes.
    """
    pictures = _contents(decoder, files, seen)
    if decoder.count >= MANY:
        from cnnspec.datasets import decode_pool

        workers = decode_pool.processes()
        if workers > 1:
            decode_pool.add_all(decoder, pictures, workers)
            return
    for number, name, data in pictures:
        decoder.add(number, name, data)


def _contents(
    decoder: Decoder, files: Iterable[tuple[str, str]], seen: Callable[[str, bytes], None]
) -> Iterator[tuple[int, str, bytes]]:
    for number, (path, name) in enumerate(files):
        try:
            # A Path for each would cost as much as the rest, room for the largest more.
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                data = file.read(_USUAL)
                if len(data) == _USUAL:
                    data += file.read(_BYTES)
            if len(data) > _BYTES:
                raise ValueError(f"it has more than {_BYTES:,} bytes")
        except (OSError, ValueError) as error:
            decoder.lost(name, error)
            continue
        seen(name, data)
        yield number, name, data


def is_picture(path: Path) -> bool:
    """Whether a path is the file of a picture by its name."""
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and path.is_file()
