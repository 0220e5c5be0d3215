import csv
import io
import json
from pathlib import Path

import pytest

from cnnspec.analysis.assignment import judge, read_rules
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError

RULES = Source("rules.cnn", "budget params <= 6000\nallow conv pool dense\nexpect accuracy >= 0.9")
KEEPS = "conv 8x3 relu; pool 4; dense 10 softmax; expect accuracy >= 0.9"


def test_rules_are_budgets_expectations_and_allow() -> None:
    rules = read_rules(RULES)
    assert rules.names == [
        "budget params <= 6000",
        "allow conv pool dense",
        "expect accuracy >= 0.9",
    ]
    with pytest.raises(CnnspecError, match="`conv` is not allowed here"):
        read_rules(Source("x", "conv 3x3\nbudget params <= 6k"))
    with pytest.raises(CnnspecError, match="has no rule that can be judged"):
        read_rules(Source("x", "let n = 3"))
    with pytest.raises(CnnspecError, match="unknown word `parms`"):
        read_rules(Source("x", "budget parms <= 6k"))


def test_every_rule_is_judged_by_itself() -> None:
    rules = read_rules(RULES)
    assert judge(rules, Source("a", KEEPS)).ok
    over = judge(rules, Source("b", "flatten; dense 10 softmax"))
    assert (over.ok, over.held) == (False, (False, False, False))
    assert over.found == ("7,850", "also flatten", "no such claim")
    wrong = judge(rules, Source("c", "dense 9 softmax"))
    # Its costs are known and hold no budget; its layers are among those allowed.
    assert (wrong.ok, wrong.held) == (False, (False, True, False))
    unread = judge(rules, Source("d", "conv 8x33; bn; dense 10"))
    assert (unread.ok, unread.held) == (False, (None, False, False))


def submissions(folder: Path) -> list[str]:
    texts = {"ada": KEEPS, "bob": "dense 10 softmax", "cat": "dense 9", "dan": "=conv"}
    for name, text in texts.items():
        (folder / f"{name}.cnn").write_text(text)
    (folder / "rules.cnn").write_text(RULES.text)
    return [str(folder / f"{name}.cnn") for name in texts]


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_class_gets_a_row_for_each_submission(form: str, tmp_path: Path, capsys) -> None:
    files = submissions(tmp_path)
    flags = [] if form == "text" else [f"--{form}"]
    assert main(["check", "--rules", str(tmp_path / "rules.cnn"), *flags, *files, "gone"]) == 1
    out = capsys.readouterr().out
    if form == "json":
        rows = json.loads(out)["submissions"]
        assert [row["ok"] for row in rows] == [True, False, False, False, False]
        assert rows[1]["rules"][0] == {"found": "7,850", "holds": False}
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(out)))
        assert [row["ok"] for row in rows] == ["True", "False", "False", "False", "False"]
        assert rows[0]["budget params <= 6000"] == "2,970 held"
        assert rows[2]["fault"].startswith("CNN206 line 1")
    else:
        assert "1 of 5 keep every rule" in out
        assert "1 of 5: expect accuracy >= 0.9" in out


def test_rules_without_a_submission_are_checked_themselves(tmp_path: Path, capsys) -> None:
    submissions(tmp_path)
    assert main(["check", "--rules", str(tmp_path / "rules.cnn")]) == 0
