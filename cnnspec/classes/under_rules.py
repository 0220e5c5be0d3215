"""What of a submission is trained: its network and settings, under the rules of its class.

The data are those of the rules, and so are the claims that count. Nothing that a submission says
chooses what is read, and the test images decide nothing.
"""

from collections.abc import Iterator

from cnnspec.analysis.check import CheckedSpec, check_spec
from cnnspec.analysis.rules import ExpectRule, SettingRule
from cnnspec.analysis.rules_file import Rules
from cnnspec.analysis.training_memory import layer_bytes, weight_bytes
from cnnspec.diagnostics.assignments import TestDecides
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import OutOfMemory
from cnnspec.expansion.state import Overrides
from cnnspec.files.processes import memory
from cnnspec.ir.claims import MEASURES, Expectation
from cnnspec.ir.spec import NO_DATA, Data
from cnnspec.targets.table import KERAS, C, check_target


def data_of(rules: Rules) -> Data:
    """Returns the data that a class trains on; raises `CnnspecError` where the rules name none."""
    for rule in rules.rules:
        if isinstance(rule, SettingRule) and rule.name == "data":
            value: Data = rule.wanted[0].items[0].value
            if value.source != NO_DATA:
                return value
    cause = f"{rules.source.name} does not say which data a class is trained on"
    raise CnnspecError(CannotRead(None, cause, "add a line such as `data fashion_mnist_mini`"))


def expectations_of(rules: Rules) -> tuple[Expectation, ...]:
    """Returns what the rules expect of a trained network."""
    return tuple(rule.expectation for rule in rules.rules if isinstance(rule, ExpectRule))


def under_rules(
    rules: Rules, checked: CheckedSpec, overrides: Overrides, name: str, model: str
) -> CheckedSpec:
    """Returns what is trained of a submission that has no errors, with `overrides` for everyone.

    It may have errors: what the rules expect may not be measured with its settings.
    """
    claims = expectations_of(rules)
    ruled = {rule.name for rule in rules.rules if isinstance(rule, SettingRule) and rule.home}
    train = checked.spec.train
    if "measure" not in ruled:
        # The training images are many; they are measured where a rule is about them.
        of_training = any(claim.split == "training" for claim in claims)
        train = train.replace(measure="all" if of_training else "held_out")
    if "runs" not in ruled:
        train = train.replace(runs=1)
    spec = checked.spec.replace(
        model=model,
        data=data_of(rules),
        expectations=claims,
        budgets=(),
        allow=(),
        train=train,
    )
    return check_spec(spec, name, overrides)


def looks_at_test(rules: Rules, checked: CheckedSpec) -> Iterator[Diagnostic]:
    """Yields the settings by which the test images would decide something, unless a rule has it."""
    train, spans = checked.spec.train, checked.expanded.spans
    ruled = {rule.name for rule in rules.rules if isinstance(rule, SettingRule) and rule.home}
    if train.validation == "test" and "validation" not in ruled:
        place = spans.get("train.validation")
        yield TestDecides(place, setting="validation test", instead="validation 0.1")
    target = train.target
    if target and target.stop and target.quantity in MEASURES and "target" not in ruled:
        instead = str(target.replace(quantity=f"val_{target.quantity}"))
        place = spans.get("train.target")
        yield TestDecides(place, setting=str(target), instead=instead)


def obstacles(
    checked: CheckedSpec, native: bool, jobs: int, images: int | None
) -> Iterator[Diagnostic]:
    """Yields why a spec cannot be trained here: what the backend does not do, or its memory.

    `jobs` trainings at a time share the memory of the machine; `images` are those to train on, if
    that is known.
    """
    yield from check_target(checked, C if native else KERAS)
    there, needed = memory(), weight_bytes(checked)
    if not native:
        # A framework keeps what is between the layers, for all images of a batch.
        batch = checked.spec.train.batch
        needed += layer_bytes(checked, min(batch, images or batch))
    if there is not None and needed > there // jobs:
        share = f"{there // jobs / 2**30:.1f} GiB"
        cause = f"a step needs at least {needed / 2**30:.1f} GiB, and a training has {share}"
        remedy = "write a smaller network, or a smaller `batch`"
        yield OutOfMemory(checked.expanded.spans.get("train.batch"), cause, remedy)
