"""Keeps runs with MLflow: on the server of the user, else in a folder beside the runs.

Knows the client of `mlflow` or `mlflow-skinny` only. What was chosen here holds where the
environment does not say otherwise, and has to be set before the package is imported.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnnspec.ir.spec import Spec
from cnnspec.runs.run import Run
from cnnspec.training.trackers import Figures, of_end, of_epoch, without_passwords

KEPT = "mlflow.json"
"""The file of a run that holds the id MLflow knows it by."""

_SETTINGS = {
    # A server that is gone may cost seconds, not the four minutes of the package's defaults.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    # From 3 on the package refuses folders unless asked for them. The databases that it would
    # rather have need SQLAlchemy, which `mlflow-skinny` leaves out.
    "MLFLOW_ALLOW_FILE_STORE": "true",
    # Nobody who asks for a tracker has asked for figures about it to be sent to its makers.
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def tracker(parent: Path) -> "MLflow":
    """The tracker for runs below `parent`; `mlruns` beside it is where MLflow itself looks."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    store = (parent.absolute().parent / "mlruns").as_uri()
    return MLflow(os.environ.get("MLFLOW_TRACKING_URI") or store)


class MLflow:
    """A run of MLflow for each run folder, in the experiment `cnnspec` or the user's own."""

    def __init__(self, uri: str) -> None:
        from mlflow.tracking import MlflowClient

        self._address = without_passwords(uri)
        self._client: Any = MlflowClient(tracking_uri=uri)
        self._experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "cnnspec"

    def begin(self, run: Run, spec: Spec, environment: Figures) -> int:
        """Goes on with the run whose id is kept, where the server knows it; else begins one."""
        from mlflow.entities import Param, RunTag

        self._step = 0
        found = self._find(run)
        if found:
            self._id = found
            self._client.update_run(self._id, status="RUNNING")
            known = self._client.get_metric_history(self._id, "loss")
            return max((metric.step for metric in known), default=0)
        created = self._client.create_run(self._experiment_id(), run_name=str(run.folder.name))
        self._id = created.info.run_id
        run.write_json(KEPT, {"run_id": self._id})
        settings = {"model": spec.model, "data": spec.data.source, **spec.train.dump()}
        tags = {
            "mlflow.note.content": f"```\n{spec}```",
            "cnnspec.run": str(run.folder.absolute()),
            **{f"cnnspec.{name}": str(environment[name]) for name in ("cnnspec", "backend")},
        }
        self._client.log_batch(
            self._id,
            params=[Param(name, value) for name, value in _words(settings)],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        return 0

    def epoch(self, figures: Figures) -> None:
        """Logs the figures of an epoch, at its step."""
        self._step = figures["epoch"]
        self._log(of_epoch(figures))

    def end(self, metrics: Figures | None) -> None:
        """Logs what was measured, and how the training came to its end."""
        if metrics is not None:
            self._log(of_end(metrics))
        self._client.set_terminated(self._id, "KILLED" if metrics is None else "FINISHED")

    def _log(self, figures: dict[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, self._step) for name, value in figures.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def shown(self, folder: Path) -> str:
        """The address of the server or of the folder that holds all runs."""
        return self._address

    def _find(self, run: Run) -> str:
        """The id of the run where it is tracked already, or the empty string."""
        from mlflow.exceptions import MlflowException

        if not (run.folder / KEPT).is_file():
            return ""
        try:
            kept: str = self._client.get_run(run.read_json(KEPT)["run_id"]).info.run_id
        except MlflowException as error:
            # Another server, or a store that was emptied: the run begins there anew.
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return ""
            raise
        return kept

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        experiment: str = (
            found.experiment_id if found else self._client.create_experiment(self._experiment)
        )
        return experiment


def _words(settings: Figures, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Settings by their paths, as `optimizer.learning_rate`; those that are not set left out."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _words(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", str(value)
