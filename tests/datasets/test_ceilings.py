import numpy as np
import pytest

from cnnspec.core.source import Source
from cnnspec.datasets.arrays import Split, split_off
from cnnspec.datasets.ceilings import ceilings, warnings
from cnnspec.datasets.duplicates import shared
from cnnspec.datasets.locate import Where
from cnnspec.datasets.normalize import doubts
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.expand import read
from cnnspec.ir.claims import Expectation

NAMES = ("cat", "dog", "owl", "ant")


def split(*labels: int, begin: int = 0) -> Split:
    """Images that are all different, with these labels."""
    images = np.arange(begin, begin + len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1)
    return Split(np.tile(images, (1, 2, 2, 1)), np.array(labels, np.uint8))


def test_a_split_without_half_of_the_classes_reaches_half_of_the_macro_f1() -> None:
    (found,) = ceilings(split(0, 1, 2, 3), {"test": split(0, 1, 1)}, NAMES)
    assert (found.accuracy, found.f1) == (1, 0.5)
    (warning,) = warnings([found])
    assert warning.message == "the test set has no image of class owl, ant: macro F1 is at most 0.5"


def test_a_class_that_is_never_learned_costs_its_images() -> None:
    (found,) = ceilings(split(0, 0, 1, 2), {"test": split(0, 1, 2, 3, 3)}, NAMES)
    assert (found.accuracy, found.f1) == (0.6, 0.75)
    text = "no training image is of class ant: accuracy is at most 0.6 and macro F1 is at most 0.75"
    assert warnings([found])[0].message == text


def test_the_ceiling_of_f1_is_what_scikit_learn_gives_to_perfect_answers() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    labels = [0, 1, 1, 0]
    (found,) = ceilings(split(0, 1, 2, 3), {"test": split(*labels)}, NAMES)
    best = metrics.f1_score(labels, labels, labels=range(4), average="macro", zero_division=0)
    assert found.f1 == best


def test_nothing_is_said_where_every_split_has_every_class() -> None:
    assert ceilings(split(0, 1, 2, 3), {"test": split(3, 2, 1, 0)}, NAMES) == []
    assert ceilings(split(0, 1, 2, 3), {"test": Split(split(0).images, None)}, NAMES) == []


@pytest.mark.parametrize(
    ("quantity", "relation", "limit", "holds"),
    [
        ("f1", ">=", 0.5, True),
        ("f1", ">", 0.5, False),
        ("f1", ">=", 0.51, False),
        ("f1", "==", 0.5, True),
        ("f1", "<=", 0.9, True),
        ("accuracy", ">=", 0.99, True),
        ("val_f1", ">=", 0.99, True),
        ("loss", ">=", 5.0, True),
    ],
)
def test_an_expectation_above_the_ceiling_cannot_hold(
    quantity: str, relation: str, limit: float, holds: bool
) -> None:
    found = ceilings(split(0, 1, 2, 3), {"test": split(0, 1)}, NAMES)
    said = warnings(found, (Expectation(quantity, relation, limit),))
    assert len(said) == (1 if holds else 2)


def test_divide_says_what_the_data_of_a_spec_can_reach(tmp_path) -> None:
    train, test = split(*[0, 1, 2, 3] * 5), split(0, 1, 0, 1, begin=100)
    file = tmp_path / "some.npz"
    arrays = {"x_train": train.images, "y_train": train.labels}
    np.savez(file, **arrays, x_test=test.images, y_test=test.labels)
    text = (
        'data "some.npz"; input 2x2x1; classes 4; dense 4 softmax; expect f1 >= 0.9;'
        "train { validation none }"
    )
    notes = divide(read(Source("x", text)).spec, Where(file), offline=True).images.notes
    assert [n.message.partition(":")[0] for n in notes if "class 2, 3" in n.message] == [
        "the test set has no image of class 2, 3",
        "`expect f1 >= 0.9` cannot hold",
    ]


def test_copies_stay_on_one_side_and_are_counted() -> None:
    once = split(*[0, 1] * 50)
    twice = Split(np.concatenate([once.images] * 2), np.concatenate([once.known] * 2))
    train, held = split_off(twice, 0.1, 1)
    assert (len(train), len(held), len(shared(train.images, held.images))) == (180, 20, 0)
    (doubt,) = doubts(twice, {}, 2, NAMES)
    assert doubt.message == "100 of 200 training images are copies of others"
    assert doubts(once, {}, 2, NAMES) == []


def test_images_with_two_labels_are_counted_and_named() -> None:
    once = split(*[0, 1] * 2)
    labels = np.array([0, 1, 0, 1, 0, 1, 2, 1], np.uint8)
    both = Split(np.concatenate([once.images] * 2), labels)
    (doubt,) = doubts(both, {}, 3, NAMES)
    assert doubt.message == "1 training image has more than one label"
    assert "image 2 is of class cat, and 6 of owl" in doubt.help


def test_images_that_validate_and_test_are_told() -> None:
    train, held = split(*[0, 1] * 5), split(0, 1, begin=50)
    said = [d.message for d in doubts(train, {"validation": held, "test": held}, 2, NAMES)]
    assert said == ["2 of 2 test images are validation images too"]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        ("0.5", "of 8 images holds none back: images that are equal stay together"),
        ("0.1", "of 8 images is less than one image"),
    ],
)
def test_a_share_that_holds_nothing_back_is_told_why(tmp_path, share: str, said: str) -> None:
    file = tmp_path / "copies.npz"
    images, labels = np.ones((8, 2, 2, 1), np.uint8), np.array([0, 1] * 4, np.uint8)
    np.savez(file, x_train=images, y_train=labels, x_test=images, y_test=labels)
    text = f'data "copies.npz"; input 2x2x1; classes 2; dense 2; train {{ validation {share} }}'
    with pytest.raises(CnnspecError, match=said):
        divide(read(Source("x", text)).spec, Where(file), offline=True)
