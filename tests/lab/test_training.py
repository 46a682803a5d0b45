"""Trainings of the lab: the bits of `fit`, whatever the page wants on the way."""

from __future__ import annotations

import numpy as np
import pytest

from elman.errors import OptionError
from elman.lab import training as module
from elman.lab.asked import Asked
from elman.lab.members import Member, Settings
from elman.lab.sessions import Session
from elman.lab.sharing import notebook
from elman.lab.tables import Table
from elman.lab.tasks import data_of, kinds
from tests.lab.problems import LEAKY, SIMPLE, asked, trained, wait_for


def losses_of(code: str) -> list:
    """What a program prints."""
    said: list = []
    exec(code, {"print": lambda *values: said.append(values), "__name__": "program"})
    return said


@pytest.mark.parametrize("texts", [(LEAKY,), (LEAKY, SIMPLE)], ids=["one", "two"])
def test_the_program_repeats_a_training_bit_for_bit(texts):
    session = Session()
    run = session.train(asked("flip_flop", texts))
    wait_for(lambda: len(run.members[0].losses) > 3)
    run.want("pause")
    wait_for(lambda: run.status == "paused")
    run.want("rate", 0.03)
    run.want("resume")
    wait_for(lambda: len(run.members[0].rates) > 1)
    run.want("stop")
    run.join(20)
    assert run.status == "stopped"
    said = losses_of(notebook(run))
    assert [loss for _, loss in said] == [member.losses[-1] for member in run.members]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_the_program_of_each_task_makes_its_data(kind):
    data = data_of(kind.name, 16, max(kind.least, kind.steps // 2), 3)
    found: dict = {}
    exec("import pathlib\nimport numpy as np\nimport elman as el\n" + data.code, found)
    assert (found["x"] == data.x).all() and (found["y"] == data.y).all()
    assert data.x.shape[-1] == kind.features == len(data.inputs) and len(data.targets) == data.outputs
    assert np.isfinite(data.x).all() and data.line is not None


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_each_task_is_learnt_and_looked_at(kind):
    run = trained(kind.name, steps=max(kind.least, 8), epochs=2).run
    look = run.watched[0].last
    assert look["held"] is not None and look["samples"]["shape"][:2] == [3, run.data.x.shape[1]]
    assert (look["accuracy"] is None) == (not run.data.classes)
    assert look["triangle"]["steps"] == run.data.x.shape[1] and look["triangle"]["top"] is not None


def test_networks_stay_side_by_side():
    session, heard = Session(), []
    run = session.train(asked(texts=(LEAKY, SIMPLE)))
    run.listen(heard.append)
    wait_for(lambda: sum(news["kind"] == "news" for news in list(heard)) > 3)
    run.want("stop")
    epochs = [[member["epochs"] for member in news["members"]] for news in heard if news["kind"] == "news"]
    assert len(epochs) > 1 and all(one == other for one, other in epochs[:-1])


def test_listeners_hear_every_epoch_once():
    session, heard = Session(), []
    run = session.train(asked())
    whole = run.listen(heard.append)
    wait_for(lambda: len(run.members[0].losses) > 10)
    run.want("stop")
    run.join(20)
    losses = whole["members"][0]["losses"]
    for member in (news["members"][0] for news in heard if news["kind"] == "news"):
        more = member.get("losses", [])
        assert len(losses) >= member["epochs"] - len(more)  # nothing is missed
        losses = losses[: member["epochs"] - len(more)] + more
    assert losses == run.members[0].losses
    assert heard[-1]["status"] == "stopped" and run.listen(heard.append)["status"] == "stopped"


def test_one_training_a_page():
    session = Session()
    run = session.train(asked())
    with pytest.raises(OptionError, match="stop it first"):
        session.train(asked())
    run.want("stop")
    run.join(20)
    session.train(asked()).want("stop")


def test_a_training_that_nobody_sees_ends(monkeypatch):
    monkeypatch.setattr(module, "ALONE", 0.0)
    run = Session().train(asked())
    run.join(20)
    assert run.status == "stopped"


def test_there_is_a_last_epoch(monkeypatch):
    monkeypatch.setattr(module, "MOST_EPOCHS", 3)
    run = Session().train(asked())
    run.join(20)
    assert run.status == "done" and 3 <= len(run.members[0].losses) < 100


def test_a_cell_that_explodes_is_told_and_the_other_goes_on():
    grows = "def grows(p, x, h):\n    return 1e30 * h * h + 1e30 * (p.W @ x)\n"
    run = Session().train(asked(texts=(grows, SIMPLE)))
    wait_for(lambda: run.members[0].error and len(run.members[1].losses) > 3)
    assert "epoch 1" in run.members[0].error and run.status == "running"
    run.want("stop")


def test_a_stop_within_an_epoch_leaves_the_network_as_it_was_before_it():
    data = data_of("adding", 512, 40, 0)
    settings = Settings()
    one, other = (Member.made(LEAKY, 4, data, settings) for _ in range(2))
    one.learn(data, settings, 0.01, 1, lambda: False)
    other.learn(data, settings, 0.01, 1, lambda: False)
    before, calls = one.net.arena.copy(), []
    other.learn(data, settings, 0.01, 1, lambda: bool(calls.append(1)) or True)
    assert len(other.losses) in (1, 2) and calls
    one.learn(data, settings, 0.01, 1, lambda: False)
    assert (other.net.arena == (before if len(other.losses) == 1 else one.net.arena)).all()


def test_a_table_is_learnt_from():
    session = Session()
    session.table = Table("mine.csv", ("value\n" + "\n".join(str(k % 5) for k in range(300))).encode())
    run = session.train(asked("table"))
    wait_for(lambda: len(run.members[0].losses) > 1)
    run.want("stop")
    assert "mine.csv" in notebook(run)


def test_sizes_beyond_all_bounds_are_refused():
    wide = "def f(p, x, h):\n    a = concat(h, h)\n" + "    a = concat(a, a)\n" * 12 + "    return p.W @ a\n"
    with pytest.raises(OptionError, match="parameters; here are at most"):
        Session().train(asked(texts=(wide,)))
    with pytest.raises(OptionError, match="steps"):
        Session().train(Asked({**asked().fields, "steps": 500}))


@pytest.mark.parametrize("took", [0.001, 0.4, 3.0])
def test_looking_has_its_share_of_the_time_and_no_more(monkeypatch, took):
    session = trained()
    run, now = session.run, [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    for watched in run.watched:
        monkeypatch.setattr(watched, "look", lambda: now.__setitem__(0, now[0] + took) or {})
        monkeypatch.setattr(watched, "glance", lambda: now.__setitem__(0, now[0] + took) or {})
    run._next_look = run._next_glance = run._next_news = 100.0
    heard, looked, end = [], 0.0, 100.0 + 500 * took + 100
    run.listen(heard.append)
    while now[0] < end:
        before = now[0]
        run._report()
        looked += now[0] - before
        now[0] += 0.1  # a slice
    assert looked <= 2 * module.LOOKING * (now[0] - 100.0) + 2 * took
    assert len(heard) <= (now[0] - 100.0) / module.SECONDS_OF_NEWS + 1
    assert looked >= module.LOOKING * (now[0] - 100.0) or took < 0.005  # and it is looked


def test_news_say_what_is_new():
    run, heard = Session().train(asked("flip_flop")), []
    run.listen(heard.append)
    wait_for(lambda: any("triangle" in (news.get("looks") or [{}])[0] for news in list(heard)))
    wait_for(lambda: sum(bool((news.get("looks") or [{}])[0]) for news in list(heard)) > 4)
    run.want("stop")
    run.join(300)
    looks = [news["looks"][0] for news in heard if news.get("looks") and news["looks"][0]]
    assert all("samples" in look for look in looks)
    assert all(look != run.watched[0].last for look in looks if "triangle" not in look)
    assert looks[-1] == run.watched[0].last  # where it rests, all of it
