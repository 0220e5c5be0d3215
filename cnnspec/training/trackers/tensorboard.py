"""Writes what TensorBoard shows: event files in `RUN/tensorboard`.

They are written here, record by record, with the formats of the package `tensorboard`:
its own writers import TensorFlow where there is one, keep a thread and hide its faults.
"""

import io
import time
from pathlib import Path
from typing import Any

from cnnspec.ir.spec import Spec
from cnnspec.runs.run import Run
from cnnspec.training.trackers import Figures, of_end, of_epoch

FOLDER = "tensorboard"
"""Where the event files of a run lie."""


def tracker(_: Path) -> "TensorBoard":
    """The tracker; it keeps everything in the runs themselves."""
    return TensorBoard()


class TensorBoard:
    """Event files: the figures of every epoch and of the end, the spec and the environment."""

    def begin(self, run: Run, spec: Spec, environment: Figures) -> int:
        """Begins a file. Takes all epochs anew: what older files say is void from step 1 on.

        So a file that broke off, or epochs that were trained again, leave no trace.
        """
        from tensorboard.compat.proto.event_pb2 import SessionLog

        run.make(FOLDER)
        # TensorBoard reads files in the order of their names, and knows them by "tfevents".
        self._file = run.folder / FOLDER / f"events.out.tfevents.{time.time_ns()}"
        self._step = 0
        texts = {"spec": str(spec), "environment": _listed(environment)}
        self._write(
            {"file_version": "brain.Event:2"},
            {"session_log": SessionLog(status=SessionLog.START), "step": 1},
            {"summary": _summary({name: _text(text) for name, text in texts.items()})},
        )
        return 0

    def epoch(self, figures: Figures) -> None:
        """Writes the figures of an epoch, at its step."""
        self._step = figures["epoch"]
        self._scalars(of_epoch(figures))

    def end(self, metrics: Figures | None) -> None:
        """Writes what was measured, at the step of the last epoch."""
        if metrics is not None:
            self._scalars(of_end(metrics))

    def shown(self, folder: Path) -> str:
        """The command that shows a run, or all of a series."""
        return f"tensorboard --logdir {folder}"

    def _scalars(self, figures: dict[str, float]) -> None:
        values = {name: _scalar(value) for name, value in figures.items()}
        self._write({"summary": _summary(values), "step": self._step})

    def _write(self, *events: dict[str, Any]) -> None:
        """Appends events to the file, all at once, and leaves it closed."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        records = io.BytesIO()
        writer = RecordWriter(records)
        for event in events:
            writer.write(Event(wall_time=time.time(), **event).SerializeToString())
        with self._file.open("ab") as file:
            file.write(records.getvalue())


def _summary(values: dict[str, dict[str, Any]]) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=tag, **value) for tag, value in values.items()])


def _scalar(number: float) -> dict[str, Any]:
    """A point of a curve; TensorBoard has single precision."""
    return {"simple_value": number}


def _text(text: str) -> dict[str, Any]:
    """A text, shown as Markdown: set as code."""
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text.metadata import create_summary_metadata

    block = "".join(f"    {line}\n" for line in text.splitlines())
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=[block.encode()])
    return {"tensor": tensor, "metadata": create_summary_metadata("", "")}


def _listed(environment: Figures) -> str:
    return "\n".join(f"{name}: {value}" for name, value in environment.items())
