"""Where the data of a run is: at a given path, else where its training found it."""

from pathlib import Path

from cnnspec.datasets.locate import Where
from cnnspec.ir.spec import Data
from cnnspec.runs.run import ENVIRONMENT, Run


def of_run(data: Data, run: Run, named: Path | None = None) -> Where | None:
    """Returns the data of a run: the one named now, else the one in its `environment.json`."""
    if named is not None:
        return Where(named.expanduser().absolute())
    if data.dataset:
        return None
    known = run.salvage(ENVIRONMENT)[0].get("data", {})
    return Where(Path(known.get("path", data.source)).absolute(), known.get("sha256"))


def class_names(run: Run, classes: int) -> list[str]:
    """The names of the classes; their numbers where they have none."""
    known = run.salvage(ENVIRONMENT)[0].get("data", {}).get("labels", [])
    return known if len(known) == classes else [str(label) for label in range(classes)]
