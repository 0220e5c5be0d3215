"""`cnnspec check --fix` as a person meets it."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnspec.commands import main
from tests.support.paths import SPECS

WRONG = "conv 32x3rleu\npoll 2  # größe\ndense 9 softmax\n"
RIGHT = "conv 32x3 relu\npool 2  # größe\ndense 10 softmax\n"
GUESS = "pool 4; dense 64; dense 10 softmax\n"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "my net.cnn"
    path.write_text(WRONG, encoding="utf-8")
    return path


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


def test_a_file_is_fixed_and_checked(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong.chmod(0o640)
    assert main(["check", "--fix", str(wrong)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(
        f"{wrong}:1: fixed CNN008: write `32x3 rleu`\n"
        f"{wrong}:2: fixed CNN101: write `pool`\n"
        f"{wrong}:3: fixed CNN206: write `10`\n"
        f"{wrong}:1: fixed CNN102: write `relu`\n"
    )
    assert "13,610 parameters" not in captured.out
    assert captured.err == ""
    assert wrong.read_text(encoding="utf-8") == RIGHT
    assert wrong.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in wrong.parent.iterdir()] == [wrong.name]


def test_what_is_right_is_not_written(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong.write_text(RIGHT, encoding="utf-8")
    before = wrong.stat().st_mtime_ns, wrong.stat().st_ino
    assert main(["check", "--fix", str(wrong)]) == 0
    assert "fixed" not in capsys.readouterr().out
    assert (wrong.stat().st_mtime_ns, wrong.stat().st_ino) == before


def test_a_guess_is_only_made_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.cnn"
    path.write_text(GUESS)
    assert main(["check", "--fix", str(path)]) == 0
    assert path.read_text() == GUESS
    assert main(["check", "--fix", "--strict", str(path)]) == 1
    assert main(["check", "--fix", "--unsafe", "--strict", str(path)]) == 0
    assert path.read_text() == GUESS.replace("dense 64;", "dense 64 relu;")


def test_what_cannot_be_fixed_is_left_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.cnn"
    path.write_text("dens 10 softmax\nbudget params <= 5\n")
    assert main(["check", "--fix", str(path)]) == 1
    assert path.read_text() == "dense 10 softmax\nbudget params <= 5\n"
    assert "error[CNN301]" in capsys.readouterr().err


def test_a_fix_that_would_only_bring_another_error_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.cnn"
    text = "conv 8xk relu; dense 10 softmax\n"
    path.write_text(text)
    assert main(["check", "--fix", str(path)]) == 1
    assert path.read_text() == text
    assert f"{path}:1: not fixed CNN008" in capsys.readouterr().err


def test_line_ends_and_a_byte_order_mark_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.cnn"
    text = "conv 8x3 relu\r\ntrain {\r\n  epochs 5\r\nepoch 3\r\ndens 10 softmax\r\nbatch 32\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    main(["check", "--fix", str(path)])
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert b"dense 10 softmax\r\n" in data
    assert re.search(rb"train \{\r\n  epochs 5\r\n  batch 32\r\n\}", data)


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch here")
def test_the_diff_can_be_applied(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--diff", str(wrong)]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(f"--- {wrong}\n+++ {wrong} (fixed)\n@@ ")
    assert f"{wrong}:1: would fix CNN102" in captured.err
    assert wrong.read_text(encoding="utf-8") == WRONG
    command = ["patch", "--binary", str(wrong)]
    subprocess.run(command, input=captured.out.encode(), check=True, capture_output=True)
    assert wrong.read_text(encoding="utf-8") == RIGHT
    assert main(["check", "--diff", str(wrong)]) == 0
    assert capsys.readouterr().out == ""


def test_standard_input_goes_to_standard_output(
    given: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    given(WRONG)
    assert main(["check", "--fix", "-"]) == 0
    assert capsys.readouterr().out == RIGHT
    given("dens 9\nconv zzz\n")
    assert main(["check", "--fix", "-"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "dense 9\nconv zzz\n"
    assert "error[CNN106]" in captured.err
    assert main(["check", "--fix", "-e", "dens 10 softmax"]) == 0
    assert capsys.readouterr().out == "dense 10 softmax"


def test_two_files_are_both_fixed(wrong: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.cnn"
    other.write_text("dens 10 softmax\n")
    assert main(["check", "--fix", str(wrong), str(other), str(wrong)]) == 0
    assert wrong.read_text(encoding="utf-8") == RIGHT
    assert other.read_text() == "dense 10 softmax\n"


def test_nothing_is_written_where_one_file_may_not_be(
    wrong: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    other = tmp_path / "other.cnn"
    other.write_text("dens 10 softmax\n")
    other.chmod(0o444)
    assert main(["check", "--fix", str(wrong), str(other)]) == 3
    assert "read-only" in capsys.readouterr().err
    assert wrong.read_text(encoding="utf-8") == WRONG


def test_a_link_inside_the_folder_stays_one(wrong: Path) -> None:
    link = wrong.with_name("link.cnn")
    link.symlink_to(wrong.name)
    assert main(["check", "--fix", str(link)]) == 0
    assert link.is_symlink()
    assert wrong.read_text(encoding="utf-8") == RIGHT


def test_a_link_out_of_the_folder_is_not_followed(
    wrong: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    link = folder / "link.cnn"
    link.symlink_to(wrong)
    assert main(["check", "--fix", str(link)]) == 3
    assert "a link out of its folder" in capsys.readouterr().err
    assert link.is_symlink()
    assert wrong.read_text(encoding="utf-8") == WRONG
    # Whoever is not asked to write may look.
    assert main(["check", "--diff", str(link)]) == 1


def test_a_file_that_changes_meanwhile_is_left_alone(
    wrong: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnnspec.commands import fixing

    def meanwhile(path: str, *, inside: bool) -> None:
        Path(path).write_text("dense 10 softmax\n")

    # Another program writes between the check and the writing.
    monkeypatch.setattr(fixing, "rewritable", meanwhile)
    assert main(["check", "--fix", str(wrong)]) == 3
    assert "has changed while it was checked" in capsys.readouterr().err
    assert wrong.read_text() == "dense 10 softmax\n"


def test_a_file_that_is_used_is_fixed_only_if_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks, main_ = tmp_path / "blocks.cnn", tmp_path / "main.cnn"
    text = "block cbr(f) { conv (f)x3 same; bn; relu }\n"
    blocks.write_text(text)
    main_.write_text('use "blocks.cnn"\ncbr 8; pool 2; dense 10 softmax\n')
    assert main(["check", "--fix", "--strict", str(main_)]) == 1
    assert "warning[CNN601]" in capsys.readouterr().err
    assert blocks.read_text() == text
    # By itself it has no layers, which is no reason not to fix it for those who use it.
    assert main(["check", "--fix", str(main_), str(blocks)]) == 1
    assert "warning[CNN601]" not in capsys.readouterr().err
    assert blocks.read_text() == text.replace("same;", "same no_bias;")


def test_a_block_that_is_used_in_two_ways_is_not_changed_for_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "x.cnn"
    text = "block c { conv 8x3 same }\nc; bn; relu; c; relu; pool 2; dense 10 softmax\n"
    path.write_text(text)
    assert main(["check", "--fix", "--strict", str(path)]) == 1
    assert path.read_text() == text
    path.write_text(text.replace("c; relu;", "c; bn; relu;"))
    assert main(["check", "--fix", "--strict", str(path)]) == 0
    assert "conv 8x3 same no_bias" in path.read_text()


def test_json_says_what_was_done(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", str(wrong)]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    fix = file["problems"][0]["fixes"][0]
    assert (fix["title"], fix["safe"]) == ("write `32x3 rleu`", True)
    place = {"line": 1, "column": 10, "end_line": 1, "end_column": 14}
    (edit,) = fix["edits"]
    assert edit.items() >= {"text": " rleu", "file": str(wrong), **place}.items()
    assert (edit["start"], edit["end"]) == (9, 13)
    assert main(["check", "--json", "--diff", str(wrong)]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["fix"]["diff"].startswith("--- ")
    assert wrong.read_text(encoding="utf-8") == WRONG
    assert main(["check", "--json", "--fix", str(wrong)]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["ok"]
    assert file["problems"] == []
    codes = ["CNN008", "CNN101", "CNN206", "CNN102"]
    assert [change["code"] for change in file["fix"]["applied"]] == codes
    assert (file["fix"]["changed"], file["fix"]["refused"]) == (True, [])


@pytest.mark.parametrize("form", ["sarif", "github"])
def test_other_formats_print_what_is_left(
    form: str, wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--fix", "--format", form, str(wrong)]) == 0
    assert "CNN102: " not in capsys.readouterr().out
    assert wrong.read_text(encoding="utf-8") == RIGHT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unsafe", "x.cnn"], "goes with `--fix`"),
        (["--diff", "--format", "sarif", "x.cnn"], "prints a diff"),
        (["--fix", "--rules", "r.cnn", "x.cnn"], "judges files as they are"),
        (["--fix", "-e", '{"version": 1}'], "is an IR document"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err + captured.out


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_specs_need_no_safe_fix(path: Path) -> None:
    assert main(["check", "--diff", str(path)]) == 0
