"""The metrics that networks are compared by: name, format, and whether more is better.

Knows what an expectation can claim; knows nothing of runs and tables.
"""

from cnnspec.core.record import Record
from cnnspec.ir.claims import METRIC_NAMES, SPLIT_PREFIXES

_TITLES = {"accuracy": "accuracy", "f1": "macro F1", "loss": "loss"}


class Metric(Record):
    """A metric that networks are compared by, its format, and whether more is better.

    `words` is its name in a sentence, `title` a short one for the head of a table.
    """

    key: str
    title: str
    form: str
    more: bool = False
    words: str = ""

    def rank(self, value: float | None) -> tuple[bool, float]:
        """A sort key: the best first, the unknown last."""
        if value is None:
            return True, 0.0
        return False, -value if self.more else value


def measure_of(metric: str) -> str:
    """The measure of a metric: `loss` of `val_loss`."""
    return metric.rpartition("_")[2]


def split_of(metric: str) -> str:
    """The prefix of a metric that names its split: `val_` of `val_loss`, empty for the test set."""
    return metric.removesuffix(measure_of(metric))


def _measured(key: str) -> Metric:
    measure, split = measure_of(key), split_of(key)
    short = {"": "test ", "val_": "val ", "train_": "train "}[split]
    title = _TITLES[measure]
    if split or measure == "loss":
        title = short + title
    words = f"{SPLIT_PREFIXES[split]} {_TITLES[measure]}"
    return Metric(key, title, ".4f", more=measure != "loss", words=words)


MEASURED_METRICS = {key: _measured(key) for key in METRIC_NAMES}
"""The measured metrics, as an expectation names them."""

METRICS = {
    **MEASURED_METRICS,
    "params": Metric("params", "parameters", ",.0f", words="parameters"),
    "macs": Metric("macs", "MACs", ",.0f", words="MACs"),
    "epochs": Metric("epochs", "epochs", ".4g", words="epochs"),
    "seconds": Metric("seconds", "seconds", ".1f", words="seconds"),
}
"""Every metric, including the costs of a network."""
