from pathlib import Path

import pytest

from cnnspec.datasets.locate import Where, beside
from cnnspec.ir.spec import Data
from cnnspec.runs.data import of_run
from cnnspec.runs.run import ENVIRONMENT, IR, Run


@pytest.mark.parametrize(
    ("spec", "source", "path"),
    [
        ("specs/a.cnn", "digits.h5", "specs/digits.h5"),
        ("a.cnn", "../digits.h5", "../digits.h5"),
        ("<stdin>", "digits.h5", "digits.h5"),
        ("<command line>", "größe und mehr/x", "größe und mehr/x"),
        ("specs/a.cnn", "/data/digits.h5", "/data/digits.h5"),
        ("specs/a.cnn", "~/digits.h5", "~/digits.h5"),
        ("specs/a.cnn", "./mnist", "specs/mnist"),
    ],
)
def test_a_path_is_seen_from_the_folder_of_the_spec(spec, source, path):
    where = beside(Data(source), spec)
    assert where == Where(Path(path).expanduser().absolute())


def test_a_known_name_has_no_place():
    assert beside(Data("mnist"), "specs/a.cnn") is None


@pytest.fixture
def run(tmp_path):
    (tmp_path / IR).write_text("{}")
    made = Run.open(str(tmp_path))
    made.write_json(ENVIRONMENT, {"data": {"path": "/there/x.h5", "sha256": {"x.h5": "ab"}}})
    return made


def test_a_run_knows_where_its_data_was(run):
    assert of_run(Data("x.h5"), run) == Where(Path("/there/x.h5"), {"x.h5": "ab"})
    assert of_run(Data("mnist"), run) is None


@pytest.mark.parametrize("source", ["x.h5", "mnist"])
def test_what_is_named_now_comes_first(run, source):
    assert of_run(Data(source), run, Path("/else")) == Where(Path("/else"))
