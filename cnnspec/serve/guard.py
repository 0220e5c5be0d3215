"""Who may speak to the server: pages that it has served itself, to whoever has its token.

The server runs programs, so nobody else may reach it. It listens on the loopback address only,
and that is not enough: every web page in a browser of this machine can send requests there. A
page of another origin is refused by its `Origin` and `Sec-Fetch-Site`; one whose name leads
to this address (DNS rebinding) by `Host`; other users of the machine lack the token, which a
cookie holds that no script can read.
"""

import secrets
from functools import cache
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnspec.report.pad.script import source

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What the page may load: its own files."""


@cache
def report_policy() -> str:
    """Returns what a report may do: be looked at, and run the script of the pad and no other.

    A run folder can come from someone else; in a sandbox even that script has no origin.
    """
    return (
        f"sandbox allow-scripts; default-src 'none'; script-src {source()}; img-src data:; "
        "style-src 'unsafe-inline'; frame-ancestors 'none'"
    )


class Guard:
    """Wraps an application: only what comes from its own page, with the token, goes through."""

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app = app
        self._token = token
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        # Cookies do not tell ports apart: two servers need two names.
        self._cookie = f"cnnspec-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                for name, value in _HEADERS:
                    if name not in names:
                        message["headers"].append((name, value))
            await send(message)

        await self._app(scope, receive, guarded)

    def _refused(self, scope: Scope) -> Response | None:
        """The answer to a request that does not go through; `None` for one that does."""
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            return _no(421, f"this is {self._hosts[0]}, not {headers.get('host')}")
        origin = headers.get("origin")
        if origin is not None and origin not in [f"http://{host}" for host in self._hosts]:
            return _no(403, "another page asked for this")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return _no(403, "another page asked for this")
        (given,) = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[:1]
        if given and self._matches(given) and scope["path"] == "/":
            # The token leaves the address, which is copied and kept in histories.
            answer = RedirectResponse("/", 303)
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return answer
        if not self._matches(self._kept(headers)):
            return _no(403, "open the address that `cnnspec serve` has printed: it has the token")
        return None

    def _matches(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._token.encode())

    def _kept(self, headers: Headers) -> str:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        return cookies[self._cookie].value if self._cookie in cookies else ""


_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def _no(status: int, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status)
