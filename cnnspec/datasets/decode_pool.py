"""Decodes many pictures in several processes, because Pillow uses only one thread of Python.

A worker is this module as a program. It receives batches of files on standard input and answers
with what its `Decoder` made of them. Python's own pools would run the caller's program again, which
fails for a script without a `__main__` guard, and would send pickles.
"""

import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Lock, Thread
from typing import IO, Any

from cnnspec.core.natural import natural
from cnnspec.datasets.decoder import Decoder
from cnnspec.datasets.pictures import quiet

Picture = tuple[int, str, bytes]
"""A picture: its number, its name and the content of its file."""

_BATCH = 500
_BATCH_BYTES = 2**22
_MOST = 8
"""The most processes: reading and hashing the files cannot keep more of them busy."""


def processes() -> int:
    """How many workers this machine has cores for."""
    return min(_MOST, os.cpu_count() or 1)


def add_all(decoder: Decoder, pictures: Iterator[Picture], workers: int) -> None:
    """Decodes pictures as `Decoder.add` does, in any order."""
    for picture in pictures:
        decoder.add(*picture)
        # Unless a size is given, the size of the first picture is used for all.
        if decoder.shape is not None and decoder.kept:
            break
    queue: Queue[list[Picture]] = Queue(2 * workers)
    lock = Lock()
    threads = [Thread(target=_serve, args=(decoder, queue, lock)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for batch in _batches(pictures):
            queue.put(batch)
    finally:
        for _ in threads:
            queue.put([])
        for thread in threads:
            thread.join()
        named = sorted(decoder.broken.items(), key=lambda item: natural(item[0]))
        decoder.broken = dict(named)


def _batches(pictures: Iterator[Picture]) -> Iterator[list[Picture]]:
    batch: list[Picture] = []
    size = 0
    for picture in pictures:
        batch.append(picture)
        size += len(picture[2])
        if len(batch) == _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _serve(decoder: Decoder, queue: "Queue[list[Picture]]", lock: Lock) -> None:
    """Gives batches to its own worker until one is empty; decodes itself if the worker dies."""
    worker = _start()
    try:
        while batch := queue.get():
            answer = None
            if worker is not None:
                with contextlib.suppress(OSError, ValueError, struct.error):
                    answer = _asked(worker, batch, decoder.shape or (1, 1, 1))
            with lock:
                if answer is not None:
                    decoder.absorb([(number, name) for number, name, _ in batch], *answer)
                else:
                    for picture in batch:
                        decoder.add(*picture)
    finally:
        if worker is not None:
            worker.kill()
            worker.communicate()


def _start() -> "subprocess.Popen[bytes] | None":
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "cnnspec.datasets.decode_pool"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
    except OSError:
        return None


def _asked(
    worker: "subprocess.Popen[bytes]", batch: list[Picture], shape: tuple[int, ...]
) -> tuple[dict[str, Any], bytes]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    sizes = [len(data) for _, _, data in batch]
    worker.stdin.write(struct.pack(f"=4I{len(sizes)}I", len(batch), *shape, *sizes))
    worker.stdin.writelines(data for _, _, data in batch)
    worker.stdin.flush()
    head, size = struct.unpack("=IQ", _exactly(worker.stdout, 12))
    return json.loads(_exactly(worker.stdout, head)), _exactly(worker.stdout, size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise ValueError("the worker has ended")
    return data


@quiet()
def main() -> None:
    """Decodes batches from standard input until there are no more."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        while head := source.read(16):
            count, *shape = struct.unpack("=4I", head)
            sizes = struct.unpack(f"={count}I", _exactly(source, 4 * count))
            decoder = Decoder(count, tuple(shape))
            for number, size in enumerate(sizes):
                decoder.add(number, str(number), _exactly(source, size))
            told, pixels = decoder.report()
            text = json.dumps(told).encode()
            target.write(struct.pack("=IQ", len(text), len(pixels)) + text)
            target.write(pixels)
            target.flush()


if __name__ == "__main__":
    main()
