"""Every rule of an assignment is held; what cannot be held is refused."""

import csv
import io
import json
from pathlib import Path

import pytest

from cnnspec.analysis.assignment import judge, read_rules
from cnnspec.analysis.check import check
from cnnspec.analysis.twins import network_key, twins
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError

NET = "data mnist; conv 8x28 relu; gap; dense 10 softmax"
"""No warning: the filters see the whole image, and nothing is left out."""


def trained(settings: str) -> str:
    """That network with some settings of training."""
    return f"{NET}; train {{ {settings} }}"


def holds(rule: str, submission: str) -> bool | None:
    """Whether a submission keeps the one rule."""
    (verdict,) = judge(read_rules(Source("rules.cnn", rule)), Source("s.cnn", submission)).verdicts
    return verdict.holds


@pytest.mark.parametrize(
    ("rule", "kept", "broken"),
    [
        ("data mnist", NET, "conv 8x3 relu; gap; dense 10 softmax"),
        ("data mnist", NET, 'data "x"; classes 2; input 1x1x1; dense 2 softmax'),
        ('data "a/b"', 'data "./a/b"; gap; dense 10 softmax', 'data "a"; gap; dense 10 softmax'),
        (
            'data "a" scale=1',
            'data "a" scale=1 skip_broken; gap; dense 10 softmax',
            'data "a"; gap; dense 10 softmax',
        ),
        ("input 28x28", NET, "input 32x32x1; dense 10 softmax"),
        ("classes 10", NET, "classes 9; dense 9 softmax"),
        ("model lenet", f"model lenet; {NET}", f"model other; {NET}"),
        ("train { epochs <= 15 }", trained("epochs 15"), trained("epochs 16")),
        # Ten epochs are the default.
        ("train { epochs 10 }", NET, trained("epochs 11")),
        ("train { epochs < 10 }", trained("epochs 9"), NET),
        ("train { epochs in 5..15 }", trained("epochs 5"), trained("epochs 4")),
        ("train { batch in 32, 64 }", trained("batch 64"), NET),
        ("train { validation 0.1 }", NET, trained("validation test")),
        ("train { validation >= 0.1 }", NET, trained("validation none")),
        ("train { optimizer adam }", trained("optimizer adam(1)"), trained("optimizer sgd")),
        ("train { optimizer adam(0.001) }", NET, trained("optimizer adam(1)")),
        (
            "train { optimizer sgd(momentum=0.9) }",
            trained("optimizer sgd(0.3, momentum=0.9)"),
            trained("optimizer sgd(0.01)"),
        ),
        (
            "train { optimizer in adam, sgd }",
            trained("optimizer sgd(1)"),
            trained("optimizer nadam"),
        ),
        ("train { augment none }", NET, trained("augment shift=0.1")),
        ("train { early_stop val_loss }", trained("early_stop val_loss patience=9"), NET),
        ("train { metrics f1 accuracy }", trained("metrics accuracy f1"), NET),
        ("train { seed 1; }", NET, trained("seed 2")),
        ("expect accuracy >= 0.9", f"{NET}; expect accuracy >= 0.95", NET),
        (
            "expect accuracy >= 0.9",
            f"{NET}; expect accuracy > 0.9",
            f"{NET}; expect accuracy >= 0.89",
        ),
        (
            "expect accuracy > 0.9",
            f"{NET}; expect accuracy > 0.9",
            f"{NET}; expect accuracy >= 0.9",
        ),
        ("expect loss <= 0.5", f"{NET}; expect loss == 0.4", f"{NET}; expect loss >= 0.4"),
        (
            "expect accuracy >= 0.9",
            f"{NET}; expect accuracy >= 0.9",
            f"{NET}; expect val_accuracy >= 0.99",
        ),
        ("deny CNN610", NET, trained("validation test")),
        ("deny CNN610", NET, f"silence CNN610; {NET}; train {{ validation test }}"),
        ("deny warnings", NET, trained("validation test")),
        ("deny CNN602", trained("validation test"), "conv 8x3 relu; pool 4; dense 10"),
        # 8 * 784 + 8 + 10 * 8 + 10 = 6,370 parameters; in int8 18 filters with a bias and a
        # factor of four bytes each and a table of 512: 8 * 784 + 10 * 8 + 18 * 8 + 512 = 7,008.
        ("budget params <= 6370", NET, NET.replace("8x", "9x")),
        ("budget flash int8 <= 7008", NET, NET.replace("8x", "9x")),
        ("let n = 3185; budget params <= (2 * n)", NET, NET.replace("8x", "9x")),
        ("allow conv gap dense", NET, NET.replace("gap", "flatten")),
    ],
)
def test_a_rule_is_held(rule: str, kept: str, broken: str) -> None:
    assert holds(rule, kept) is True
    assert holds(rule, broken) is False


def test_the_row_of_the_cases_file() -> None:
    rules = read_rules(Source("r", "data mnist; allow dense; budget params <= 5"))
    found = judge(rules, Source("s", 'data "x"; classes 2; input 1x1x1; dense 2 softmax'))
    # One input, two outputs: 2 + 2 parameters.
    assert found.found == ('"x" (1x1x1, 2 classes)', "only these", "4")
    assert found.held == (False, True, True)
    assert not found.ok


def test_what_could_not_be_read_is_not_judged() -> None:
    assert holds("train { epochs <= 15 }", trained("epochs many")) is None
    assert holds("data mnist", "data; dense 10 softmax") is None
    assert holds("deny warnings", "dense 10 rleu") is None
    assert holds("budget params <= 9", "conv 8x33; dense 10 softmax") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv 8x3", "`conv` is not allowed here"),
        ("silence CNN610; budget params <= 6k", "`silence` is not allowed here"),
        ("sweep { epochs in 1, 2 }", "`sweep` is not allowed here"),
        ("let w = fit(1..9); budget params <= 6k", "`fit` is not allowed here"),
        ("maximize macs", "`maximize` is not allowed here"),
        ("epochs <= 5", "`epochs` is not allowed here"),
        ("deny CNN201", "unknown word `CNN201` for `deny`"),
        ("deny", "expected some of"),
        ("train { epocs <= 5 }", "unknown word `epocs` in `train`"),
        ("train { loss <= poisson }", "expected a number for the limit of `loss`"),
        ("train { validation < test }", "expected a number for the limit of `validation`"),
        ("train { epochs in 1, many }", "the name `many` is not defined"),
        ("train { epochs 5; epochs 6 }", "`epochs` is given twice"),
        ("data mnist; classes 2", "cannot have another number of classes"),
        ("train { validation none }; expect val_accuracy >= 0.5", "needs a validation set"),
    ],
)
def test_what_cannot_be_held_is_refused(text: str, message: str) -> None:
    with pytest.raises(CnnspecError, match=message) as error:
        read_rules(Source("rules.cnn", text))
    assert all(problem.span for problem in error.value.diagnostics)


@pytest.mark.parametrize(
    "text",
    [
        "train { epochs <= 5; epochs >= 10 }",
        "train { epochs > 5; epochs < 6 }",
        "train { epochs 20; epochs <= 15 }",
        "train { epochs < 1 }",
        "train { epochs in 9..5 }",
        "train { batch in 32, 64; batch 128 }",
        "train { validation test; validation <= 0.2 }",
        "train { optimizer adam(0.001); optimizer in adam(0.01), sgd }",
        "budget params <= 5; budget params >= 10",
        "budget params < 0",
        "budget flash <= 400; budget params > 100",
        "budget flash int8 <= 100; budget flash int8 > 100",
        "budget depth == 2; budget depth > 2",
        "expect accuracy >= 0.9; expect accuracy <= 0.5",
        "expect accuracy > 1",
    ],
)
def test_rules_that_leave_nothing_are_refused(text: str) -> None:
    with pytest.raises(CnnspecError, match="no submission can keep") as error:
        read_rules(Source("rules.cnn", text))
    (problem,) = error.value.diagnostics
    assert problem.code == "CNN402"
    assert problem.span


@pytest.mark.parametrize(
    "text",
    [
        "train { epochs <= 5; epochs >= 5 }",
        "train { validation > 0.1; validation < 0.2 }",
        "train { optimizer adam(0.001); optimizer in adam, sgd }",
        "train { schedule cosine(warmup=15) }",
        "budget flash int8 <= 100; budget params == 100; budget flash <= 400",
        "expect accuracy >= 0.9; expect accuracy <= 0.9; expect loss >= 3",
    ],
)
def test_rules_that_can_be_kept_are_not_refused(text: str) -> None:
    assert read_rules(Source("rules.cnn", text)).rules


def key(text: str) -> str:
    checked = check(Source("x", text))
    assert checked.ok
    return network_key(checked.graph)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("conv 8x3 relu; dense 10", "conv 8x3 name=a; relu; flatten name=b; dense 10"),
        ("conv 8x3 leaky_relu; dense 10", "conv 8x3; leaky_relu 0.2; dense 10"),
        ("let f = 8; repeat 2 { conv (f)x3 }; gap; dense 10", "conv 8x3; conv 8x3; gap; dense 10"),
        ("block c(n) { conv (n)x1 }; c 4; dense 10", "conv 4x1; dense 10"),
        (
            "residual { conv 1x3 same }; dense 10",
            "add { branch { }; branch { conv 1x3 same } }; dense 10",
        ),
        (
            "add { branch { conv 4x1 }; branch { conv 4x3 same } }; dense 10",
            "add { branch { conv 4x3 same }; branch { conv 4x1 } }; dense 10",
        ),
        ("model a; dense 10; budget params <= 9k", "model b; dense 10; train { epochs 3 }"),
    ],
)
def test_the_same_network_in_other_words(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("conv 8x3 relu; dense 10", "conv 8x3 tanh; dense 10"),
        ("conv 1x3 same; conv 1x3 same; dense 10", "repeat 2 shared { conv 1x3 same }; dense 10"),
        ("data mnist; dense 10", "input 28x28x3; dense 10"),
        ("dropout 0.5; dense 10", "dropout 0.4; dense 10"),
        ("conv 4x3 l2=0.1; dense 10", "conv 4x3; dense 10"),
        (
            "concat { branch { conv 4x1 }; branch { relu } }; dense 10",
            "concat { branch { relu }; branch { conv 4x1 } }; dense 10",
        ),
    ],
)
def test_other_networks(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_texts_that_differ_in_names_alone() -> None:
    texts = {
        "a": "model ada; let f = 8; conv (f)x3 relu; gap; dense 10 softmax",
        "b": "#\nmodel bob\nlet g = 8 # filters\nconv (g)x3 relu name=b; gap\ndense 10 softmax",
        "c": "let f = 9; conv (f - 1)x3 relu; gap; dense 10 softmax",
        "d": "let f = 9; conv (f)x3 relu; gap; dense 10 softmax",
        "e": "conv 8x3 rleu; dense 10",
        "f": "conv 8x3 rleu; dense 10",
    }
    found = twins({file: check(Source(file, text)) for file, text in texts.items()})
    assert [(group.files, group.same) for group in found] == [
        (("e", "f"), "text"),
        (("a", "b"), "text but for names, comments and layout"),
        (("a", "b", "c"), "network"),
    ]


RULES = """
data mnist
allow conv gap dense
budget params <= 6400
train { epochs <= 15 }
deny CNN610
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Twelve submissions; the names say what is wrong."""
    more = "; train {{ {} }}"
    texts = {
        "right": NET,
        "right_too": f"model me; {NET}",
        "at_the_limit": NET + more.format("epochs 15"),
        "warned": NET + more.format("optimizer adam(1)"),
        "data": NET.replace("data mnist; ", ""),
        "layers": NET.replace("gap", "flatten"),
        "large": NET.replace("8x", "20x"),
        "epochs": NET + more.format("epochs 16"),
        "validates_on_test": NET + more.format("validation test"),
        "silent": f"silence CNN610; {NET}" + more.format("validation test"),
        "wrong": NET.replace("relu", "rleu"),
        "shape": NET.replace("10", "9"),
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.cnn").write_text(text)
    (tmp_path / "rules.txt").write_text(RULES)
    return [str(tmp_path / f"{name}.cnn") for name in texts]


def judged(files: list[str], *options: str) -> int:
    rules = str(Path(files[0]).parent / "rules.txt")
    return main(["check", "--rules", rules, *options, *files])


def test_a_class_in_json(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(files, "--json") == 1
    data = json.loads(capsys.readouterr().out)
    rows = {Path(row["file"]).stem: row for row in data["submissions"]}
    broken = {
        name: [rule for rule, found in zip(data["rules"], row["rules"], strict=True)
               if found["holds"] is False]
        for name, row in rows.items()
    }  # fmt: skip
    assert broken == {
        "right": [],
        "right_too": [],
        "at_the_limit": [],
        "warned": [],
        "data": ["data mnist"],
        "layers": ["allow conv gap dense"],
        # 20 * 784 + 20 + 20 * 10 + 10 = 15,910
        "large": ["budget params <= 6400"],
        "epochs": ["epochs <= 15"],
        "validates_on_test": ["deny CNN610"],
        "silent": ["deny CNN610"],
        "wrong": [],
        "shape": [],
    }
    assert [name for name, row in rows.items() if row["ok"]] == [
        "right", "right_too", "at_the_limit", "warned",
    ]  # fmt: skip
    assert [w["code"] for w in rows["warned"]["warnings"]] == ["CNN611"]
    assert rows["silent"]["warnings"] == []
    assert rows["wrong"]["fault"].startswith("CNN102 line 1: unknown word `rleu`")
    named = data["identical"][0]
    assert [Path(file).stem for file in named["files"]] == ["right", "right_too"]


def test_a_class_as_a_table(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(files) == 1
    out = capsys.readouterr().out
    assert "4 of 12 keep every rule" in out
    (row,) = (line for line in out.splitlines() if "validates_on_test" in line and "fails" in line)
    assert row.split()[-4:] == ["CNN610", "deny", "CNN610:", "CNN610"]
    assert "the same text but for names, comments and layout: " in out
    assert judged(files[:4]) == 0
    assert judged(files[:4], "--strict") == 1


def test_a_class_as_csv(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(files, "--csv") == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[7]["epochs <= 15"] == "16 NOT held"
    assert rows[8]["warnings"] == "CNN610"
    assert rows[0]["identical"].split()[0] == files[1]


def test_rules_that_are_wrong_say_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.cnn"
    rules.write_text("budget params <= 6k\ntrain {\n  epochs <= 5\n  epochs >= 10\n}\n")
    assert main(["check", "--rules", str(rules), str(rules)]) == 1
    err = capsys.readouterr().err
    assert "error[CNN402]: no submission can keep `epochs <= 5` and `epochs >= 10`" in err
    assert "rules.cnn:4:3" in err


def test_deny_belongs_in_a_rules_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-e", f"{NET}; deny CNN610"]) == 1
    assert "it belongs in a rules file" in capsys.readouterr().err


def test_the_page_shows_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = Path(__file__).parents[2].joinpath("docs/rules.md").read_text(encoding="utf-8")
    _, rules, _, table, _ = page.split("```", 4)
    texts = {
        "ada": "model ada; data mnist; conv 8x3 relu; pool 2; dense 10 softmax",
        "bob": "model bob\ndata mnist\nconv 8x3 relu name=first\npool 2\ndense 10 softmax",
        "cleo": "dense 64 relu; dense 10 softmax; train { epochs 20; validation test }",
    }
    monkeypatch.chdir(tmp_path)
    Path("submissions").mkdir()
    Path("assignment.cnn").write_text(rules)
    files = [f"submissions/{name}.cnn" for name in texts]
    for file, text in zip(files, texts.values(), strict=True):
        Path(file).write_text(f"{text}; expect accuracy >= 0.97")
    assert main(["check", "--rules", "assignment.cnn", *files]) == 1
    out = capsys.readouterr().out
    assert [line.rstrip() for line in out.splitlines()] == table.strip().splitlines()
