"""The report as files: one page that needs nothing else, figures, Markdown and JSON."""

import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from cnnspec.commands import main
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.report import page, plots, tables
from cnnspec.report.contents import Measured
from cnnspec.report.page import write
from cnnspec.report.phrases import NONE, size
from cnnspec.report.pictures import Pictures, png, read
from cnnspec.report.plot_files import figures
from cnnspec.report.seeds import Trained, gather
from cnnspec.runs.run import ENVIRONMENT, HISTORY, IMAGES, IR, METRICS, SOURCE, Run
from tests.support.paths import ROOT
from tests.support.run_folders import TEXT, environment, history, images, make, metrics

HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd()",
    "[/foo]",
    "😀 emoji",
    "x" * 300,
    '" onload="alert(1)',
    "</svg></style></pre>",
    "$\\frac{1}{$ a|b `c`",
    "![i](http://evil.example/i.png)",
    "{{ 7 * 7 }}",
)


class Page(HTMLParser):
    """The elements of a page in order, its text, and whether every one is closed."""

    VOID = frozenset({"meta", "link", "img", "br", "input", "hr"})

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.open = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += f"{data} "

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    run = make(tmp_path_factory.mktemp("runs"))
    return run, write(run)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run whose every name is meant to do harm."""
    folder = tmp_path_factory.mktemp("runs")
    recorded = environment(labels=list(HOSTILE), name=HOSTILE[0])
    recorded |= {"platform": HOSTILE[0], "command": ["cnnspec", *HOSTILE], HOSTILE[0]: HOSTILE[0]}
    text = 'model "<script>alert(1)"; conv 4x3 relu name="<b>"; dense 10'
    run = make(folder, text, environment=recorded, name="<b>$x$ [a](b)")
    (run.folder / SOURCE).write_text(f"# {HOSTILE[0]} {HOSTILE[6]} ```")
    return run, write(run)


def test_a_report_leaves_its_files(reported):
    run, written = reported
    assert written == run.folder / "report.html"
    names = {path.name for path in (run.folder / "report").iterdir()}
    drawn = ["loss", "accuracy", "f1", "learning_rate", "classes", "samples", "mistakes"]
    drawn += [f"confusion_{split}" for split in ("train", "validation", "test")]
    assert names == {
        "report.md",
        "report.json",
        *(f"{n}.{e}" for n in drawn for e in ("png", "svg")),
    }
    assert not list(run.folder.glob(".*.html*"))


def test_figures_are_sound_files(reported):
    run, _ = reported
    for path in (run.folder / "report").glob("*.png"):
        data = path.read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert data[-8:-4] == b"IEND"
    for path in (run.folder / "report").glob("*.svg"):
        root = ET.fromstring(path.read_text())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.get("aria-label")


def test_the_page_holds_all_it_shows(reported):
    _, written = reported
    text = written.read_text()
    parsed = Page(text)
    assert parsed.open == []
    for _, attrs in parsed.elements:
        for name in ("src", "href", "xlink:href", "srcset", "poster", "action"):
            assert (attrs.get(name) or "#").startswith(("#", "data:")), attrs
    assert not re.search(r"url\(\s*['\"]?(?!#)", text)
    assert "@import" not in text
    assert parsed.all("script") == []
    assert len(text.encode()) < 2 * 2**20


def test_the_page_can_be_read_by_everyone(reported):
    parsed = Page(reported[1].read_text())
    assert parsed.all("html")[0]["lang"] == "en"
    assert all(attrs.get("alt") for attrs in parsed.all("img"))
    for index, (tag, attrs) in enumerate(parsed.elements):
        if tag == "svg":
            assert attrs["role"] == "img"
            assert attrs.get("aria-label") or parsed.elements[index + 1][0] == "title"
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tags = [tag for tag, _ in parsed.elements]
    assert [tags.count(tag) for tag in ("header", "nav", "main", "footer")] == [1] * 4
    ids = [attrs["id"] for _, attrs in parsed.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"][1:] for attrs in parsed.all("a")}
    assert targets <= set(ids)
    named = {attrs["aria-labelledby"] for attrs in parsed.all("section")}
    assert named <= set(ids)
    assert all("scope" in attrs for attrs in parsed.all("th"))


def test_the_page_tells_what_was_reached(reported):
    text = " ".join(Page(reported[1].read_text()).text.split())
    for said in (
        "small",
        "2 of 2 claims held",
        "0.9000",
        "6,810",
        "12.5 s",
        "budget params <= 10000",
        "conv 4x3 relu",
        "( K h · K w · C in + 1 ) · F = ( 3 · 3 · 1 + 1 ) · 4 = 40",
        "rows and columns of the kernel",
        "epoch 2 kept",
        "Of 200 test images",
        "Ankle boot",
        "is T-shirt/top 0.01",
        "cnnspec train small-1/spec.cnn --seed 7 --backend tensorflow",
        "cnnspec reproduce small-1",
        "cnnspec train small.cnn",
        "ab" * 32,
        "trained on 21 November 2026",
    ):
        assert said in text, said


def test_a_report_is_the_same_when_it_is_written_again(reported):
    run, written = reported
    before = written.read_bytes()
    svg = (run.folder / "report" / "loss.svg").read_bytes()
    write(run)
    assert written.read_bytes() == before
    assert (run.folder / "report" / "loss.svg").read_bytes() == svg


def test_names_are_escaped_in_the_page(hostile):
    text = hostile[1].read_text()
    parsed = Page(text)
    assert parsed.open == []
    assert parsed.all("script") == []
    assert all(not name.startswith("on") for _, attrs in parsed.elements for name in attrs)
    assert "<b>" not in [attrs for _, attrs in parsed.elements]
    for name in HOSTILE:
        assert name in parsed.text
    assert "49" not in re.findall(r"is (\d+) 0", parsed.text)


def test_names_are_escaped_in_figures_and_markdown(hostile):
    folder = hostile[0].folder / "report"
    for path in folder.glob("*.svg"):
        tags = {
            element.tag.rpartition("}")[2] for element in ET.fromstring(path.read_text()).iter()
        }
        assert tags <= {
            "svg",
            "g",
            "defs",
            "style",
            "path",
            "text",
            "use",
            "clipPath",
            "rect",
            "image",
            "title",
        }
    text = (folder / "report.md").read_text()
    assert "(Kh*Kw*Cin + 1) * F = (3*3*1 + 1) * 4 = 40" in text.replace("\\", "")
    fence = re.search(r"^(`{3,})cnn\n.*?^\1$", text, re.M | re.S)
    text = text.replace(fence[0], "")
    assert "<script" not in text
    assert "](http" not in text
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    json.loads((folder / "report.json").read_text())


def test_json_and_markdown_say_the_same(reported):
    folder = reported[0].folder / "report"
    data = json.loads((folder / "report.json").read_text())
    assert data["version"] == 1
    assert data["scores"]["test"]["accuracy"] == 0.9
    assert data["scores"]["test"]["classes"][0]["recall"] == 0.9
    assert data["layers"][0]["params"] == 40
    text = (folder / "report.md").read_text()
    assert "| test | 0.9000 | 0.8900 | 0.3000 |" in text
    for image in re.findall(r"\]\((.*?)\)$", text, re.M):
        assert (folder / image).is_file()


@pytest.mark.parametrize(
    "missing",
    [
        (METRICS,),
        (METRICS, "history.json", "environment.json", IMAGES),
        (IMAGES,),
        ("history.json",),
    ],
)
def test_a_run_that_is_half_there_has_a_report(tmp_path, missing):
    run = make(tmp_path, without=missing)
    text = write(run).read_text()
    parsed = Page(text)
    assert parsed.open == []
    assert ("There are no results yet" in parsed.text) == (METRICS in missing)
    assert "conv 4x3 relu" in parsed.text
    assert {a["href"][1:] for a in parsed.all("a")} <= {
        attrs.get("id") for _, attrs in parsed.elements
    }


def test_figures_that_are_not_finite_are_dashes(tmp_path):
    figures = metrics()
    figures["test"] |= {"accuracy": None, "f1": None, "loss": None}
    epochs = [{**epoch, "val_loss": None, "loss": None} for epoch in history()]
    run = make(tmp_path, metrics=figures, history=epochs)
    text = write(run).read_text()
    assert f"<dd>{NONE}</dd>" in text
    assert "nan" not in Page(text).text.lower()
    assert not (run.folder / "report" / "loss.png").exists()


def test_page_without_test_labels_shows_the_validation_figures(tmp_path):
    figures = metrics()
    del figures["test"]
    kept = images()
    del kept["count_test"]
    kept["judged"] = np.array("validation")
    text = Page(write(make(tmp_path, metrics=figures, images=kept)).read_text()).text
    assert "validation accuracy" in text
    assert "The validation images put in a wrong class" in text
    assert "test accuracy" not in text


def test_seeds_get_one_report_with_mean_and_spread(tmp_path):
    group = tmp_path / "net-1"
    group.mkdir()
    for seed, accuracy in ((1, 0.9), (2, 0.8), (3, 0.95)):
        make(group, name=f"seed-{seed}", metrics=metrics(accuracy))
    written = write(Run(group))
    assert written == group / "report.html"
    text = " ".join(Page(written.read_text()).text.split())
    assert "3 seeds" in text
    assert "± 0.0764" in text
    assert "mean ± SD 0.8833 ± 0.0764" in text
    assert "cnnspec reproduce net-1/seed-1" in text
    assert "| 0.8833 ± 0.0764 |" in (group / "report" / "report.md").read_text()
    assert len(json.loads((group / "report" / "report.json").read_text())["runs"]) == 3


@pytest.mark.parametrize("classes", [2, 100, 500])
def test_page_for_any_number_of_classes_is_small(tmp_path, classes):
    run = gather(make(tmp_path).folder).runs[0]
    labels = tuple(f"class {n}" for n in range(classes))
    counts = tuple(map(tuple, (np.eye(classes, dtype=int) * 7).tolist()))
    score = run.scores["test"].replace(confusion=counts)
    run = run.replace(labels=labels, scores={"test": score})
    pixels = np.zeros((1, 8, 8, 3), np.uint8)
    shown = Pictures(dict.fromkeys(range(classes), pixels), (), "test", True, {})
    trained = Trained(run.folder, (run,))
    found = figures(trained, shown)
    assert ("confusion_test" in found) == (classes <= 200)
    text = page.render(trained, found, shown)
    assert len(text.encode()) < 2 * 2**20
    assert Page(text).open == []
    assert "Not one of the test images" in text


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_a_png_holds_the_pixels(channels, mode):
    image = np.arange(8 * channels, dtype=np.uint8).reshape(2, 4, channels)
    data = png(image)
    with Image.open(io.BytesIO(data)) as read:
        assert (read.format, read.mode, read.size, read.info) == ("PNG", mode, (4, 2), {})
        assert np.array_equal(np.asarray(read).reshape(image.shape), image)
    assert png(image.copy()) == data


@pytest.mark.parametrize(
    "change",
    [
        {"sample_labels": np.full(20, 10)},
        {"sample_labels": np.zeros(3, int)},
        {"sample_images": np.zeros((20, 8, 8, 1), float)},
        {"sample_images": np.zeros((20, 8, 8), np.uint8)},
        {"mistake_true": np.full(4, -1)},
        {"count_train": np.zeros(3, int)},
        {"judged": np.array("moon")},
        {"sample_images": np.zeros((200, 100, 100, 1), np.uint8)},
        {"mistake_rows": np.zeros(2, int)},
    ],
    ids=lambda change: f"{next(iter(change))}-{next(iter(change.values())).shape}",
)
def test_images_that_cannot_be_right_are_refused(tmp_path, change):
    run = make(tmp_path, images=images() | change)
    with pytest.raises(CnnspecError, match="is damaged") as caught:
        read(run, 10)
    assert caught.value.exit_code == 3


def test_a_file_of_images_is_never_unpickled(tmp_path):
    run = make(tmp_path)
    canary = tmp_path / "canary"

    class Trap:
        def __reduce__(self):
            return (open, (str(canary), "w"))

    arrays = images() | {"sample_labels": np.array([Trap()] * 20, object)}
    np.savez_compressed(run.folder / IMAGES, **arrays)
    with pytest.raises(CnnspecError, match="is damaged"):
        read(run, 10)
    assert not canary.exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no archive"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, data):
    run = make(tmp_path)
    (run.folder / IMAGES).write_bytes(data)
    with pytest.raises(CnnspecError, match="is damaged"):
        read(run, 10)


def test_plots_ignore_and_keep_the_matplotlib_settings_of_the_user(reported):
    import matplotlib as mpl

    run, _ = reported
    before = (run.folder / "report" / "loss.svg").read_bytes()
    with mpl.rc_context({"lines.linewidth": 9, "axes.grid": False, "font.size": 30}):
        kept = dict(mpl.rcParams)
        write(run)
        assert dict(mpl.rcParams) == kept
    assert (run.folder / "report" / "loss.svg").read_bytes() == before


def test_the_command_writes_reports_and_tells_of_those_it_cannot(tmp_path, capsys):
    good, bad = make(tmp_path), make(tmp_path)
    (bad.folder / IR).write_text("{")
    assert main(["report", str(good), str(bad), str(tmp_path / "none")]) == 3
    captured = capsys.readouterr()
    assert captured.out.strip() == str(good.folder / "report.html")
    assert captured.err.count("error[CNN") == 2
    assert main(["report", str(bad), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["ok"] is False


@pytest.mark.parametrize("file", [METRICS, HISTORY, ENVIRONMENT, IMAGES])
def test_a_report_leaves_out_what_is_damaged_and_says_so(tmp_path, capsys, file):
    run = make(tmp_path)
    (run.folder / file).write_text("{")
    assert main(["report", str(run.folder)]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == str(run.folder / "report.html")
    assert captured.err.count("warning[CNN930]") == 1
    for text in (captured.err, (run.folder / "report.html").read_text()):
        assert f"{file} is damaged" in text


def test_a_report_can_be_written_elsewhere(tmp_path, capsys):
    run = make(tmp_path / "runs")
    assert main(["report", str(run), "--json", "--out", str(tmp_path / "here")]) == 0
    (written,) = json.loads(capsys.readouterr().out)["reports"]
    assert written == {"run": str(run), "page": str(tmp_path / "here" / "small-1" / "report.html")}
    assert not (run.folder / "report.html").exists()
    assert main(["report", str(run), str(run), "--out", str(tmp_path / "here")]) == 2


def test_a_folder_that_cannot_be_written_is_named(tmp_path, capsys):
    run = make(tmp_path)
    (run.folder / "report").write_text("a file in the way")
    assert main(["report", str(run)]) == 3
    assert "cannot write" in capsys.readouterr().err


def test_a_report_needs_no_framework(tmp_path):
    run = make(tmp_path)
    code = (
        "import sys; from cnnspec.commands import main; assert main(sys.argv[1:]) == 0;"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'matplotlib.pyplot'};"
        "print(*heavy & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "report", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == ""


def test_bytes_have_the_unit_of_their_budget_and_the_tightest_is_named(tmp_path):
    text = TEXT.replace(
        "budget params <= 10k",
        "budget params <= 10k; budget flash <= 32KiB; budget ram <= 30kB; budget depth >= 1",
    )
    trained = gather(make(tmp_path, text).folder)
    # 6,810 parameters of four bytes: 27,240 bytes; the arena holds 26x26x4 and 13x13x4 values.
    found = [tuple(map(str, row)) for row in tables.claims(trained).rows]
    assert found[0] == ("budget params <= 10000", "6,810", "68.1 %", "✓ held")
    assert found[1] == ("budget flash <= 32KiB", "26.6 KiB", "83.1 %", "✓ held")
    assert found[2][:2] == (
        "budget ram <= 30kB",
        f"{trained.middle.checked.totals.ram() / 1000:.1f} kB",
    )
    assert found[3][1:3] == ("2", NONE)
    assert tables.binds(trained).startswith("`budget flash <= 32KiB` binds first: 83.1 % is used")


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [
        (21_032, 0, "20.5 KiB"),
        (21_032, 64_000, "21.0 kB"),
        (65_537, 65_536, "65,537 bytes"),
        (65_536, 65_536, "64.0 KiB"),
        (3 * 2**20, 4 * 2**20, "3.0 MiB"),
        (999, 1_001, "999 bytes"),
    ],
)
def test_bytes_are_written_in_the_unit_of_a_limit(value, limit, text):
    assert size(value, limit) == text


def test_test_images_come_before_those_of_training(reported):
    run, written = reported
    alts = [attrs.get("aria-label", "") for attrs in Page(written.read_text()).all("svg")]
    order = [alt.split()[4] for alt in alts if alt.startswith("Confusion matrix of")]
    assert order == ["test", "validation", "training"]
    text = (run.folder / "report" / "report.md").read_text()
    assert re.findall(r"confusion_(\w+)\.png", text) == ["test", "validation", "train"]


def test_a_single_mistake_can_be_seen_beside_the_diagonal():
    counts = np.diag([1000, 1000, 1000])
    counts[0, 1], counts[2, 0] = 8, 1
    measured = Measured("test", 0.99, 0.99, 0.1, tuple(map(tuple, counts.tolist())))
    image = plots.confusion("t", measured, ("a", "b", "c")).axes[0].images[0].get_array()
    assert image[0, 1, 3] == 1  # the most frequent mistake has the full shade
    assert 0.08 < image[2, 0, 3] < 0.3
    assert image[1, 2, 3] == 0
    assert tuple(image[0, 1, :3]) != tuple(image[0, 0, :3])


def test_the_drawn_network_has_the_colours_of_the_page(reported):
    text = reported[1].read_text()
    drawing = text[text.index('aria-label="The network drawn"') :]
    drawing = drawing[: drawing.index("</figure>")]
    assert 'fill="var(--ink)"' in drawing
    assert "#FFFFFF" not in drawing
    assert "#1A1A1A" not in drawing


def test_devices_have_the_bytes_of_each_runtime(tmp_path):
    text = TEXT.replace("relu", "softplus")
    rows = {
        row[0]: row[1:] for row in tables.device(gather(make(tmp_path, text).folder).middle).rows
    }
    flash, _, _, ram8 = rows["C of cnnspec"]
    # 6,810 parameters of four bytes; no arena is smaller than its input.
    assert flash == "27,240"
    assert int(ram8.replace(",", "")) >= 28 * 28
    # It has no exponential in int8; what LiteRT takes of RAM is not known.
    assert [cell.startswith("about") for cell in rows["TensorFlow Lite Micro"]] == [
        True,
        True,
        False,
        False,
    ]
    assert [cell.startswith("about") for cell in rows["LiteRT"]] == [True, False, True, False]
