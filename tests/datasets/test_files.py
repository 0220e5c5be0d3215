import gzip
import http.server
import shutil
import threading
import time
from pathlib import Path

import pytest

from cnnspec.datasets import files
from cnnspec.datasets.files import (
    cache_folder,
    contents,
    locate,
    mirrors,
    places,
    read_ahead,
    verified,
)
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.datasets import DATASETS, Dataset
from tests.support.data_files import packed

MINI = DATASETS["fashion_mnist_mini"]
SHIPPED = places(MINI)[0].folder
TRAIN_LABELS = MINI.files[1]
PACKED = (SHIPPED / f"{TRAIN_LABELS.name}.gz").read_bytes()
CONTENT = gzip.decompress(PACKED)


def test_the_sample_is_in_the_package_and_whole():
    place, data = contents(MINI)
    assert place.origin == "comes with cnnspec"
    assert [len(content) for content in data] == [file.size for file in MINI.files]


@pytest.mark.parametrize("data", [PACKED, CONTENT, packed(CONTENT)])
def test_the_wrapper_may_differ_the_content_may_not(data):
    assert verified(data, TRAIN_LABELS) == CONTENT


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"", "holds 0 bytes"),
        (PACKED[:-9], "cut short"),
        (PACKED[:40] + bytes([PACKED[40] ^ 1]) + PACKED[41:], "damaged"),
        (b"<html>not here</html>", "holds 21 bytes"),
        (CONTENT[:-1], "holds 5,007 bytes"),
        (CONTENT + b"\0", "more than"),
        (packed(CONTENT[:-1] + b"\x01"), "SHA-256"),
        (packed(bytes(2**27)), "more than"),
    ],
)
def test_anything_else_is_refused(damaged, reason):
    with pytest.raises(ValueError, match=reason):
        verified(damaged, TRAIN_LABELS)


@pytest.fixture
def mirror(tmp_path):
    """A real server on this machine: its folder, its address, what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path / "served"))

        def log_message(self, _format, *args):
            asked.append(str(args[0]).split()[1])

    (tmp_path / "served").mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path / "served", f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def remote(*urls: str, debian: str = "") -> Dataset:
    """A dataset with the content of the sample that only mirrors have."""
    return MINI.replace(name="remote", urls=urls, debian=debian)


def test_a_download_tries_the_next_mirror_and_is_kept(mirror):
    folder, address, asked = mirror
    shutil.copytree(SHIPPED, folder / "good")
    shutil.copytree(SHIPPED, folder / "bad")
    (folder / "bad" / f"{TRAIN_LABELS.name}.gz").write_bytes(b"<html>sorry</html>")
    dataset = remote(f"{address}/missing/", f"{address}/bad/", f"{address}/good/")
    place, data = contents(dataset)
    assert place.origin == "cache"
    assert data[1] == CONTENT
    assert f"/good/{TRAIN_LABELS.name}.gz" in asked
    assert f"/good/{MINI.files[0].name}.gz" not in asked
    kept = sorted(path.name for path in (cache_folder() / "remote").iterdir())
    assert kept == sorted(f"{file.name}.gz" for file in MINI.files)
    asked.clear()
    assert contents(dataset)[1] == data
    assert asked == []


def test_a_damaged_file_in_the_cache_is_fetched_once_more(mirror):
    folder, address, asked = mirror
    shutil.copytree(SHIPPED, folder / "good")
    dataset = remote(f"{address}/good/")
    contents(dataset)
    broken = cache_folder() / "remote" / f"{TRAIN_LABELS.name}.gz"
    broken.write_bytes(broken.read_bytes()[:100])
    asked.clear()
    assert contents(dataset)[1][1] == CONTENT
    assert asked == [f"/good/{TRAIN_LABELS.name}.gz"]


def test_what_is_read_ahead_is_not_read_again(monkeypatch, tmp_path):
    read, (_, expected) = [], contents(MINI)

    def slowly(data, file):
        read.append(file.name)
        time.sleep(0.01)
        return verified(data, file)

    shutil.copytree(SHIPPED, tmp_path / "remote")
    monkeypatch.setenv("CNNSPEC_DATA", str(tmp_path))
    monkeypatch.setattr(files, "verified", slowly)
    dataset = remote("http://127.0.0.1:9/")
    read_ahead(dataset)
    assert contents(dataset)[1] == expected
    assert sorted(read) == sorted(file.name for file in MINI.files)


def test_a_fault_that_is_met_ahead_is_told_by_who_asks(monkeypatch, tmp_path, capfd):
    shutil.copytree(SHIPPED, tmp_path / "remote")
    (tmp_path / "remote" / f"{TRAIN_LABELS.name}.gz").write_bytes(PACKED[:100])
    monkeypatch.setenv("CNNSPEC_DATA", str(tmp_path))
    dataset = remote("http://127.0.0.1:9/")
    read_ahead(dataset)
    with pytest.raises(CnnspecError, match="cut short"):
        contents(dataset)
    read_ahead(remote("http://127.0.0.1:9/").replace(name="nowhere"))
    assert capfd.readouterr() == ("", "")


def test_without_a_mirror_the_ways_to_get_it_are_named():
    dataset = remote("http://127.0.0.1:9/", debian="fashion-mnist-nowhere")
    with pytest.raises(CnnspecError) as caught:
        contents(dataset)
    (fault,) = caught.value.diagnostics
    assert caught.value.exit_code == 3
    assert "the connection was refused" in fault.message
    for way in (str(cache_folder()), "CNNSPEC_DATA", "dataset-fashion-mnist", "fashion_mnist_mini"):
        assert way in fault.help


def test_offline_asks_no_mirror(mirror):
    _, address, asked = mirror
    with pytest.raises(CnnspecError, match="--offline"):
        contents(remote(f"{address}/good/"), offline=True)
    assert asked == []


def test_an_unwritable_cache_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(CnnspecError, match="cannot write") as caught:
        contents(remote("http://127.0.0.1:9/"))
    assert caught.value.exit_code == 3


def test_the_users_folder_comes_first_and_is_verified(monkeypatch, tmp_path):
    own = tmp_path / "remote"
    shutil.copytree(SHIPPED, own)
    monkeypatch.setenv("CNNSPEC_DATA", str(tmp_path))
    dataset = remote("http://127.0.0.1:9/")
    assert contents(dataset)[0].origin == "CNNSPEC_DATA"
    path = own / f"{TRAIN_LABELS.name}.gz"
    path.unlink()
    (own / TRAIN_LABELS.name).write_bytes(bytes(len(CONTENT)))
    with pytest.raises(CnnspecError, match="another SHA-256") as caught:
        contents(dataset)
    assert caught.value.exit_code == 3


def test_the_order_of_places(monkeypatch):
    monkeypatch.setenv("CNNSPEC_DATA", "somewhere")
    fashion = DATASETS["fashion_mnist"]
    assert [place.origin for place in places(fashion)] == [
        "CNNSPEC_DATA",
        "cache",
        "Debian package",
    ]
    assert places(fashion)[2].folder == Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_published_datasets_have_two_mirrors(name):
    assert len(set(mirrors(DATASETS[name]))) >= 2


@pytest.mark.full_data
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_published_files_verify(published, name):
    place = locate(DATASETS[name])
    assert place is not None
    assert place.folder == published / name
    assert contents(DATASETS[name])[0] == place
