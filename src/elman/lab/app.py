"""The lab's addresses: the page, its files, what its scripts ask."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from elman.errors import ElmanError, OptionError
from elman.lab.limits import ENDED, OPTIMIZERS
from elman.lab.results import Results

if TYPE_CHECKING:
    from elman.lab.asked import Asked
    from elman.lab.sessions import Sessions

CELL, UNITS, TASK = "gru", 16, "adding"  # what a page begins with
COLOURS = Path(__file__).parents[1] / "plots/page/static/colours.css"  # read and not imported, which would take NumPy
SECONDS_A_BEAT = 10.0  # a sign of life, by which a page that is gone is noticed
KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
MOST_NEWS = 2000  # that wait for a page which does not listen


def static_files() -> dict[str, bytes]:
    """All files of the page by their names, and the colours of all pages; nothing else can be asked for."""
    root = Path(__file__).parent / "static"
    found = {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()}
    return {**found, COLOURS.name: COLOURS.read_bytes()}


def _preloads(static: dict[str, bytes]) -> str:
    """Have a browser ask for all modules at once, and not for each where another one imports it."""
    modules = [name for name in static if name.endswith(".js") and "/" not in name]
    return "\n".join(f'<link rel="modulepreload" href="static/{name}">' for name in sorted(modules))


def kind_of(name: str) -> str:
    """The media type of a file of the page."""
    return KINDS.get(name.rpartition(".")[2], "text/plain")


News = asyncio.Queue[dict[str, Any] | None]  # None where there will be no more
Streams = set[News]


class Lab:
    """What answers requests that the guard has let pass.

    Parameters
    ----------
    results : Results, optional
        A folder of them.
    text : str, optional
        Of a cell to begin with.
    """

    def __init__(self, results: Results | None = None, text: str | None = None):
        self.text: str | None = text
        self.static: dict[str, bytes] = static_files()
        self.results: Results | None = results
        self.index: str = self.static["index.html"].decode().replace("<!-- modules -->", _preloads(self.static))
        self.opened: threading.Event = threading.Event()  # once a page has its first cell
        self._streams: Streams = set()
        self.app: Starlette = Starlette(routes=self._routes(), lifespan=self._lifespan)

    def _routes(self) -> list[Route]:
        asked: dict[str, Doing] = {
            "/api/read": self._read,
            "/api/train": self._train,
            "/api/control": self._control,
            "/api/scrub": self._scrub,
            "/api/dynamics": self._dynamics,
            "/api/horizon": self._horizon,
            "/api/notebook": self._notebook,
            "/api/open": self._open,
            "/api/opened/scrub": functools.partial(self._opened, "scrub"),
            "/api/opened/dynamics": functools.partial(self._opened, "dynamics"),
            "/api/opened/horizon": functools.partial(self._opened, "horizon"),
        }
        return [
            Route("/", self.page),
            Route("/static/{name:path}", self.file),
            Route("/api/start", self.start),
            Route("/api/cell/{name}", self.cell),
            Route("/api/events", self.events),
            Route("/api/table", self.table, methods=["POST"]),
            Route("/api/share", self.share, methods=["POST"]),
            Route("/api/results", self.results_list),
            Route("/results/{name:path}", self.result),
            *(Route(path, _answering(self, does), methods=["POST"]) for path, does in asked.items()),
        ]

    @functools.cached_property
    def sessions(self) -> Sessions:
        """Loaded when they are needed, as is all that computes: the page opens without."""
        from elman.lab.sessions import Sessions

        return Sessions()

    def end_streams(self) -> None:
        """Have all streams of news end, as the lab does."""
        for queue in self._streams:
            queue.put_nowait(None)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        if "sessions" in self.__dict__:
            await run_in_threadpool(self.sessions.close)

    # --- the page and its files -----------------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        return HTMLResponse(self.index.replace("{{nonce}}", request.scope["nonce"]))

    async def file(self, request: Request) -> Response:
        content = self.static.get(request.path_params["name"])
        if content is None:
            return Response("there is no such file", 404, media_type="text/plain")
        return Response(content, media_type=kind_of(request.path_params["name"]))

    async def start(self, request: Request) -> Response:
        return await _said(lambda: self._start(request.headers.get("x-session", "")))

    def _start(self, session: str) -> dict[str, Any]:
        from elman.lab.reading import collection
        from elman.lab.tasks import kinds

        tasks = [
            {
                name: getattr(k, name)
                for name in ("name", "title", "about", "steps", "least", "most", "rows", "features")
            }
            for k in kinds()
        ]
        folder = None if self.results is None else self.results.name
        return {
            "cells": collection(),
            "tasks": tasks,
            "optimizers": list(OPTIMIZERS),
            "results": folder,
            "first": self._first(),
            "run": self._before(session),
        }

    def _first(self) -> dict[str, Any]:
        """The cell that the page begins with, as it is read for the task that it begins with."""
        from elman.lab.reading import of_collection, read
        from elman.lab.tasks import KINDS

        about = of_collection(CELL) if self.text is None else {"name": "", "text": self.text}
        features = KINDS[TASK].features
        self.opened.set()
        found = read(about["text"], features, UNITS)
        return {**about, "task": TASK, "features": features, "units": UNITS, "read": found}

    def _before(self, session: str) -> dict[str, Any] | None:
        """The training that a page has which was loaded again."""
        known = self.sessions.known(session) if "sessions" in self.__dict__ else None
        if known is None or known.run is None:
            return None
        from elman.lab.sharing import described

        return {**described(known.run), "asked": known.run.asked}

    async def cell(self, request: Request) -> Response:
        from elman.lab.reading import of_collection

        return await _said(lambda: of_collection(request.path_params["name"]))

    # --- what scripts ask -------------------------------------------------------------------------------------------

    def _read(self, session: str, asked: Asked) -> dict[str, Any]:
        from elman.lab.reading import read

        return read(asked.text("text"), asked.whole("features", 1, 1, 4096), asked.whole("units", UNITS, 1, 4096))

    def _train(self, session: str, asked: Asked) -> dict[str, Any]:
        from elman.lab.sharing import described

        return described(self.sessions.of(session).train(asked))

    def _control(self, session: str, asked: Asked) -> dict[str, Any]:
        run = self.sessions.of(session).run
        if run is None:
            return {"status": "none"}
        what = asked.one_of("what", ("pause", "resume", "stop", "rate"))
        run.want(what, asked.real("rate", None, 0.0, 10.0) if what == "rate" else None)
        return {"status": run.status, "rate": run.rate}

    def _scrub(self, session: str, asked: Asked) -> dict[str, Any]:
        return self.sessions.of(session).scrub(asked)

    def _dynamics(self, session: str, asked: Asked) -> dict[str, Any]:
        return self.sessions.of(session).look_at_dynamics(asked)

    def _horizon(self, session: str, asked: Asked) -> dict[str, Any]:
        return self.sessions.of(session).horizon(asked)

    def _notebook(self, session: str, asked: Asked) -> dict[str, Any]:
        from elman.lab.sharing import notebook

        return {"code": notebook(self.sessions.of(session).run)}

    def _open(self, session: str, asked: Asked) -> dict[str, Any]:
        name = asked.text("file")
        file = None if self.results is None else self.results.model(name)
        if file is None:
            raise OptionError(f"there is no model {name[:120]!r} among the results")
        return self.sessions.of(session).open(file, name)

    def _opened(self, what: str, session: str, asked: Asked) -> dict[str, Any]:
        return self.sessions.of(session).look_at_opened(what, asked)

    async def share(self, request: Request) -> Response:
        from elman.lab.sharing import shared_page

        session = request.headers.get("x-session", "")
        body = await request.body()

        def make() -> Response:
            from elman.lab.asked import Asked

            asked = Asked(body)
            page = shared_page(self.sessions.of(session), self.static, asked)
            return Response(page, media_type="text/html; charset=utf-8")

        return await _answer(make)

    async def table(self, request: Request) -> Response:
        body, session = await request.body(), request.headers.get("x-session", "")
        name = unquote(request.headers.get("x-name", "series.csv"))
        said = unquote(request.headers.get("x-reading", "{}"))

        def take() -> dict[str, Any]:
            from elman.lab.asked import Asked
            from elman.lab.tables import Table

            table, mine = Table.asked(name, body, Asked(said.encode())), self.sessions.of(session)
            most = table.most_steps()
            mine.table = table
            return {"name": table.name, "features": 1, "most": most}

        return await _said(take)

    async def events(self, request: Request) -> Response:
        try:
            session = self.sessions.of(request.query_params.get("session", ""))
        except ElmanError as error:
            return _failed(error)
        if session.run is None:
            return Response(status_code=204)  # nothing to listen to, and no need to ask again
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(_events(session.run, self._streams), media_type="text/event-stream", headers=headers)

    # --- results ------------------------------------------------------------------------------------------------------

    async def results_list(self, request: Request) -> Response:
        return JSONResponse({"name": "", "files": []} if self.results is None else self.results.listed())

    async def result(self, request: Request) -> Response:
        found = None if self.results is None else self.results.file(request.path_params["name"])
        if found is None:
            return Response("there is no such file", 404, media_type="text/plain")
        content, kind, policy = found
        return Response(content, media_type=kind, headers={"content-security-policy": policy})


Doing = Callable[[str, "Asked"], dict[str, Any]]


def _answering(lab: Lab, does: Doing) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return Response("a request is JSON", 415, media_type="text/plain")
        body, session = await request.body(), request.headers.get("x-session", "")

        def say() -> dict[str, Any]:
            from elman.lab.asked import Asked

            return does(session, Asked(body))

        return await _said(say)

    return answer


async def _said(does: Callable[[], dict[str, Any]]) -> Response:
    return await _answer(lambda: JSONResponse(does()))


async def _answer(does: Callable[[], Response]) -> Response:
    """What a function says, in a thread; an error of Elman is the user's to read."""
    try:
        return await run_in_threadpool(does)
    except ElmanError as error:
        return _failed(error)


def _failed(error: ElmanError) -> Response:
    return JSONResponse({"error": {"message": str(error)}}, 400)


async def _events(run: Any, streams: Streams) -> AsyncIterator[bytes]:
    """What happens in a training, as server-sent events, until it has ended, or the lab does."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any] | None]()

    def put(news: dict[str, Any]) -> None:
        if (
            queue.qsize() >= MOST_NEWS
        ):  # the page does not keep up: it gets all there is, in place of what it has missed
            while not queue.empty():
                queue.get_nowait()
            news = run.news(whole=True)
        queue.put_nowait(news)

    def hear(news: dict[str, Any]) -> None:
        loop.call_soon_threadsafe(put, news)

    news: dict[str, Any] | None = run.listen(hear)
    streams.add(queue)
    try:
        while news is not None:
            yield _event(news)
            if news.get("status") in ENDED:  # the last news say so, which the training itself is ahead of
                yield _event({"kind": "end", "status": news["status"]})
                return
            news = await _next(queue)
    finally:
        streams.discard(queue)
        run.leave(hear)


async def _next(queue: asyncio.Queue[dict[str, Any] | None]) -> dict[str, Any] | None:
    """The next news, or empty ones that keep the connection."""
    try:
        return await asyncio.wait_for(queue.get(), SECONDS_A_BEAT)
    except TimeoutError:
        return {}


def _event(news: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(news, allow_nan=False)}\n\n".encode() if news else b": still here\n\n"
