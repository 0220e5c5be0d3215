"""`cnnspec fmt` as a person meets it."""

import io
import json
import os
import shutil
import subprocess
import sys

import pytest

from cnnspec.commands import main
from tests.support.paths import ROOT, SPECS

MESSY = "conv  relu 8x3 # größe\r\n\r\n\r\ndense 10 softmax"
TIDY = "conv 8x3 relu  # größe\n\ndense 10 softmax\n"


@pytest.fixture
def messy(tmp_path):
    path = tmp_path / "my net.cnn"
    path.write_bytes(MESSY.encode())
    return path


def given(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_file_is_formatted_once(messy, capsys):
    messy.chmod(0o640)
    assert main(["fmt", str(messy)]) == 0
    assert capsys.readouterr().out == f"{messy}: formatted\n"
    assert messy.read_bytes() == TIDY.encode()
    assert messy.stat().st_mode & 0o777 == 0o640
    before = messy.stat().st_mtime_ns
    assert main(["fmt", str(messy)]) == 0
    assert capsys.readouterr().out == ""
    assert messy.stat().st_mtime_ns == before
    assert [path.name for path in messy.parent.iterdir()] == [messy.name]


def test_check_names_what_would_change_and_changes_nothing(messy, capsys):
    tidy = messy.with_name("tidy.cnn")
    tidy.write_text(TIDY)
    assert main(["fmt", "--check", str(messy), str(tidy)]) == 1
    assert capsys.readouterr().out == f"{messy}: would change\n"
    assert messy.read_bytes() == MESSY.encode()
    assert main(["fmt", "--check", str(tidy)]) == 0


def test_standard_input_goes_to_standard_output(capsys, monkeypatch):
    given(monkeypatch, MESSY)
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == TIDY
    given(monkeypatch, MESSY)
    assert main(["fmt", "--check", "-"]) == 1
    assert capsys.readouterr().out == "<stdin>: would change\n"
    given(monkeypatch, TIDY)
    assert main(["fmt", "--check", "-"]) == 0


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch here")
def test_the_diff_can_be_applied(messy, capsys):
    assert main(["fmt", "--diff", str(messy)]) == 0
    diff = capsys.readouterr().out
    assert diff.startswith(f"--- {messy}\n+++ {messy} (formatted)\n@@ ")
    assert "\n\\ No newline at end of file\n" in diff
    assert messy.read_bytes() == MESSY.encode()
    command = ["patch", "--binary", str(messy)]
    subprocess.run(command, input=diff.encode(), check=True, capture_output=True)
    assert messy.read_bytes() == TIDY.encode()
    assert main(["fmt", "--diff", "--check", str(messy)]) == 0
    assert capsys.readouterr().out == ""


def test_a_text_with_syntax_errors_stays_as_it_is(messy, tmp_path, capsys):
    bad = tmp_path / "bad.cnn"
    bad.write_text("conv 8x3  relu }\n")
    assert main(["fmt", str(bad), str(messy)]) == 1
    captured = capsys.readouterr()
    assert "error[CNN003]" in captured.err
    assert bad.read_text() == "conv 8x3  relu }\n"
    assert messy.read_text() == TIDY
    assert main(["fmt", "--diff", "--check", str(bad)]) == 1
    assert capsys.readouterr().out == ""


def test_a_wrong_spec_that_parses_is_formatted(tmp_path):
    path = tmp_path / "x.cnn"
    path.write_text("dens   9")
    assert main(["fmt", str(path)]) == 0
    assert path.read_text() == "dens 9\n"


def test_nothing_is_written_where_one_file_cannot_be_read(messy, capsys):
    assert main(["fmt", str(messy), "nowhere.cnn"]) == 2
    assert "there is no file nowhere.cnn" in capsys.readouterr().err
    assert messy.read_bytes() == MESSY.encode()


def test_a_link_stays_one(messy):
    link = messy.with_name("link.cnn")
    link.symlink_to(messy.name)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert messy.read_text() == TIDY


def test_a_byte_order_mark_goes(tmp_path):
    path = tmp_path / "x.cnn"
    path.write_bytes(b"\xef\xbb\xbf" + MESSY.encode())
    assert main(["fmt", str(path)]) == 0
    assert path.read_bytes() == TIDY.encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_refused(messy, capsys):
    messy.chmod(0o444)
    assert main(["fmt", str(messy)]) == 3
    assert "read-only" in capsys.readouterr().err
    assert messy.read_bytes() == MESSY.encode()


def test_what_is_no_plain_file_is_refused(capsys, tmp_path, monkeypatch):
    given(monkeypatch, MESSY)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["fmt", str(pipe)]) == 2
    assert "not a plain file" in capsys.readouterr().err


def test_json_is_one_document(messy, capsys, monkeypatch):
    assert main(["fmt", "--json", "--check", "--diff", str(messy)]) == 1
    data = json.loads(capsys.readouterr().out)
    (found,) = data["files"]
    assert (data["ok"], found["changed"], found["problems"]) == (False, True, [])
    assert found["diff"].startswith("--- ")
    given(monkeypatch, MESSY)
    assert main(["fmt", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["text"] == TIDY
    given(monkeypatch, "relu }")
    assert main(["fmt", "--json", "-"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert found["problems"][0]["code"] == "CNN003"


def test_it_speaks_utf_8_in_every_locale():
    surroundings = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "cnnspec", "fmt", "-"],
        input=MESSY.encode(),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **surroundings},
        check=True,
    )
    assert done.stdout == TIDY.encode()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_committed_specs_are_formatted(path):
    assert main(["fmt", "--check", str(path)]) == 0
