"""cnnspec from Python and notebooks: what the commands do, with objects as results.

>>> import cnnspec
>>> network = cnnspec.loads("data fashion_mnist_mini; conv 8x3 relu; pool 2; dense 10 softmax")
>>> network.check().params
13610

Errors of a spec raise `CnnspecError`, whose text is what the commands print. Only `build`, `train`
and the model of a run load a framework.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked, normalized
from cnnspec.api.check_result import CheckResult
from cnnspec.api.picture import Picture
from cnnspec.api.trained import Trained
from cnnspec.core.source import Source
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import tell
from cnnspec.expansion.state import Overrides
from cnnspec.expansion.symbols import Symbol
from cnnspec.files.sources import read_source
from cnnspec.language.parse import parse_value
from cnnspec.report.write_report import write_report
from cnnspec.runs.run import Run
from cnnspec.service.snapshot import Snapshot, snapshot
from cnnspec.training.trackers import Watch
from cnnspec.version import __version__

if TYPE_CHECKING:
    import keras

    from cnnspec.api.sweep import Sweep

__all__ = ["Network", "load", "loads", "open_run", "resume"]

Setting = int | float | str | list[Any] | tuple[Any, ...]
"""A value that `set` and `train` accept: a number, a list of numbers, or text as in a spec."""


class Network:
    """A spec with the values set for it. It never changes: `set` returns another network.

    As text it is the canonical spec, or with errors the text as written; a notebook shows its
    layers.
    """

    def __init__(self, source: Source, values: Overrides | None = None) -> None:
        self._source = source
        self._values = values or {}

    @cached_property
    def _snapshot(self) -> Snapshot:
        return snapshot(self._source, self._values)

    def _sound(self) -> CheckedSpec:
        """The checked spec; raises `CnnspecError` where it has errors."""
        return checked(self._source, self._values)

    def check(self) -> CheckResult:
        """Checks shapes, costs and budgets, without a framework."""
        return CheckResult(self._snapshot)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The names in the text, each with its `kind`, `name`, `definition`, `uses` and `scope`.

        Names of the files that it imports come after its own. A text with errors has the names in
        all that parses. Values given to `set` change nothing.

        >>> import cnnspec
        >>> net = cnnspec.loads("let f = 8; conv (f)x3; block b(f) { conv (f)x1 }; b 4")
        >>> [(s.kind, s.name, len(s.uses)) for s in net.symbols]
        [('let', 'f', 1), ('block', 'b', 1), ('parameter', 'f', 1)]
        """
        return self._snapshot.symbols

    def set(self, **values: Setting) -> "Network":
        """Returns the spec with other values for its lets and training settings.

        Values are as after `--set`: `epochs=3`, `optimizer="sgd(0.1)"`. Raises `CnnspecError` for
        text that is not a value; an unknown name is an error that `check` reports.

        >>> import cnnspec
        >>> net = cnnspec.loads("data mnist; let f = 8; conv (f)x3; dense 10 softmax")
        >>> net.set(f=4).check().params < net.check().params
        True
        """
        return Network(self._source, {**self._values, **_overrides(values)})

    def build(self, seed: int | None = None, *, backend: str | None = None) -> "keras.Model":
        """Returns the compiled Keras model, with weights drawn from `seed` (default: the spec's).

        `backend` is what Keras runs on: `tensorflow`, `jax` or `torch`. Raises `CnnspecError` where
        the spec has errors, the framework is not installed, or Keras already runs on another.
        """
        network = self if seed is None else self.set(seed=seed)
        result = network._sound()
        from cnnspec.targets.keras.backend import start
        from cnnspec.targets.table import KERAS, require_target

        require_target(result, KERAS)
        start(backend)
        from cnnspec.targets.keras.build import build, compile_model

        train = result.spec.train
        model = build(result, train.seed)
        compile_model(model, train)
        return model

    def train(
        self,
        out: str | Path = "runs",
        *,
        backend: str | None = None,
        offline: bool = False,
        report: bool = True,
        track: Sequence[str] = (),
        devices: int | None = None,
        **settings: Setting,
    ) -> Trained:
        """Trains the network into a new folder `out/<model>-<n>`, as `cnnspec train` does.

        `settings` are as for `set`: `epochs=3, batch=64`. `report` writes a page about it, and
        `track=("mlflow",)` or `("tensorboard",)` follows the training there. `devices=2` spreads
        each step over two GPUs.

        Ctrl-C, or interrupting the kernel, keeps what has been trained and raises `Interrupted`,
        whose text says how to go on. Raises `CnnspecError`.
        """
        network = self.set(**settings) if settings else self
        result = network._sound()
        tell(*result.problems)
        from cnnspec.training.start import launch

        given: Any = {"backend": backend, "offline": offline, "devices": devices}
        given["watch"] = Watch(track, Path(out), tell)
        reached = launch(result, None, Path(out), tell, **given)
        if report:
            write_report(Run(reached.kept.folder), tell, result)
        return Trained(reached.kept.folder)

    def sweep(
        self,
        out: str | Path = "runs",
        *,
        over: Mapping[str, Sequence[Setting]] | None = None,
        names: str = "",
        sample: int | None = None,
        max_runs: int | None = None,
        jobs: int | None = None,
        threads: int = 1,
        stop_early: str = "",
        by: str = "accuracy",
        backend: str | None = None,
        offline: bool = False,
        report: bool = True,
        **settings: Setting,
    ) -> "Sweep":
        """Trains every point of a sweep into a new folder, as `cnnspec sweep` does.

        The points are those of the `sweep { … }` of the spec, or of `over`: the values of each
        name, as in `over={"filters": [8, 16], "batch": [32, 64]}`. `settings` are as for `set`.
        `names` is a template for the names of points, `sample` draws so many of them, and more than
        `max_runs` trainings are refused. `jobs` trainings run at the same time (default: one for
        each processor), each with `threads` threads. `stop_early="halving"` stops weak points, and
        `by` is the metric that chooses the best. A point that fails is one of the result, which is
        then not `ok`; Ray is for the command alone.

        Ctrl-C, or interrupting the kernel, keeps what has been trained and raises `Interrupted`,
        whose text says how to go on. Raises `CnnspecError`.
        """
        from cnnspec.api.sweep import drive_sweep, planned

        network = self.set(**settings) if settings else self
        source = swept(network._source, over) if over else network._source
        how: dict[str, Any] = {"name": names, "drawn": sample, "most": max_runs}
        how |= {"threads": threads, "stop_early": stop_early, "backend": backend}
        kept = planned(Path(out), source, network._values, by, **how)
        return drive_sweep(kept, jobs=jobs, offline=offline, by=by, report=report)

    def draw(self) -> Picture:
        """Draws the network, as `cnnspec draw` does. Raises `CnnspecError`."""
        from cnnspec.drawing.svg import draw

        result = self._sound()
        return Picture(draw(result), f"The network {result.spec.model}")

    def tikz(self) -> str:
        """Draws the network for LaTeX, as `cnnspec draw --tikz` does. Raises `CnnspecError`."""
        from cnnspec.drawing.tikz import draw_tikz

        return draw_tikz(self._sound())

    def keras_source(self) -> str:
        """Writes the network as a Python module of plain Keras, without loading Keras.

        Its `build()` gives the network with new weights. Raises `CnnspecError`.
        """
        from cnnspec.targets.keras.source import network_text

        return network_text(self._sound(), __version__)

    @property
    def text(self) -> str:
        """The canonical spec with the values set; with errors, the text as it was written.

        >>> import cnnspec
        >>> cnnspec.loads("data mnist; dense 10 softmax").set(epochs=3).text.split()
        ['data', 'mnist', 'dense', '10', 'softmax', 'train', '{', 'epochs', '3', '}']
        """
        return str(self)

    def __str__(self) -> str:
        checked = self._snapshot.checked
        return self._source.text if checked.expanded.problems else str(checked.spec)

    def __repr__(self) -> str:
        return f"<Network {self.check()._told()}>"

    def _repr_html_(self) -> str:
        return self.check()._repr_html_()


def load(path: str | os.PathLike[str]) -> Network:
    """Reads a .cnn file or an IR document. Raises `CnnspecError` where it cannot be read.

    Errors of the spec itself are reported by `check`, and raised by what needs a valid spec.
    """
    return Network(normalized(read_source(os.fspath(path))))


def loads(text: str, name: str = "<text>") -> Network:
    """Reads a text; messages call it `name`."""
    return Network(normalized(Source(name, text)))


def open_run(folder: str | os.PathLike[str]) -> Any:
    """Opens what was trained in a folder, or what `@last` and the name of a model mean.

    It is a `Trained` for a run or the runs of several seeds, a `Sweep` for a sweep, and a
    `Comparison` for a folder that holds several of these. Raises `CnnspecError`.
    """
    from cnnspec.api.opening import opened

    return opened(Path(folder))


def resume(
    folder: str | os.PathLike[str],
    *,
    backend: str | None = None,
    offline: bool = False,
    report: bool = True,
    track: Sequence[str] = (),
    jobs: int | None = None,
) -> Any:
    """Goes on with a training or a sweep that was stopped or killed, as `--resume` does.

    It is a `Trained` or a `Sweep`; what has finished is returned as it is. `jobs` trainings of a
    sweep run at the same time. Raises `CnnspecError`, and `Interrupted` if it is stopped again.
    """
    from cnnspec.api.sweep import drive_sweep
    from cnnspec.sweeps.folder import Sweep as Kept

    sweep = Kept.find(Path(folder))
    if sweep:
        return drive_sweep(sweep, jobs=jobs, offline=offline, by="accuracy", report=report)
    from cnnspec.training.start import find, launch

    kept = find(os.fspath(folder))
    watch = Watch(track, kept.folder.parent, tell)
    if not kept.finished:
        given: Any = {"backend": backend, "offline": offline, "watch": watch}
        result = checked(kept.spec)
        launch(result, kept, kept.folder.parent, tell, **given)
        if report:
            write_report(Run(kept.folder), tell, result)
    return Trained(kept.folder)


def swept(source: Source, over: Mapping[str, Sequence[Setting]]) -> Source:
    """The text with a `sweep` of the values of each name at its end."""
    axes = "; ".join(
        f"{name} in {', '.join(str(value) for value in values)}" for name, values in over.items()
    )
    return Source(source.name, f"{source.text.rstrip()}\n\nsweep {{ {axes} }}\n")


def _overrides(values: dict[str, Setting]) -> Overrides:
    """Converts Python values to what `--set` would give. Raises `CnnspecError`."""
    found: Overrides = {}
    for name, given in values.items():
        written = ", ".join(map(str, given)) if isinstance(given, list | tuple) else str(given)
        # As a call of Python, which is what was written.
        before = "set("
        source = Source("<Python>", f"{before}{name}={written})")
        value = parse_value(source, len(before), -1)
        if value is None:
            cause = f"{name}={given!r} is not a value"
            raise CnnspecError(
                CannotRead(None, cause, "as in `epochs=3` or `optimizer='adam(1e-4)'`")
            )
        found[name] = value
    return found
