"""Run folders: what a training leaves behind, and how it is read again.

A run is `spec.cnn` (what was trained, every override applied), `source.cnn` (the text it came
from), `ir.json`, `history.json`, `metrics.json`, `environment.json`, `images.npz` (the images that
a report shows), `predictions.npz` (the predicted class of each test image), `inputs.json` and
`novelty.npz` (how a picture is prepared, and when it is doubted), `weights.npz` (the weights as
plain arrays) and, with the state of the optimizer, `model.keras`, or `state.npz` of a training
without Keras; `metrics.json` is written last. A run that has not finished also has `checkpoints/`.
`report.html` and `report/` are made from these files; trackers write `tensorboard/` and
`mlflow.json`. No other run ever overwrites anything here.
Knows files only, no framework.
"""

import sys
from pathlib import Path
from typing import Any

from cnnspec.core.record import MISSING
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import cannot_write, json_text, read_text, write_atomically
from cnnspec.files.names import folder_name
from cnnspec.ir.document import dump, load
from cnnspec.ir.source import SpecSource
from cnnspec.ir.spec import Spec
from cnnspec.runs.documents import FORMS, empty, parse

SPEC = "spec.cnn"
SOURCE = "source.cnn"
IR = "ir.json"
SWEEP = "sweep.json"
HISTORY = "history.json"
METRICS = "metrics.json"
INTEGERS = "int8"
"""The part of the metrics that is of the network in int8."""
AGREEMENT = "agreement"
"""The share of images that it puts in the class in which the network in float32 puts them."""
ENVIRONMENT = "environment.json"
MODEL = "model.keras"
WEIGHTS = "weights.npz"
STATE = "state.npz"
IMAGES = "images.npz"
PREDICTIONS = "predictions.npz"
INPUTS = "inputs.json"
NOVELTY = "novelty.npz"
PAGE = "report.html"
HANDIN = "handin.html"


class Run:
    """A run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, parent: Path, spec: Spec, source: Source, name: str = "") -> "Run":
        """Makes a new folder with the frozen spec: `<model>-<n>`, or `name`.

        Raises `CnnspecError`.
        """
        run = cls(parent / name if name else new_folder(parent, spec.model))
        run.make("")
        run.write(SPEC, str(spec))
        run.write(SOURCE, source.text)
        run.write_json(IR, dump(spec))
        return run

    @classmethod
    def open(cls, folder: str) -> "Run":
        """Opens an existing run; raises `CnnspecError` where the folder is not a run."""
        run = cls(Path(folder))
        if (run.folder / IR).is_file():
            return run
        if run.folder.is_file() or (run.folder / "saved_model.pb").exists():
            # A model file is refused: loading it can run foreign code, and its data is unknown.
            cause = f"{folder} is not a run folder; models made elsewhere are not loaded"
        elif run.folder.is_dir():
            cause = f"{folder} is not a run folder: it has no {IR}"
        else:
            cause = f"there is no run folder {folder}"
        raise CnnspecError(BadRun(None, cause, "name a folder made by `cnnspec train`"))

    @property
    def spec(self) -> SpecSource:
        """The frozen spec, read from its IR document. Raises `CnnspecError`."""
        path = str(self.folder / IR)
        return SpecSource(path, load(self._read(IR), path))

    @property
    def model(self) -> Path:
        """The file with the weights; raises `CnnspecError` where there is none."""
        path = self.folder / MODEL
        if not path.is_file():
            problem = BadRun(
                None,
                f"{self.folder} has no {MODEL}: it was removed, or training did not finish",
                "train again",
            )
            raise CnnspecError(problem)
        return path

    @property
    def finished(self) -> bool:
        """Whether its training has finished."""
        return (self.folder / METRICS).is_file()

    def make(self, folder: str) -> None:
        """Makes a folder in the run, "" for its own, if it is missing. Raises `CnnspecError`."""
        try:
            (self.folder / folder).mkdir(exist_ok=True)
        except OSError as error:
            raise CnnspecError(cannot_write(self.folder / folder, error)) from None

    def write(self, name: str, data: bytes | str) -> None:
        """Writes a file of the run, completely or not at all."""
        write_atomically(self.folder / name, data)

    def write_json(self, name: str, data: Any) -> None:
        """Writes a JSON file of the run; NaN and infinities are not allowed."""
        self.write(name, json_text(data))

    def read_json(self, name: str) -> Any:
        """Reads a JSON document of the run; raises `CnnspecError` where it is damaged."""
        left, damages = self._parse(name)
        if damages:
            raise CnnspecError(self._damaged(name, damages))
        return left

    def salvage(self, name: str) -> tuple[Any, str]:
        """Returns what can be read of a JSON document of the run, and what is damaged in it.

        A document that is missing, or of which nothing is left, is an empty one. The
        second value is a sentence that names the file, empty where nothing is damaged.
        """
        if not (self.folder / name).exists():
            return empty(FORMS[name]), ""
        try:
            left, damages = self._parse(name)
        except CnnspecError as error:
            return empty(FORMS[name]), error.diagnostics[0].message
        damage = self._damaged(name, damages).message if damages else ""
        return (empty(FORMS[name]) if left is MISSING else left), damage

    def _parse(self, name: str) -> tuple[Any, tuple[str, ...]]:
        return parse(self._read(name), FORMS[name])

    def _damaged(self, name: str, damages: tuple[str, ...]) -> BadRun:
        more = f", and {len(damages) - 1} more" if len(damages) > 1 else ""
        return BadRun(None, f"{self.folder / name} is damaged: {damages[0]}{more}")

    def _read(self, name: str) -> str:
        try:
            return read_text(self.folder / name)
        except (OSError, UnicodeDecodeError) as error:
            raise CnnspecError(BadRun(None, f"cannot read {self.folder / name}: {error}")) from None

    def __str__(self) -> str:
        return str(self.folder)


def new_folder(parent: Path, model: str) -> Path:
    """Makes `<model>-<n>` with the first free number; safe if other processes do the same.

    Raises `CnnspecError`.
    """
    name = folder_name(model) or "model"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        taken = [p.name.removeprefix(f"{name}-") for p in parent.glob(f"{name}-*")]
        number = max((int(n) for n in taken if n.isdecimal()), default=0) + 1
        while True:
            folder = parent / f"{name}-{number}"
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                number += 1
    except OSError as error:
        raise CnnspecError(cannot_write(parent, error)) from None


def command_line() -> list[str]:
    """The running command, where it is ours and not that of a program or a notebook."""
    program = Path(sys.argv[0])
    ours = "cnnspec" in (program.stem, program.parent.name)
    return ["cnnspec", *sys.argv[1:]] if ours else []
