"""Reads folders with a file for each split: `train.csv` and `test.csv`, or parts of Parquet.

A split may have several Parquet files: `train-00000-of-00002.parquet`.
"""

import re
from pathlib import Path

import numpy as np

from cnnspec.datasets.raw import Found, Raw, Request, bad, guarded, misfit
from cnnspec.datasets.readers import table
from cnnspec.ir.datasets import File

_SUFFIXES = (".csv", ".tsv", ".mat", ".npz", ".h5", ".hdf5", ".parquet")
_WORDS = {
    "train": r"train(ing)?",
    "validation": r"val(id(ation)?)?|dev",
    "test": r"test(ing)?",
}
_PARTS = {part: re.compile(rf"(.*[^a-z])?({words})([^a-z].*)?") for part, words in _WORDS.items()}


def part_of(name: str) -> str | None:
    """Returns the split that the name of a file or folder says, such as `training_set`."""
    stem = name.lower().split(".")[0]
    return next((part for part, form in _PARTS.items() if form.fullmatch(stem)), None)


def _grouped(folder: Path) -> dict[str, dict[str, list[Path]]]:
    """The files of each split, by the suffix that all of them have."""
    found: dict[str, dict[str, list[Path]]] = {}
    for path in sorted(folder.iterdir()):
        suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
        if suffix not in _SUFFIXES or path.name.startswith("."):
            continue
        part = part_of(path.name)
        if part:
            found.setdefault(suffix, {}).setdefault(part, []).append(path)
    return {suffix: parts for suffix, parts in found.items() if "train" in parts}


def present(folder: Path) -> bool:
    """Whether a folder has a file of the training split."""
    return bool(_grouped(folder))


def read(folder: Path, request: Request) -> Found:
    """Reads the images and labels of a folder. Raises `CnnspecError`."""
    groups = _grouped(folder)
    if len(groups) > 1:
        names = [parts["train"][0].name for parts in groups.values()]
        raise bad(folder, f"it holds {' and '.join(names)}", "name the file to take")
    (parts,) = groups.values()
    found = {part: _read(folder, paths, part, request) for part, paths in parts.items()}
    if request.part != "train":
        return found.get(request.part, found["train"])
    return joined(found)


def _read(folder: Path, paths: list[Path], part: str, request: Request) -> Found:
    request = request.replace(part=part)
    if paths[0].suffix.lower() != ".parquet" and len(paths) > 1:
        names = f"{paths[0].name} and {paths[1].name}"
        raise bad(folder, f"both {names} could be its {part} set", "name the file to take")
    reader = table.of_file(paths[0])
    module = table.module(reader.module, paths[0])
    with guarded(paths[0]):
        found: Found = (
            module.read_all(paths, request) if len(paths) > 1 else module.read(paths[0], request)
        )
    return found


def joined(found: dict[str, Found]) -> Found:
    """Joins separately read splits to one set. Raises `CnnspecError` for a class of only one."""
    train = found["train"]
    others = {part: _as_in(train, each) for part, each in found.items() if part != "train"}
    return train.replace(
        files=_files(found),
        notes=tuple(said for each in found.values() for said in each.notes),
        broken=tuple(name for each in found.values() for name in each.broken),
        **others,
    )


def _files(found: dict[str, Found]) -> tuple[File, ...]:
    """The files of all splits; the name of the split distinguishes files of equal names."""
    files: dict[str, File] = {}
    for part, each in found.items():
        for file in each.files:
            name = f"{part}/{file.name}" if file.name in files else file.name
            files[name] = file.replace(name=name)
    return tuple(files.values())


def _as_in(train: Found, other: Found) -> Raw:
    """Renumbers the classes of a split like those of training, where both have names."""
    raw = other.train
    if not train.labels or not other.labels or train.labels == other.labels or raw.labels is None:
        return raw
    unknown = [name for name in other.labels if name not in train.labels]
    if unknown:
        remedy = f"the classes are {', '.join(train.labels[:12])}"
        raise misfit(f"{raw.labels_where}: {unknown[0]} is not a class to train on", remedy)
    places = np.array([train.labels.index(name) for name in other.labels], np.int64)
    return raw.replace(labels=places[raw.labels])
