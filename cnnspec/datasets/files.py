"""Finds the files of a dataset: local copies in a fixed order, then mirrors.

Size and SHA-256 of the content are verified on every read, so that a forged or damaged file is
never trained on. A process that trains several times reads once. Knows bytes, not arrays.
"""

import gzip
import hashlib
import os
import zlib
from collections import defaultdict
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock, Thread

from cnnspec.core.record import Record
from cnnspec.diagnostics.data import DatasetCorrupt, DatasetMissing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import cannot_write, write_atomically
from cnnspec.ir.datasets import Dataset, File

DEBIAN = Path("/usr/share/datasets")
TIMEOUT = 7
"""Seconds to wait for a mirror; four files from two mirrors take less than half a minute."""

_READING: defaultdict[Path, Lock] = defaultdict(Lock)
"""Who comes second for a file finds what the first has read."""


class Place(Record):
    """A folder that may have the files of a dataset, and why it is searched."""

    folder: Path
    origin: str


def cache_folder() -> Path:
    """The user's cache: `$XDG_CACHE_HOME/cnnspec`, by default `~/.cache/cnnspec`.

    A folder that others can write to is never used instead.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "cnnspec"


def places(dataset: Dataset) -> list[Place]:
    """Every folder that may have the dataset, in the order of the search."""
    if not dataset.urls:
        return [Place(Path(__file__).parent / dataset.name, "comes with cnnspec")]
    found = []
    if os.environ.get("CNNSPEC_DATA"):
        folder = Path(os.environ["CNNSPEC_DATA"]).expanduser() / dataset.name
        found.append(Place(folder, "CNNSPEC_DATA"))
    found.append(Place(cache_folder() / dataset.name, "cache"))
    if dataset.debian:
        found.append(Place(DEBIAN / dataset.debian, "Debian package"))
    return found


def locate(dataset: Dataset) -> Place | None:
    """The first folder that has all files of the dataset; they are not read."""
    for place in places(dataset):
        if all(_path(place.folder, file) for file in dataset.files):
            return place
    return None


def read_ahead(dataset: Dataset) -> None:
    """Begins to read a dataset that is on this machine; `contents` waits for what is not done yet.

    To unpack and to hash need no Python, which imports modules and compiles the while. Of a file
    that is damaged `contents` tells.
    """

    def read(folder: Path, file: File) -> None:
        with suppress(CnnspecError):
            _read(folder, file)

    place = locate(dataset)
    if place is not None:
        for file in dataset.files:
            Thread(target=read, args=(place.folder, file), daemon=True).start()


def contents(dataset: Dataset, *, offline: bool = False) -> tuple[Place, list[bytes]]:
    """The verified content of the four files and where they were found.

    A damaged copy in the cache is downloaded again; one elsewhere is the user's, and an error.
    Raises `CnnspecError`.
    """
    place = locate(dataset)
    if place and place.origin != "cache":
        return place, [_read(place.folder, file) for file in dataset.files]
    folder = cache_folder() / dataset.name
    data = []
    for file in dataset.files:
        content = None
        if _path(folder, file):
            try:
                content = _read(folder, file)
            except CnnspecError:
                if offline:
                    raise
        if content is None:
            content = _fetch(dataset, file, folder, offline=offline)
        data.append(content)
    return Place(folder, "cache"), data


def _path(folder: Path, file: File) -> Path | None:
    """The path of the file, gzipped or not, if the folder has it."""
    for name in (f"{file.name}.gz", file.name):
        if (folder / name).is_file():
            return folder / name
    return None


def _read(folder: Path, file: File) -> bytes:
    path = _path(folder, file)
    assert path is not None
    try:
        status = path.stat()
        with _READING[path]:
            return _content(path, status.st_mtime_ns, status.st_size, file)
    except ValueError as error:
        raise CnnspecError(
            DatasetCorrupt(None, f"{path} {error}", "delete it, and it is fetched again")
        ) from None
    except OSError as error:
        raise CnnspecError(
            DatasetCorrupt(None, f"cannot read {path}: {error.strerror}", "fix its permissions")
        ) from None


@lru_cache(maxsize=4)
def _content(path: Path, _modified: int, _size: int, file: File) -> bytes:
    """The verified content of a file that has not changed since; raises `ValueError`.

    The arrays of a dataset are views of it: while they are used, keeping it takes no memory.
    """
    return verified(path.read_bytes(), file)


def verified(data: bytes, file: File) -> bytes:
    """Returns the unpacked content of a file; raises `ValueError` if it is not the published one.

    No more than the published size is ever unpacked.
    """
    content = unpacked(data, file.size + 1) if data[:2] == b"\x1f\x8b" else data
    if len(content) > file.size:
        raise ValueError(f"holds more than the {file.size:,} bytes published")
    if len(content) < file.size:
        raise ValueError(f"holds {len(content):,} bytes, not the {file.size:,} published")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ValueError("has another SHA-256 than the published file")
    return content


def unpacked(data: bytes, most: int) -> bytes:
    """Unpacks at most so many bytes of a gzip stream; raises `ValueError` if it is damaged."""
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = stream.decompress(data, most)
    except zlib.error as error:
        raise ValueError(f"is damaged ({error})") from None
    if not stream.eof and len(content) < most:
        raise ValueError("is cut short")
    if stream.unused_data:
        raise ValueError(f"has {len(stream.unused_data):,} bytes after its end")
    return content


def _fetch(dataset: Dataset, file: File, folder: Path, *, offline: bool) -> bytes:
    """Downloads one file from the first mirror that gives the published content."""
    if offline:
        raise CnnspecError(
            _missing(dataset, "it is not on this machine, and `--offline` was given")
        )
    try:
        import pooch
    except ImportError:
        raise CnnspecError(_missing(dataset, "it is not on this machine")) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CnnspecError(cannot_write(folder, error)) from None
    pooch.get_logger().setLevel("CRITICAL")
    reasons = []
    for url in mirrors(dataset):
        try:
            path = pooch.retrieve(
                f"{url}{file.name}.gz",
                known_hash=None,
                fname=f".{file.name}.{os.getpid()}.part",
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
            )
        except Exception as error:  # whatever a network can do; each mirror gets its turn
            reasons.append(f"{url}: {_short(error)}")
            continue
        try:
            data = Path(path).read_bytes()
            content = verified(data, file)
        except ValueError as error:
            reasons.append(f"{url}: what came {error}")
            continue
        finally:
            Path(path).unlink(missing_ok=True)
        write_atomically(folder / f"{file.name}.gz", gzip.compress(content, 6, mtime=0))
        return content
    raise CnnspecError(_missing(dataset, f"no mirror gave it ({'; '.join(reasons)})"))


def mirrors(dataset: Dataset) -> tuple[str, ...]:
    """The addresses to download from; `CNNSPEC_MIRROR` is tried first."""
    own = os.environ.get("CNNSPEC_MIRROR", "")
    return ((f"{own.rstrip('/')}/{dataset.name}/",) if own else ()) + dataset.urls


def _short(error: Exception) -> str:
    text = str(error)
    for mark, meaning in (
        ("resolve", "its name cannot be resolved"),
        ("timed out", "no answer in time"),
        ("refused", "the connection was refused"),
        ("CERTIFICATE", "its certificate is not trusted"),
    ):
        if mark in text:
            return meaning
    return text.splitlines()[0][:100] if text else type(error).__name__


def _missing(dataset: Dataset, reason: str) -> DatasetMissing:
    ways = [
        f"put its four IDX files into {cache_folder() / dataset.name}",
        "name a folder that holds them with CNNSPEC_DATA",
    ]
    if dataset.debian:
        ways.append("install Debian's `dataset-fashion-mnist`")
    ways.append("or use the built-in sample: `data fashion_mnist_mini`")
    return DatasetMissing(None, f"{dataset.title} is missing: {reason}", ", ".join(ways))
