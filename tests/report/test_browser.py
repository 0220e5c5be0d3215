"""The report in a real browser: headless Chromium, where there is one."""

import json
import re
import shutil
import subprocess
from html import escape
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
import pytest

from cnnspec.report import overlay
from cnnspec.report.classroom.writing import finalize as of_class
from cnnspec.report.page import write
from cnnspec.report.run_table import compare
from cnnspec.report.sweep.finalize import finalize
from tests.support.browser import Browser
from tests.support.classroom import begin_class, write_class
from tests.support.paths import ROOT
from tests.support.run_folders import environment, make, metrics
from tests.support.sweep_folders import finished_sweep

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")

AXE = ROOT / "editors" / "page" / "node_modules" / "axe-core" / "axe.min.js"
OWN = {
    "update.googleapis.com",
    "accounts.google.com",
    "clients2.google.com",
    "www.google.com",
}
"""Whom the browser calls by itself, whatever page it shows."""

CONTROL = """<!DOCTYPE html><html lang="en"><body><div style="width: 900px">wide</div>
<img src="http://127.0.0.1:9/x.png" alt="x"><script>console.error("broken")</script>"""


def browse(folder, page, *options, width=390):
    """What a browser of its own prints of a page, and what was said on its console.

    One of the options must be a task, such as `--dump-dom`: without one it stays open.
    """
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},1200",
        *options,
        page.as_uri(),
    ]
    # The first start on a busy machine may take its time.
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


def requests(log):
    """The addresses that were asked for, but for the browser's own."""
    events = json.loads(log.read_text())["events"]
    urls = {event.get("params", {}).get("url", "") for event in events}
    hosts = {url: urlsplit(url) for url in urls}
    return {u for u, p in hosts.items() if p.scheme in ("http", "https") and p.hostname not in OWN}


def scrolls(folder, page):
    """How wide a page is in a frame of 390 pixels; a window can hardly be so narrow."""
    frame = (
        f'<iframe srcdoc="{escape(page.read_text())}" style="width: 390px; border: 0"></iframe>'
        "<script>onload = () => { const root = frames[0].document.documentElement;"
        "document.body.dataset.widths = root.scrollWidth + ' ' + frames[0].innerWidth }</script>"
    )
    measuring = folder / "measuring.html"
    measuring.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{frame}")
    dom, _ = browse(folder, measuring, "--dump-dom")
    return tuple(map(int, re.search(r'data-widths="(\d+) (\d+)"', dom).groups()))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A report whose names are long and odd, a comparison, a sweep, a page with every fault."""
    folder = tmp_path_factory.mktemp("runs")
    labels = ["x" * 300, "<script>", "a b " * 40, *"3456789"]
    hard = make(folder, environment=environment(labels=labels, origin="/very/long" * 30))
    make(folder)
    compared = folder / "compared.html"
    overlay.write(compare([folder]), compared)
    control = folder / "control.html"
    control.write_text(CONTROL)
    sweep = finished_sweep(folder / "sweeps")
    finalize(sweep)
    swept = sweep.folder / "report.html"
    pages = {"report": write(hard), "comparison": compared, "sweep": swept, "control": control}
    return pages | class_pages(folder / "class")


def class_pages(folder):
    """The pages of a class, for the teacher and for a student."""
    folder.mkdir()
    home = write_class(folder, rights=1)
    made = begin_class(folder / "rules.cnn", home, folder / "runs")
    for trial in made.trainings.trials():
        text, parent = str(trial.point.spec), trial.run.folder.parent
        make(parent, text, trial.point.name, metrics=metrics(0.7, expectations=[]))
    of_class(made, lambda problem: pytest.fail(str(problem)))
    student = made.folder / "students" / "broken-long.html"
    return {"class": made.folder / "report.html", "student": student}


PAGES = ["report", "comparison", "sweep", "class", "student"]


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_nothing_and_logs_no_error(pages, tmp_path, name):
    pillow = pytest.importorskip("PIL.Image")
    log, shot = tmp_path / "net.json", tmp_path / "shot.png"
    _, console = browse(tmp_path, pages[name], f"--log-net-log={log}", f"--screenshot={shot}")
    assert console == []
    assert requests(log) == set()
    image = pillow.open(BytesIO(shot.read_bytes()))
    assert image.size == (390, 1200)
    assert len(np.unique(np.asarray(image.convert("L")))) > 20


@pytest.mark.parametrize("name", PAGES)
def test_page_on_a_phone_has_no_horizontal_scrolling(pages, tmp_path, name):
    wide, window = scrolls(tmp_path, pages[name])
    assert window == 390
    assert wide == window


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is installed by `make page`")
def test_pages_can_be_read_by_everyone_in_light_and_dark(pages):
    with Browser() as browser:
        for name in ("report", "comparison", "sweep"):
            for dark in (False, True):
                page = browser.page(pages[name].as_uri(), dark=dark)
                page.wait("document.readyState === 'complete' && document.querySelector('footer')")
                page.run(AXE.read_text(encoding="utf-8") + "; undefined")
                found = page.run("axe.run().then((found) => found.violations)")
                told = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
                assert told == [], (name, dark)
                page.close()


def test_browser_checks_find_a_bad_page(pages, tmp_path):
    log = tmp_path / "net.json"
    _, console = browse(tmp_path, pages["control"], f"--log-net-log={log}", "--dump-dom")
    assert len(console) == 1
    assert requests(log) == {"http://127.0.0.1:9/x.png"}
    assert scrolls(tmp_path, pages["control"]) == (908, 390)


def test_it_can_be_printed(pages, tmp_path):
    printed = tmp_path / "report.pdf"
    browse(tmp_path, pages["report"], f"--print-to-pdf={printed}")
    assert printed.read_bytes()[:5] == b"%PDF-"
