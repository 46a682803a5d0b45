"""The guard before the lab: only pages of its own reach it, by the token in the address.

Any page that a browser shows can send requests to this computer. So the address holds a token that nobody else knows,
the host must be this computer by name or number (a name that is made to point here is refused), a request that comes
from a page says that it comes from this one, and bodies are counted as they arrive.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from elman.lab.limits import MOST_BODY, MOST_TABLE

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOSTS = ("127.0.0.1", "localhost", "[::1]")
TABLES = "/api/table"  # where larger bodies go
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "x-frame-options": "SAMEORIGIN",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def new_token() -> str:
    """One that nobody guesses."""
    return secrets.token_urlsafe(24)


class Guard:
    """Passes on what may reach the lab, and says no to all else.

    Parameters
    ----------
    app : ASGI application
        What is behind it. It sees paths without the token; ``scope["nonce"]`` is that of scripts in a page.
    token : str
    port : int
    """

    def __init__(self, app: App, token: str, port: int):
        self.app: App = app
        self.token: str = token
        self.hosts: frozenset[str] = frozenset(f"{host}:{port}" for host in HOSTS)
        self.origins: frozenset[str] = frozenset(f"http://{host}" for host in self.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        answer = _with_headers(send, nonce)
        headers = _headers(scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _say(answer, *refusal)
            return
        inner = {**scope, "path": scope["path"][len(self.token) + 1 :] or "/", "root_path": "", "nonce": nonce}
        most = MOST_TABLE if inner["path"] == TABLES else MOST_BODY
        body = await _body(receive, most) if scope["method"] == "POST" else b""
        if body is None:
            await _say(answer, 413, f"a request has at most {most:,} bytes")
            return
        await self.app(inner, _again(body, receive), answer)

    def _refusal(self, scope: Scope, headers: dict[str, list[str]]) -> tuple[int, str] | None:
        hosts, origins = headers.get("host", []), headers.get("origin", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 421, "this is a page of another host: open the address that `elman lab` printed"
        if len(origins) > 1 or (origins and origins[0].lower() not in self.origins):
            return 403, "requests of other pages are refused"
        if headers.get("sec-fetch-site", ["none"])[0] not in ("none", "same-origin"):
            return 403, "requests of other pages are refused"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "there are GET and POST"
        if not self._has_token(str(scope["path"])):
            return 403, "the token is missing: open the address that `elman lab` printed, to its end"
        length = headers.get("content-length", ["0"])[0]
        most = MOST_TABLE if str(scope["path"]).endswith(TABLES) else MOST_BODY
        if not length.isdigit() or len(length) > 12 or int(length) > most:
            return 413, f"a request has at most {most:,} bytes"
        return None

    def _has_token(self, path: str) -> bool:
        given = path[1:].partition("/")[0]
        begun = path.startswith("/") and path[1 + len(given) :].startswith("/")
        return hmac.compare_digest(given.encode(), self.token.encode()) and begun


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _body(receive: Receive, most: int) -> bytes | None:
    """A body, whose bytes are counted as they arrive, whatever was said of them; None if there are too many."""
    body, more = b"", True
    while more and len(body) <= most:
        message = await receive()
        body += message.get("body", b"")
        more = bool(message.get("more_body", False))
    return body if len(body) <= most else None


def _again(body: bytes, receive: Receive) -> Receive:
    """What hands a body on that has been received, and then what comes behind it."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def inner() -> Message:
        return left.pop() if left else await receive()

    return inner


def _with_headers(send: Send, nonce: str) -> Send:
    more = {**HEADERS, "content-security-policy": POLICY.format(nonce=nonce)}

    async def inner(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(k, v) for k, v in message.get("headers", []) if k.decode("latin-1").lower() not in HEADERS]
            said = {k.decode("latin-1").lower() for k, _ in own}
            added = [(k.encode(), v.encode()) for k, v in more.items() if k not in said]
            message = {**message, "headers": [*own, *added]}
        await send(message)

    return inner


async def _say(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
