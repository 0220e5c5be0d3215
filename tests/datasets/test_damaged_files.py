"""Damaged files of every kind: refused with their path or read, never a traceback."""

import resource
from random import Random

import numpy as np
import pytest
import scipy.io

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from tests.support import published_data as published
from tests.support.counting import work
from tests.support.data_files import WRITERS, write_idx, write_pictures

CASES = (80, pytest.param(1000, marks=pytest.mark.slow))
CALLS = 50_000
MEGABYTES = 200

IMAGES, LABELS = published.digits()


def struct_mat(folder):
    part = {"images": IMAGES.reshape(20, -1), "labels": LABELS[:, None]}
    scipy.io.savemat(folder / "a.mat", {"dataset": {"train": part, "test": part}})
    return folder / "a.mat"


def plain_mat(folder):
    scipy.io.savemat(folder / "a.mat", {"x_train": IMAGES, "y_train": LABELS})
    return folder / "a.mat"


def npy(folder):
    np.save(folder / "x_train.npy", IMAGES)
    np.save(folder / "y_train.npy", LABELS)
    return folder


HEADER = ["label", *published.pixel_names()]
KINDS = {
    **WRITERS,
    "idx-plain": lambda folder: write_idx(folder / "idx", pack=False),
    **{
        suffix: lambda folder, suffix=suffix: write_pictures(folder / "pictures", suffix)
        for suffix in ("jpg", "gif", "bmp", "webp")
    },
    "csv": lambda folder: published.csv(folder / "a.csv", IMAGES, LABELS, names=HEADER),
    "csv-gz": lambda folder: published.csv(folder / "a.csv.gz", IMAGES, LABELS, names=HEADER),
    "mat": lambda folder: published.svhn(folder / "svhn"),
    "mat-plain": plain_mat,
    "mat-struct": struct_mat,
    "cifar": lambda folder: published.cifar10(folder / "cifar"),
    "libsvm": lambda folder: published.libsvm(folder / "svm", IMAGES, LABELS),
    "parquet": lambda folder: published.hub(
        folder / "a.parquet", IMAGES, LABELS, list("0123456789")
    ),
    "npy": npy,
}


def damaged(data: bytes, random: Random) -> bytes:
    """The data flipped, cut, lengthened or blanked somewhere."""
    changed = bytearray(data)
    match random.randrange(4):
        case 0:
            for _ in range(random.choice((1, 1, 3, 10))):
                changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        case 1:
            del changed[random.randrange(len(changed)) :]
        case 2:
            changed += random.randbytes(random.randrange(1, 50))
        case _:
            at = random.randrange(len(changed))
            changed[at : at + 20] = bytes(len(changed[at : at + 20]))
    return bytes(changed)


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(root, refused):
    """Reads what is at `root`, or adds the reason why not to `refused`."""
    try:
        normal(user_data.read(root))
    except CnnspecError as problems:
        refused.append(problems)


@pytest.mark.parametrize("cases", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_named_or_harmless(kind, cases, tmp_path):
    root = KINDS[kind](tmp_path)
    files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
    whole = normal(user_data.read(root))
    random = Random(kind)
    refused: list[CnnspecError] = []
    before, most = peak(), 0
    for _ in range(cases):
        path = random.choice(files)
        content = path.read_bytes()
        path.write_bytes(damaged(content, random))
        most = max(most, work(lambda: read(root, refused)))
        path.write_bytes(content)
    assert len(refused) > cases / 5
    assert {problems.exit_code for problems in refused} == {3}
    assert all(str(tmp_path) in str(problems) for problems in refused)
    assert all(d.help for problems in refused for d in problems.diagnostics)
    assert most < CALLS
    assert peak() - before < MEGABYTES
    again = normal(user_data.read(root))
    assert again.classes == whole.classes
    assert np.array_equal(again.train.images, whole.train.images)
