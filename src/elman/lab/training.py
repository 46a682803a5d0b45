"""A training in the lab: one or two cells learn the same data from one seed, in a thread of their own.

Networks learn in turns, some epochs each, so that they stay side by side and the page's wishes (pause, another rate,
stop) are heard several times a second. A training that is cut into pieces with one optimiser has the bits of one in a
piece.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from elman.lab.asked import Asked
from elman.lab.horizon import Question
from elman.lab.limits import ALONE, ENDED, LOOKING, MOST_EPOCHS, MOST_SECONDS, SECONDS_A_LOOK, SECONDS_OF_NEWS
from elman.lab.looking import Watched
from elman.lab.members import Member, Settings
from elman.lab.tasks import Data

News = dict[str, Any]


class Run:
    """A training, and those who listen to it.

    Attributes
    ----------
    status : str
        ``running``, ``paused``, ``stopped``, ``failed`` (no cell can go on) or ``done`` (there is a limit).
    """

    def __init__(self, task: str, data: Data, members: list[Member], settings: Settings, asked: dict[str, Any]):
        self.task: str = task
        self.data: Data = data
        self.members: list[Member] = members
        self.settings: Settings = settings
        self.asked: dict[str, Any] = asked
        self.rate: float = settings.rate
        self.begun: float = time.time()
        self.status: str = "running"
        self.lock: threading.Lock = threading.Lock()  # of the networks: who learns or copies them has it
        self.watched: list[Watched] = [Watched(member.net, data) for member in members]
        self._changed: threading.Condition = threading.Condition()
        self._listeners: list[Callable[[News], None]] = []
        self._heard: float = time.monotonic()
        self._next_news: float = 0.0
        self._next_look: float = 0.0
        self._next_glance: float = 0.0
        self._told: list[int] = [0] * len(members)  # of the losses of each network, how many
        self._wanted: str = ""
        self._thread: threading.Thread = threading.Thread(target=self._work, name="elman-lab", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout: float | None = None) -> None:
        self._thread.join(timeout)

    # --- what a page wants --------------------------------------------------------------------------------------

    def want(self, what: str, rate: float | None = None) -> None:
        """``pause``, ``resume``, ``stop``, or ``rate``."""
        with self._changed:
            if rate is not None:
                self.rate = rate
            if what == "stop":
                self._wanted = "stop"
            elif what in ("pause", "resume") and self.status in ("running", "paused"):
                self._wanted = "pause" if what == "pause" else ""
            self._heard = time.monotonic()
            self._changed.notify_all()

    def listen(self, hear: Callable[[News], None]) -> News:
        """Hear of what happens from now on; returns all that has happened."""
        with self._changed:
            self._listeners.append(hear)
            self._heard = time.monotonic()
            return self.news(whole=True)

    def leave(self, hear: Callable[[News], None]) -> None:
        with self._changed:
            self._listeners.remove(hear)
            self._heard = time.monotonic()

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    # --- the thread ----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._tell(self._look())
            while self._goes_on():
                self._slice()
                self._report()
        except Exception as error:  # whatever it is, the page is told
            self._end("failed", f"{type(error).__name__}: {error}")
            raise

    def _goes_on(self) -> bool:
        """Wait while it is paused; whether there is more to do."""
        with self._changed:
            self._set("paused" if self._wanted == "pause" else "running")
            while self._wanted == "pause" and not self._is_alone():
                self._changed.wait(1.0)
            end = self._end_now()
            self._set(end or "running")
            return not end

    def _end_now(self) -> str:
        """The status with which it ends now, if it does."""
        if self._wanted == "stop" or self._is_alone():
            return "stopped"
        if all(member.error for member in self.members):
            return "failed"
        return "done" if self._beyond() else ""

    def _set(self, status: str) -> None:
        """Another status is told, with how the networks stand where they rest."""
        if status == self.status:
            return
        looks = self._look() if status != "running" else {}
        self.status = status
        self._tell({**looks, **self._newest()})

    def _end(self, status: str, error: str) -> None:
        with self._changed:
            for member in self.members:
                member.error = member.error or error
            self._set(status)

    def _is_alone(self) -> bool:
        """Whether no page has listened for so long that nobody will."""
        return not self._listeners and time.monotonic() - self._heard > ALONE

    def _beyond(self) -> bool:
        epochs = max(len(member.losses) for member in self.members)
        return epochs >= MOST_EPOCHS or sum(member.seconds for member in self.members) >= MOST_SECONDS

    def _slice(self) -> None:
        """Every network learns some epochs, all of them as many."""
        going = [member for member in self.members if not member.error]
        most = min((member.slice for member in going), default=1)
        with self.lock:
            for member in going:
                member.learn(self.data, self.settings, self.rate, most, self._wants)

    def _wants(self) -> bool:
        return self._wanted == "stop"

    def _report(self) -> None:
        """Tell what is new, and look or glance, not more often than there is time for."""
        now = time.monotonic()
        if now < self._next_news:
            return
        looks = self._look() if now >= self._next_look else self._glance() if now >= self._next_glance else {}
        self._tell({**looks, **self._newest()})
        self._next_news = time.monotonic() + SECONDS_OF_NEWS

    def _look(self) -> News:
        """What the networks say and how far their gradients reach."""
        begun, first = time.monotonic(), not self._next_look
        found = self._looked([watched.look for watched in self.watched])
        now = time.monotonic()
        self._next_look = now + (SECONDS_A_LOOK if first else max(SECONDS_A_LOOK, (now - begun) / LOOKING))
        return found

    def _glance(self) -> News:
        begun = time.monotonic()
        found = self._looked([watched.glance for watched in self.watched])
        now = time.monotonic()
        self._next_glance = now + (now - begun) / LOOKING
        return found

    def _looked(self, each: list[Callable[[], dict[str, Any]]]) -> News:
        with self.lock:
            looks = [{} if member.error else look() for look, member in zip(each, self.members, strict=True)]
        return {"kind": "look", "looks": looks}

    def ask_horizon(self, number: int, question: Question) -> dict[str, Any]:
        """What the triangle of a network shows from now on; its look is told to all who listen."""
        with self.lock:
            found = self.watched[number].ask(question)
        self._tell({"kind": "look", "looks": [found if k == number else {} for k in range(len(self.watched))]})
        return self.watched[number].last

    # --- news ------------------------------------------------------------------------------------------------------

    def news(self, whole: bool = False) -> News:
        """How it stands; `whole` with all losses and the last look."""
        members = [
            {
                "epochs": len(member.losses),
                "seconds": member.seconds,
                "error": member.error,
                **({"losses": list(member.losses)} if whole else {}),
            }
            for member in self.members
        ]
        news: News = {
            "kind": "whole" if whole else "news",
            "status": self.status,
            "rate": self.rate,
            "members": members,
        }
        if whole:
            news["looks"] = [watched.last for watched in self.watched]
            news["asked"] = self.asked
        return news

    def _newest(self) -> News:
        """How it stands, with the losses since the news before."""
        news = self.news()
        for k, (said, member) in enumerate(zip(news["members"], self.members, strict=True)):
            said["losses"] = member.losses[self._told[k] : said["epochs"]]
            self._told[k] = said["epochs"]
        return news

    def _tell(self, news: News) -> None:
        for hear in list(self._listeners):
            hear(news)


def made(asked: Asked, data: Data, task: str) -> Run:
    """The training that a page asks for.

    Raises
    ------
    ElmanError
        If a cell or a setting makes no sense.
    """
    settings = Settings.of(asked)
    members = [
        Member.made(one.text("text"), one.whole("units", 16, 1), data, settings) for one in asked.each("members", 2)
    ]
    return Run(task, data, members, settings, asked.fields)


def copied(run: Run, number: int) -> np.ndarray:
    """The parameters of a network as they are between two slices."""
    with run.lock:
        return run.members[number].net.arena.copy()
