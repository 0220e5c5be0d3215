"""A class of submissions that are right, wrong and unfair, trained by machine code of our own."""

import csv
import io
import json
import math
import shutil
from pathlib import Path

import pytest

import cnnspec
from cnnspec.classes.folder import Class
from cnnspec.classes.results import Results
from cnnspec.commands import main
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import METRICS, Run
from tests.support.classroom import COPIES, RULES, SECRET, begin_class, right, write_class


def judged(folder: Path, *options: str) -> int:
    """Judges the class in a folder and trains it for an epoch."""
    home = [str(folder / "rules.cnn"), str(folder / "submissions")]
    how = ["--backend", "native", "--epochs", "1", "--jobs", "2", "--out", str(folder / "runs")]
    return main(["class", *home, *how, *options])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A class that was judged, with one that is right."""
    folder = tmp_path_factory.mktemp("class")
    write_class(folder, rights=1)
    assert judged(folder) == 1
    return folder


@pytest.fixture(scope="module")
def made(folder: Path) -> Path:
    return folder / "runs" / "rules-class-1"


@pytest.fixture(scope="module")
def rows(made: Path) -> dict:
    document = json.loads((made / "results.json").read_text())
    return {row["name"]: row for row in document["submissions"]}


TRAINED = {"right00", *COPIES, "cheats-claims", "cheats-sweeps"}
RUNS = {name: name for name in TRAINED} | {"ida": "hana"}
"""Whose run each is judged by: `ida` says the same as `hana`, but for its name and a comment."""


def test_what_keeps_the_rules_is_trained_and_nothing_else(rows: dict, made: Path) -> None:
    assert len(rows) == 24
    assert {name for name, row in rows.items() if row["rank"] is not None} == TRAINED
    trained = {path.parent.name for path in (made / "trainings").glob("*/metrics.json")}
    assert trained == set(RUNS.values())
    assert rows["diverges"]["state"] == "failed"
    assert "CNN907" in rows["diverges"]["reason"]
    assert "learning rate" in rows["diverges"]["remedy"]
    others = {row["state"] for name, row in rows.items() if name not in {*TRAINED, "diverges"}}
    assert others == {"not trained"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("broken-word", "CNN101"),
        ("broken-shape", "CNN201"),
        ("broken-classes", "CNN206"),
        ("broken-layers", "CNN101"),
        ("broken-large", "CNN301"),
        ("broken-long", "CNN403"),
        ("broken-batch", "CNN403"),
        ("broken-binary", "CNN005"),
        ("broken-empty", "CNN010"),
        ("broken-huge", "CNN105"),
        ("cheats-data", "CNN403"),
        ("cheats-input", "CNN113"),
        ("cheats-fewer", "CNN403"),
        ("cheats-validates", "CNN403"),
        ("cheats-stops", "CNN404"),
        ("cheats-reads", "CNN405"),
        ("cheats-markup", "CNN102"),
    ],
)
def test_what_is_wrong_is_at_its_line(rows: dict, name: str, code: str) -> None:
    problems = [p for p in rows[name]["problems"] if p["severity"] == "error"]
    assert problems[0]["code"] == code
    assert rows[name]["rank"] is None
    assert all(p["file"] == f"{name}.cnn" for p in problems if "file" in p)


def test_numbers_are_those_of_the_runs(rows: dict, made: Path) -> None:
    for name, run in RUNS.items():
        measured = Run(made / "trainings" / run).read_json(METRICS)
        row = rows[name]
        expected = {rule["rule"]: rule for rule in row["rules"]}["expect accuracy >= 0.5"]
        confusion = measured["test"]["confusion"]
        right_ones = sum(confusion[i][i] for i in range(10)) / sum(map(sum, confusion))
        assert math.isclose(expected["value"], right_ones)
        assert expected["holds"] is (right_ones >= 0.5)
        assert row["seconds"] == measured["seconds"]
        assert row["epochs"] == 1
    # 784 pixels in squares of 14: 4 values, and 10 outputs with a bias each.
    assert {r["rule"]: r for r in rows["cheats-claims"]["rules"]}["budget params <= 20000"] == {
        "rule": "budget params <= 20000",
        "holds": True,
        "found": "50",
        "value": 50,
    }


def test_nobody_is_trained_on_their_own_terms(made: Path, rows: dict) -> None:
    specs = {name: Run(made / "trainings" / run).spec.spec for name, run in RUNS.items()}
    for spec in specs.values():
        assert spec.data.source == "fashion_mnist_mini"
        assert [str(claim) for claim in spec.expectations] == ["expect accuracy >= 0.5"]
        assert (spec.train.runs, spec.train.epochs, spec.train.validation) == (1, 1, 0.1)
    claimed = {r["rule"]: r for r in rows["cheats-claims"]["rules"]}["expect accuracy >= 0.5"]
    assert claimed["holds"] is False
    assert rows["cheats-claims"]["state"] == "breaks a rule"


def test_the_order_is_that_of_rules_then_accuracy_then_size(made: Path, rows: dict) -> None:
    document = json.loads((made / "results.json").read_text())
    ranked = [row for row in document["submissions"] if row["rank"] is not None]
    keys = [
        (row["state"] != "keeps every rule", -row["metrics"]["accuracy"], row["params"])
        for row in ranked
    ]
    assert keys == sorted(keys)
    for row, key in zip(ranked, keys, strict=True):
        assert row["rank"] == keys.index(key) + 1
    # The same text with the same seed is one training.
    assert rows["hana"]["rank"] == rows["ida"]["rank"]


def test_submissions_that_are_the_same_are_named(made: Path) -> None:
    groups = json.loads((made / "results.json").read_text())["identical"]
    names = "text but for names, comments and layout"
    assert {"files": ["hana", "ida"], "same": names} in groups
    assert {"files": ["hana", "ida", "jan"], "same": "network"} in groups


def test_the_table_has_numbers_and_no_formulas(made: Path) -> None:
    table = list(csv.DictReader(io.StringIO((made / "results.csv").read_text())))
    assert len(table) == 24
    by_name = {row["name"]: row for row in table}
    assert float(by_name["right00"]["expect accuracy >= 0.5"]) > 0.1
    assert by_name["right00"]["budget params <= 20000"] == "1510"
    assert by_name["right00"]["epochs <= 3 held"] == "True"
    assert by_name["hana"]["identical"] == "ida jan"
    assert by_name["broken-long"]["epochs <= 3"] == "5000"


def test_nothing_outside_is_read_or_written(folder: Path, made: Path) -> None:
    for path in made.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert {path.name for path in folder.iterdir()} == {
        "rules.cnn",
        "submissions",
        "outside",
        "runs",
    }


def test_a_class_goes_on_and_trains_nothing_twice(made: Path, capsys) -> None:
    metrics = made / "trainings" / "right00" / "metrics.json"
    before = metrics.stat().st_mtime_ns
    (made / "trainings" / "jan" / "metrics.json").unlink()
    assert main(["class", "--resume", str(made), "--jobs", "1", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in document["submissions"] if row["rank"]} == TRAINED
    assert metrics.stat().st_mtime_ns == before
    assert main(["class", "--resume", str(made), "--epochs", "2"]) == 2
    assert main(["class", "--resume", str(made.parent)]) == 3


def begun(folder: Path, rules: str = RULES, **given) -> Class:
    (folder / "rules.cnn").write_text(rules)
    return begin_class(folder / "rules.cnn", folder / "submissions", folder / "runs", **given)


def submissions(folder: Path, **texts: str) -> None:
    (folder / "submissions").mkdir()
    for name, text in texts.items():
        (folder / "submissions" / f"{name}.cnn").write_text(text)


def test_hidden_names_are_in_one_file_alone(tmp_path: Path, capsys) -> None:
    names = ("Lovelace", "Hopper", "Hamilton")
    texts = {n: f"model {n}\n# by {n}\n{right(0).partition(chr(10))[2]}" for n in names}
    submissions(
        tmp_path, **{**texts, "Turing": "# by Turing\nmodel Turing\nconv 3x3 rleu # Turing"}
    )
    home = tmp_path / "submissions" / "Shannon"
    home.mkdir()
    (home / "net.cnn").write_text('dense 10 softmax\nuse "../Turing.cnn"')
    made = begun(tmp_path, hidden=True).folder
    from cnnspec.report.classroom.writing import finalize

    finalize(Class.open(made), lambda problem: pytest.fail(str(problem)))
    key = dict(csv.reader(io.StringIO((made / "names.csv").read_text())))
    assert sorted(key.values()) == sorted(
        ["file", *(f"{name}.cnn" for name in (*names, "Turing")), "Shannon"]
    )
    assert (made / "names.csv").stat().st_mode & 0o077 == 0
    everyone = (*names, "Turing", "Shannon")
    for page in ("report.html", "results.csv", "results.json"):
        text = (made / page).read_text().replace("../Turing.cnn", "")
        assert [name for name in everyone if name in text] == [], page
    assert {p.stem for p in (made / "students").iterdir()} == {f"S{n:02}" for n in range(1, 6)}
    assert "the same" in (made / "report.html").read_text()


def test_a_training_that_takes_too_long_is_a_row(tmp_path: Path, capsys) -> None:
    endless = "data fashion_mnist_mini; pool 14; dense 10 softmax; train { epochs 100000 }"
    submissions(tmp_path, endless=endless)
    rules = "data fashion_mnist_mini; budget params <= 20k"
    (tmp_path / "rules.cnn").write_text(rules)
    home = [str(tmp_path / "rules.cnn"), str(tmp_path / "submissions")]
    how = ["--backend", "native", "--jobs", "1", "--out", str(tmp_path / "runs"), "--json"]
    assert main(["class", *home, *how, "--time-limit", "2"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["submissions"]
    assert row["state"] == "failed"
    assert "CNN927 it took longer than 2 s" in row["reason"]
    assert "--time-limit" in row["remedy"]


def test_a_network_that_is_too_large_is_a_row(tmp_path: Path) -> None:
    submissions(tmp_path, large="dense 2000000 relu; dense 2000000 relu; dense 10 softmax")
    of = begun(tmp_path, "data fashion_mnist_mini; budget depth <= 9")
    (row,) = Results(of).rows
    assert row.reason == "cannot be trained here"
    assert "CNN911" in [problem.data["code"] for problem in row.entry.problems]
    assert of.trainings is None


def test_the_test_images_decide_nothing_unless_a_rule_says_so(tmp_path: Path) -> None:
    net = "pool 4; dense 10 softmax; train { validation test }"
    submissions(tmp_path, ada=net)
    (row,) = Results(begun(tmp_path, "data fashion_mnist_mini")).rows
    assert [p.data["code"] for p in row.entry.problems if p.data["severity"] == "error"] == [
        "CNN404"
    ]
    (row,) = Results(begun(tmp_path, "data fashion_mnist_mini; train { validation test }")).rows
    assert row.state == "not trained yet"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("budget params <= 5k", "does not say which data"),
        ("data none; budget params <= 5k", "does not say which data"),
        ('data "nowhere"; budget params <= 5k', "which is not there"),
        ("data mnist; train { epochs <= 3; epochs >= 5 }", "no submission can keep"),
    ],
)
def test_rules_that_no_class_can_be_judged_by_are_errors(
    rules: str, message: str, tmp_path: Path
) -> None:
    submissions(tmp_path, ada="dense 10 softmax")
    with pytest.raises(CnnspecError, match=message):
        begun(tmp_path, rules)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("given", ["f=3", "epochs=x", "epochs=0"])
def test_only_settings_are_set_for_everyone(given: str, folder: Path, capsys) -> None:
    assert judged(folder, "--set", given) in (1, 2)
    assert "--set" in capsys.readouterr().err
    assert [path.name for path in (folder / "runs").iterdir()] == ["rules-class-1"]


def test_what_rules_expect_in_int8_is_measured(tmp_path: Path) -> None:
    write_class(tmp_path, rights=1)
    rules = tmp_path / "rules.cnn"
    rules.write_text(f"{rules.read_text()}expect accuracy int8 >= 0.99\n")
    for other in (tmp_path / "submissions").iterdir():
        if other.name != "right00.cnn":
            other.unlink() if other.is_file() else shutil.rmtree(other)
    assert judged(tmp_path) == 1
    made = tmp_path / "runs" / "rules-class-1"
    (row,) = json.loads((made / "results.json").read_text())["submissions"]
    held = {rule["rule"]: rule for rule in row["rules"]}
    found = json.loads((made / "trainings" / "right00" / "metrics.json").read_text())
    measured = found["int8"]["test"]["accuracy"]
    assert held["expect accuracy int8 >= 0.99"]["value"] == measured
    assert held["expect accuracy int8 >= 0.99"]["holds"] is False
    assert held["expect accuracy >= 0.5"]["value"] == found["test"]["accuracy"]


def test_python_opens_a_class_and_makes_frames_of_it(made: Path, rows: dict) -> None:
    found = cnnspec.open_run(made)
    assert [row.name for row in found.submissions] == list(rows)
    assert (len(found), found.ok, found.report) == (24, False, made / "report.html")
    kept = sum(row["state"] == "keeps every rule" for row in rows.values())
    assert str(found).startswith(f"rules, {kept} of 24 keep every rule")
    frame = found.to_frame().set_index("submission")
    assert set(frame.index[frame["rank"].notna()]) == TRAINED
    assert frame.loc["right00", "accuracy"] == rows["right00"]["metrics"]["accuracy"]
    assert found["right00"].scores["test"]["accuracy"] == frame.loc["right00", "accuracy"]
    with pytest.raises(KeyError):
        found["broken-word"]
    rules = found.to_frame("rules")
    assert len(rules) == 24 * len(rows["right00"]["rules"])
    assert rules[rules["submission"] == "right00"]["holds"].tolist() == [
        rule["holds"] for rule in rows["right00"]["rules"]
    ]
    with pytest.raises(ValueError, match="submissions"):
        found.to_frame("points")
    assert "right00" in found._repr_html_()
