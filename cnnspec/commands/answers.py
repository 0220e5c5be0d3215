"""`cnnspec predict RUN PICTURE…`: which pictures are named, and what is said of each."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.commands.inputs import BadUsage
from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import DataNote, DatasetMissing, UnlikeTraining
from cnnspec.diagnostics.errors import CnnspecError

if TYPE_CHECKING:
    from cnnspec.runs.answers import Answer

_NAMED = 5
"""Doubted pictures of a folder that are named."""


class Named(Record):
    """Pictures of the command line."""

    paths: tuple[Path, ...]
    names: tuple[str, ...]
    single: bool
    """Whether each is named by itself, and not by its folder."""


def named(paths: list[Path]) -> Named | None:
    """The pictures that are named; `None` for none, or a file of arrays. Raises `CnnspecError`."""
    from cnnspec.datasets.user_data import is_pictures

    if not paths or not all(map(is_pictures, paths)):
        if len(paths) > 1:
            remedy = "name one file of arrays, or pictures and folders of pictures alone"
            raise CnnspecError(BadUsage(None, "only pictures can be several", remedy))
        return None
    for path in paths:
        if not path.exists():
            raise CnnspecError(DatasetMissing(None, f"there is nothing at {path}"))
    from cnnspec.datasets.given import found

    pairs = []
    for path in paths:
        folder = path if path.is_dir() else path.parent
        for each in found(path):
            own = each.relative_to(folder) if len(paths) == 1 else each
            pairs.append((each, own.as_posix()))
    files, names = zip(*pairs, strict=True)
    return Named(files, names, not any(path.is_dir() for path in paths))


def text(found: "Sequence[Answer]") -> str:
    """Each picture with its three best classes, what was done with it, and a doubt."""
    from cnnspec.report.answers import done, doubt_of, top_three

    lines = []
    for answer in found:
        lines.append(f"{safe(answer.name)}: {safe(', '.join(top_three(answer)))}")
        lines += [f"  {each}" for each in (doubt_of(answer), done(answer)) if each]
    if found[0].doubt:
        doubt = found[0].doubt
        lines += [
            "",
            f"Doubted is what is farther from the training images than all but {doubt.share} of "
            f"{doubt.images:,} {doubt.split} images: so many false alarms among images like those.",
        ]
    return "\n".join(lines) + "\n"


def dump(found: "Sequence[Answer]") -> dict[str, Any]:
    """What JSON has of pictures beside their labels and outputs."""
    doubt = found[0].doubt
    return {
        "top": [[{"label": label, "output": v} for label, v in a.top] for a in found],
        "steps": [list(answer.steps) for answer in found],
        "doubted": [answer.doubted for answer in found],
        "distance": [answer.distance for answer in found],
        "calibration": doubt.dump() if doubt else None,
    }


def summary(found: "Sequence[Answer]") -> list[Diagnostic]:
    """What was done with many pictures, and which are doubted."""
    kinds = Counter(step.split(" to ")[0] for answer in found for step in answer.steps)
    done = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    notes: list[Diagnostic] = []
    if done:
        notes.append(DataNote(None, f"of {len(found):,} pictures: {done}"))
    doubted = [answer.name for answer in found if answer.doubted]
    if doubted:
        shown = ", ".join(doubted[:_NAMED])
        more = f" and {len(doubted) - _NAMED:,} more" if len(doubted) > _NAMED else ""
        cause = f"{len(doubted):,} of {len(found):,} pictures are unlike the training images"
        notes.append(
            UnlikeTraining(None, f"{cause}: {shown}{more}", "look at them with `--show FILE`")
        )
    return notes
