"""Settings at odds with another are faults before anything is trained."""

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.diagnostics.names import Misplaced
from cnnspec.expansion.expand import read
from cnnspec.ir.training import Training
from cnnspec.language.parse import parse_value
from cnnspec.sweeps.points import points

HEAD = "pool 4; dense 10 softmax"


def checked(settings: str, data: str = "fashion_mnist_mini", **sets: str):
    values = {name: parse_value(Source("<--set>", f"{name}={text}")) for name, text in sets.items()}
    assert None not in values.values()
    return check(Source("x", f"data {data}; {HEAD}; train {{ {settings} }}"), values)


def codes(settings: str, data: str = "fashion_mnist_mini") -> list[str]:
    return [problem.code for problem in checked(settings, data).problems]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("schedule cosine(warmup=4); epochs 4", ["CNN501"]),
        ("schedule cosine(warmup=3.9); epochs 4", []),
        ("class_weight 1, 2", ["CNN502"]),
        ("class_weight 1 1 1 1 1 1 1 1 1 2", []),
        ("augment crop=28", ["CNN503"]),
        ("augment crop=27", []),
        ("early_stop val_loss restore; epochs 20; quantize int8", ["CNN504"]),
        ("early_stop val_loss restore; epochs 20; quantize int8 last=1", []),
        ("early_stop val_loss restore; epochs 20; quantize none", []),
        ("target val_accuracy 0.5 stop; epochs 20; quantize int8 last=0.1", ["CNN504"]),
        ("target val_accuracy 0.5; epochs 20; quantize int8", []),
        ("schedule plateau(patience=2); epochs 20; quantize int8", []),
        ("validation none; schedule plateau; epochs 20", ["CNN302"]),
        ("validation none; schedule plateau(train_loss); epochs 20", []),
        ("validation none; early_stop val_loss; epochs 20", ["CNN302"]),
        ("validation none; early_stop train_f1; epochs 20", []),
        ("validation none; target val_f1 0.5", ["CNN302"]),
        ("validation none; target accuracy 0.5", []),
        ("validation none; target train_accuracy 0.5 stop", []),
        ("epochs 3; early_stop val_f1 patience=3", ["CNN616"]),
        ("epochs 4; early_stop val_f1 patience=3", []),
        ("epochs 3; early_stop val_f1 patience=3 restore", []),
        ("epochs 4; schedule plateau(patience=3)", ["CNN616"]),
        ("epochs 5; schedule plateau(patience=3)", []),
        ("schedule step(every=10)", ["CNN618"]),
        ("schedule step(every=9)", []),
        ("schedule step(every=1)", ["CNN618"]),
        ("schedule exponential(rate=0.1)", ["CNN618"]),
        ("schedule exponential(rate=0.5)", []),
        ("optimizer adam(ema=0.99)", []),
        ("optimizer adam(ema=0.999)", ["CNN619"]),
        ("optimizer adam(ema=0.999); epochs 100", []),
        ("target accuracy 0.9 stop", ["CNN610"]),
        ("target accuracy 0.9", []),
        ("target val_accuracy 0.9 stop", []),
        ("validation test; target val_accuracy 0.9 stop", ["CNN610"]),
        ("augment flip=horizontal", []),
    ],
)
def test_conflicting_settings_are_reported(settings: str, found: list[str]) -> None:
    assert codes(settings) == found


@pytest.mark.parametrize(
    ("augment", "found"),
    [
        ("flip=horizontal", ["CNN617"]),
        ("flip=vertical", ["CNN617"]),
        ("rotate=180", ["CNN617"]),
        ("rotate=15 shift=0.1", []),
    ],
)
def test_digits_stay_digits(augment: str, found: list[str]) -> None:
    assert codes(f"augment {augment}", "mnist") == found


SETTINGS = {
    "optimizer": "sgd(0.1, weight_decay=1e-4, global_clipnorm=1, ema=0.99)",
    "schedule": "cosine(warmup=1, floor=0.01)",
    "loss": "categorical_crossentropy(label_smoothing=0.1)",
    "class_weight": "balanced",
    "augment": "augment(shift=0.1, flip=horizontal)",
    "early_stop": "early_stop(val_f1, patience=3, restore)",
    "target": "target(val_accuracy, 0.9, stop)",
    "measure": "held_out",
    "precision": "mixed_float16",
    "runs": "3",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_can_be_set_and_swept(name: str) -> None:
    result = checked("", **{name: SETTINGS[name]})
    assert result.ok
    assert getattr(result.spec.train, name) != Training.specs[name].default
    source = Source("x", f"{HEAD}; sweep {{ {name} in {SETTINGS[name]} }}")
    (point,) = points(source, read(source).sweep, {})
    assert point.checked.spec.train == result.spec.train


@pytest.mark.parametrize("name", ["augment", "early_stop", "target"])
def test_an_optional_setting_can_be_taken_back(name: str) -> None:
    inside = SETTINGS[name][len(name) + 1 : -1].replace(",", " ")
    assert getattr(checked(f"{name} {inside}").spec.train, name) is not None
    assert getattr(checked(f"{name} {inside}", **{name: "none"}).spec.train, name) is None
    assert checked(f"{name} none").spec.train == Training()


@pytest.mark.parametrize(
    ("setting", "home"),
    [
        ("weight_decay 1e-4", "to the optimizer: `optimizer adam(weight_decay=1e-4)`"),
        ("optimizer adam; clipnorm 1", "to the optimizer: `optimizer adam(clipnorm=1)`"),
        ("warmup 3", "to the schedule: `schedule cosine(warmup=3)`"),
        (
            "epochs 20; schedule plateau; floor 0.1",
            "to the schedule: `schedule plateau(floor=0.1)`",
        ),
        ("rotate 10", "to `augment`: `augment rotate=10`"),
        ("patience 3", "to `early_stop`: `early_stop val_accuracy patience=3`"),
        (
            "epochs 20; schedule plateau; patience 3",
            "to the schedule: `schedule plateau(patience=3)`",
        ),
    ],
)
def test_option_outside_its_setting_names_the_setting(setting: str, home: str) -> None:
    (fault,) = checked(setting).problems
    assert isinstance(fault, Misplaced)
    assert fault.home == home


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("measure held_out", ["CNN305"]),
        ("measure all", []),
    ],
)
def test_a_claim_about_training_needs_its_images_measured(settings, found) -> None:
    text = f"{HEAD}; expect train_f1 >= 0.5; train {{ {settings} }}"
    assert [problem.code for problem in check(Source("x", text)).problems] == found


def test_a_running_figure_of_training_needs_nothing_measured() -> None:
    assert codes("measure held_out; target train_accuracy 0.5; epochs 20") == []
