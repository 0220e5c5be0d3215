"""Claims about the network in int8: what they are measured on, and where they are kept."""

import json

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import NoCompiler
from cnnspec.ir.document import dump, load
from cnnspec.targets.c.compiler import Compiler
from tests.targets.c.support import needs_compiler

TEXT = """model small
data fashion_mnist_mini
conv 4x3 relu stride=2; pool 2; dense 10 softmax
expect accuracy int8 >= 0.3
expect val_f1 int8 >= 0.99
expect accuracy >= 0.3
train { epochs 1; batch 100; validation 0.1 }
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("integers")


@pytest.fixture(scope="module")
def run(home):
    (home / "small.cnn").write_text(TEXT)
    folder = home / "runs"
    code = main(["train", str(home / "small.cnn"), "--backend", "native", "--out", str(folder)])
    assert code == 1
    return folder / "small-1"


def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


@needs_compiler
def test_claims_are_about_the_network_that_is_exported(run, home) -> None:
    found = metrics(run)
    first, second, third = found["expectations"]
    assert (first["dtype"], first["value"]) == ("int8", found["int8"]["test"]["accuracy"])
    assert (second["dtype"], second["value"]) == ("int8", found["int8"]["validation"]["f1"])
    assert (third.get("dtype"), third["value"]) == (None, found["test"]["accuracy"])
    assert [claim["holds"] for claim in (first, second, third)] == [True, False, True]
    counts = found["int8"]["test"]["confusion"]
    assert sum(map(sum, counts)) == 1000
    assert sum(counts[n][n] for n in range(10)) / 1000 == first["value"]
    out = str(home / "c")
    assert main(["export", str(run), "--to", "c", "--dtype", "int8", "--out", out]) == 0
    exported = json.loads((home / "c" / "manifest.json").read_text())["figures"]
    assert exported["scored_images"] == 1000
    assert exported["accuracy"] == first["value"]
    # There it is compared with the interpreter, here with C in float32.
    assert exported["agreement"] == found["int8"]["test"]["agreement"]


def _none() -> Compiler:
    raise CnnspecError(NoCompiler(None, "no C compiler", ""))


def _failing() -> Compiler:
    return Compiler(("false",), "one that fails")


@needs_compiler
@pytest.mark.parametrize("compiler", [_none, _failing], ids=["missing", "failing"])
def test_without_a_compiler_the_same_is_measured(run, monkeypatch, capsys, compiler) -> None:
    monkeypatch.setattr("cnnspec.targets.device.host.find_compiler", compiler)
    assert main(["evaluate", str(run), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["expectations"] == metrics(run)["expectations"]
    assert found["int8"] == metrics(run)["int8"]


@needs_compiler
def test_agreement_is_the_share_of_images_in_the_same_class(run, capsys) -> None:
    found = metrics(run)
    assert main(["evaluate", str(run)]) == 1
    said = capsys.readouterr().out
    for split in ("test", "validation"):
        rounded, agreement = found["int8"][split]["accuracy"], found["int8"][split]["agreement"]
        # An image in the same class is right in both or wrong in both.
        assert 0.9 < agreement <= 1 - abs(found[split]["accuracy"] - rounded)
        assert f"{rounded:.4f}" in said
        assert f"{agreement:.4f}" in said
    assert main(["report", str(run)]) == 0
    page, text = ((run / name).read_text() for name in ("report.html", "report/report.md"))
    agreement = f"{found['int8']['test']['agreement']:.4f}"
    assert agreement in page
    assert f"| {agreement} |" in text
    document = json.loads((run / "report" / "report.json").read_text())
    assert document["int8"]["test"]["agreement"] == found["int8"]["test"]["agreement"]
    assert document["int8"]["test"]["images"] == 1000


@needs_compiler
def test_several_seeds_are_judged_by_their_mean(home, capsys) -> None:
    (home / "small.cnn").write_text(TEXT)
    arguments = ["train", str(home / "small.cnn"), "--backend", "native", "--set", "runs=2"]
    assert main([*arguments, "--out", str(home / "seeds")]) == 1
    folder = home / "seeds" / "small-1"
    one, two = (metrics(each)["int8"] for each in sorted(folder.glob("seed-*")))
    together = json.loads((folder / "series.json").read_text())
    mean = (one["test"]["accuracy"] + two["test"]["accuracy"]) / 2
    assert together["int8"]["test"]["accuracy"]["mean"] == pytest.approx(mean)
    assert together["expectations"][0]["value"] == pytest.approx(mean)
    agreement = (one["test"]["agreement"] + two["test"]["agreement"]) / 2
    assert together["int8"]["test"]["agreement"]["mean"] == pytest.approx(agreement)
    assert main(["report", str(folder)]) == 0
    assert "expect accuracy int8 &gt;= 0.3" in (folder / "report.html").read_text()


def test_a_claim_in_int8_goes_through_the_document() -> None:
    spec = check(Source("x", TEXT)).spec
    assert [claim.subject for claim in spec.expectations] == [
        "accuracy int8",
        "val_f1 int8",
        "accuracy",
    ]
    assert load(json.dumps(dump(spec)), "x") == spec
    assert str(spec).count("int8") == 2


@pytest.mark.parametrize("claim", ["loss int8 <= 1", "train_f1 int8 >= 0.5", "accuracy int4 >= 0"])
def test_what_is_not_measured_in_int8_is_refused(claim: str) -> None:
    found = check(Source("x", f"data mnist; dense 10 softmax; expect {claim}"))
    assert [problem.code for problem in found.problems if problem.severity == "error"] == ["CNN102"]


def test_float32_is_the_network_as_it_was_trained() -> None:
    spec = check(Source("x", "data mnist; dense 10 softmax; expect f1 float32 >= 0.5")).spec
    assert str(spec.expectations[0]) == "expect f1 >= 0.5"
