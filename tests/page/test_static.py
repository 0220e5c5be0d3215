"""The page that needs no server: Python in the browser says what Python here says."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cnnspec.page.answers import Answers
from tests.support.browser import CHROMIUM, Browser
from tests.support.paths import ROOT, SPECS

PAGE = ROOT / "editors" / "page"
pytestmark = pytest.mark.skipif(
    not shutil.which("node") or not (PAGE / "node_modules").is_dir(),
    reason="needs node, and the packages of `make page-packages`",
)
seen = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
ERRORS = sorted((ROOT / "tests" / "errors").glob("*.cnn"))
TEXT = "model small\nlet f = 8\n\nconv (f)x3 relu\ngap\ndense 10 softmax\n"
BREAK = """self.python.runPython(`
import os
import cnnspec.page.answers as answers
answers._QUESTIONS["check"] = lambda *_: os.abort()
`)"""
KEPT = """(async () => {
  const memory = await caches.open("cnnspec"), [key] = await memory.keys();
  return key && [key, memory];
})()"""
AXE = PAGE / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the page, or what `CNNSPEC_PAGE` names; `cnnspec.html` is beside it."""
    if "CNNSPEC_PAGE" in os.environ:
        return Path(os.environ["CNNSPEC_PAGE"])
    out = tmp_path_factory.mktemp("dist") / "page"
    command = ["node", "build.mjs", str(out), sys.executable]
    done = subprocess.run(command, cwd=PAGE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def texts():
    for path in [*SPECS, *ERRORS]:
        try:
            yield path.name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_every_answer_is_the_same_in_the_python_of_the_browser(built, tmp_path, monkeypatch, every):
    # Where no file lies that a text could use.
    monkeypatch.chdir(tmp_path)
    asked = [
        (name, {"ask": ask, "text": text})
        for number, (name, text) in enumerate(texts())
        for ask in ("document", "check", "drawing", "format")
        if ask == "check" or number % every == 0
    ]
    lines = "".join(json.dumps(request) + "\n" for _, request in asked)
    command = ["node", str(PAGE / "answer.mjs"), str(built)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    here = Answers()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(asked)
    differ = [
        f"{name}: {request['ask']}"
        for (name, request), answer in zip(asked, answers, strict=True)
        if answer != json.loads(json.dumps(here.answer(request)))
    ]
    assert differ == []


def test_it_is_small_enough(built):
    sizes = {
        path.name: len(zipped(path.read_bytes()))
        for path in built.iterdir()
        if path.name != "begin.json"
    }
    editor = sum(sizes[name] for name in ("index.html", "style.css", "page.js"))
    assert editor < 0.2 * 2**20
    assert sum(sizes.values()) < 6.5 * 2**20


def zipped(data):
    import gzip

    return gzip.compress(data, 9)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(built):
    """The page from a server that knows files only."""
    handler = functools.partial(Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.fixture
def page(address, browser):
    found = browser.page(address)
    found.wait("document.body.dataset.ready")
    write(found, TEXT)
    yield found
    assert found.foreign() == set()
    assert found.console == []
    found.run("localStorage.clear()")
    found.close()


def write(page, text):
    page.run(f"cnnspec.editor.replace({json.dumps(text)})")
    page.wait("cnnspec.found?.text === cnnspec.editor.text")


@seen
def test_the_checker_runs_in_the_page(page):
    assert page.run("document.querySelector('.shape').textContent") == "26x26x8"
    write(page, TEXT.replace("gap", "gapp"))
    page.button("write gap", "#problems")
    page.wait(f"cnnspec.editor.text === {json.dumps(TEXT)}")
    page.click("#tab-drawing")
    page.wait("document.querySelectorAll('.hit').length === 3")


@seen
def test_the_editor_is_there_before_python(address, browser):
    page = browser.page()
    # A worker that never answers.
    given = "globalThis.Worker = class { postMessage() {} }"
    page.call("Page.addScriptToEvaluateOnNewDocument", source=given)
    page.go(address)
    page.wait("document.querySelectorAll('.cm-line .cnn-layer').length > 3")
    assert page.text("#status") == "starting …"
    page.close()


@seen
def test_a_second_start_takes_the_memory_of_the_first(page, address, browser):
    page.wait(KEPT)
    again = browser.page(address)
    again.wait("document.body.dataset.ready")
    assert again.run("Boolean(python._api.config._loadSnapshot)", again.workers[-1])
    # Also what is loaded late, from the files beside it.
    write(again, TEXT.replace("gap", "gapp"))
    again.button("write gap", "#problems")
    again.wait(f"cnnspec.editor.text === {json.dumps(TEXT)}")
    again.close()


@seen
def test_a_memory_that_is_damaged_is_thrown_away(page, address, browser):
    page.wait(KEPT)
    page.run(f"{KEPT}.then(([key, memory]) => memory.put(key, new Response('x'.repeat(64))))")
    again = browser.page(address)
    again.wait("document.body.dataset.ready")
    assert again.run("cnnspec.engine.starts") == 2
    again.close()


@seen
def test_a_name_is_changed_wherever_it_is_meant(page):
    place = "{ line: 3, character: 6 }"
    page.run(f"cnnspec.editor.select({{ start: {place}, end: {place} }})")
    page.key("F12")
    page.wait("cnnspec.editor.cursor.line === 1")
    page.key("F2")
    page.wait("document.querySelector('#dialog').open")
    page.type("9")
    page.button("Rename", "#dialog")
    page.wait("document.querySelector('#dialog .bad').textContent")
    assert "not a word" in page.text("#dialog .bad")
    page.run("document.querySelector('#rename').value = 'width'")
    page.button("Rename", "#dialog")
    page.wait("!document.querySelector('#dialog').open")
    assert page.run("cnnspec.editor.text") == TEXT.replace("let f", "let width").replace(
        "(f)", "(width)"
    )


@seen
def test_a_checker_that_breaks_down_is_started_again(page):
    assert page.run("cnnspec.engine.starts") == 1
    page.run(BREAK, page.workers[-1])
    page.run("cnnspec.editor.view.dispatch({ changes: { from: 0, insert: '# more\\n' } })")
    page.wait("cnnspec.engine.starts === 2")
    write(page, "# more\n" + TEXT.replace("8", "9"))
    assert page.run("document.querySelector('.shape').textContent") == "26x26x9"
    assert "started again" in page.text("#note")
    # What Pyodide says of its end is not an error of the page.
    page.console.clear()


@seen
def test_a_checker_that_never_answers_is_started_again(page):
    page.browser.send("Runtime.evaluate", page.workers[-1], expression="while (true) {}")
    page.run("cnnspec.editor.view.dispatch({ changes: { from: 0, insert: '# more\\n' } })")
    page.wait("cnnspec.engine.starts === 2")
    page.wait("document.querySelector('#status').className === 'good'")


@seen
def test_it_opens_from_disk_as_one_file(built, browser):
    page = browser.page((built.parent / "cnnspec.html").as_uri())
    page.wait("document.body.dataset.ready")
    write(page, TEXT)
    assert page.run("document.querySelector('.shape').textContent") == "26x26x8"
    assert page.console == []
    assert [url for url in page.requests if not url.startswith(("file:", "blob:", "data:"))] == []
    page.close()


@seen
@pytest.mark.parametrize("dark", [False, True])
def test_nobody_is_shut_out(address, browser, dark):
    page = browser.page(address, dark=dark)
    page.wait("document.body.dataset.ready")
    write(page, TEXT.replace("gap", "gapp"))
    page.run(AXE.read_text(encoding="utf-8") + "; undefined")
    for tab in ("drawing", "layers", "formulas", "compare", "rules"):
        write(page, TEXT if tab != "drawing" else TEXT + "budget params <= 100\n")
        page.click(f"#tab-{tab}")
        found = page.run("axe.run().then((found) => found.violations)")
        told = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
        assert told == [], tab
    page.close()


@seen
@pytest.mark.parametrize("tab", ["drawing", "layers", "compare", "rules"])
def test_a_phone_has_no_horizontal_scrolling(page, tab):
    page.resize(390, 844)
    page.click(f"#tab-{tab}")
    assert page.run("document.documentElement.scrollWidth") == 390
    page.resize(1280, 800)


def test_nothing_of_it_names_another_host(built):
    own = {"www.w3.org", "cnnspec.invalid"}
    for name in ("index.html", "style.css"):
        hosts = set(re.findall(r"https?://([\w.-]+)", (built / name).read_text(encoding="utf-8")))
        assert hosts - own == set()
