"""The settings of one layer of Keras, each of which is used or known to change nothing."""

from typing import Any

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.keras.model import Call
from cnnspec.layers.initializers import INITIALIZERS, Initializer
from cnnspec.layers.weighted import ACTIVATIONS

_WITHOUT_MEANING = {
    "name",
    "trainable",
    "dtype",
    "dtype_policy",
    "batch_shape",
    "batch_input_shape",
    "seed",
    "implementation",
    "fused",
    "renorm_momentum",
}
"""Settings that do not change what a trained layer computes."""
_IN_TRAINING = ("_regularizer", "_constraint")
_FUNCTIONS = {"swish": "silu", "hard_swish": "hard_silu"}
"""Words of Keras for activations that have another one here."""


class Settings:
    """The settings of a call. `notes` collects what was left out because training alone has it."""

    def __init__(self, call: Call, tool: str, notes: list[str]) -> None:
        self.of = call
        self._tool = tool
        self._notes = notes
        self._left = {k: v for k, v in call.config.items() if k not in _WITHOUT_MEANING}

    def take(self, name: str, default: Any = None) -> Any:
        """Returns a setting, the default where it is not there."""
        value = self._left.pop(name, None)
        return default if value is None else value

    def pair(self, name: str, default: tuple[int, int] = (1, 1)) -> tuple[int, int]:
        """Returns a setting for rows and columns."""
        value = self.take(name, default)
        rows, columns = (value, value) if isinstance(value, int) else value
        return int(rows), int(columns)

    def require(self, name: str, *allowed: Any) -> None:
        """Takes a setting that must have one of some values, the first of which is the default.

        Raises `CnnspecError`.
        """
        value = self.take(name, allowed[0])
        if value not in allowed:
            raise self.refused(f"`{name}={value}`")

    def refused(
        self, what: str, remedy: str = "replace it, then save the model again"
    ) -> CnnspecError:
        """The error of something that a spec cannot say."""
        cause = f"layer `{self.of.name}` ({self.of.kind}) has {what}, which a spec cannot say"
        return CnnspecError(CannotImport(None, cause, remedy))

    def unknown(self, what: str = "") -> CnnspecError:
        """The error of a layer that the language has not."""
        cause = f"layer `{self.of.name}` ({self.of.kind}) {what or 'is not one that a spec has'}"
        return CnnspecError(CannotImport(None, cause, "replace it, then save the model again"))

    def function(self) -> str:
        """Returns the activation in a word of the language. Raises `CnnspecError`."""
        given = self.take("activation", "linear")
        if isinstance(given, dict):
            inner = given.get("config")
            given = inner if isinstance(inner, str) else self._layer_as_function(given)
        word = _FUNCTIONS.get(given, given)
        if word not in ACTIVATIONS:
            raise self.refused(f"the activation `{given}`")
        if word == "hard_sigmoid" and self._tool.startswith(("Keras 1", "Keras 2")):
            raise self.refused(
                "Keras 2's hard_sigmoid, max(0, min(1, 0.2x + 0.5)); Keras 3 has another"
            )
        return str(word)

    def _layer_as_function(self, document: dict[str, Any]) -> str:
        """The word of an activation that is given as a layer with Keras's own defaults."""
        kind, config = document.get("class_name"), document.get("config") or {}
        values = {k: v for k, v in config.items() if k not in _WITHOUT_MEANING and v}
        if kind == "ReLU" and values in ({}, {"max_value": 6.0}, {"max_value": 6}):
            return "relu6" if values else "relu"
        if kind == "LeakyReLU" and values in ({"negative_slope": 0.2}, {"alpha": 0.2}):
            return "leaky_relu"
        if kind == "Softmax" and config.get("axis", -1) == -1:
            return "softmax"
        raise self.refused(f"the layer {kind} as its activation")

    def initializer(self, name: str, default: str) -> Initializer:
        """Returns how weights start; the default where the language has no such way."""
        given = self.take(name)
        fallback = INITIALIZERS[default]()
        if not isinstance(given, dict):
            return fallback
        word = "".join(f"_{c.lower()}" if c.isupper() else c for c in given.get("class_name", ""))
        kind = INITIALIZERS.get(word.lstrip("_"))
        config = given.get("config") or {}
        if kind is None:
            self.note(f"{name} {given.get('class_name')}")
            return fallback
        known = {k: v for k, v in config.items() if k in kind.specs and v is not None}
        known.pop("seed", None)
        return kind(**known)

    def penalty(self, name: str) -> tuple[float, float]:
        """Returns the factors of a regularizer for |w| and w²."""
        given = self.take(name)
        if not isinstance(given, dict):
            return 0.0, 0.0
        config = given.get("config") or {}
        if given.get("class_name") not in ("L1", "L2", "L1L2"):
            self.note(f"{name} {given.get('class_name')}")
            return 0.0, 0.0
        return _plain(config.get("l1")), _plain(config.get("l2"))

    def weighted(self, kernel: str = "kernel") -> dict[str, Any]:
        """The fields that layers with a kernel share; `kernel` is what the settings call it."""
        l1, l2 = self.penalty(f"{kernel}_regularizer")
        return {
            "activation": self.function(),
            "bias": bool(self.take("use_bias", True)),
            "init": self.initializer(f"{kernel}_initializer", "glorot_uniform"),
            "bias_init": self.initializer("bias_initializer", "zeros"),
            "l1": l1,
            "l2": l2,
        }

    def finish(self) -> None:
        """Raises `CnnspecError` where a setting that means something was not used."""
        self.require("data_format", "channels_last")
        for name, value in self._left.items():
            if name.endswith("_initializer") or value in (None, False, "", [], {}):
                continue
            if name.endswith(_IN_TRAINING):
                self.note(name)
                continue
            raise self.refused(f"`{name}={_short(value)}`")

    def forget(self) -> None:
        """Takes all that is left, of a layer that is left out."""
        self._left.clear()

    def note(self, what: str) -> None:
        """Says that something was left out because it acts in training alone."""
        note = f"{what} acts in training alone and was left out"
        if note not in self._notes:
            self._notes.append(note)


def _plain(value: Any) -> float:
    """A factor without the digits that a float32 adds: 0.01 of 0.009999999776482582."""
    return float(f"{float(value or 0):.7g}")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
