import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.datasets.describe import describe
from cnnspec.datasets.locate import Where
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError
from tests.support.data_files import WRITERS, images, labels, write_npz
from tests.support.published_data import csv


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("labelled", [True, False])
def test_the_lines_it_gives_are_right(tmp_path, kind, labelled):
    path = WRITERS[kind](tmp_path, **({} if labelled else {"test_labels": None}))
    facts = describe(path).facts
    assert facts["input"] == [8, 6, 1]
    assert facts["train"]["images"]["shape"][:3] == [12, 8, 6]
    assert [c["train"] for c in facts["per_class"].values()] == [4, 4, 4]
    assert [c["test"] for c in facts["per_class"].values()] == (
        [2, 2, 2] if labelled else [None] * 3
    )
    spec = check(Source("x", "\n".join([*facts["lines"], "dense 3 softmax"]))).spec
    assert (spec.data.source, spec.input, spec.classes) == (str(path), (8, 6, 1), 3)
    json.dumps(facts, allow_nan=False)


def test_a_folder_called_like_a_dataset_is_written_as_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    WRITERS["pictures"](tmp_path).rename(tmp_path / "mnist")
    facts = describe(Path("mnist")).facts
    assert facts["lines"][0] == 'data "./mnist"'


def test_the_command_prints_it(tmp_path, capsys):
    path = write_npz(
        tmp_path / "a.npz",
        test_labels=None,
        train_images=images() / 255,
        test_images=images(6) / 255,
    )
    assert main(["data", str(path)]) == 0
    out, err = capsys.readouterr()
    for part in ("12x8x6", "float64", "0 to 1", "unknown", "input 8x6x1", "classes 3"):
        assert part in out
    assert "times 255" in err
    assert main(["data", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == 3


def test_what_is_wrong_with_it_is_told(tmp_path, capsys):
    path = write_npz(tmp_path / "a.npz", train_labels=np.arange(11))
    assert main(["data", str(path)]) == 3
    assert "12 images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mnits"], "did you mean mnist?"),
        (["digits"], "there are mnist"),
        (["a/b", "mnist"], "give it alone"),
        (["a/b", "--fetch"], "give it alone"),
    ],
)
def test_a_wrong_command_line(arguments, message, capsys):
    assert main(["data", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_everything_there_is_to_tell(tmp_path):
    pixels = images(24)
    pixels[6] = pixels[0]  # the same label
    pixels[7] = pixels[2]  # another one
    test = images(6, seed=1)
    test[3] = pixels[5]
    numbers = labels(24).astype(np.int64) + 1
    path = write_npz(
        tmp_path / "a.npz",
        train_images=pixels,
        train_labels=numbers,
        test_images=test,
        test_labels=labels(6) + 1,
        val_images=images(4, seed=2),
        val_labels=labels(4) + 1,
    )
    described = describe(path)
    facts = described.facts
    assert facts["train"]["duplicates"] == 2
    assert facts["shared"] == {"validation": 0, "test": 1}
    assert facts["conflicting"] == 1
    assert facts["per_class"]["1"] == {"train": 8, "validation": 2, "test": 2}
    assert facts["lines"] == [f'data "{path}" labels_from=1', "input 8x6x1", "classes 3"]
    assert described.samples["2"].shape == (8, 8, 6, 1)
    words = " ".join(note.message for note in described.notes)
    for part in ("1 is subtracted", "more than one label", "1 of 6 test images"):
        assert part in words


def test_the_lines_say_what_was_found_and_train_reads_them_without_a_word(tmp_path):
    sixteen = np.rint(images(24, 8, 8) / 255 * 16).astype(np.uint8)
    path = write_npz(tmp_path / "a.npz", train_images=sixteen, train_labels=labels(24) + 1)
    none = {"test_images": None, "test_labels": None}
    path = write_npz(path, train_images=sixteen, train_labels=labels(24) + 1, **none)
    lines = describe(path).facts["lines"]
    assert lines[0] == f'data "{path}" labels_from=1 scale=16'
    spec = check(
        Source("x", "\n".join([*lines, "dense 3 softmax", "train { validation none }"]))
    ).spec
    splits = divide(spec, Where(path), offline=True)
    assert [note.message[:20] for note in splits.images.notes] == ["there is no test set"]
    assert splits.images.dataset.labels == ("1", "2", "3")


def test_an_id_among_the_labels_ends_at_once(tmp_path):
    numbers = labels().astype(np.int64)
    numbers[0] = 2_000_000_000
    path = write_npz(tmp_path / "a.npz", train_labels=numbers)
    with pytest.raises(CnnspecError, match="a label 2000000000"):
        describe(path)


def test_arrays_and_options_are_named_after_the_path(tmp_path, capsys):
    path = write_npz(
        tmp_path / "a.npz",
        **dict.fromkeys(("train_images", "train_labels", "test_images", "test_labels")),
        pictures=images(),
        ans=labels(),
    )
    arguments = ["train_images=pictures", "train_labels=ans", "invert", "scale=255"]
    assert main(["data", str(path), *arguments]) == 0
    out = capsys.readouterr().out
    assert f'data "{path}" invert train_images=pictures train_labels=ans scale=255' in out
    assert main(["data", str(path), "train_images=pictures", "train_labls=ans"]) == 1
    assert "did you mean `train_labels`?" in capsys.readouterr().err


def test_a_column_that_is_a_number_can_be_named(tmp_path, capsys):
    path = csv(tmp_path / "a.csv", images(12, 8, 8), labels(), last=True)
    assert main(["data", str(path), "train_labels=64"]) == 0
    assert 'train_labels="64"' in capsys.readouterr().out


def test_all_broken_files_are_listed_and_the_rest_is_told(tmp_path, capsys):
    folder = WRITERS["pictures"](tmp_path)
    for number in range(12):
        (folder / "train" / "class 1" / f"broken{number}.png").write_bytes(b"x")
    assert main(["data", str(folder)]) == 1
    out = capsys.readouterr().out
    assert all(f"broken{number}.png: it is not a picture" in out for number in range(12))
    assert f'data "{folder}" skip_broken' in out
    assert main(["data", "--json", str(folder)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], len(told["broken"])) == (False, 12)


def test_many_classes_are_cut_short(tmp_path, capsys):
    pixels, numbers = images(300), np.arange(300) % 150
    path = write_npz(tmp_path / "a.npz", train_images=pixels, train_labels=numbers)
    assert main(["data", str(path)]) == 0
    out = capsys.readouterr().out
    assert "and 90 more classes" in out
    assert out.count("\n") < 90


def test_the_page_holds_images_of_each_class_and_escapes_names(tmp_path, capsys):
    folder = WRITERS["pictures"](tmp_path)
    (folder / "train" / "class 0").rename(folder / "train" / "<script>alert(1)")
    (folder / "test" / "class 0").rename(folder / "test" / "<script>alert(1)")
    page = tmp_path / "page.html"
    assert main(["data", str(folder), "--html", str(page)]) == 0
    text = page.read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    strips = re.findall(r'src="data:image/png;base64,([^"]+)" alt="(\d+) images', text)
    assert len(strips) == 3
    for data, count in strips:
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert image.size == (int(count) * 6 + (int(count) - 1) * 2, 8)
    assert re.findall(r'(?:src|href)="(?!data:|#)', text) == []
    assert main(["data", str(folder), "--html", str(page)]) == 3
    assert "--force" in capsys.readouterr().err
    assert main(["data", str(folder), "--html", str(page), "--force"]) == 0


def test_polarity_is_that_of_border_and_middle(tmp_path):
    light = np.zeros((12, 8, 6), np.uint8)
    light[:, 2:6, 2:4] = images(12, 4, 2) // 2 + 128
    for pixels, words in ((light, "light on dark"), (255 - light, "dark on light")):
        path = write_npz(tmp_path / "a.npz", train_images=pixels)
        assert describe(path).facts["train"]["polarity"]["reads"] == words
