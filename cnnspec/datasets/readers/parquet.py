"""Reads Parquet files like those of datasets on the Hugging Face hub, with PyArrow.

They have a column of pictures, each `{bytes, path}` or only bytes, and one of labels. The schema
may name the classes.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from cnnspec.datasets.decoder import Decoder
from cnnspec.datasets.pictures import done, quiet, refuse_broken
from cnnspec.datasets.raw import Found, Raw, Request, Unsupported, unpacks, whole
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.language.suggest import nearest

TITLE = "a table with pictures (Parquet)"
_LABELS = ("label", "labels", "class", "target", "digit", "fine_label")
_BUFFER = 2**20
_ROWS = 100
"""How many rows are read at a time."""


@quiet()
def read(path: Path, request: Request) -> Found:
    """Reads the images and labels of a file; raises `ValueError`."""
    return read_all([path], request)


@quiet()
def read_all(paths: list[Path], request: Request) -> Found:
    """Reads the images and labels of the files of one split."""
    files = [parquet.ParquetFile(path, buffer_size=_BUFFER) for path in paths]
    for path, file in zip(paths, files, strict=True):
        _unpacks(path, file.metadata)
    schema = files[0].schema_arrow
    pictures = _pictures(schema, request)
    label = _label(schema, request)
    count = sum(file.metadata.num_rows for file in files)
    if not count:
        raise Unsupported("it has no row of an image", "take another file")
    decoder = _decoded(files, pictures, count, request.shape)
    if request.shape is None and decoder.common != decoder.shape:
        decoder = _decoded(files, pictures, count, decoder.common)
    where = str(paths[0]) if len(paths) == 1 else str(paths[0].parent)
    if not request.data.skip_broken:
        refuse_broken(Path(where), decoder.broken, count)
    notes: list[Diagnostic] = []
    done([decoder], notes)
    labels = None
    if label is not None:
        kept = np.sort(decoder.kept).astype(np.int64)
        labels = _values(files, label)[kept]
    raw = Raw(decoder.pixels(where, notes), labels, where, f"column `{label}` of {where}")
    return Found(
        TITLE,
        tuple(whole(path) for path in paths),
        raw,
        None,
        _names(schema, label),
        tuple(notes),
        broken=tuple(f"{name}: {why}" for name, why in decoder.broken.items()),
    )


def _unpacks(path: Path, metadata: Any) -> None:
    groups = range(metadata.num_row_groups)
    size = sum(metadata.row_group(group).total_byte_size for group in groups)
    unpacks(size, path.stat().st_size, "it")


def _decoded(files: list[Any], column: str, count: int, shape: tuple[int, ...] | None) -> Decoder:
    decoder = Decoder(count, shape)
    for number, value in enumerate(_rows(files, column)):
        name = f"row {number:,}"
        data = value.get("bytes") if isinstance(value, dict) else value
        if data is None:
            decoder.lost(name, ValueError("it has no bytes"))
        else:
            decoder.add(number, name, data)
    return decoder


def _rows(files: list[Any], column: str) -> Iterator[Any]:
    for file in files:
        for batch in file.iter_batches(_ROWS, columns=[column], use_threads=False):
            yield from batch.column(0).to_pylist()


def _values(files: list[Any], column: str) -> np.ndarray:
    """The labels, numbers or texts."""
    values = pa.concat_arrays(
        [
            batch.column(0)
            for file in files
            for batch in file.iter_batches(columns=[column], use_threads=False)
        ]
    )
    if values.null_count:
        raise Unsupported(f"column `{column}` has rows without a label", "take them out")
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return np.array(values.to_pylist(), str)
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        # `to_numpy` imports pandas where it is installed: 40 MB.
        return np.array(np.from_dlpack(values))
    numbers: np.ndarray = values.to_numpy(zero_copy_only=False)
    return numbers


def _pictures(schema: Any, request: Request) -> str:
    """The column with bytes."""
    asked = request.data.arrays.get(f"{request.part}_images")
    if asked is not None:
        return _asked(asked, schema)
    found = [field.name for field in schema if _holds_bytes(field.type)]
    if len(found) != 1:
        names = ", ".join(schema.names[:12])
        which = f"both {found[0]} and {found[1]}" if found else "no column"
        remedy = "name it: `train_images=…`" if found else "take one with pictures in it"
        raise Unsupported(f"{which} could be the pictures; it has {names}", remedy)
    return str(found[0])


def _holds_bytes(kind: Any) -> bool:
    if pa.types.is_struct(kind):
        return any(kind.field(i).name == "bytes" for i in range(kind.num_fields))
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _label(schema: Any, request: Request) -> str | None:
    asked = request.data.arrays.get(f"{request.part}_labels")
    if asked is not None:
        return _asked(asked, schema)
    known = [name for name in _LABELS if name in schema.names]
    if known:
        return known[0]
    found = [
        field.name
        for field in schema
        if pa.types.is_integer(field.type) or pa.types.is_string(field.type)
    ]
    if len(found) == 1:
        return str(found[0])
    if request.part != "train":
        return None
    cause = f"which column is the label is not clear; it has {', '.join(schema.names[:12])}"
    raise Unsupported(cause, "name it: `train_labels=…`")


def _asked(asked: str, schema: Any) -> str:
    if asked in schema.names:
        return asked
    near = nearest(asked, schema.names)
    hint = f"did you mean {near}?" if near else f"it has {', '.join(schema.names[:12])}"
    raise Unsupported(f"it has no column {asked}", hint)


def _names(schema: Any, label: str | None) -> tuple[str, ...]:
    """The names of the classes, which the library `datasets` writes into the schema."""
    try:
        told = json.loads((schema.metadata or {})[b"huggingface"])
        names = told["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(map(str, names)) if isinstance(names, list) else ()
