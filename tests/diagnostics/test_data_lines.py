"""Lines of `data` as students write them: each is told what to write, and that is right."""

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.edits import apply_edits
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic

NET = "\ninput 28x28\nclasses 10\nconv 8x3 relu\ndense 10 softmax\n"
FIXED = [
    ("data train.csv", 'data "train.csv"'),
    ("data ./digits", 'data "./digits"'),
    ("data ~/digits", 'data "~/digits"'),
    ("data /home/me/digits", 'data "/home/me/digits"'),
    ("data C:/Users/me/digits", 'data "C:/Users/me/digits"'),
    ("data data-set/train", 'data "data-set/train"'),
    ("data fashion-mnist", "data fashion_mnist"),
    ("data Mnist", "data mnist"),
    ("data MNIST", "data mnist"),
    ("data: mnist", "data mnist"),
    ("data = mnist", "data mnist"),
    ("data kmnist", 'data "kmnist"'),
    ("data emnist", 'data "emnist"'),
    ("data cifar10", 'data "cifar10"'),
    ("data 'train.csv'", 'data "train.csv"'),
    ("data \"a.csv\" test='b.csv'", 'data "a.csv" test="b.csv"'),
    ('data "a.csv" "b.csv"', 'data "a.csv" test="b.csv"'),
    ('data "a.csv" test "b.csv"', 'data "a.csv" test="b.csv"'),
    ('data "a.csv" test=b.csv', 'data "a.csv" test="b.csv"'),
    ('data "a.csv" validation=c/b.csv', 'data "a.csv" validation="c/b.csv"'),
    ('data "a.csv" val="b.csv"', 'data "a.csv" validation="b.csv"'),
    ('data "a.csv" valid="b.csv"', 'data "a.csv" validation="b.csv"'),
    ('data train="a.csv"', 'data source="a.csv"'),
    ('data path="a.csv"', 'data source="a.csv"'),
    ('data folder="digits"', 'data source="digits"'),
    ('data "a.csv" label=digit', 'data "a.csv" train_labels=digit'),
    ('data "a.csv" label_column="digit"', 'data "a.csv" train_labels="digit"'),
    ('data "a.csv" target=digit', 'data "a.csv" train_labels=digit'),
    ('data "a.npz" images=x', 'data "a.npz" train_images=x'),
    ('data "a.npz" x_train=a', 'data "a.npz" train_images=a'),
    ('data "a.npz" y_test=a', 'data "a.npz" test_labels=a'),
    ('data "a.npz" x_val=a', 'data "a.npz" validation_images=a'),
    ('data "a.npz" train_label=a', 'data "a.npz" train_labels=a'),
    ('data "a.npz" scale 255', 'data "a.npz" scale=255'),
    ('data "a.npz" scale="255"', 'data "a.npz" scale=255'),
    ('data "a.npz" white=16', 'data "a.npz" scale=16'),
    ('data "a.npz" labels_from 1', 'data "a.npz" labels_from=1'),
    ('data "a.npz" labels_start=1', 'data "a.npz" labels_from=1'),
    ('data "a.npz" transposed', 'data "a.npz" transpose'),
    ('data "a.npz" transpose=False', 'data "a.npz" transpose=no'),
    ('data "a.npz" inverted', 'data "a.npz" invert'),
    ('data "a.npz" normalize', 'data "a.npz"'),
    ('data "a.npz" shuffle=yes', 'data "a.npz"'),
    ('data "a.csv" header=no', 'data "a.csv"'),
    ('data "a.csv" delimiter=";"', 'data "a.csv"'),
]
TOLD = [
    ('data "digits" batch_size=32', "`train { batch 32 }`"),
    ('data "digits" image_size=28', "`input 28x28`"),
    ('data "digits" color_mode=grayscale', "`input 28x28`"),
    ('data "digits" grayscale', "`input 28x28`"),
    ('data "digits" classes=10', "`classes 10`"),
    ('data "digits" split=0.2', "`train { validation 0.1 }`"),
    ('data "digits" validation=0.1', "`train { validation 0.1 }`"),
    ('data "digits" test=0.2', "leave it out"),
    ('data "a.csv" train_labels=784', '`"784"`'),
]


def errors(text: str) -> list[Diagnostic]:
    found = check(Source("spec.cnn", text + NET)).problems
    return [problem for problem in found if problem.severity == "error"]


@pytest.mark.parametrize(("written", "meant"), FIXED)
def test_the_fix_is_what_was_meant(written, meant):
    (error,) = errors(written)
    fix = error.fixes[0]
    assert apply_edits(fix.edits[0].span.source, fix.edits) == meant + NET
    assert not errors(meant)


@pytest.mark.parametrize(("written", "said"), TOLD)
def test_the_help_names_what_to_write(written, said):
    (error,) = errors(written)
    assert said in error.help
