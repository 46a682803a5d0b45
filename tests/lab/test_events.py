"""What a page hears of a training."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

pytest.importorskip("starlette")

from elman.lab import app, training
from elman.lab.looking import Watched
from elman.lab.sessions import Session
from tests.lab.problems import asked, wait_for


def heard(run, behind: int) -> list:
    """All that a page hears which is so many pieces of news behind with each."""
    made: list = []

    async def listen() -> list:
        found = []
        run.listen(made.append)
        async for event in app._events(run, set()):
            if event.startswith(b"data: "):
                found.append(json.loads(event[6:]))
            if len(found) == 8:
                run.want("stop")
            known = len(made)
            while len(made) < known + behind and not run.ended:
                await asyncio.sleep(0.01)
        return found

    return asyncio.run(asyncio.wait_for(listen(), 300))


@pytest.mark.parametrize(
    ("most", "behind", "seconds"),
    [(2000, 0, 0), (2, 4, 0), (2000, 4, 0.2)],
    ids=["keeps up", "falls behind", "is done before the last look"],
)
def test_a_page_ends_with_all_losses(monkeypatch, most, behind, seconds):
    def look(watched):
        time.sleep(seconds)
        return at_once(watched)

    at_once = Watched.look
    monkeypatch.setattr(Watched, "look", look)
    monkeypatch.setattr(app, "MOST_NEWS", most)
    monkeypatch.setattr(training, "SECONDS_OF_NEWS", 0.02)
    run = Session().train(asked(rows=1024, steps=40))
    wait_for(lambda: len(run.members[0].losses) > 3)
    found = heard(run, behind)
    losses: list = []
    for news in found:
        if news["kind"] == "whole":
            losses = news["members"][0]["losses"]
        elif news["kind"] == "news":
            member = news["members"][0]
            more = member.get("losses", [])
            assert len(losses) >= member["epochs"] - len(more)
            losses = losses[: member["epochs"] - len(more)] + more
    assert found[0]["kind"] == "whole" and found[-1] == {"kind": "end", "status": "stopped"}
    assert losses == run.members[0].losses
    assert ("whole" in [news["kind"] for news in found[1:]]) == (most == 2)
