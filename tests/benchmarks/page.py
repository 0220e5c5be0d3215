"""What the page without a server takes: its bytes, its start, and from a key to the diagnostics.

Needs npm and Chromium. Times are of the browser's clock, from the change of the text until
what was found is shown.
"""

import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.measuring import Row, figure
from tests.support.browser import CHROMIUM, Browser, Page
from tests.support.paths import ROOT

SOURCE = ROOT / "editors" / "page"
KEYS = 30
BURST = 20
TYPED = """
(async () => {
  const { editor } = cnnspec, shown = cnnspec.show.bind(cnnspec), took = [];
  let answers = 0, done = () => {};
  cnnspec.show = () => { shown(); answers += 1; done(); };
  const key = () => new Promise((resolve) => {
    done = () => cnnspec.found.text === editor.text && resolve();
    editor.view.dispatch({ changes: { from: editor.doc.length, insert: " " } });
  });
  for (let count = 0; count < KEYS; count += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    await key();
    took.push(performance.now() - began);
  }
  answers = 0;
  const began = performance.now();
  for (let count = 1; count < BURST; count += 1) key();
  await key();
  const burst = [performance.now() - began, answers];
  const start = performance.now();
  await new Promise((resolve) => {
    done = () => cnnspec.found.text === editor.text && resolve();
    editor.view.dispatch({ changes: { from: editor.doc.length, insert: "conv (" } });
  });
  return { took, burst, error: performance.now() - start, long: window.long };
})()
"""
LONG = (
    "window.long = []; new PerformanceObserver((list) => window.long.push("
    "...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' })"
)


def rows(repeats: int) -> list[Row]:
    """Everything about the page."""
    if not CHROMIUM or not shutil.which("node") or not (SOURCE / "node_modules").is_dir():
        raise SystemExit("needs Chromium, node and `make page-packages`")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(os.environ.get("CNNSPEC_PAGE") or _built(Path(folder)))
        sizes = {p.name: len(gzip.compress(p.read_bytes(), 9)) for p in built.iterdir()}
        sizes.pop("begin.json")
        editor = sum(sizes[name] for name in ("index.html", "style.css", "page.js"))
        found = [
            figure("page: bytes, gzip", [sum(sizes.values()) / 1e6], "MB"),
            figure("page: bytes of the editor alone, gzip", [editor / 1e6], "MB"),
        ]
        with _served(built) as address:
            starts = [_started(address) for _ in range(min(repeats, 3))]
            found.append(figure("page: ready, cold", (each[0] for each in starts), "ms"))
            found.append(figure("page: ready, cached", (each[1] for each in starts), "ms"))
            found += _typed(address)
    return found


def _built(folder: Path) -> Path:
    command = ["node", "build.mjs", str(folder / "page"), sys.executable]
    subprocess.run(command, cwd=SOURCE, check=True, stdout=subprocess.DEVNULL)
    return folder / "page"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _ready(page: Page) -> float:
    page.wait("document.body.dataset.ready")
    return float(page.run("document.body.dataset.ready"))


def _started(address: str) -> tuple[float, float]:
    """Milliseconds until a browser of its own is ready, and again with what it has kept."""
    with Browser() as browser:
        page = browser.page(address)
        cold = _ready(page)
        page.wait("caches.open('cnnspec').then((kept) => kept.keys()).then((keys) => keys.length)")
        return cold, _ready(browser.page(address))


def _typed(address: str) -> list[Row]:
    found = []
    lenet = (ROOT / "specs" / "lenet5.cnn").read_text(encoding="utf-8")
    texts = {
        "lenet5": lenet,
        "200 layers": "conv 8x3 same relu\n" * 199 + "dense 10 softmax\n",
        "1,000 layers": "conv 8x3 same relu\n" * 999 + "dense 10 softmax\n",
    }
    for name, text in texts.items():
        with Browser() as browser:
            page = browser.page(address)
            _ready(page)
            page.wait("document.body.dataset.warm")
            page.run(f"cnnspec.editor.replace({json.dumps(text)})")
            page.wait("cnnspec.found?.text === cnnspec.editor.text")
            page.run(LONG)
            taken = page.run(TYPED.replace("KEYS", str(KEYS)).replace("BURST", str(BURST)))
        found.append(figure(f"page: key to diagnostics, {name}", taken["took"][5:], "ms"))
        found.append(figure(f"page: a burst of {BURST}, {name}", [taken["burst"][0]], "ms"))
        found.append(figure(f"page: answers to a burst, {name}", [taken["burst"][1]], ""))
        found.append(figure(f"page: the first syntax error, {name}", [taken["error"]], "ms"))
        longest = max(taken["long"], default=0.0)
        found.append(figure(f"page: the longest task while typing, {name}", [longest], "ms"))
    return found
