"""Which files of a folder are submissions, and which are never opened."""

import os
from pathlib import Path

import pytest

from cnnspec.classes.submissions import find
from cnnspec.diagnostics.errors import CnnspecError

NET = "dense 10 softmax\n"


def folder_of(tmp_path: Path, **files: str) -> Path:
    home = tmp_path / "home"
    for name, text in files.items():
        path = home / f"{name.replace('__', '/')}.cnn"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return home


def test_files_and_folders_in_natural_order(tmp_path: Path) -> None:
    home = folder_of(tmp_path, s10=NET, s9=NET, rules=NET, ada__net=NET)
    (home / "notes.txt").write_text("x")
    (home / "data").mkdir()
    (home / ".git").mkdir()
    found = find(home, home / "rules.cnn")
    assert [each.name for each in found.submissions] == ["ada", "s9", "s10"]
    assert [each.alone for each in found.submissions] == [True, False, False]
    assert found.without == ("data",)
    assert found.submissions[0].read().text == NET


def test_of_several_in_a_folder_one_is_meant(tmp_path: Path) -> None:
    home = folder_of(
        tmp_path,
        ada__main='use "blocks.cnn"; dense 10',
        ada__blocks="block b() { relu }",
        bob__bob="dense 10",
        bob__old="dense 9",
        cleo__a="dense 1",
        cleo__b="dense 2",
    )
    ada, bob, cleo = find(home, tmp_path / "rules.cnn").submissions
    assert ada.read().name.endswith("main.cnn")
    assert bob.read().name.endswith("bob.cnn")
    with pytest.raises(CnnspecError, match="2 specs, and it is not clear which one is meant"):
        cleo.read()


def test_a_file_and_a_folder_of_one_name_are_two(tmp_path: Path) -> None:
    home = folder_of(tmp_path, ada=NET, ada__net=NET)
    assert {s.name for s in find(home, tmp_path / "r").submissions} == {"ada.cnn", "ada/"}


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.cnn"
    secret.write_text("SECRET")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.cnn").write_text("SECRET")
    home = folder_of(tmp_path, ada=NET)
    (home / "bob.cnn").symlink_to(secret)
    (home / "cleo").symlink_to(outside)
    (home / "dan").mkdir()
    (home / "dan" / "x.cnn").symlink_to(secret)
    found = {each.name: each for each in find(home, tmp_path / "r").submissions}
    assert set(found) == {"ada", "bob", "dan"}
    for name in ("bob", "dan"):
        with pytest.raises(CnnspecError, match="is a link out of its folder"):
            found[name].read()


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_without_submissions_is_an_error(made: bool, tmp_path: Path) -> None:
    if made:
        (tmp_path / "home").mkdir()
    with pytest.raises(CnnspecError):
        find(tmp_path / "home", tmp_path / "rules.cnn")
