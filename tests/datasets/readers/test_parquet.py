import numpy as np
import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import said
from tests.support.published_data import colours, digits, hub

IMAGES, LABELS = digits()
NAMES = [f"class {label}" for label in range(10)]


def test_mnist_as_the_hub_ships_it(tmp_path):
    hub(tmp_path / "mnist" / "train-00000-of-00001.parquet", IMAGES, LABELS, NAMES)
    hub(tmp_path / "mnist" / "test-00000-of-00001.parquet", *digits(10, seed=1), NAMES)
    (tmp_path / "README.md").write_text("# MNIST")
    known = normal(user_data.read(tmp_path))
    assert np.array_equal(known.train.images[..., 0], IMAGES)
    assert known.train.labels.tolist() == LABELS.tolist()
    assert np.array_equal(known.test.images[..., 0], digits(10, seed=1)[0])
    assert known.names == tuple(NAMES)


def test_a_split_in_several_files_and_a_validation_set(tmp_path):
    data = tmp_path / "data"
    images, labels = colours(30)
    for number, rows in enumerate((slice(0, 20), slice(20, 30))):
        hub(data / f"train-0000{number}-of-00002.parquet", images[rows], labels[rows], NAMES)
    hub(data / "validation-00000-of-00001.parquet", *colours(10), NAMES)
    known = normal(user_data.read(tmp_path))
    assert np.array_equal(known.train.images, images)
    assert known.train.labels.tolist() == labels.tolist()
    assert len(known.validation) == 10
    assert known.test is None


def test_a_column_can_be_named(tmp_path):
    path = hub(tmp_path / "a.parquet", IMAGES, LABELS // 2, column="coarse")
    assert user_data.read(path).train.labels.tolist() == (LABELS // 2).tolist()
    named = user_data.read(path, Data(".", train_labels="coarse", train_images="image"))
    assert named.train.images.shape == (20, 28, 28, 1)
    with pytest.raises(CnnspecError, match="no column coarsse") as caught:
        user_data.read(path, Data(".", train_labels="coarsse"))
    assert "did you mean coarse?" in said(caught.value)


def test_broken_pictures_are_named_by_their_row(tmp_path, monkeypatch):
    from tests.support import published_data

    whole = published_data.png
    monkeypatch.setattr(published_data, "png", lambda i: whole(i) if i.sum() % 2 else b"broken")
    path = hub(tmp_path / "a.parquet", IMAGES, LABELS)
    broken = [f"row {i}" for i, image in enumerate(IMAGES) if not image.sum() % 2]
    assert 2 < len(broken) < 18
    with pytest.raises(CnnspecError, match=f"{len(broken)} of 20 pictures") as caught:
        user_data.read(path)
    assert broken[0] in said(caught.value)
    assert "skip_broken" in said(caught.value)
    found = user_data.read(path, Data(".", skip_broken=True))
    kept = [i for i, image in enumerate(IMAGES) if image.sum() % 2]
    assert found.train.labels.tolist() == LABELS[kept].tolist()
    assert np.array_equal(found.train.images[..., 0], IMAGES[kept])
    assert [name.partition(":")[0] for name in found.broken] == broken


def test_a_table_without_pictures(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"label": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(CnnspecError, match="no column could be the pictures"):
        user_data.read(tmp_path / "a.parquet")
