"""Who reaches the lab: its own page, and nobody else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

pytest.importorskip("starlette")

from elman.lab.app import Lab
from elman.lab.guard import Guard
from elman.lab.limits import MOST_BODY

TOKEN, PORT = "a-token-of-this-test", 8765
HOST = f"127.0.0.1:{PORT}"


class Answer:
    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, {}, b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(scope="module")
def guard():
    return Guard(Lab().app, TOKEN, PORT)


def ask(guard, path, method="GET", headers=(), body=b"", chunks=None, host=HOST):
    """One request, as a server hands it on."""
    answer, parts = Answer(), list(chunks if chunks is not None else [body])
    given = {"host": host, **({"content-type": "application/json"} if method == "POST" else {}), **dict(headers)}
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
        "root_path": "", "query_string": b"", "scheme": "http", "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", PORT),
        "headers": [(k.encode(), v.encode()) for k, v in given.items() if v is not None],
    }  # fmt: skip

    async def receive():
        if parts:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode().lower(): v.decode() for k, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    asyncio.run(guard(scope, receive, send))
    return answer


def post(guard, path, body, **more):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(guard, f"/{TOKEN}{path}", "POST", body=data, **more)


def test_the_page_comes_with_its_token_and_its_policy(guard):
    answer = ask(guard, f"/{TOKEN}/")
    assert answer.status == 200 and b"Elman" in answer.body
    policy = answer.headers["content-security-policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert nonce and f'nonce="{nonce}"'.encode() in answer.body and "{{nonce}}" not in answer.body.decode()
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["x-content-type-options"] == "nosniff"
    assert nonce not in ask(guard, f"/{TOKEN}/").body.decode()


@pytest.mark.parametrize(
    "path", ["/", "/x/", "/api/start", f"/{TOKEN}", f"/{TOKEN}x/", f"/{TOKEN[:-1]}/", "//", f"//{TOKEN}/"]
)
def test_without_the_token_there_is_nothing(guard, path):
    answer = ask(guard, path)
    assert answer.status == 403 and b"token" in answer.body and TOKEN.encode() not in answer.body


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"0.0.0.0:{PORT}", "", None]
)
def test_other_hosts_are_refused_though_they_lead_here(guard, host):
    assert ask(guard, f"/{TOKEN}/", host=host).status == 421


@pytest.mark.parametrize("host", [f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_other_names_of_this_computer_are_not(guard, host):
    assert ask(guard, f"/{TOKEN}/", host=host).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": "http://127.0.0.1:80"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_pages_are_refused(guard, headers):
    assert post(guard, "/api/read", {"text": ""}, headers=headers).status == 403
    assert ask(guard, f"/{TOKEN}/api/start", headers=headers).status == 403


def test_the_page_itself_is_not(guard):
    headers = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
    text = "def f(p, x, h):\n    return tanh(p.W @ x)"
    answer = post(guard, "/api/read", {"text": text, "units": 3, "features": 1}, headers=headers)
    assert answer.status == 200 and answer.json["latex"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_other_methods_are_refused(guard, method):
    assert ask(guard, f"/{TOKEN}/api/read", method).status == 405


def test_a_form_of_another_page_is_no_request(guard):
    assert post(guard, "/api/read", {}, headers={"content-type": "text/plain"}).status == 415


def test_large_bodies_are_refused_before_and_while_they_come(guard):
    assert ask(guard, f"/{TOKEN}/api/read", "POST", {"content-length": str(MOST_BODY + 1)}).status == 413
    assert ask(guard, f"/{TOKEN}/api/read", "POST", {"content-length": "9" * 30}).status == 413
    assert ask(guard, f"/{TOKEN}/api/read", "POST", {"content-length": "-1"}).status == 413
    chunks = [b"x" * 65_536] * 6
    assert ask(guard, f"/{TOKEN}/api/read", "POST", {"content-length": "10"}, chunks=chunks).status == 413
    assert ask(guard, f"/{TOKEN}/api/table", "POST", {"content-length": "9999999"}).status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"{" * 5000,
        b"[" * 100_000,
        b'{"text": 1}',
        b'{"text": "x", "units": NaN, "features": 1}',
        b'{"text": "x", "units": 1e400, "features": 1}',
        b'{"text": "x", "units": "4", "features": 1}',
        b'{"text": "x", "units": -1, "features": 1}',
        b'{"text": "x", "units": true, "features": 1}',
        b'{"text": ["x"], "units": 1, "features": 1}',
    ],
)
def test_what_is_no_request_is_refused_in_words(guard, body):
    answer = post(guard, "/api/read", body)
    assert answer.status == 400 and answer.json["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/static/vendor/../../guard.py",
        "/static/vendor/..\\..\\guard.py",
        "/static/",
        "/static/vendor",
        "/results/../../etc/passwd",
        "/results/report.html",
        "/api/cell/../start",
        "/openapi.json",
        "/docs",
    ],
)
def test_there_are_no_files_but_the_pages_own(guard, path):
    answer = ask(guard, f"/{TOKEN}{path}")
    assert answer.status in (400, 404) and b"root:" not in answer.body and b"import" not in answer.body


def test_files_of_the_page_have_their_types(guard):
    kinds = {"main.js": "text/javascript", "style.css": "text/css", "vendor/KaTeX_Main-Regular.woff2": "font/woff2"}
    for name, kind in kinds.items():
        answer = ask(guard, f"/{TOKEN}/static/{name}")
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind)


def test_web_sockets_are_closed(guard):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(guard({"type": "websocket", "path": f"/{TOKEN}/", "headers": []}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


HOSTILE = [
    "def f(p, x, h):\n    return __import__('os').system('touch /tmp/owned')",
    "def f(p, x, h):\n    return p.__class__.__mro__",
    "def f(p, x, h):\n    return tanh.__globals__['os']",
    "def f(p, x, h):\n    return " + "(" * 9_000 + "x",
    "def f(p, x, h):\n    return 9 ** 9 ** 9 ** 9 * x",
    "def f(p, x, h):\n    return roll(x, 9999999999)",
    "def f(p, x, h):\n    a = concat(h, h)\n" + "    a = concat(a, a)\n" * 40 + "    return p.W @ a",
    "def f(p, x, h):\n    return split(p.W @ x, 999999999)[0]",
    "def f(p, x, h):\n    return tanh(p.W[0:99999999])",
    "def f(p, x, h):\n    return constant([" + "1, " * 3000 + "1]) @ x",
    "def f(p, x):\n    return p.W @ x",
    "@cell(initial=cells.__class__.initial)\ndef f(p, x, h):\n    return h",
    "x" * 30_000,
    "\x00",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_equations_are_refused(guard, text):
    answer = post(guard, "/api/read", {"text": text, "units": 16, "features": 1})
    assert answer.status == 200 and answer.json["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"task": "nothing"},
        {"task": "adding", "members": []},
        {"task": "adding", "members": [{"text": "x", "units": 4}]},
        {"task": "adding", "members": [{"text": "def f(p, x, h):\n  return h + p.b", "units": 400}]},
        {"task": "adding", "rows": 10**9, "members": [{}]},
        {"task": "adding", "steps": 10**6, "members": [{}]},
        {"task": "adding", "seed": -1, "members": [{}]},
        {"task": "table", "members": [{}]},
        {"task": "characters", "corpus": "short", "members": [{}]},
        {"task": "adding", "rate": -1, "members": [{"text": "def f(p, x, h):\n  return h + p.b", "units": 4}]},
        {"task": "adding", "members": [{"text": "def f(p, x, h):\n  return h + p.b", "units": 4}] * 3},
    ],
)
def test_trainings_that_make_no_sense_do_not_begin(guard, body):
    answer = post(guard, "/api/train", body, headers={"x-session": "a-session-of-this-test"})
    assert answer.status == 400 and answer.json["error"]["message"]


@pytest.mark.parametrize("name", ["", "short", "../../x", "x" * 65, "a session with spaces"])
def test_a_session_has_a_plain_name(guard, name):
    assert post(guard, "/api/scrub", {}, headers={"x-session": name}).status == 400


def test_what_needs_a_training_says_so(guard):
    headers = {"x-session": "another-session"}
    for path in ("/api/scrub", "/api/dynamics", "/api/share", "/api/notebook"):
        answer = post(guard, path, {}, headers=headers)
        assert answer.status == 400 and "train" in answer.json["error"]["message"]
