"""`cnnspec export RUN --to c`: what is kept, what is said, and what is left after a failure."""

import hashlib
import json
import shutil
import subprocess

import numpy as np
import pytest

from cnnspec.commands import main
from cnnspec.datasets.arrays import load
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.export.folder import require_free, write_folder
from cnnspec.report.phrases import NONE
from cnnspec.runs.run import METRICS
from cnnspec.runs.weights import HASH, save_weights
from cnnspec.targets.device.code import PROCESSORS
from tests.export.support import finished
from tests.targets.c.support import needs_compiler

FILES = {"CMakeLists.txt", "Makefile", "clothes.c", "clothes.h", "clothes_vectors.h", "main.c"}


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs")


def exported(capsys, *arguments, code=0):
    assert main(["export", *map(str, arguments), "--to", "c"]) == code
    return capsys.readouterr()


@needs_compiler
def test_export_is_built_and_passes_its_test_images(run, tmp_path, capsys):
    out = exported(capsys, run, "--out", tmp_path / "c").out
    assert str(tmp_path / "c") in out
    assert {path.name for path in (tmp_path / "c").iterdir()} == FILES | {"manifest.json"}
    done = subprocess.run(["make", "test"], cwd=tmp_path / "c", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "8 images, 0 scores differ" in done.stdout


@needs_compiler
def test_manifest_has_hashes_versions_and_figures(run, tmp_path, capsys):
    exported(capsys, run, "--out", tmp_path / "c", "--name", "net")
    found = json.loads((tmp_path / "c" / "manifest.json").read_text())
    for name, known in found["files"].items():
        data = (tmp_path / "c" / name).read_bytes()
        assert known == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert found["weights_sha256"] == run.read_json(METRICS)[HASH]
    assert set(found["made_with"]) == {"compiler", "numpy", "python"}
    figures = found["figures"]
    # 28x28x1 to 13x13x4, pooled to 6x6x4 as it is made: a row of it lies beside the image, the
    # others where rows of the image were. Four bytes each.
    assert figures["arena_bytes"] == 4 * (784 + 6 * 4)
    # 4 filters of 3x3 and their biases, then 144 to 10.
    assert figures["constant_bytes"] == 4 * (36 + 4 + 1440 + 10)
    assert figures["compared_images"] == 200
    assert figures["agreement"] == 1
    assert figures["largest_difference"] < 1e-5
    assert figures["scored_images"] == len(load("fashion_mnist_mini").test.images)


@needs_compiler
def test_code_is_measured_by_processor_and_reported(run, capsys):
    said = exported(capsys, run).out
    exported(capsys, run, "--dtype", "int8")
    floats, integers = (
        json.loads((run.folder / "export" / name / "manifest.json").read_text())["figures"]["code"]
        for name in ("c", "c-int8")
    )
    assert floats.keys() == integers.keys() == PROCESSORS.keys()
    assert main(["report", str(run)]) == 0
    page = (run.folder / "report.html").read_text()
    table = (run.folder / "report" / "report.md").read_text().replace("\\", "")
    measured = [name for name, found in floats.items() if found]
    for name in measured:
        assert f"{floats[name]['size']:,} bytes on {name}" in said
        row = [name, *(f"{each[name]['size']:,}" for each in (floats, integers))]
        assert f"| {' | '.join(row)} | {floats[name]['compiler']} |" in table
        assert f"{floats[name]['size']:,}" in page
    assert ("export --to c" in table) == (not measured)


@needs_compiler
def test_code_without_a_compiler_for_the_processor_is_not_measured(
    run, tmp_path, capsys, monkeypatch
):
    for name in ("as", "ld", "gcc", "cc1"):
        if path := shutil.which(name):
            (tmp_path / name).symlink_to(path)
    monkeypatch.setenv("CNNSPEC_CC", shutil.which("gcc") or "cc")
    monkeypatch.setenv("PATH", str(tmp_path))
    said = exported(capsys, run).out
    assert "Cortex-M4" in said
    assert "not measured, for want of arm-none-eabi-gcc or clang" in said
    manifest = run.folder / "export" / "c" / "manifest.json"
    assert set(json.loads(manifest.read_text())["figures"]["code"].values()) == {None}
    assert main(["report", str(run)]) == 0
    assert "cnnspec export --to c" in (run.folder / "report" / "report.md").read_text()


@needs_compiler
def test_code_of_other_weights_is_not_reported(run, capsys):
    exported(capsys, run)
    manifest = run.folder / "export" / "c" / "manifest.json"
    document = json.loads(manifest.read_text())
    document["figures"]["code"] = {"Cortex-M4": {"size": 12_345, "compiler": "one"}}
    for found, reported in ((document, True), ({**document, HASH: "other"}, False)):
        manifest.write_text(json.dumps(found))
        assert main(["report", str(run)]) == 0
        text = (run.folder / "report" / "report.md").read_text()
        assert (f"| Cortex-M4 | 12,345 | {NONE} | one |" in text) == reported
    for broken in ('{"figures": {"code": 3}}', "{", "[]"):
        manifest.write_text(broken)
        assert main(["report", str(run)]) == 0


@needs_compiler
def test_same_run_gives_the_same_bytes(run, tmp_path, capsys):
    for name in "ab":
        exported(capsys, run, "--out", tmp_path / name)
    files = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in "ab"]
    assert files[0] == files[1]


@needs_compiler
def test_json_is_one_document(run, capsys):
    document = json.loads(exported(capsys, run, "--json").out)
    assert document["ok"]
    assert document["folder"] == str(run.folder / "export" / "c")
    assert set(document["files"]) == FILES


@needs_compiler
def test_existing_export_is_kept_without_force(run, tmp_path, capsys):
    folder = tmp_path / "c"
    exported(capsys, run, "--out", folder)
    (folder / "main.c").write_text("mine")
    assert "--force" in exported(capsys, run, "--out", folder, code=3).err
    assert (folder / "main.c").read_text() == "mine"
    exported(capsys, run, "--out", folder, "--force")
    assert (folder / "main.c").read_text() != "mine"


def test_folder_of_somebody_else_is_never_replaced(run, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    err = exported(capsys, run, "--out", tmp_path, "--force", code=3).err
    assert "is not an export" in err
    assert (tmp_path / "notes.txt").read_text() == "mine"


@needs_compiler
def test_weights_that_are_not_finite_leave_nothing(run, tmp_path, capsys):
    with np.load(run.folder / "weights.npz") as file:
        arrays = dict(file)
    arrays["dense/kernel"][3, 3] = np.nan
    run.write_json(METRICS, run.read_json(METRICS) | {HASH: save_weights(run, arrays)})
    err = exported(capsys, run, "--out", tmp_path / "c", code=3).err
    assert "error[CNN960]" in err
    assert "`dense/kernel` holds values that are not finite" in err
    assert not (tmp_path / "c").exists()


@needs_compiler
def test_c_that_differs_from_its_run_leaves_nothing(run, tmp_path, capsys, monkeypatch):
    # A compiler that makes something else of the text, as one with an error would.
    script = tmp_path / "cc"
    script.write_text(
        '#!/bin/sh\ncase "$1" in --version) echo odd;; *) sed -i "s/255.0f/250.0f/" clothes.c; '
        'exec cc "$@";; esac\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("CNNSPEC_CC", str(script))
    err = exported(capsys, run, "--out", tmp_path / "c", code=3).err
    assert "error[CNN960]" in err
    assert "differs from it by" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cc", "runs"]


def test_without_a_compiler_nothing_is_read(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CNNSPEC_CC", "no-such-compiler")
    (run.folder / "weights.npz").unlink()
    err = exported(capsys, run, "--out", tmp_path / "c", code=3).err
    assert "error[CNN950]" in err
    assert "another backend" not in err


def test_failure_while_writing_keeps_the_earlier_export(tmp_path):
    folder = tmp_path / "c"
    write_folder(folder, {"a": "1"}, {}, force=False)
    with pytest.raises(CnnspecError, match="cannot write"):
        write_folder(folder, {"a": "2", "no such folder/b": "3"}, {}, force=True)
    assert (folder / "a").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    require_free(folder, force=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "int"), "`int` is not a name in C"),
        (("--name", "a-b"), "is not a name in C"),
    ],
)
def test_name_must_be_one_of_c(run, arguments, said, capsys):
    assert said in exported(capsys, run, *arguments, code=2).err


@needs_compiler
def test_int8_is_the_integers_of_the_interpreter(run, tmp_path, capsys):
    out = exported(capsys, run, "--out", tmp_path / "c", "--dtype", "int8").out
    assert "ranges" in out
    done = subprocess.run(["make", "test"], cwd=tmp_path / "c", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads((tmp_path / "c" / "manifest.json").read_text())["figures"]
    assert figures["arena_bytes"] == 784 + 6 * 4
    # Kernels of 9 and 144, a bias and a factor for each filter, exponentials of the softmax.
    assert figures["constant_bytes"] == 4 * (9 + 8) + 10 * (144 + 8) + 512
    assert figures["largest_difference"] == 0
    assert figures["agreement"] > 0.9
    assert (figures["score_factor"], figures["score_zero_point"]) == (1 / 256, -128)
