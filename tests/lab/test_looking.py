"""What the lab shows of a network is what the library says of it."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from elman.errors import OptionError
from elman.insight import fixed_points, gradient_flow
from elman.lab.asked import Asked
from elman.lab.horizon import quantised
from elman.lab.scrubbing import scrubbed
from elman.lab.sessions import Session
from elman.lab.sharing import shared_page
from tests.lab.problems import LEAKY, trained

LSTM = (
    "def two(p, x, h, c):\n    f = sigmoid(p.W_f @ x + p.U_f @ h)\n    c = f * c + (1 - f) * tanh(p.W @ x)\n"
    "    return tanh(c), c\n"
)


def array(packed):
    return np.frombuffer(base64.b64decode(packed["float32"]), "<f4").reshape(packed["shape"])


@pytest.fixture(scope="module", params=[("sine", LEAKY), ("adding", LSTM), ("copy", LEAKY)], ids=lambda p: p[0])
def session(request):
    return trained(request.param[0], (request.param[1],))


def test_the_triangle_is_the_gradient_flow(session):
    net, data = session.network(0)
    shown = session.run.watched[0].last["triangle"]
    if data.every_step:
        pairs = gradient_flow(net, data.x_held[:2], data.y_held[:2], data.loss).pairs
    else:
        y = np.zeros((2, data.x.shape[1], 1))
        pairs = gradient_flow(net, data.x_held[:2], y, lambda y, target: y + 0 * target).pairs
    assert shown == {**quantised(pairs), "of": None, "by": None}


def test_values_are_those_of_a_trace(session):
    net, data = session.network(0)
    found = scrubbed(net, data, Asked({"row": 2}))
    trace = net.trace(data.x_held[2:3])
    assert [one["name"] for one in found["values"] if one["state"]] == found["states"]
    for one in found["values"]:
        np.testing.assert_allclose(array(one), trace[f"0.{one['name']}"][0], rtol=1e-6)
    y = array(found["output"])
    assert y.shape == (data.x.shape[1], data.outputs) and (not data.classes or np.allclose(y.sum(axis=1), 1))


def test_a_poke_is_a_run_from_the_changed_state(session):
    net, data = session.network(0)
    state = [s.name for s in net.graphs[0].states][-1]
    poke = {"step": 3, "state": state, "unit": 1, "amount": 0.25}
    found = scrubbed(net, data, Asked({"row": 0, "poke": poke}))["poke"]
    size = array(found["size"])
    assert (size[:3] == 0).all() and size[3] == pytest.approx(0.25, rel=1e-6) and len(size) == data.x.shape[1]
    names = [s.name for s in net.graphs[0].states]
    before = net.trace(data.x_held[:1, :4])
    states = [tuple(before[f"0.{name}"][:, 3] for name in names)]  # in NumPy, as the page has them, to the last bit
    changed = [a.copy() for a in states[0]]
    changed[names.index(state)][0, 1] += 0.25
    plain = net.trace(data.x_held[:1, 4:], state=states)
    poked = net.trace(data.x_held[:1, 4:], state=[tuple(changed)])
    np.testing.assert_allclose(
        array(found["values"][state])[4:], (poked[f"0.{state}"] - plain[f"0.{state}"])[0], atol=1e-6
    )


@pytest.mark.parametrize(
    "poke",
    [
        {"step": 7, "state": "h"},
        {"step": 0, "state": "z"},
        {"step": 0, "state": "h", "unit": 99},
        {"state": "h", "amount": 0},
    ],
)
def test_pokes_that_make_no_sense_are_refused(poke):
    session = trained("sine")
    with pytest.raises(OptionError):
        session.scrub(Asked({"row": 0, "poke": poke}))


def test_dynamics_are_those_of_the_network(session):
    found = session.look_at_dynamics(Asked({"input": "zero"}))
    net, data = session.network(0)
    along, axes = array(found["trajectories"]), array(found["axes"])
    assert along.shape == (12, data.x.shape[1] + 1, 2) and found["n"] == axes.shape[1]
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-5)
    _, states = net(data.x_held[:12], return_state=True)
    ends = np.concatenate(states[0], axis=1)
    moved = (ends - ends[:1]) @ axes.T
    np.testing.assert_allclose(along[:, -1] - along[:1, -1], moved, atol=1e-4)
    for point in found["points"]:
        assert point["radius"] == pytest.approx(max(np.hypot(*value) for value in point["eigenvalues"]))
    stable = sum(point["kind"] == "stable" for point in found["points"])
    s = np.concatenate([np.zeros((1, found["n"])), ends.astype(float)])
    assert stable == fixed_points(net, s, 0.0).stable.sum() or found["count"] > 24


def test_a_shared_page_has_all_and_runs_nothing_of_its_data():
    from elman.lab.app import static_files

    session = trained("sine")
    page = shared_page(session, static_files(), Asked({"title": "</script><script>alert(1)</script>"}))
    assert "alert(1)</script>" not in page and "{{nonce}}" not in page and 'src="static' not in page
    assert page.count("<script") == 5 and "http-equiv" in page
    with pytest.raises(OptionError, match="nothing to share"):
        shared_page(Session(), static_files(), Asked({}))
