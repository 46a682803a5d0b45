"""Sessions: what each open page has: its table, one training, what was found of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import OptionError, TrainingError
from elman.lab.asked import Asked
from elman.lab.dynamics import ROWS, dynamics
from elman.lab.horizon import Question
from elman.lab.limits import MOST_SESSIONS, MOST_STEPS
from elman.lab.looking import at_every_step
from elman.lab.scrubbing import scrubbed
from elman.lab.tables import Table
from elman.lab.tasks import KINDS, Data, data_of, of_text
from elman.lab.training import Run, copied, made
from elman.network import Network

if TYPE_CHECKING:
    from elman.lab.opened import Opened

PATIENCE = 20.0  # seconds that a look waits for the one before it
TABLE = "table"  # the task of a file that was dropped on the page
LEAST_LETTERS, MOST_LETTERS = 8, 64  # of a session's name


class Session:
    """One page."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.table: Table | None = None
        self.dynamics: dict[int, dict[str, Any]] = {}
        self.opened: Opened | None = None
        self._looking: threading.Lock = threading.Lock()

    def train(self, asked: Asked) -> Run:
        """Begin what the page asks for, once what ran before has ended."""
        if self.run is not None and not self.run.ended:
            raise OptionError("a training is under way on this page: stop it first")
        run = made(asked, self.data(asked), asked.text("task"))
        self.run, self.dynamics = run, {}
        run.start()
        return run

    def data(self, asked: Asked) -> Data:
        """Of the task that is asked for."""
        name, seed = asked.text("task"), asked.whole("seed", 0, 0, 2**31 - 1)
        steps = asked.whole("steps", KINDS[name].steps if name in KINDS else 50, 0, MOST_STEPS)
        rows = asked.whole("rows", KINDS[name].rows if name in KINDS else 1024, 1, 4096)
        if name == TABLE:
            if self.table is None:
                raise OptionError("drop a file of a series on the page first")
            return self.table.data(steps, rows, seed)
        if name == "characters" and asked.fields.get("corpus"):
            return of_text(asked.text("corpus"), rows, steps, seed)
        return data_of(name, rows, steps, seed)

    # --- looking ------------------------------------------------------------------------------------------------

    def network(self, number: int) -> tuple[Network, Data]:
        """A copy of a network as it is now, which answers at every step, and its data.

        Raises
        ------
        OptionError
            If nothing was trained.
        """
        run = self.run
        if run is None:
            raise OptionError("there is no network yet: train one first")
        if number >= len(run.members):
            raise OptionError(f"there is no cell number {number + 1} in this training")
        net = at_every_step(run.members[number].net, run.data)
        net.params.restore(copied(run, number))
        if not np.isfinite(net.arena).all():
            raise TrainingError("this network has parameters that are not finite")
        return net, run.data

    def scrub(self, asked: Asked) -> dict[str, Any]:
        net, data = self.network(asked.whole("member", 0, 0, 1))
        return scrubbed(net, data, asked)

    def horizon(self, asked: Asked) -> dict[str, Any]:
        """The gradient horizon of what the page wants to know."""
        number = asked.whole("member", 0, 0, 1)
        if self.run is None or number >= len(self.run.members):
            raise OptionError("there is no such network yet: train one first")
        return {"triangle": self.run.ask_horizon(number, Question.asked(asked))["triangle"]}

    def look_at_dynamics(self, asked: Asked) -> dict[str, Any]:
        """One look at a time, as it takes a while."""
        number = asked.whole("member", 0, 0, 1)
        net, data = self.network(number)
        with self._turn():
            self.dynamics[number] = dynamics(net, data.x_held[:ROWS], asked)
        return self.dynamics[number]

    def open(self, file: Path, name: str) -> dict[str, Any]:
        """A model that another command wrote, to look at."""
        from elman.lab.opened import Opened

        self.opened = Opened.of(file, name)
        return self.opened.described()

    def look_at_opened(self, what: str, asked: Asked) -> dict[str, Any]:
        """``scrub``, ``dynamics`` or ``horizon`` of the model that was opened, one at a time."""
        if self.opened is None:
            raise OptionError("no model is open: choose one among the results first")
        with self._turn():
            return getattr(self.opened, what)(asked)  # type: ignore[no-any-return]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One look at a time: another one waits for a while."""
        if not self._looking.acquire(timeout=PATIENCE):
            raise OptionError(f"what was asked before has taken more than {PATIENCE:g} seconds: wait for it")
        try:
            yield
        finally:
            self._looking.release()

    def close(self) -> None:
        if self.run is not None:
            self.run.want("stop")


class Sessions:
    """The pages that are open; the one that was longest not heard of goes when there are too many."""

    def __init__(self) -> None:
        self._all: OrderedDict[str, Session] = OrderedDict()
        self._lock: threading.Lock = threading.Lock()

    def of(self, name: str) -> Session:
        """The session of a name, a new one if there is none."""
        if not LEAST_LETTERS <= len(name) <= MOST_LETTERS or not name.replace("-", "").isalnum():
            raise OptionError("a page says its session's name: letters, digits and dashes")
        with self._lock:
            session = self._all.setdefault(name, Session())
            self._all.move_to_end(name)
            while len(self._all) > MOST_SESSIONS:
                self._all.popitem(last=False)[1].close()
            return session

    def known(self, name: str) -> Session | None:
        """The session of a name, if there is one."""
        with self._lock:
            return self._all.get(name)

    def close(self) -> None:
        with self._lock:
            sessions = list(self._all.values())
        for session in sessions:
            session.close()
        for session in sessions:
            if session.run is not None:
                session.run.join(5.0)
