"""A page in headless Chromium that tests type into, by the DevTools protocol over pipes.

Needs no driver and no package: Chromium reads commands from its descriptor 3 and writes what
happens to 4, each a JSON text that ends with a null character.
"""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
SECONDS = 60
"""How long anything may take before a test fails, on a machine with other work."""

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--remote-debugging-pipe",
)

_KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "Escape": (27, ""),
    "Backspace": (8, ""),
    "ArrowRight": (39, ""),
    "ArrowLeft": (37, ""),
    "ArrowDown": (40, ""),
    "End": (35, ""),
    "F2": (113, ""),
    "F8": (119, ""),
    "F12": (123, ""),
}
_MODIFIERS = {"Alt": 1, "Control": 2, "Shift": 8}


class Browser:
    """A browser process with a profile of its own: `with Browser() as browser: …`."""

    def __enter__(self) -> "Browser":
        self._profile = tempfile.mkdtemp(prefix="page-profile-")
        to_read, to_write = os.pipe(), os.pipe()

        def descriptors() -> None:
            # Over high numbers, so that neither pipe takes the place of the other.
            high = os.dup2(to_read[0], 103), os.dup2(to_write[1], 104)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            [CHROMIUM, *OPTIONS, f"--user-data-dir={self._profile}", "about:blank"],
            preexec_fn=descriptors,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read[0])
        os.close(to_write[1])
        self._out, self._in = to_read[1], to_write[0]
        os.set_blocking(self._in, False)
        self._rest = b""
        self._number = 0
        self._answers: dict[int, Any] = {}
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.send("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    def send(self, method: str, session: str | None = None, **params: Any) -> int:
        """Sends a command; returns the number of its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        return self._number

    def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """Sends a command and waits for its result."""
        number = self.send(method, session, **params)
        self.until(lambda: number in self._answers, method)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def until(self, holds: Callable[[], Any], what: str = "something") -> Any:
        """Reads what the browser says until something holds."""
        ends = time.monotonic() + SECONDS
        while not (found := holds()):
            self._read()
            if time.monotonic() > ends:
                raise AssertionError(f"waited in vain for {what}")
        return found

    def _read(self) -> None:
        try:
            data = os.read(self._in, 2**20)
        except BlockingIOError:
            time.sleep(0.002)
            return
        if not data:
            raise AssertionError("the browser has ended")
        *whole, self._rest = (self._rest + data).split(b"\0")
        for each in whole:
            message = json.loads(each)
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                for listener in self.listeners:
                    listener(message)

    def page(self, url: str = "about:blank", **given: Any) -> "Page":
        """Opens a page."""
        return Page(self, url, **given)


class Page:
    """A tab. Keeps what it asked for and what was said on its console."""

    def __init__(
        self, browser: Browser, url: str, width: int = 1280, height: int = 800, dark: bool = False
    ) -> None:
        self.browser = browser
        self.requests: list[str] = []
        self.console: list[str] = []
        self.workers: list[str] = []
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        found = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self.target, self.session = target, found["sessionId"]
        browser.listeners.append(self._hear)
        for each in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{each}.enable")
        self.call(
            "Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True
        )
        self.resize(width, height)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        # What tests measure is not how fast things move.
        self.go(url)

    def _hear(self, message: dict[str, Any]) -> None:
        params = message["params"]
        if message["method"] == "Target.attachedToTarget":
            if message.get("sessionId") == self.session:
                self.workers.append(params["sessionId"])
                self.browser.send("Runtime.enable", params["sessionId"])
            return
        if message.get("sessionId") not in (self.session, *self.workers):
            return
        match message["method"]:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning"):
                told = [str(a.get("value", a.get("description"))) for a in params["args"]]
                self.console.append(" ".join(told))
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.console.append(
                    details.get("exception", {}).get("description") or details["text"]
                )
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def call(self, method: str, **params: Any) -> Any:
        """Sends a command to this tab."""
        return self.browser.call(method, self.session, **params)

    def go(self, url: str) -> None:
        """Opens an address."""
        self.call("Page.navigate", url=url)

    def resize(self, width: int, height: int) -> None:
        """Gives the tab another size; a narrow one is that of a phone."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def run(self, script: str, session: str | None = None) -> Any:
        """The value of an expression, awaited if it is a promise."""
        given = {"expression": script, "awaitPromise": True, "returnByValue": True}
        found = self.browser.call("Runtime.evaluate", session or self.session, **given)
        if "exceptionDetails" in found:
            told = found["exceptionDetails"]
            raise AssertionError(told.get("exception", {}).get("description") or told["text"])
        return found["result"].get("value")

    def wait(self, script: str, session: str | None = None) -> None:
        """Waits until an expression is true, here or in a worker."""
        ends = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(AssertionError):
                if self.run(f"Promise.resolve({script}).then(Boolean)", session):
                    return
            if time.monotonic() > ends:
                raise AssertionError(f"waited in vain for {script}; console: {self.console}")
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """The text of an element as it is seen."""
        found: str = self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return found

    def click(self, selector: str) -> None:
        """Clicks in the middle of an element, as a mouse does."""
        chosen = json.dumps(selector)
        self.wait(f"document.querySelector({chosen})")
        x, y = self.run(
            f"(() => {{ const e = document.querySelector({chosen}); e.scrollIntoView({{block: "
            "'center'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            given = {"type": kind, "x": x, "y": y, "button": button, "clickCount": 1}
            self.call("Input.dispatchMouseEvent", **given)

    def button(self, label: str, within: str = "body") -> None:
        """Clicks the button with a label."""
        chosen, text = json.dumps(f"{within} button"), json.dumps(label)
        find = (
            f"[...document.querySelectorAll({chosen})].find((e) => e.innerText.trim() === {text})"
        )
        self.wait(find)
        self.run(f"{find}.setAttribute('data-test', 'yes')")
        self.click("[data-test=yes]")
        self.run("document.querySelector('[data-test=yes]')?.removeAttribute('data-test')")

    def type(self, text: str) -> None:
        """Types a text into what has the focus, one key after the other."""
        for letter in text:
            if letter == "\n":
                self.key("Enter")
            else:
                self.call("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
                self.call("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def key(self, name: str, *held: str) -> None:
        """Presses a key, with others held: `key("f", "Shift", "Alt")`."""
        code, text = _KEYS.get(name, (ord(name[0].upper()), ""))
        modifiers = sum(_MODIFIERS[each] for each in held)
        given = {"key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        given["code"] = name if name in _KEYS else f"Key{name.upper()}"
        more = {"text": text} if text and not held else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **given, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def picture(self, path: Path) -> None:
        """Writes what is seen as PNG."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def foreign(self) -> set[str]:
        """The hosts that were asked for something, but for this machine."""
        hosts = {urlsplit(url) for url in self.requests}
        return {
            each.geturl()
            for each in hosts
            if each.scheme in ("http", "https", "ws", "wss") and each.hostname != "127.0.0.1"
        }

    def close(self) -> None:
        """Closes the tab."""
        self.browser.listeners.remove(self._hear)
        self.browser.call("Target.closeTarget", targetId=self.target)
