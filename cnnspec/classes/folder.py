"""The folder of a class: what was judged, what is trained, and what comes of it.

`class.json` has the rules, every submission as it was judged and the groups that are the same;
`trainings/` is the folder of a sweep with a run for each submission that is trained. At the end
there are `results.json`, `results.csv`, `report.html` and a page for each submission in
`students/`. Where names are hidden, `names.csv` alone says who is who. Knows files only.
"""

import json
from pathlib import Path
from typing import Any, Self

from cnnspec.analysis.rules_file import Rules, read_rules
from cnnspec.analysis.twins import Twins
from cnnspec.classes.entry import Entry
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.core.table import csv_text
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import json_text, write_atomically
from cnnspec.files.names import folder_name
from cnnspec.runs.run import Run, new_folder
from cnnspec.sweeps.folder import Sweep
from cnnspec.sweeps.plan import Plan

CLASS = "class.json"
RULES = "rules.cnn"
NAMES = "names.csv"
TRAININGS = "trainings"
STUDENTS = "students"


class Class(Record):
    """A class as it was judged; `trainings` is `None` where nothing can be trained.

    `without` are the sub-folders that hold no submission, `settings` what `--set` gave everyone.
    """

    folder: Path
    rules: Rules
    entries: tuple[Entry, ...]
    twins: tuple[Twins, ...]
    without: tuple[str, ...]
    settings: tuple[str, ...]
    hidden: bool
    command: tuple[str, ...]
    trainings: Sweep | None

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.resolve().name

    @property
    def title(self) -> str:
        """The name of the assignment: that of its rules."""
        return Path(self.rules.source.name).stem

    def keep(self) -> None:
        """Writes down what was judged. Raises `CnnspecError`."""
        data = {
            "version": 1,
            "rules": {"name": self.rules.source.name, "text": self.rules.source.text},
            "entries": [entry.dump() for entry in self.entries],
            "twins": [group.dump() for group in self.twins],
            "without": self.without,
            "settings": self.settings,
            "hidden": self.hidden,
            "command": self.command,
        }
        write_atomically(self.folder / CLASS, json_text(data))
        write_atomically(self.folder / RULES, self.rules.source.text)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """The class in a folder; raises `CnnspecError` where there is none, or it is damaged."""
        path = Path(folder)
        if not (path / CLASS).is_file():
            cause = f"{path} is not the folder of a class: it has no {CLASS}"
            raise CnnspecError(BadRun(None, cause, "name a folder made by `cnnspec class`"))
        try:
            data = json.loads((path / CLASS).read_text(encoding="utf-8"))
            return cls._load(path, data)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CnnspecError(BadRun(None, f"{path / CLASS} is damaged: {error}")) from None

    @classmethod
    def _load(cls, path: Path, data: dict[str, Any]) -> Self:
        if data["version"] != 1:
            raise ValueError(f"version {data['version']}")
        return cls(
            folder=path,
            rules=read_rules(Source(data["rules"]["name"], data["rules"]["text"])),
            entries=tuple(map(Entry.load, data["entries"])),
            twins=tuple(Twins(tuple(t["files"]), t["same"]) for t in data["twins"]),
            without=tuple(data["without"]),
            settings=tuple(data["settings"]),
            hidden=bool(data["hidden"]),
            command=tuple(data["command"]),
            trainings=Sweep.find(path / TRAININGS),
        )


def create(parent: Path, rules: Rules, plan: Plan | None, **judged: Any) -> Class:
    """Makes a new folder `<rules>-class-<n>` with what was judged. Raises `CnnspecError`."""
    title = folder_name(Path(rules.source.name).stem) or "rules"
    folder = new_folder(parent, f"{title}-class")
    trainings = None
    if plan:
        run = Run(folder / TRAININGS)
        run.make("")
        trainings = Sweep.begin(run.folder, plan, rules.source)
    found = Class(folder=folder, rules=rules, trainings=trainings, **judged)
    found.keep()
    return found


def keep_names(folder: Path, rows: list[tuple[str, str]]) -> None:
    """Writes who is who, for the teacher's eyes: a pseudonym and a file in each row."""
    text = csv_text(("submission", "file"), rows)
    write_atomically(folder / NAMES, text, mode=0o600)
