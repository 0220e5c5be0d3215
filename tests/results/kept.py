"""Results of trainings in a file: a row for each spec, seed and trainer, kept once and for all."""

import hashlib
import json
from pathlib import Path
from threading import Lock
from typing import Any

from cnnspec.analysis.check import check
from cnnspec.files.sources import read_source

Row = dict[str, Any]


class Kept:
    """The rows of a file, of the specs of a folder.

    A row has the name of its `spec`, the hash of what that said (`text`), a `seed`, and `by`, what
    trained it. It counts as long as the spec says the same, comments apart.
    """

    def __init__(self, file: Path, specs: Path) -> None:
        self.file, self.specs = file, specs
        self._writing = Lock()

    def rows(self) -> list[Row]:
        """Every row so far."""
        return json.loads(self.file.read_text("utf-8")) if self.file.exists() else []

    def path(self, name: str) -> str:
        """The file of a spec."""
        return str(self.specs / f"{name}.cnn")

    def key(self, name: str) -> str:
        """What a result depends on, beside its seed: what the spec says, comments apart."""
        text = str(check(read_source(self.path(name))).spec)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def of(self, name: str, by: str = "cnnspec") -> list[Row]:
        """The rows of a spec as it is now, by seed."""
        key = self.key(name)
        found = [r for r in self.rows() if (r["spec"], r["text"], r["by"]) == (name, key, by)]
        return sorted(found, key=lambda row: row["seed"])

    def has(self, name: str, seed: int, by: str = "cnnspec") -> bool:
        """Whether a spec as it is now was trained with a seed."""
        return any(row["seed"] == seed for row in self.of(name, by))

    def add(self, name: str, seed: int, by: str, reached: Row) -> None:
        """Keeps a result, in place of an older one of the same spec, seed and trainer.

        The file is whole at any time: a new one takes the place of the old one.
        """
        new = {"spec": name, "text": self.key(name), "seed": seed, "by": by, **reached}
        with self._writing:
            rows = [r for r in self.rows() if (r["spec"], r["seed"], r["by"]) != (name, seed, by)]
            rows = sorted([*rows, new], key=lambda r: (r["spec"], r["by"], r["seed"]))
            text = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"
            beside = self.file.with_suffix(".new")
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.file)
