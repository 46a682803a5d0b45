"""What a page hears of a training."""

from __future__ import annotations

import asyncio
import json

import pytest

pytest.importorskip("starlette")

from elman.lab import app
from elman.lab.sessions import Session
from tests.lab.problems import asked, wait_for


def heard(run, slow: float) -> list:
    """All that a page hears which takes its time for each piece of news."""

    async def listen() -> list:
        found = []
        async for event in app._events(run):
            if event.startswith(b"data: "):
                found.append(json.loads(event[6:]))
            await asyncio.sleep(slow)
            if len(found) == 8:
                run.want("stop")
        return found

    return asyncio.run(asyncio.wait_for(listen(), 30))


@pytest.mark.parametrize(("most", "slow"), [(2000, 0.0), (2, 0.1)], ids=["keeps up", "falls behind"])
def test_a_page_ends_with_all_losses(monkeypatch, most, slow):
    monkeypatch.setattr(app, "MOST_NEWS", most)
    run = Session().train(asked())
    wait_for(lambda: len(run.members[0].losses) > 3)
    found = heard(run, slow)
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
