"""Reads files of pictures, decodes them in one process or several, and names broken ones."""

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.datasets.decoder import Decoder
from cnnspec.datasets.raw import PICTURES, Raw, bad, guarded, note
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import DatasetCorrupt
from cnnspec.diagnostics.errors import CnnspecError

_BYTES = 2**28
"""A limit of bytes, above every file of one picture."""
_USUAL = 2**16
MANY = 5000
"""From so many pictures on, starting processes pays."""
_READERS = 4
_PART = 64
_PART_BYTES = 2**20
"""The most files and bytes that are read at a time."""
_SHOWN = 8


@contextmanager
def quiet() -> Iterator[None]:
    """Silences Pillow's warnings: sizes are checked here, and whatever decodes is accepted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def refuse_broken(where: Path, broken: dict[str, str], count: int) -> None:
    """Raises `CnnspecError` with the pictures that cannot be read, if there are any."""
    if not broken:
        return
    shown = "; ".join(f"{name} ({reason})" for name, reason in list(broken.items())[:_SHOWN])
    more = f"; and {len(broken) - _SHOWN:,} more" if len(broken) > _SHOWN else ""
    cause = f"{where}: {len(broken):,} of {count:,} pictures cannot be read: {shown}{more}"
    remedy = "copy them again or delete them, or leave them out: write `skip_broken` after `data`"
    raise CnnspecError(DatasetCorrupt(None, cause, remedy))


def done(decoders: Iterable[Decoder], notes: list[Diagnostic]) -> None:
    """Adds notes on how many pictures were resized, and on broken ones that are left out."""
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
    """Reads a picture, or all pictures below a folder, with the names of their files.

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
    files = Files([*map(str, paths)], names, [one.stat().st_size for one in paths])
    add_files(decoder, files, lambda name, data: None)
    if decoder.broken:
        shown = "; ".join(f"{name} ({why})" for name, why in list(decoder.broken.items())[:_SHOWN])
        raise bad(path, f"cannot be read: {shown}", "copy them again, or leave them out")
    notes: list[Diagnostic] = []
    raw = Raw(decoder.pixels(str(path), notes), None, str(path))
    done([decoder], notes)
    return raw, names, tuple(notes)


class Files(Record):
    """Files of pictures in order: their paths, their names, and their bytes."""

    paths: Sequence[str]
    names: Sequence[str]
    sizes: Sequence[int]


def add_files(decoder: Decoder, files: Files, seen: Callable[[str, bytes], None]) -> None:
    """Reads and decodes files; `seen` gets the name and content of each in turn.

    Many of them are read by several threads and decoded by several processes.
    """
    workers = 1
    if decoder.count >= MANY:
        from cnnspec.datasets import decode_pool

        workers = decode_pool.processes()
    if workers == 1:
        contents = map(_content, files.paths)
        for number, name, data in _read(decoder, files.names, contents, seen):
            decoder.add(number, name, data)
        return
    with ThreadPoolExecutor(_READERS) as threads:
        read_ahead = _contents(threads, files)
        decode_pool.add_all(decoder, _read(decoder, files.names, read_ahead, seen), workers)


def _read(
    decoder: Decoder,
    names: Sequence[str],
    found: Iterable[bytes | OSError | ValueError],
    seen: Callable[[str, bytes], None],
) -> Iterator[tuple[int, str, bytes]]:
    """Yields the files that could be read; the others are reported to the decoder."""
    for number, (name, data) in enumerate(zip(names, found, strict=True)):
        if isinstance(data, bytes):
            seen(name, data)
            yield number, name, data
        else:
            decoder.lost(name, data)


def _contents(threads: ThreadPoolExecutor, files: Files) -> Iterator[bytes | OSError | ValueError]:
    """The content of all files in order, a few parts read ahead, because opening files is slow."""
    parts: deque[Future[list[bytes | OSError | ValueError]]] = deque()
    for start, end in _parts(files.sizes):
        parts.append(threads.submit(lambda paths: [*map(_content, paths)], files.paths[start:end]))
        if len(parts) > 2 * _READERS:
            yield from parts.popleft().result()
    while parts:
        yield from parts.popleft().result()


def _parts(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where to cut so that no part has too many files or bytes."""
    start, total = 0, 0
    for place, size in enumerate(sizes):
        total += size
        if place - start == _PART or total > _PART_BYTES:
            yield start, place + 1
            start, total = place + 1, 0
    if start < len(sizes):
        yield start, len(sizes)


def _content(path: str) -> bytes | OSError | ValueError:
    """The content of a file, or why it cannot be read."""
    try:
        # A `Path` for each would cost as much as the rest, a buffer for the largest even more.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            data = file.read(_USUAL)
            if len(data) == _USUAL:
                data += file.read(_BYTES)
    except (OSError, ValueError) as error:
        return error
    return data if len(data) <= _BYTES else ValueError(f"it has more than {_BYTES:,} bytes")


def is_picture(path: Path) -> bool:
    """Whether a path is the file of a picture, by its name."""
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and path.is_file()
