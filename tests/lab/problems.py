"""Small trainings of the lab."""

from __future__ import annotations

import time

from elman.lab.asked import Asked
from elman.lab.sessions import Session

LEAKY = "def leaky(p, x, h):\n    k = sigmoid(p.k)\n    return k * h + (1 - k) * tanh(p.W @ x + p.U @ h + p.b)\n"
SIMPLE = "def plain(p, x, h):\n    return tanh(p.W @ x + p.U @ h)\n"


def asked(task="adding", texts=(LEAKY,), **more):
    members = [{"text": text, "units": 4} for text in texts]
    return Asked({"task": task, "rows": 32, "steps": 8, "batch_size": 8, "rate": 0.01, "members": members, **more})


def wait_for(does, seconds=300.0):
    end = time.monotonic() + seconds
    while not does():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)


def trained(task="adding", texts=(LEAKY,), epochs=5, **more):
    """A session whose training has gone so far and was stopped."""
    session = Session()
    run = session.train(asked(task, texts, **more))
    wait_for(lambda: run.ended or all(len(member.losses) >= epochs for member in run.members))
    run.want("stop")
    run.join(300)
    return session
