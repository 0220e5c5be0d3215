"""Reads folders of pictures: one sub-folder for each class.

Either `train/<class>/…`, with or without `validation/` and `test/`, or only `<class>/…`; a
`test` folder of pictures without sub-folders is a test set without labels.
"""

import hashlib
import os
from pathlib import Path

import numpy as np

from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.datasets import picture_cache
from cnnspec.datasets.decoder import Decoder
from cnnspec.datasets.pictures import Files, add_files, done, quiet, refuse_broken
from cnnspec.datasets.raw import FOLDERS, PICTURES, Found, Raw, Request, bad, guarded, note
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.ir.datasets import File

PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}


class Listed(Record):
    """The pictures of a split as paths and labels, and other files beside them."""

    folder: Path
    paths: list[str]
    names: list[str]
    """The paths relative to the folder of the whole set."""
    labels: list[int] | None
    stats: list[tuple[int, int, int]]
    """Size and times of each, from which a change is visible."""


def present(folder: Path) -> bool:
    """Whether a folder has pictures, in folders of classes or directly."""
    if _has_pictures(folder):
        return True
    splits = [name for names in PARTS.values() for name in names]
    return any(
        _has_pictures(path) or (path.name.lower() in splits and bool(_classes(path)))
        for path in folder.iterdir()
        if _is_folder(path)
    )


def _has_pictures(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(map(_is_picture, entries))


@quiet()
def read(folder: Path, request: Request) -> Found:
    """Reads all pictures of a folder, scaled to the shape of the spec.

    Without a shape they get the most frequent size, and colour if one of them has colour. Raises
    `CnnspecError`.
    """
    with guarded(folder):
        splits, classes, others = _listed(folder, request)
    key = picture_cache.key(folder, splits, classes, request)
    found = picture_cache.load(key)
    if found is None:
        # Not needed for cached pictures, and sorting many paths is slow.
        splits = {part: _ordered(listed) for part, listed in splits.items()}
        found = _read(folder, splits, classes, request)
        picture_cache.save(key, found)
    notes = [*found.notes]
    if others:
        shown = ", ".join(path.relative_to(folder).as_posix() for path in others[:4])
        more = f" and {len(others) - 4:,} more" if len(others) > 4 else ""
        notes.append(note(f"not pictures of a class, and left out: {shown}{more}"))
    return found.replace(notes=tuple(notes))


def _read(
    folder: Path, splits: dict[str, Listed], classes: tuple[str, ...], request: Request
) -> Found:
    """Decodes all pictures, and a second time if the size of the first was not right."""
    decoders, file = _decoded(splits, request.shape)
    common = _common(list(decoders.values()))
    if request.shape is None and any(d.shape not in (common, None) for d in decoders.values()):
        decoders, file = _decoded(splits, common)
    broken = {name: why for decoder in decoders.values() for name, why in decoder.broken.items()}
    if not request.data.skip_broken:
        refuse_broken(folder, broken, sum(len(listed.paths) for listed in splits.values()))
    notes: list[Diagnostic] = []
    done(decoders.values(), notes)
    raws = {}
    for part, listed in splits.items():
        decoder = decoders[part]
        kept = np.sort(decoder.kept).astype(np.int64)
        where = str(listed.folder)
        labels = None if listed.labels is None else np.array(listed.labels, np.int64)[kept]
        raws[part] = Raw(decoder.pixels(where, notes), labels, where, where)
    return Found(
        FOLDERS,
        (file.replace(name=folder.name),),
        raws["train"],
        raws.get("test"),
        classes,
        tuple(notes),
        raws.get("validation"),
        broken=tuple(f"{name}: {why}" for name, why in broken.items()),
    )


def _decoded(
    splits: dict[str, Listed], shape: tuple[int, ...] | None
) -> tuple[dict[str, Decoder], File]:
    """The pictures of each split, and the size and SHA-256 of all names and contents."""
    digest = hashlib.sha256()
    size = 0

    def seen(name: str, data: bytes) -> None:
        nonlocal size
        size += len(data)
        digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
        digest.update(data)

    decoders = {}
    total = sum(len(listed.paths) for listed in splits.values())
    for part, listed in splits.items():
        decoder = decoders[part] = Decoder(len(listed.paths), shape, total)
        sizes = [size for size, *_ in listed.stats]
        add_files(decoder, Files(listed.paths, listed.names, sizes), seen)
        shape = shape or decoder.shape
    return decoders, File("", size, digest.hexdigest())


def _common(decoders: list[Decoder]) -> tuple[int, int, int] | None:
    """The most frequent size of the training pictures, in colour if one of them has colour."""
    return next((decoder.common for decoder in decoders if decoder.common), None)


def _listed(
    folder: Path, request: Request
) -> tuple[dict[str, Listed], tuple[str, ...], list[Path]]:
    """The pictures of each split, the names of the classes, and the files left out."""
    inside = sorted(folder.iterdir(), key=lambda path: natural(path.name))
    folders = [path for path in inside if _is_folder(path)]
    parts = _parts(folders)
    if request.part != "train":
        alone = parts.get(request.part) or parts.get("train")
        return _one(folder, alone or folder, inside if alone is None else [])
    if not parts:
        return _whole(folder, inside)
    others = [path for path in inside if path not in parts.values()]
    classes = _classes(parts["train"])
    splits = {}
    for part, place in parts.items():
        splits[part] = _split(folder, place, classes, others, bare=part == "test")
    return splits, classes, others


def _parts(folders: list[Path]) -> dict[str, Path]:
    """The folders of splits, if `train` is a split and not the name of a class."""
    named = {
        part: path
        for part, names in PARTS.items()
        for path in folders
        if path.name.lower() in names
    }
    if "train" not in named or not _classes(named["train"]):
        return {}
    return {part: path for part, path in named.items() if part == "test" or _classes(path)}


def _whole(
    folder: Path, inside: list[Path]
) -> tuple[dict[str, Listed], tuple[str, ...], list[Path]]:
    """Lists a set that is not divided into splits."""
    classes = _classes(folder)
    remedy = "put the pictures of each class in a folder with its name"
    if not classes:
        others = [path for path in inside if _is_folder(path) and _classes(path)]
        if others:
            cause = f"it has {others[0].name}/ and no pictures to train on"
            raise bad(folder, cause, "put those of each class into train/ and its name")
        if _has_pictures(folder):
            raise bad(folder, "its pictures are in no class", remedy)
        raise bad(folder, f"it has no folder with pictures ({', '.join(PICTURES)})", remedy)
    if {name.lower() for name in classes} <= {name for names in PARTS.values() for name in names}:
        raise bad(folder / classes[0], "its pictures are in no class", remedy)
    others = [path for path in inside if path.name not in classes]
    return {"train": _split(folder, folder, classes, others)}, classes, others


def _one(
    folder: Path, place: Path, inside: list[Path]
) -> tuple[dict[str, Listed], tuple[str, ...], list[Path]]:
    """The pictures of one separate split, with folders of classes or without."""
    classes = _classes(place)
    others = [path for path in inside if path.name not in classes and not _is_picture_path(path)]
    return {"train": _split(folder, place, classes, others, bare=True)}, classes, others


def _split(
    root: Path, folder: Path, classes: tuple[str, ...], others: list[Path], *, bare: bool = False
) -> Listed:
    """The pictures of each class; with `bare`, all pictures of a folder without classes."""
    own = _classes(folder)
    unknown = [name for name in own if name not in classes]
    if unknown:
        remedy = f"the classes are {', '.join(classes[:12])}"
        raise bad(folder, f"{unknown[0]} is not a class of the training pictures", remedy)
    found = Listed(folder, [], [], None if bare and not own else [], [])
    prefix = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
    if folder != root:
        others += [
            path
            for path in folder.iterdir()
            if path.name not in own and not (found.labels is None and _is_picture_path(path))
        ]
    for name in own or ("",):
        with os.scandir(folder / name) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
        for entry in inside:
            if not _is_picture(entry):
                if name:
                    others.append(Path(entry.path))
                continue
            state = entry.stat()
            found.paths.append(entry.path)
            found.names.append(f"{prefix}{name}/{entry.name}" if name else f"{prefix}{entry.name}")
            found.stats.append((state.st_size, state.st_mtime_ns, state.st_ctime_ns))
            if found.labels is not None:
                found.labels.append(classes.index(name))
    return found


def _ordered(listed: Listed) -> Listed:
    """The pictures of a split in natural order; classes already are in it."""
    keys = [natural(name) for name in listed.names]
    labels = listed.labels or [0] * len(keys)
    order = sorted(range(len(keys)), key=lambda place: (labels[place], keys[place]))
    return listed.replace(
        paths=[listed.paths[place] for place in order],
        names=[listed.names[place] for place in order],
        labels=listed.labels and [listed.labels[place] for place in order],
        stats=[listed.stats[place] for place in order],
    )


def _classes(folder: Path) -> tuple[str, ...]:
    """The names of the sub-folders with pictures, in natural order."""
    holding = [path.name for path in folder.iterdir() if _is_folder(path) and _has_pictures(path)]
    return tuple(sorted(holding, key=natural))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith((".", "__"))


def _is_picture(entry: "os.DirEntry[str]") -> bool:
    name = entry.name
    return name[name.rfind(".") :].lower() in PICTURES and name[0] != "." and entry.is_file()


def _is_picture_path(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and path.name[0] != "." and path.is_file()
