"""A Keras model to the run that keeps it, and back."""

import tempfile
from pathlib import Path

import keras

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked_spec
from cnnspec.diagnostics.errors import CnnspecError, reason
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import cannot_write
from cnnspec.runs.run import MODEL, WEIGHTS, Run
from cnnspec.runs.weights import read_weights
from cnnspec.targets.keras.build import build, compile_model
from cnnspec.targets.keras.weights import give_weights


def save(model: keras.Model, run: Run) -> None:
    """Keeps the model in the run; Keras writes in place, so it writes elsewhere first.

    Raises `CnnspecError`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL
        try:
            model.save(path)
        except OSError as error:
            raise CnnspecError(cannot_write(path, error)) from None
        run.write(MODEL, path.read_bytes())


def as_it_ended(run: Run, checked: CheckedSpec) -> keras.Model:
    """The model of a finished run with the state of its optimizer. Raises `CnnspecError`."""
    model = build(checked, checked.spec.train.seed)
    compile_model(model, checked.spec.train)
    model.optimizer.build(model.trainable_variables)
    _load(model, run.model)
    return model


def restore(run: Run) -> tuple[CheckedSpec, keras.Model]:
    """The model of a run: rebuilt from its frozen spec, with the saved weights only.

    Nothing but numbers is taken from the model file. A run that was trained without Keras
    has none, and its `weights.npz` is read. Raises `CnnspecError`.
    """
    plain = (run.folder / WEIGHTS).is_file() and not (run.folder / MODEL).is_file()
    source = read_weights(run) if plain else run.model
    checked = checked_spec(run.spec)
    model = build(checked, checked.spec.train.seed)
    if isinstance(source, dict):
        give_weights(model, checked, source)
    else:
        # Before the model is compiled: the state of the optimizer stays in the file.
        _load(model, source)
    compile_model(model, checked.spec.train)
    return checked, model


def _load(model: keras.Model, path: Path) -> None:
    """Gives a model what a file holds for it. Raises `CnnspecError`."""
    try:
        model.load_weights(path)
    except Exception as error:  # whatever a damaged archive makes of Keras, zip or h5
        fault = BadRun(None, f"cannot read the weights in {path}: {reason(error)[:200]}")
        raise CnnspecError(fault) from None
