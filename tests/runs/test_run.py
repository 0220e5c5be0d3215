import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import IR, Run

SOURCE = Source("x.cnn", "model tiny\n# a comment\ndense 10 softmax; train { epochs 3 }")
SPEC = check(SOURCE).spec


def test_a_run_freezes_its_spec(tmp_path):
    run = Run.create(tmp_path / "runs", SPEC, SOURCE)
    assert run.folder == tmp_path / "runs" / "tiny-1"
    assert (run.folder / "source.cnn").read_text() == SOURCE.text
    assert check(Source("x", (run.folder / "spec.cnn").read_text())).spec == SPEC
    assert check(Run.open(str(run.folder)).spec).spec == SPEC


def test_a_run_never_takes_the_folder_of_another(tmp_path):
    first = Run.create(tmp_path, SPEC, SOURCE)
    (tmp_path / "tiny-7").mkdir()
    (tmp_path / "tiny-8").write_text("a file in the way")
    assert Run.create(tmp_path, SPEC, SOURCE).folder.name == "tiny-9"
    assert first.folder.name == "tiny-1"


def test_twenty_starts_at_once_make_twenty_folders(tmp_path):
    with ThreadPoolExecutor(20) as pool:
        runs = list(pool.map(lambda _: Run.create(tmp_path, SPEC, SOURCE), range(20)))
    assert len({run.folder for run in runs}) == 20


def test_a_name_becomes_a_folder_name(tmp_path):
    spec = SPEC.replace(model="my net: v1")
    assert Run.create(tmp_path, spec, SOURCE).folder.name == "my-net-v1-1"


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(CnnspecError, match="there is no run folder"):
        Run.open(str(tmp_path / "none"))
    with pytest.raises(CnnspecError, match="is not a run folder"):
        Run.open(str(tmp_path))
    (tmp_path / IR).write_text("{")
    with pytest.raises(CnnspecError, match="is not JSON"):
        _ = Run.open(str(tmp_path)).spec
    with pytest.raises(CnnspecError, match=r"has no model\.keras"):
        _ = Run.open(str(tmp_path)).model


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.pkl", "saved/saved_model.pb"])
def test_models_made_elsewhere_are_refused_by_name(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")
    named = path.parent if path.parent != tmp_path else path
    with pytest.raises(CnnspecError, match="models made elsewhere are not loaded") as caught:
        Run.open(str(named))
    assert str(named) in str(caught.value)
    assert caught.value.exit_code == 3


def test_numbers_that_are_none_have_no_place_in_json(tmp_path):
    run = Run.create(tmp_path, SPEC, SOURCE)
    with pytest.raises(ValueError, match="Out of range"):
        run.write_json("metrics.json", {"loss": float("nan")})
    assert not (run.folder / "metrics.json").exists()


def test_a_parent_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "runs").write_text("a file in the way")
    with pytest.raises(CnnspecError, match="cannot write") as caught:
        Run.create(tmp_path / "runs", SPEC, SOURCE)
    assert caught.value.exit_code == 3


def test_the_ir_of_a_run_is_a_valid_document(tmp_path):
    run = Run.create(tmp_path, SPEC, SOURCE)
    assert json.loads((run.folder / IR).read_text())["train"]["epochs"] == 3
