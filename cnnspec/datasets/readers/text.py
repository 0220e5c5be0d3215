"""Opens files of text, compressed or not, and counts their lines."""

import bz2
import gzip
from pathlib import Path
from typing import IO, cast

from cnnspec.datasets.raw import unpacks


def opened(path: Path) -> IO[bytes]:
    """Opens a file as text, unpacked while reading if it is gzip or bzip2."""
    with path.open("rb") as file:
        begin = file.read(3)
    if begin[:2] == b"\x1f\x8b":
        return cast(IO[bytes], gzip.open(path))
    return cast(IO[bytes], bz2.open(path)) if begin == b"BZh" else path.open("rb")


def lines(path: Path) -> int:
    """Counts the lines with one block in memory.

    Raises `ValueError` where a compressed file has far more than text of images would.
    """
    count, total, last = 0, 0, b"\n"
    packed = path.stat().st_size
    with opened(path) as file:
        while block := file.read(2**20):
            total += len(block)
            unpacks(total, packed, "it")
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
