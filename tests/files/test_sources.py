import io
import os
import sys
from pathlib import Path

import pytest

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically
from cnnspec.files.sources import decode, read_source, read_submission


def refusal(call, *args) -> tuple[str, int, str]:
    with pytest.raises(CnnspecError) as caught:
        call(*args)
    (problem,) = caught.value.diagnostics
    return problem.code, caught.value.exit_code, problem.message


def test_a_file_is_read_under_the_name_it_was_given(tmp_path) -> None:
    path = tmp_path / "a b" / "größe.cnn"
    path.parent.mkdir()
    path.write_bytes("\ufeffdense 10 # ü\r\n".encode())
    source = read_source(str(path))
    assert (source.name, source.text) == (str(path), "dense 10 # ü\r\n")


def test_standard_input_is_read(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"dense 10")))
    assert read_source("-").text == "dense 10"
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal(read_source, "-") == ("CNN901", 2, "standard input is closed")


def test_what_cannot_be_read_is_named(tmp_path) -> None:
    missing = str(tmp_path / "none.cnn")
    assert refusal(read_source, missing) == ("CNN901", 2, f"there is no file {missing}")
    folder = str(tmp_path)
    assert refusal(read_source, folder) == ("CNN901", 2, f"{folder} is a folder")
    code, exit_code, _ = refusal(read_source, "a\0b")
    assert (code, exit_code) == ("CNN901", 2)


@pytest.mark.parametrize(
    ("data", "offset"),
    [(b"\xff\xfed\0", 0), (b"dense \xe9", 6), (b"\xc3", 0), (b"ok \xed\xa0\x80", 3)],
)
def test_what_is_not_utf_8_is_refused_with_its_place(data: bytes, offset: int) -> None:
    code, exit_code, message = refusal(decode, data, "x.cnn")
    assert (code, exit_code) == ("CNN006", 1)
    assert message == f"x.cnn is not UTF-8 text: byte 0x{data[offset]:02x} at offset {offset}"


def test_a_write_replaces_and_leaves_nothing_else(tmp_path) -> None:
    path = tmp_path / "out.txt"
    for content in ("first", b"second"):
        write_atomically(path, content)
        assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_a_write_obeys_the_umask(tmp_path) -> None:
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "private", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o600


def test_a_failed_write_keeps_the_old_file(tmp_path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    (target / "kept").write_text("x")
    code, exit_code, message = refusal(write_atomically, target, "new")
    assert (code, exit_code) == ("CNN906", 3)
    assert str(target) in message
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert refusal(write_atomically, tmp_path / "none" / "x", "new")[0] == "CNN906"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_or_a_device_is_refused_by_name_and_never_opened(tmp_path):
    pipe, device = tmp_path / "pipe.cnn", tmp_path / "device.cnn"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for path in (pipe, device):
        for read in (read_source, read_submission):
            code, exit_code, message = refusal(read, str(path))
            assert (code, exit_code) == ("CNN901", 2)
            assert message.startswith(str(path))


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="a shell gives no pipes by name here")
def test_what_a_shell_hands_over_is_read():
    """As in `cnnspec check <(program)`."""
    read, written = os.pipe()
    os.write(written, b"dense 10")
    os.close(written)
    assert read_source(f"/dev/fd/{read}").text == "dense 10"
    os.close(read)


def test_a_submission_that_leads_out_of_its_folder_is_not_opened(tmp_path):
    (tmp_path / "secret").write_text("TOPSECRET")
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "plain.cnn").write_text("dense 10")
    (folder / "inside.cnn").symlink_to("plain.cnn")
    (folder / "out.cnn").symlink_to("../secret")
    (folder / "far.cnn").symlink_to(folder / "out.cnn")
    assert read_submission(str(folder / "inside.cnn")).text == "dense 10"
    for name in ("out.cnn", "far.cnn"):
        _, _, message = refusal(read_submission, str(folder / name))
        assert message == f"{folder / name} is a link out of its folder"
    # A spec of one's own may be a link.
    assert read_source(str(folder / "out.cnn")).text == "TOPSECRET"
