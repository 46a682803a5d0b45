"""Serving the lab on this computer, and nowhere else."""

from __future__ import annotations

import importlib.util
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elman.errors import OptionError
from elman.lab.guard import Guard, new_token
from elman.lab.results import Results

HOST = "127.0.0.1"
PORT = 8765
AT_ONCE = 0.7  # seconds in which a page that has its first cell is drawn, beside which nothing is loaded
TRIED = 20  # ports behind the first one, where no port is asked for


def serve(
    port: int | None = None,
    *,
    browser: bool = True,
    folder: Path | None = None,
    equations: Path | None = None,
    ready: Callable[[str], Any] = print,
) -> None:
    """Serve the page until it is stopped.

    Parameters
    ----------
    port : int, optional
        By default 8765, or one of the next ones that is free; 0 for any.
    browser : bool, default True
        Whether to open the page in a browser.
    folder : Path, optional
        A folder of results that another command wrote, which the page shows too.
    equations : Path, optional
        A text of a cell's equations, with which the page begins.
    ready : callable
        Called with the page's address, which holds a token, once it can be opened.

    Raises
    ------
    OptionError
        If starlette and uvicorn are not installed, the port is in use, or there is no such folder or text.
    """
    for name in ("starlette", "uvicorn"):
        if importlib.util.find_spec(name) is None:
            raise OptionError(f"the lab needs {name}, which is not installed: pip install 'elman[lab]'")
    results = None if folder is None else Results(folder)
    text = None if equations is None else _text(equations)
    bound = _bound(port)
    token = new_token()
    with bound:
        address = f"http://{HOST}:{bound.getsockname()[1]}/{token}/"
        ready(address)  # who asks already waits until it is answered
        if browser:
            threading.Thread(target=_open, args=[address], name="elman-lab-browser", daemon=True).start()
        _run(bound, token, results, text)


def _open(address: str) -> None:
    import webbrowser

    webbrowser.open(address)


def _run(bound: socket.socket, token: str, results: Results | None, text: str | None) -> None:
    import uvicorn

    from elman.lab.app import Lab
    from elman.lab.standing_back import stand_back

    stand_back()
    lab = Lab(results, text)
    guard = Guard(lab.app, token, bound.getsockname()[1])
    config = uvicorn.Config(
        guard, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2,
        lifespan="on", http="h11", ws="none", limit_concurrency=64, timeout_keep_alive=30,
    )  # fmt: skip
    threading.Thread(target=_warm, args=[lab.opened], name="elman-lab-warm", daemon=True).start()

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            lab.end_streams()  # which would go on for as long as there is a page
            await super().shutdown(sockets)

    Server(config).run(sockets=[bound])


def _warm(opened: threading.Event) -> None:
    """Load what the first request needs while the browser opens; what trains and looks once the page is there."""
    import elman.lab.reading
    import elman.lab.tasks

    opened.wait(5.0)
    time.sleep(AT_ONCE)
    import elman.lab.sharing  # noqa: F401


def _checked(port: int) -> int:
    from elman.checks import whole

    return whole(port, "port", 0, 65535)


def _text(file: Path) -> str:
    """What a file says, which may make sense or not: the page tells."""
    from elman.equations.parse_tokens import MOST_CHARACTERS

    try:
        found = file.read_bytes()[: MOST_CHARACTERS + 1].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"the equations in {file} cannot be read: {error}") from error
    if len(found) > MOST_CHARACTERS:
        raise OptionError(f"the equations in {file} have more than {MOST_CHARACTERS:,} characters")
    return found


def _bound(port: int | None) -> socket.socket:
    """A socket that listens on this computer only: from here on nobody who connects is refused."""
    ports = [_checked(port)] if port is not None else [*range(PORT, PORT + TRIED), 0]
    for one in ports:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, one))
            found.listen(64)  # of two that are bound to a port at the same moment, one gets no further than here
        except OSError as error:
            found.close()
            if port is not None:
                raise OptionError(
                    f"port {one} cannot be had: {error.strerror}; leave --port out for a free one"
                ) from error
        else:
            return found
    raise OptionError("no port could be had on this computer")
