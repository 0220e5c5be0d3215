"""Reads tables of text, CSV and TSV, with an image in each row: by PyArrow, a block at a time.

It knows the layouts of Kaggle (`label,pixel0…`; a test set without `label`), tables without a
header, and labels in the first or the last column. A label may be a name.
"""

import csv
import re
from collections.abc import Callable
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as table

from cnnspec.core.record import Record
from cnnspec.datasets.raw import PICTURES, Found, Raw, Request, Unsupported, note, sized, whole
from cnnspec.datasets.readers import text
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import SuspiciousData
from cnnspec.language.suggest import nearest

TITLE = "a table (CSV)"
_LABELS = ("label", "labels", "class", "target", "y", "digit", "letter", "character", "category")
_PIXEL = re.compile(r"(pixel|pix|px|p|x|f|feature|col|v)?[_ .-]?\d+(x\d+)?")
_LONGEST = 2**22
"""The most bytes of a line: a picture of 224x224 in colour has 600,000."""
_BLOCK = 2**19
_SAMPLE = 200
"""How many rows are read to find the labels."""
_MEND_VALUE = "correct the value, or name the label: `train_labels=…`"
_MEND = "correct or remove the row, or leave such rows out: write `skip_broken` after `data`"


class Layout(Record):
    """The columns of a table: their names, which ones are pixels, and which one is the label."""

    names: tuple[str, ...]
    header: bool
    mark: str
    pixels: tuple[int, ...]
    label: int | None
    block: int
    """How many bytes are read at a time; a row must fit."""


def read(path: Path, request: Request) -> Found:
    """The images and labels of a table; raises `ValueError`."""
    notes: list[Diagnostic] = []
    layout = _layout(path, request, notes)
    rows = text.lines(path) - layout.header
    if rows < 1:
        raise Unsupported("it has no row of an image", "take another file")
    skipped: list[str] = []
    # Most tables have bytes; others are read again as floats.
    for dtype in (np.uint8, np.float32):
        sized((rows, len(layout.pixels)), np.dtype(dtype).itemsize, "it")
        skipped.clear()
        try:
            pixels, labels = _values(path, layout, rows, dtype, skipped, request)
            break
        except pa.ArrowInvalid as error:
            value = "conversion error" in str(error)
            if not value or dtype is np.float32:
                raise Unsupported(_short(error), _MEND_VALUE if value else _MEND) from None
    if skipped:
        shown = "; ".join(skipped[:4])
        notes.append(note(f"{len(skipped):,} rows cannot be read and are left out: {shown}"))
    where = f"the labels of {path}"
    if layout.label is not None:
        where = f"column `{layout.names[layout.label]}` of {path}"
    return Found(
        TITLE,
        (whole(path),),
        Raw(pixels, labels, str(path), where),
        None,
        notes=tuple(notes),
        broken=tuple(skipped),
    )


def _values(
    path: Path, layout: Layout, rows: int, dtype: Any, skipped: list[str], request: Request
) -> tuple[np.ndarray, np.ndarray | None]:
    """The pixels (n, pixels) and the labels (n,), numbers or texts."""
    columns = [str(place) for place in range(len(layout.names))]
    wanted = [columns[place] for place in layout.pixels]
    types = dict.fromkeys(wanted, pa.from_numpy_dtype(dtype))
    label = None if layout.label is None else columns[layout.label]
    if label is not None:
        types[label] = pa.string()
    options = {
        "read_options": table.ReadOptions(
            column_names=columns,
            skip_rows=int(layout.header),
            block_size=layout.block,
            # Reading ahead would double the memory, and a block is parsed as fast as it is read.
            use_threads=False,
        ),
        "parse_options": table.ParseOptions(
            delimiter=layout.mark,
            invalid_row_handler=_handler(skipped) if request.data.skip_broken else None,
        ),
        "convert_options": table.ConvertOptions(
            column_types=types,
            include_columns=[*wanted, *([label] if label else [])],
            null_values=[""],
            strings_can_be_null=True,
        ),
    }
    pixels = np.empty((rows, len(wanted)), dtype)
    labels: list[Any] = []
    done = 0
    with text.opened(path) as file, table.open_csv(file, **options) as reader:
        for batch in reader:
            try:
                # To ask each of its columns for empty cells takes as long as a fifth of parsing.
                block = batch.select(wanted).to_tensor().to_numpy()
            except pa.ArrowTypeError:
                block = None
            if block is None or (label is not None and batch.column(len(wanted)).null_count):
                batch = _filled(batch, done, layout, skipped, request)
                block = batch.select(wanted).to_tensor().to_numpy()
            end = done + batch.num_rows
            pixels[done:end] = block
            if label is not None:
                labels.append(batch.column(len(wanted)))
            done = end
    found = pa.chunked_array(labels, pa.string()) if label is not None and labels else None
    return pixels[:done], None if found is None else _numbers(found)


def _filled(batch: Any, done: int, layout: Layout, skipped: list[str], request: Request) -> Any:
    """The rows of a batch that have every value."""
    empty = [place for place, column in enumerate(batch.columns) if column.null_count]
    if not empty:
        return batch
    broken = np.zeros(batch.num_rows, bool)
    for place in empty:
        broken |= batch.column(place).is_null().to_numpy(zero_copy_only=False)
    first = done + int(np.flatnonzero(broken)[0])
    column = layout.names[(*layout.pixels, layout.label or 0)[empty[0]]]
    if not request.data.skip_broken:
        raise Unsupported(f"row {first + 1:,} has no value in column `{column}`", _MEND)
    skipped += [f"row {done + row + 1:,} lacks a value" for row in np.flatnonzero(broken)]
    return batch.filter(pa.array(~broken))


def _handler(skipped: list[str]) -> Callable[[Any], str]:
    def left_out(row: Any) -> str:
        skipped.append(f"a row of {row.actual_columns} values, not {row.expected_columns}")
        return "skip"

    return left_out


def _numbers(found: Any) -> np.ndarray:
    """Labels as whole numbers or fractions if they are numbers, otherwise as texts."""
    for kind in (pa.int64(), pa.float64()):
        try:
            # `to_numpy` of a column imports pandas, which takes as long as a quarter of the table.
            return np.array(np.from_dlpack(found.cast(kind).combine_chunks()))
        except pa.ArrowInvalid:
            continue
    return np.array(found.to_pylist(), str)


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200]


def _layout(path: Path, request: Request, notes: list[Diagnostic]) -> Layout:
    """Finds the columns from the header and the first rows."""
    with text.opened(path) as file:
        lines: list[str] = []
        while len(lines) <= _SAMPLE and (line := file.readline(_LONGEST + 1)):
            if len(line) > _LONGEST:
                raise ValueError(f"line {len(lines) + 1} has more than {_LONGEST:,} bytes")
            lines.append(line.decode("utf-8", "replace").removeprefix("\ufeff"))
    mark = max(",\t;", key=lambda mark: lines[0].count(mark))
    try:
        rows = [row for row in csv.reader(lines, delimiter=mark) if row]
    except csv.Error as error:
        raise Unsupported(f"its first rows cannot be read ({error})", _MEND) from None
    if not rows or len(rows[0]) < 2:
        raise Unsupported("it has fewer than two columns", "put an image in each row")
    _refuse_cells(rows[-1])
    header = _is_header(rows)
    names = [cell.strip() for cell in rows[0]] if header else [str(i) for i in range(len(rows[0]))]
    label, doubt = _label(path, names, rows[header:], header, request)
    pixels = [place for place in range(len(names)) if place != label]
    if header:
        numbered = [place for place in pixels if _PIXEL.fullmatch(names[place].lower())]
        others = [names[place] or "(no name)" for place in pixels if place not in set(numbered)]
        if numbered and others:
            pixels = numbered
            notes.append(note(f"{path.name} also has {', '.join(others[:6])}, not used here"))
    notes += doubt
    block = max(_BLOCK, 4 * max(map(len, lines)))
    return Layout(tuple(names), header, mark, tuple(pixels), label, block)


def _refuse_cells(row: list[str]) -> None:
    """Raises `Unsupported` for a row that names a file, or has a whole image in a cell."""
    if any(cell.strip().lower().endswith(PICTURES) for cell in row):
        remedy = "put the pictures of each class in a folder with its name, and name the folder"
        raise Unsupported("its rows are names of files, and not pixels", remedy)
    if any(cell.count(" ") > 8 and all(map(_number, cell.split())) for cell in row):
        remedy = "write a column for each pixel, in pandas `table[column].str.split(expand=True)`"
        raise Unsupported("a cell of it has all pixels of an image", remedy)


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns.

    pandas numbers equal names, `0,0.1,0.2`: then there are fractions above whole numbers.
    """
    if not all(map(_number, rows[0][:50])):
        # The label may be a name in every row.
        return len(rows) < 2 or sum(map(_number, rows[0])) < sum(map(_number, rows[1]))
    return len(rows) > 1 and rows[0][1:4] == ["0.1", "0.2", "0.3"] and "0.1" not in rows[1]


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _label(
    path: Path, names: list[str], rows: list[list[str]], header: bool, request: Request
) -> tuple[int | None, list[Diagnostic]]:
    """The column of the labels, if there is one, and a note if that is unclear."""
    asked = request.data.arrays.get(f"{request.part}_labels") or (
        request.data.arrays.get("train_labels") if request.part != "train" else None
    )
    if asked is not None:
        return _asked(asked, names, request.part), []
    lower = [name.lower() for name in names]
    if header:
        known = next((lower.index(name) for name in _LABELS if name in lower), None)
        if known is not None:
            return known, []
        others = [i for i, name in enumerate(lower) if not _PIXEL.fullmatch(name)]
        others = [i for i in others if lower[i] not in ("", "id", "index", "imageid", "image_id")]
        if len(others) == 1:
            return others[0], []
        if not others and _is_image(len(names), request) and request.part != "train":
            return None, []
    if not _is_image(len(names) - 1, request):
        if _is_image(len(names), request) and request.part != "train":
            return None, []
        shown = ", ".join(names[:6])
        cause = f"which of its {len(names):,} columns is the label is not clear ({shown}, …)"
        raise Unsupported(cause, f'name it: `train_labels=…`, as in `train_labels="{names[0]}"`')
    return _by_values(path, names, rows)


def _asked(asked: str, names: list[str], part: str) -> int | None:
    if asked in names:
        return names.index(asked)
    if part == "test":
        return None
    near = nearest(asked, names)
    hint = f"did you mean {near}?" if near else f"it has {', '.join(names[:12])}"
    raise Unsupported(f"it has no column {asked}", hint)


def _is_image(pixels: int, request: Request) -> bool:
    if request.shape and prod(request.shape) == pixels:
        return True
    return any(pixels == c * isqrt(pixels // c) ** 2 for c in (1, 3)) and pixels > 3


def _by_values(path: Path, names: list[str], rows: list[list[str]]) -> tuple[int, list[Diagnostic]]:
    """Chooses the first or the last column: labels are few different whole numbers, or names."""
    last = len(names) - 1
    kinds = {place: {row[place] for row in rows if len(row) == len(names)} for place in (0, last)}
    likely = [place for place, values in kinds.items() if _are_labels(values)]
    if len(likely) == 2:
        fewer = min(likely, key=lambda place: len(kinds[place]))
        more = max(len(values) for values in kinds.values())
        likely = [fewer] if more > 3 * len(kinds[fewer]) else likely
    if len(likely) == 1:
        word = "first" if likely[0] == 0 else "last"
        return likely[0], [note(f"{path.name}: the labels are in the {word} column")]
    text = f"{path.name}: the labels are taken from the first column, and may be in the last"
    remedy = f'write `train_labels="{names[0]}"` or `train_labels="{names[last]}"` after `data`'
    return 0, [SuspiciousData(None, text, remedy)]


def _are_labels(values: set[str]) -> bool:
    if len(values) < 2:
        return False
    if not all(map(_number, values)):
        return True
    return all(float(value).is_integer() and float(value) >= 0 for value in values)
