"""Requests of any content: each is answered, or told what is wrong with it, and nothing else happens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette")

import elman as el
from elman.errors import ElmanError
from elman.lab.app import Lab, static_files
from elman.lab.asked import Asked
from elman.lab.guard import Guard
from elman.lab.reading import read
from elman.lab.results import Results
from elman.lab.sessions import Session
from elman.lab.sharing import notebook, shared_page
from tests.draws import draws
from tests.lab.problems import LEAKY, SIMPLE, asked, wait_for
from tests.lab.test_guard import PORT, TOKEN, post
from tests.random_cells import BESIDE, RICH, elman_network, problem

MEMBERS = [{"text": LEAKY, "units": 3}]
SOUND = {
    "/api/read": {"text": LEAKY, "features": 1, "units": 3},
    "/api/train": {**asked().fields, "members": MEMBERS},
    "/api/control": {"what": "rate", "rate": 0.1},
    "/api/scrub": {"member": 0, "row": 1, "poke": {"step": 2, "state": "h", "unit": 0, "amount": 0.5}},
    "/api/horizon": {"member": 0, "of": {"state": "h", "unit": 0}, "by": "input"},
    "/api/notebook": {},
    "/api/open": {"file": "net.safetensors"},
    "/api/opened/scrub": {"layer": "0", "row": 1, "poke": {"step": 2, "state": "h", "unit": 0}},
    "/api/opened/horizon": {"layer": "0"},
    "/api/share": {"title": "<b>", "note": ""},
}
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70),
    st.sampled_from([10**30, -(10**30), 1e308, 5e-324, 0.5]),
    st.sampled_from(
        ["", "h", "input", "sine", "table", "digits", "0", "\0", "\ud800", "<script>", "../x", SIMPLE, "x" * 999]
    ),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def guard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    el.Network(1, [el.GRU(2), el.Dense(1)]).save(folder / "net.safetensors")
    return Guard(Lab(Results(folder)).app, TOKEN, PORT)


def changed(body, changes):
    """A request whose fields, or those within them, are others."""
    body = json.loads(json.dumps(body))
    for at, inside, value in changes:
        names = sorted(body) or ["x"]
        name = names[at % len(names)]
        inner = body.get(name)
        inner = inner[0] if isinstance(inner, list) and inner else inner
        if inside and isinstance(inner, dict) and inner:
            inner[sorted(inner)[at % len(inner)]] = value
        else:
            body[name] = value
    return body


@draws(80)
@given(
    st.sampled_from(sorted(SOUND)),
    st.lists(st.tuples(st.integers(0, 9), st.booleans(), ANYTHING), max_size=3),
    st.sampled_from(["a-session-of-this-test", "another-session-of-it"]),
)
def test_any_request_is_answered_or_told(guard, path, changes, session):
    body = json.dumps(changed(SOUND[path], changes)).encode()
    answer = post(guard, path, body, headers={"x-session": session})
    assert answer.status in (200, 400)
    if answer.status == 400:
        message = answer.json["error"]["message"]
        assert 0 < len(message) < 4000 and "Traceback" not in message and " object at 0x" not in message
    elif path != "/api/share":
        json.loads(answer.body, parse_constant=pytest.fail)


@pytest.mark.parametrize("seed", [*range(4), *range(RICH, RICH + 4), *range(BESIDE, BESIDE + 4)])
def test_cells_that_were_drawn_are_looked_at_from_all_sides(seed):
    net = elman_network(problem(seed), "numpy")
    text = el.cell_text(next(layer.cell for layer in net.layers if layer.cell.states))
    found = next((units for units in (4, 3, 5, 2) if "error" not in read(text, 1, units)), None)
    if found is None:
        pytest.skip("its widths are not those of one feature")
    session = Session()
    request = Asked({**asked("sine").fields, "members": [{"text": text, "units": found}]})
    run = session.train(request)
    wait_for(lambda: run.ended or run.members[0].losses)
    run.want("stop")
    run.join(300)
    state = session.run.members[0].net.graphs[0].states[-1].name
    looks = (
        lambda: session.scrub(Asked({"row": 1, "poke": {"step": 2, "state": state, "unit": 0}})),
        lambda: session.horizon(Asked({"by": {"state": state, "unit": 0}})),
        lambda: session.look_at_dynamics(Asked({})),
        lambda: notebook(run),
        lambda: shared_page(session, static_files(), Asked({})),
    )
    for look in looks:
        try:
            json.dumps(look(), allow_nan=False)
        except ElmanError as error:  # a cell may explode
            assert str(error)
