"""Pictures that a person gives to `predict`, as a person runs it: a network of drawn digits."""

import csv
import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

import cnnspec
from cnnspec.commands import main
from cnnspec.datasets.framing import measure
from cnnspec.datasets.prepare import prepare
from tests.datasets.test_framing import hooks
from tests.support.digits import SIX, drawn

CLASSES = (0, 1, 4)
SPEC = """model drawn
data "drawn.npz"
classes 3
conv 8x5 relu; pool 3; dense 3 softmax
train { epochs 6; batch 16; optimizer adam(5e-3); validation 0.25 }
"""


def spoken(capsys, *arguments, code=0) -> tuple[str, str]:
    assert main([str(argument) for argument in arguments]) == code
    return capsys.readouterr()


def image_of(digit: int, seed: int) -> np.ndarray:
    """A drawn digit as MNIST frames its own, (28, 28), by the framing of other things."""
    random = np.random.default_rng([seed, digit])
    mask = drawn(digit, random, (200, 200), (60, 40, 80, 120), random.uniform(8, 20))
    return prepare(np.asarray(mask)[..., None], measure(hooks(100, "mass"))).image[..., 0]


@pytest.fixture(scope="module")
def run(tmp_path_factory, backend):
    folder = tmp_path_factory.mktemp("drawn")
    images = np.stack([image_of(digit, seed) for seed in range(140) for digit in CLASSES])
    labels = np.tile(np.arange(3), 140)
    np.savez(
        folder / "drawn.npz",
        train_images=images[:360],
        train_labels=labels[:360],
        test_images=images[360:],
        test_labels=labels[360:],
    )
    (folder / "spec.cnn").write_text(SPEC)
    assert main(["train", str(folder / "spec.cnn"), "--out", str(folder / "runs")]) == 0
    run = folder / "runs" / "drawn-1"
    assert json.loads((run / "metrics.json").read_text())["test"]["accuracy"] > 0.9
    return run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Each class in six forms, and what is no digit at all."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, (form, draw) in enumerate(SIX.items()):
        for label, digit in enumerate(CLASSES):
            data = draw(digit, np.random.default_rng([number, digit]))
            suffix = "png" if data.startswith(b"\x89PNG") else "jpg"
            (folder / f"{label} {form}.{suffix}").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    path = tmp_path_factory.mktemp("noise") / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90), np.uint8)).save(path)
    return path


def test_a_run_keeps_how_its_images_are_framed_and_when_to_doubt(run):
    kept = json.loads((run / "inputs.json").read_text())
    assert kept["framing"]["side"][1] in (20, 21)
    assert kept["framing"]["ground"] == [0]
    assert kept["doubt"]["split"] == "validation"
    assert kept["doubt"]["images"] == 90
    assert kept["doubt"]["rate"] == pytest.approx(1 / 91)
    assert (run / "novelty.npz").stat().st_size < 20_000


def test_every_form_is_read_right_once_prepared(run, pictures, capsys):
    table = list(csv.reader(io.StringIO(spoken(capsys, "predict", run, pictures)[0])))
    right = [row[1] == row[0][0] for row in table[1:]]
    assert len(right) == 18
    assert sum(right) >= 17
    table = list(csv.reader(io.StringIO(spoken(capsys, "predict", run, pictures, "--as-is")[0])))
    assert sum(row[1] == row[0][0] for row in table[1:]) <= 12


def test_a_named_picture_is_answered_in_words(run, pictures, noise, capsys):
    photo = pictures / "2 rotated.jpg"
    out, said = spoken(capsys, "predict", run, photo, noise)
    first, steps, second, doubt, *_ = out.splitlines()
    assert first.startswith(f"{photo.as_posix()}: 2  ")
    assert first.count("%") == 3
    for step in ("turned as its EXIF says", "inverted", "cropped to", "scaled to", "centred by"):
        assert step in steps
    assert second.startswith(f"{noise.as_posix()}: ")
    assert "doubt: unlike the training images" in doubt
    assert "1.1 % of 90 validation images" in out
    assert said == ""
    out, _ = spoken(capsys, "predict", run, photo, "--as-is")
    assert "taken as it is" in out
    assert "inverted" not in out


def test_json_has_the_same(run, pictures, noise, capsys):
    out, _ = spoken(capsys, "predict", run, pictures / "0 scanned.png", noise, "--json")
    document = json.loads(out)
    assert document["doubted"] == [False, True]
    assert document["distance"][0] < 1 < document["distance"][1]
    best = document["top"][0]
    assert [each["output"] for each in best] == sorted(document["outputs"][0], reverse=True)
    assert best[0]["label"] == "0"
    assert "inverted" in document["steps"][0]
    assert document["calibration"]["images"] == 90


def test_a_folder_is_summed_up(run, pictures, noise, capsys, tmp_path):
    shutil.copytree(pictures, tmp_path / "all")
    shutil.copy(noise, tmp_path / "all")
    _, said = spoken(capsys, "predict", run, tmp_path / "all", "--names")
    assert "of 19 pictures: " in said
    assert "15 inverted" in said
    doubted = re.search(r"(\d+) of 19 pictures are unlike the training images: (.*)", said)
    # The pen of some is thinner than any that the network was trained on.
    assert 1 <= int(doubted[1]) <= 4
    assert "noise.png" in doubted[2]


def test_a_sheet_shows_what_the_network_saw(run, pictures, capsys, tmp_path):
    path = tmp_path / "seen.png"
    asked = ("predict", run, pictures / "2 scanned.png", "--show", path)
    spoken(capsys, *asked)
    sheet = np.asarray(Image.open(path).convert("L"))
    answer = cnnspec.open_run(run).recognize(pictures / "2 scanned.png")[0]
    # Ten pixels each, at the place of the second picture of the first row.
    seen = sheet[30:310, 320:600].reshape(28, 10, 28, 10)
    np.testing.assert_array_equal(seen[:, 5, :, 5], answer.seen[..., 0])
    assert (seen == seen[:, :1, :, :1]).all()
    _, said = spoken(capsys, *asked, code=3)
    assert "--force" in said
    spoken(capsys, *asked, "--force")


def test_python_says_the_same(run, pictures, noise, capsys):
    trained = cnnspec.open_run(run)
    path = pictures / "1 photographed.jpg"
    answer, doubtful = trained.recognize(path, noise)
    document = json.loads(spoken(capsys, "predict", run, path, "--json")[0])
    assert list(answer.steps) == document["steps"][0]
    assert [label for label, _ in answer.top] == [each["label"] for each in document["top"][0]]
    np.testing.assert_allclose(trained.predict(path)[0], answer.outputs, atol=1e-6)
    assert (answer.doubted, doubtful.doubted) == (False, True)
    in_memory = trained.recognize(Image.open(path), np.asarray(Image.open(path)))
    for other in in_memory:
        np.testing.assert_array_equal(other.seen, answer.seen)
    as_is = trained.predict(path, as_is=True)
    assert np.abs(as_is - answer.outputs).max() > 0.01


def test_images_like_those_of_training_are_predicted_as_they_are(run, capsys, tmp_path):
    with np.load(run.parent.parent / "drawn.npz") as data:
        for number, image in enumerate(data["test_images"][:5]):
            Image.fromarray(image).save(tmp_path / f"{number}.png")
    own = list(csv.reader(io.StringIO(spoken(capsys, "predict", run)[0])))
    found = list(csv.reader(io.StringIO(spoken(capsys, "predict", run, tmp_path)[0])))
    assert [row[1:] for row in found[1:]] == [row[1:] for row in own[1:6]]


def older(run, tmp_path):
    """A run of a version that kept neither framing nor doubt."""
    copy = tmp_path / "older"
    shutil.copytree(run, copy)
    (copy / "inputs.json").unlink()
    (copy / "novelty.npz").unlink()
    return copy


def test_an_older_run_measures_its_data_and_cannot_doubt(run, pictures, noise, capsys, tmp_path):
    path = pictures / "0 scanned.png"
    out, said = spoken(capsys, "predict", older(run, tmp_path), path, noise)
    assert "inverted" in out
    assert "doubt" not in out
    assert "kept nothing to doubt a picture with" in said
    document = json.loads(spoken(capsys, "predict", tmp_path / "older", path, "--json")[0])
    assert document["doubted"] == [None]
    assert document["calibration"] is None


def test_an_older_run_without_its_data_says_so(run, pictures, capsys, tmp_path):
    copy = older(run, tmp_path)
    facts = json.loads((copy / "environment.json").read_text())
    facts["data"]["path"] = str(tmp_path / "nowhere.npz")
    (copy / "environment.json").write_text(json.dumps(facts))
    out, said = spoken(capsys, "predict", copy, pictures / "0 scanned.png")
    assert "taken as it is" in out
    assert "the training images are not found" in said
    data = run.parent.parent / "drawn.npz"
    out, _ = spoken(capsys, "predict", copy, pictures / "0 scanned.png", "--data", data)
    assert "inverted" in out


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"framing": {"frame": 3}, "doubt": {}}'])
def test_a_damaged_file_is_named(run, pictures, capsys, tmp_path, damage):
    copy = tmp_path / "damaged"
    shutil.copytree(run, copy)
    (copy / "inputs.json").write_bytes(damage)
    _, said = spoken(capsys, "predict", copy, pictures / "0 scanned.png", code=3)
    assert "inputs.json" in said
    (copy / "inputs.json").write_bytes((run / "inputs.json").read_bytes())
    (copy / "novelty.npz").write_bytes(damage)
    _, said = spoken(capsys, "predict", copy, pictures / "0 scanned.png", code=3)
    assert "novelty.npz" in said
    out, _ = spoken(capsys, "predict", copy, pictures / "0 scanned.png", "--as-is")
    assert "taken as it is" in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--as-is",), "`--as-is` is for pictures"),
        (("--show", "x.png"), "`--show` is for pictures"),
        (("--format", "text"), "`--format text` is for pictures"),
        (("{data}", "{data}"), "only pictures can be several"),
        (("{pictures}", "--array", "x"), "there are none"),
    ],
)
def test_what_does_not_go_together(run, pictures, capsys, arguments, line):
    places = {"data": run.parent.parent / "drawn.npz", "pictures": pictures}
    arguments = [argument.format(**places) for argument in arguments]
    assert line in spoken(capsys, "predict", run, *arguments, code=2)[1]


def test_pictures_that_are_missing_or_none(run, capsys, tmp_path):
    assert "there is nothing at" in spoken(capsys, "predict", run, tmp_path / "a.png", code=3)[1]
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert "b.png" in spoken(capsys, "predict", run, tmp_path / "b.png", code=3)[1]


def test_numpy_alone_says_the_same_and_doubts_nothing(run, pictures, noise, capsys):
    path = pictures / "2 scanned.png"
    theirs = json.loads(spoken(capsys, "predict", run, path, noise, "--json")[0])
    out, said = spoken(capsys, "predict", run, path, noise, "--json", "--interpret")
    ours = json.loads(out)
    np.testing.assert_allclose(ours["outputs"], theirs["outputs"], atol=1e-5)
    assert ours["steps"] == theirs["steps"]
    assert ours["doubted"] == [None, None]
    assert "no picture is doubted" in said
    (answer,) = cnnspec.open_run(run).recognize(path, interpret=True)
    np.testing.assert_allclose(answer.outputs, ours["outputs"][0], atol=1e-6)


def test_a_submission_of_pictures_counts_from_the_first_number(run, pictures, capsys):
    asked = ("--format", "kaggle", "--columns", "ImageId,Label")
    names = list(csv.reader(io.StringIO(spoken(capsys, "predict", run, pictures, *asked)[0])))
    out = spoken(capsys, "predict", run, pictures, *asked, "--first", "1")[0]
    numbered = list(csv.reader(io.StringIO(out)))
    assert numbered[0] == ["ImageId", "Label"]
    assert [row[0] for row in numbered[1:]] == [str(n) for n in range(1, len(names))]
    assert [row[1] for row in numbered[1:]] == [row[1] for row in names[1:]]
    spoken(capsys, "predict", run, pictures, "--format", "text", "--first", "1", code=2)


@pytest.mark.parametrize("form", ["csv", "kaggle", "text", "json"])
def test_names_never_reach_a_terminal_as_they_are(run, pictures, capsys, tmp_path, form):
    """Of classes, from the run, and of files."""
    copy = tmp_path / "hostile"
    shutil.copytree(run, copy)
    facts = json.loads((copy / "environment.json").read_text())
    facts["data"]["labels"] = ["\x1b[31mred", "\x9b2J", "\u202elast"]
    (copy / "environment.json").write_text(json.dumps(facts))
    folder = tmp_path / "given"
    folder.mkdir()
    shutil.copy(pictures / "0 scanned.png", folder / "\x1b]0;title\x07.png")
    asked = ("--json",) if form == "json" else ("--format", form)
    for said in spoken(capsys, "predict", copy, folder, *asked, "--names"):
        assert all(line.isprintable() for line in said.split("\n"))
