"""The result of a training as an object: metrics, curves, the model. Reads a run folder.

Only the model and its predictions load a framework; interpreted predictions do not.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cnnspec.api import frames, markup, recognition
from cnnspec.api.comparison import Comparison, folders_of
from cnnspec.api.picture import Picture, of_drawn
from cnnspec.core.table import Table
from cnnspec.core.terminal import Line, plain
from cnnspec.files.paths import seen_from
from cnnspec.report.contents import SPLIT_NAMES, Epoch, ReportedClaim
from cnnspec.report.phrases import spread
from cnnspec.report.seeds import Trained as Gathered
from cnnspec.report.seeds import gather
from cnnspec.runs.run import PAGE, Run
from cnnspec.runs.seeds import MEASURES, SPLITS, MeanStd, SeedRuns, one_run

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd

    from cnnspec.datasets.given import Picture as Given
    from cnnspec.runs.answers import Answer
    from cnnspec.targets.interpreter.run import Interpreter
    from cnnspec.training.backends.base import Predictor
    from cnnspec.training.recognize import Recognizer
    from cnnspec.training.score import Scorer

_PREFIXES = {"test": "", "validation": "val_", "train": "train_"}
"""The prefix of the metrics of each split in expectations."""


class Trained:
    """A trained network: one run, or the runs of several seeds as mean and spread.

    As text it is a table of metrics and the result of each claim.
    """

    def __init__(self, folder: Path) -> None:
        self._told: Gathered = gather(folder)
        self.run = folder
        """The run folder."""

    @property
    def seeds(self) -> "tuple[Trained, ...]":
        """The single runs, one for each seed; a run with one seed has only itself."""
        runs = SeedRuns.find(str(self.run))
        return tuple(Trained(run.folder) for run in runs.runs()) if runs else (self,)

    @property
    def history(self) -> tuple[Epoch, ...]:
        """The metrics of every epoch by their names; the mean where there are several seeds."""
        return self._told.history

    @property
    def scores(self) -> dict[str, dict[str, float | MeanStd]]:
        """Metrics after training: `scores["test"]["accuracy"]`, and `f1` and `loss`.

        Numbers for one run; for several seeds each has a `.mean` and a `.deviation`. Empty where
        training has not ended.
        """
        found: dict[str, dict[str, float | MeanStd]] = {}
        for split in SPLITS:
            for measure in MEASURES:
                metric = self._told.metric(_PREFIXES[split] + measure)
                if metric is not None:
                    value = metric if self._told.several else metric.mean
                    found.setdefault(split, {})[measure] = value
        return found

    @property
    def claims(self) -> tuple[ReportedClaim, ...]:
        """Budgets, expectations and the target, each with `claim`, `value` and `holds`.

        Claims on several seeds are judged by the mean. `holds` is `None` where nothing has been
        measured yet.
        """
        return self._told.verdicts

    @property
    def ok(self) -> bool:
        """Whether every claim holds, including the target."""
        return all(verdict.holds for verdict in self.claims)

    @property
    def confusion(self) -> dict[str, tuple[tuple[int, ...], ...]]:
        """By split, how many images of each class (rows) were predicted as each class (columns).

        For several seeds it is that of the run with the median test accuracy.
        """
        return {name: score.confusion for name, score in self._told.middle.scores.items()}

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self._told.middle.labels

    @property
    def report(self) -> Path | None:
        """The path of the report page; `None` where there is none."""
        page = self.run / PAGE
        return page if page.is_file() else None

    @property
    def figures(self) -> dict[str, Picture]:
        """The plots of the report by their names: `loss`, `confusion_test` and more.

        Needs matplotlib.
        """
        from cnnspec.report.pictures import read
        from cnnspec.report.plot_files import figures

        run = self._told.middle
        pictures = read(Run(run.folder), len(run.labels))
        return {name: of_drawn(drawn) for name, drawn in figures(self._told, pictures).items()}

    @cached_property
    def model(self) -> "keras.Model":
        """The compiled Keras model, rebuilt from the frozen spec with the weights of the run.

        Raises `CnnspecError`, for several seeds too: take one of `seeds`.
        """
        run = one_run(str(self.run))
        from cnnspec.targets.keras.backend import start

        start()
        from cnnspec.targets.keras.restore import restore

        return restore(run)[1]

    @cached_property
    def _network(self) -> "Predictor":
        """What predicts: that of the run's own backend."""
        run = one_run(str(self.run))
        from cnnspec.training.backends.choose import backend_for, start

        return start(backend_for(run, None)).restore(run)[1]

    @cached_property
    def _scorer(self) -> "Scorer":
        from cnnspec.training.score import Scorer

        return Scorer(self._network)

    def evaluate(
        self, data: str | os.PathLike[str] | None = None, *, offline: bool = False
    ) -> dict[str, dict[str, float]]:
        """Measures the run again, as `cnnspec evaluate` does: metrics in the form of `scores`.

        `data` is a path to measure on instead of the data of the run. Raises
        `CnnspecError`, for several seeds too: take one of `seeds`.
        """
        run = one_run(str(self.run))
        from cnnspec.training.backends.choose import backend_for, start
        from cnnspec.training.evaluate import evaluate

        scores, _, _ = evaluate(
            run,
            start(backend_for(run, None)),
            None if data is None else Path(data),
            offline=offline,
        )
        return {name: score.figures for name, score in scores.items()}

    @cached_property
    def _interpreter(self) -> "Interpreter":
        run = one_run(str(self.run))
        from cnnspec.targets.interpreter.restore import restore

        return restore(run)[1]

    @cached_property
    def _recognizer(self) -> "Recognizer":
        scorer = self._scorer
        run, spec = one_run(str(self.run)), self._told.middle.checked.spec
        return recognition.recognizer(run, spec, scorer.predict, self._network.features())

    @cached_property
    def _interpreting_recognizer(self) -> "Recognizer":
        interpreter = self._interpreter
        from cnnspec.training.batches import scale

        def outputs(images: "np.ndarray") -> "np.ndarray":
            return interpreter.predict(scale(images))

        run, spec = one_run(str(self.run)), self._told.middle.checked.spec
        return recognition.recognizer(run, spec, outputs, None)

    def recognize(
        self, *pictures: "Given", as_is: bool = False, interpret: bool = False
    ) -> "tuple[Answer, ...]":
        """Classifies pictures, as `cnnspec predict` does: one answer for each.

        A picture is a path, a Pillow image or an array (height, width) or (height, width,
        channels). It is prepared as the training images are framed, or used `as_is`. An answer has
        its `label`, the `top` three, the `steps` of preparation, what was `given` and `seen`, and
        whether it is `doubted`. With `interpret` it is computed in numpy, without a framework, and
        nothing is doubted. Raises `CnnspecError`.
        """
        paths = [str(path) if isinstance(path, str | os.PathLike) else path for path in pictures]
        names = [path if isinstance(path, str) else str(n) for n, path in enumerate(paths)]
        recognize = self._interpreting_recognizer if interpret else self._recognizer
        return tuple(recognize(paths, names, as_is=as_is)) if paths else ()

    def predict(
        self,
        images: "np.ndarray | str | os.PathLike[str]",
        *,
        as_is: bool = False,
        interpret: bool = False,
    ) -> "np.ndarray":
        """Returns the output of the network for each image: float32 of shape (n, classes).

        `images` is an array (n, height, width) or (n, height, width, channels) of bytes, or of
        fractions from 0 to 1, or a path as `cnnspec predict` takes it. A picture or a folder of
        pictures is prepared as the training images are framed, unless `as_is`; see `recognize`.
        With `interpret` it is computed in numpy, without a framework. Raises `CnnspecError`.
        """
        if isinstance(images, str | os.PathLike) and not as_is:
            from cnnspec.datasets.user_data import is_pictures

            if is_pictures(Path(images)):
                recognize = self._interpreting_recognizer if interpret else self._recognizer
                return recognition.outputs_of(Path(images), recognize)
        # Errors of the run are reported before errors of the images.
        computes = self._interpreter if interpret else self._scorer
        from cnnspec.training.batches import scale

        pixels = recognition.pixels_of(images, self._told.middle.checked.spec)
        return computes.predict(scale(pixels) if interpret else pixels)

    def compare(self, *others: Any) -> Comparison:
        """Returns it beside other runs, sweeps or comparisons, or what is in a folder.

        Raises `CnnspecError`.
        """
        return Comparison(*folders_of(self, *others))

    def to_frame(self, of: Literal["epochs", "seeds"] = "epochs") -> "pd.DataFrame":
        """Returns a data frame with a row for each epoch of each seed, or for each seed.

        `"epochs"`: `run`, `seed`, `epoch` and every recorded metric. `"seeds"`: `run`, `seed`,
        `epochs`, `best_epoch`, `seconds` and every metric of every split, named as an expectation
        names them. Texts are `string`, numbers `int64` or `float64`, NaN where not measured.

        Raises `CnnspecError` without pandas, and `ValueError` for another word.
        """
        if of not in ("epochs", "seeds"):
            raise frames.unknown(of, ("epochs", "seeds"))
        each = [
            ({"run": self._told.name, "seed": run.seed}, Run(run.folder)) for run in self._told.runs
        ]
        return frames.trainings(of, {"run": frames.TEXT, "seed": frames.WHOLE}, each)

    def __str__(self) -> str:
        lines = self._table().lines()
        claims: list[Line] = [
            [(f"{claim}: {' '.join(filter(None, rest))}", "")] for claim, *rest in self._verdicts()
        ]
        head: Line = [(f"{self._model}  {self._standing()}", "")]
        return plain([head, [], *lines, [], *claims]).rstrip()

    def __repr__(self) -> str:
        return f"<Trained {self._model} {self._standing()}>"

    def _repr_html_(self) -> str:
        parts = [markup.heading(self._model, self._standing())]
        parts.append(self._table().html(styled=True))
        if self.claims:
            claims = Table(("claim", "is", ""), tuple(self._verdicts()))
            parts.append(claims.html(styled=True))
        parts += [markup.picture(drawn.svg, drawn.alt) for drawn in self._curves()]
        if self.report:
            # An absolute path does not work as a link on the page of a notebook server.
            address = seen_from(self.report, Path.cwd())
            parts.append(f"<p>{markup.link(address, 'report')}</p>")
        return "".join(parts)

    def _curves(self) -> list[Any]:
        from cnnspec.report.plot_files import curves

        return curves(self._told)

    @property
    def _model(self) -> str:
        return self._told.middle.checked.spec.model

    def _standing(self) -> str:
        """Where the run is, and how far it came."""
        told = self._told
        if not self.scores:
            return " ".join([f"in {self.run}.", *told.middle.notes[:1]])
        if told.several:
            return f"in {self.run}, {len(told.runs)} seeds: mean ± standard deviation"
        count = len(told.history)
        return f"in {self.run}, {count} epoch{'' if count == 1 else 's'}"

    def _table(self) -> Table:
        """The metrics of each split."""
        counts = {name: f"{score.images:,}" for name, score in self._told.middle.scores.items()}
        rows = tuple(
            (SPLIT_NAMES[split], counts.get(split, ""), *(spread(found.get(m)) for m in MEASURES))
            for split, found in self.scores.items()
        )
        return Table(("", "images", *_HEADER), rows, "lrrrr")

    def _verdicts(self) -> list[tuple[str, str, str]]:
        words = {True: "held", False: "not held", None: "not measured yet"}
        return [(v.claim, v.value, words[v.holds]) for v in self.claims]


_HEADER = ("accuracy", "macro F1", "loss")
