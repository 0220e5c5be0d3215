"""The pad in a browser: it computes what the interpreter does and prepares as `predict` does."""

import json
from pathlib import Path

import numpy as np
import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.analysis.load import checked
from cnnspec.core.source import Source
from cnnspec.datasets.arrays import load
from cnnspec.datasets.framing import measure
from cnnspec.datasets.prepare import prepare
from cnnspec.layers.table import LAYERS, MERGES
from cnnspec.program.inference import inference_program
from cnnspec.report.pad import pad as pads
from cnnspec.report.page import write
from cnnspec.runs.answers import Doubt
from cnnspec.runs.run import INPUTS, METRICS, Run
from cnnspec.runs.weights import HASH, save_weights
from cnnspec.targets.c.initial import initial_weights
from cnnspec.targets.interpreter.run import Interpreter
from tests.support import digits
from tests.support.browser import CHROMIUM, Browser, Page
from tests.support.keras_by_hand import COVERING, PUSHED, draw_network
from tests.support.paths import ROOT
from tests.support.run_folders import environment, make, metrics
from tests.support.seeds import seeds

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")

AXE = ROOT / "editors" / "page" / "node_modules" / "axe-core" / "axe.min.js"
DOUBT = Doubt(1.0, 0.01, "test", 200)
CLOSE = 1e-5
"""How far float32 may be off, of the largest output."""


@pytest.fixture(scope="module")
def page():
    """A page with the functions of the pad, which has no network."""
    with Browser() as browser:
        made = browser.page()
        names = ("operations.js", "prepare.js")
        folder = Path(pads.__file__).parent
        text = "\n".join((folder / name).read_text() for name in names)
        made.run(
            f"Object.assign(window, new Function({json.dumps(text)} + "
            "'; return { answer, prepare, plane }')()); 0"
        )
        yield made


def random_weights(graph_weights, seed: int) -> dict[str, np.ndarray]:
    """Numbers of every size; variances are above zero."""
    random = np.random.default_rng(seed)
    found = {}
    for key, shape in graph_weights.items():
        numbers = random.normal(0, 0.5, shape)
        found[key] = np.abs(numbers) + 0.1 if key.endswith("variance") else numbers
    return {key: array.astype(np.float32) for key, array in found.items()}


def answers(page: Page, spec: CheckedSpec, weights, images: np.ndarray) -> np.ndarray:
    network = json.dumps(pads.network(spec, weights))
    return np.array(
        page.run(
            f"(() => {{ const network = {network};"
            "const raw = Uint8Array.from(atob(network.numbers), (c) => c.charCodeAt(0));"
            "network.numbers = new Float32Array(raw.buffer);"
            f"return {json.dumps(images.reshape(len(images), -1).tolist())}.map((image) =>"
            "Array.from(answer(network, image), String)); })()"
        )
    ).astype(np.float64)


@pytest.mark.parametrize("seed", seeds(PUSHED, 100))
def test_drawn_networks_are_computed_as_by_the_interpreter(page: Page, seed: int) -> None:
    spec = check(Source("drawn", draw_network(seed).text))
    weights = random_weights(spec.graph.weights(), seed)
    images = np.random.default_rng(seed).random((2, *spec.spec.shape.dims))
    exact = Interpreter(inference_program(spec.graph), weights, "float64").predict(images)
    single = Interpreter(inference_program(spec.graph), weights).predict(images)
    if not np.isfinite(single).all():
        pytest.skip("float32 has no numbers as large as these")
    rounding = np.abs(single - exact).max()
    found = answers(page, spec, weights, images)
    assert np.abs(found - exact).max() <= CLOSE * np.abs(exact).max() + 2 * rounding


def test_the_drawn_networks_have_every_layer() -> None:
    words = set()
    for seed in COVERING:
        spec = check(Source("drawn", draw_network(seed).text))
        words |= {call.layer.word for call in spec.graph.calls}
    assert words >= set(LAYERS | MERGES)


def drawings():
    """Digits in grey levels, dark on a white paper of 280 x 280."""
    random = np.random.default_rng(3)
    for digit in range(10):
        left, top, side = random.uniform(20, 90), random.uniform(20, 60), random.uniform(90, 170)
        mask = digits.drawn(digit, random, (280, 280), (left, top, side * 0.7, side), 18 - digit)
        yield 255 - np.asarray(mask)


def prepared(page: Page, grey: np.ndarray, framing) -> np.ndarray:
    found = page.run(
        f"(() => {{ const found = prepare(plane(280, 280, Float64Array.from("
        f"{json.dumps(grey.ravel().tolist())})), {json.dumps(pads._framing(framing))});"
        "return found && Array.from(found); })()"
    )
    return np.array(found).reshape(*framing.frame, -1)


def framings():
    """Of clothes with shades, and of what follows when they are turned into other kinds."""
    clothes = load("fashion_mnist_mini").train.images
    shaded = measure(clothes)
    tone = shaded.replace(
        one_tone=0.9, plain=1.0, side=(19.5, 20, 20.5), mass=(14, 14, 0.3), stroke=(1.6, 2.2, 4.0)
    )
    return {
        "shaded": shaded,
        "shaded, fitted": shaded.replace(side=(19.5, 20, 20.5)),
        "white ground, in colours": measure(255 - np.repeat(clothes, 3, axis=3)),
        "one tone": tone,
        "thick strokes": tone.replace(stroke=(3.5, 4.5, 6.0)),
        "dark on white": tone.replace(ground=(255.0,), ink=0.0),
        "not fitted": tone.replace(side=(8.0, 16.0, 26.0)),
    }


@pytest.mark.parametrize("name", framings())
def test_drawings_are_prepared_as_by_predict(page: Page, name: str) -> None:
    framing = framings()[name]
    for grey in drawings():
        ours = prepare(np.repeat(grey[..., None], len(framing.ground), 2), framing).image
        found = prepared(page, grey, framing)
        assert found.shape == ours.shape
        assert np.abs(found - ours.astype(int)).max() <= 1


def test_a_blank_paper_is_no_drawing(page: Page) -> None:
    framing = json.dumps(pads._framing(framings()["one tone"]))
    blank = "plane(280, 280, new Float64Array(280 * 280).fill(255))"
    assert page.run(f"prepare({blank}, {framing})") is None


def finished(folder, labels=None) -> Run:
    """A run with weights and with what it knows of its images."""
    run = make(folder, environment=environment(**({"labels": labels} if labels else {})))
    spec = checked(run.spec)
    run.write_json(METRICS, metrics(**{HASH: save_weights(run, initial_weights(spec))}))
    framing = framings()["one tone"]
    run.write_json(INPUTS, {"framing": framing.dump(), "doubt": DOUBT.dump()})
    return run


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    labels = ["</script><b>", *(f"class {n}" for n in range(1, 10))]
    return write(finished(tmp_path_factory.mktemp("runs"), labels))


def test_what_is_drawn_is_answered_in_the_page(report) -> None:
    with Browser() as browser:
        page = browser.page(report.as_uri())
        page.wait("!document.querySelector('#pad').hidden")
        assert page.text("#pad .answers") == ""
        x, y, width = page.run(
            "(() => { const paper = document.querySelector('.paper');"
            "paper.scrollIntoView({ block: 'center', behavior: 'instant' });"
            "const { x, y, width } = paper.getBoundingClientRect(); return [x, y, width]; })()"
        )
        path = [(0.3, 0.2), (0.5, 0.3), (0.6, 0.5), (0.5, 0.8)]
        kinds = ["mousePressed", *["mouseMoved"] * (len(path) - 1)]
        for kind, (across, down) in zip(kinds, path, strict=True):
            at = {"x": x + across * width, "y": y + down * width}
            page.call("Input.dispatchMouseEvent", type=kind, button="left", buttons=1, **at)
        page.wait("document.querySelectorAll('#pad .answers li').length == 3")
        shown = page.text("#pad .answers").splitlines()
        grey = np.array(
            page.run(
                "Array.from(document.querySelector('.paper').getContext('2d')"
                ".getImageData(0, 0, 280, 280).data.filter((_, n) => n % 4 == 0))"
            )
        ).reshape(280, 280)
        run = Run(report.parent)
        spec = checked(run.spec)
        image = prepare(grey.astype(np.uint8)[..., None], framings()["one tone"]).image
        network = Interpreter(inference_program(spec.graph), initial_weights(spec))
        shares = network.predict(image[None] / np.float32(255))[0]
        labels = ["</script><b>", *(f"class {n}" for n in range(1, 10))]
        said = {labels[n]: f"{100 * shares[n]:.1f}" for n in range(10)}
        for line in shown:
            name, share, _ = line.rsplit(" ", 2)
            assert abs(float(share) - float(said[name])) <= 0.11
        if AXE.is_file():
            page.run(AXE.read_text("utf-8") + ";0")
            assert page.run("axe.run('#pad').then((found) => found.violations)") == []
        page.button("Clear", "#pad")
        page.wait("document.querySelectorAll('#pad .answers li').length == 0")
        assert page.foreign() == set()
        assert page.console == []


def test_reports_without_a_pad_allow_no_script(tmp_path) -> None:
    written = write(make(tmp_path)).read_text()
    assert "script-src" not in written
    assert "<script" not in written


@pytest.mark.parametrize("change", ["photos", "too large", "no weights"])
def test_networks_that_a_drawing_says_nothing_to_have_no_pad(tmp_path, change) -> None:
    run = finished(tmp_path)
    spec = checked(run.spec)
    assert pads.pad(run, spec, ("a",) * 10) is not None
    if change == "photos":
        photos = framings()["one tone"].replace(plain=0.3)
        run.write_json(INPUTS, {"framing": photos.dump(), "doubt": DOUBT.dump()})
    elif change == "too large":
        spec = check(Source("x", "data mnist; dense 700 relu; dense 10 softmax"))
    else:
        (run.folder / "weights.npz").unlink()
    assert pads.pad(run, spec, ("a",) * 10) is None
