import string
from random import Random

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import COMMANDS
from cnnspec.core.source import Source
from cnnspec.core.spelling import distance
from cnnspec.diagnostics.names import UnknownStatement
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.claims import BYTES, METRIC_NAMES, QUANTITIES
from cnnspec.ir.datasets import DATASETS
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.training import EarlyStop, Target, Training
from cnnspec.language.suggest import nearest
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.table import LAYERS

LETTERS = string.ascii_lowercase + "_"


def statements() -> tuple[str, ...]:
    (fault,) = check(Source("x", "zzzzz 1")).problems
    assert isinstance(fault, UnknownStatement)
    return fault.known


CHOICES: dict[str, tuple[str, ...]] = {
    "a statement": statements(),
    "a setting": tuple(Training.specs),
    "a dataset": tuple(DATASETS),
    "an optimizer": tuple(OPTIMIZERS),
    "a loss": tuple(LOSSES),
    "a schedule": tuple(SCHEDULES),
    "a precision": Training.specs["precision"].kind.words,
    "an initializer": tuple(INITIALIZERS),
    "a quantity": tuple(QUANTITIES),
    "a measure": METRIC_NAMES,
    "a data type": tuple(BYTES),
    "a command": tuple(COMMANDS),
}
"""The words that can stand in one place."""
SETTINGS = (EarlyStop, Augment, Target, *SCHEDULES.values())
for cls in (*LAYERS.values(), *OPTIMIZERS.values(), *LOSSES.values(), *SETTINGS):
    CHOICES[f"an option of {cls.word}"] = tuple(cls.specs)
    CHOICES[f"a word of {cls.word}"] = cls.words()


def typos(word: str) -> set[str]:
    """Every word that is one edit away: a letter left out, put in, changed, or two swapped."""
    cuts = range(len(word))
    found = {word[:i] + word[i + 1 :] for i in cuts}
    found |= {word[:i] + c + word[i:] for i in range(len(word) + 1) for c in LETTERS}
    found |= {word[:i] + c + word[i + 1 :] for i in cuts for c in LETTERS}
    found |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in cuts[:-1]}
    return found - {word, ""}


def test_a_typo_leads_to_the_word_that_was_meant() -> None:
    tried = right = 0
    for known in {frozenset(words): words for words in CHOICES.values()}.values():
        for word in known:
            for typo in sorted(typos(word) - set(known))[::10]:
                tried += 1
                right += nearest(typo, known) == word
    assert tried > 6_000
    assert right / tried >= 0.95


def test_a_random_word_leads_nowhere() -> None:
    random = Random(1)
    words = ["".join(random.choices(string.ascii_lowercase, k=1 + i % 12)) for i in range(1200)]
    known = sorted({word for words in CHOICES.values() for word in words})
    guessed = [word for word in words if word not in known and nearest(word, known)]
    assert len(guessed) / len(words) <= 0.05


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dens", "dense"),
        ("Conv", "conv"),
        ("CONV2D", "conv"),
        ("MaxPooling2D", "pool"),
        ("BatchNormalization", "bn"),
        ("fc", "dense"),
        ("swish", "silu"),
        ("drpoout", "dropout"),
        ("zzzzz", ""),
        ("q", ""),
        ("", ""),
        ("größe", ""),
    ],
)
def test_typed_statement_leads_to_the_nearest_word(typed: str, meant: str) -> None:
    assert nearest(typed, statements()) == meant


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("", "", 0),
        ("conv", "conv", 0),
        ("cnov", "conv", 1),
        ("dens", "dense", 1),
        ("rleu", "relu", 1),
        ("relu", "gelu", 1),
        ("abcd", "badc", 2),
        ("kitten", "sitting", 3),
        ("a", "bcdef", 4),
    ],
)
def test_distance_counts_edits(a: str, b: str, edits: int) -> None:
    assert distance(a, b, 3) == distance(b, a, 3) == edits
