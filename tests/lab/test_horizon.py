"""The triangle's gradients, of whatever and with respect to whatever, against differences and products of Jacobians."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from elman.errors import OptionError
from elman.insight import jacobians
from elman.lab.asked import Asked
from elman.lab.horizon import Horizon, Question, Unit, quantised
from elman.network.copies import in_float64
from tests.lab.problems import LEAKY, trained

LSTM = (
    "def two(p, x, h, c):\n    f = sigmoid(p.W_f @ x + p.U_f @ h)\n    c = f * c + (1 - f) * tanh(p.W @ x)\n"
    "    return tanh(c), c\n"
)
EPSILON = 1e-5


@pytest.fixture(scope="module", params=[LEAKY, LSTM], ids=["one state", "two"])
def network(request):
    net, data = trained("sine", (request.param,), epochs=20).network(0)
    exact = in_float64(net, net.structure)
    exact.params.restore(net.arena)
    return exact, net, data


def by_differences(net, data, rows=2):
    """How the loss at step t changes with the input at step s."""
    x, y = data.x_held[:rows].astype(float), data.y_held[:rows]

    def losses(x):
        return ((net(x) - y) ** 2).mean(axis=2)

    T, F = x.shape[1:]
    found = np.zeros((rows, T, T, F))
    for s in range(T):
        for k in range(F):
            more, less = x.copy(), x.copy()
            more[:, s, k] += EPSILON
            less[:, s, k] -= EPSILON
            found[:, :, s, k] = (losses(more) - losses(less)) / (2 * EPSILON)
    return np.linalg.norm(found, axis=3).mean(axis=0)


def test_of_the_loss_by_the_input(network):
    exact, net, data = network
    found = Horizon(net, data).look(net, Question(by="input"))
    np.testing.assert_allclose(found, by_differences(exact, data), rtol=1e-4, atol=1e-7)


def test_of_a_unit_by_a_unit(network):
    exact, net, data = network
    names = [state.name for state in net.graphs[0].states]
    of, by = Unit(names[0], 2), Unit(names[-1], 1)
    found = Horizon(net, data).look(net, Question(of, by))
    J = jacobians(net, data.x_held[:2])
    whole = np.block([[J[f"{a}/{b}"] for b in names] for a in names])  # (B, T, n, n)
    T, n, H = whole.shape[1], whole.shape[2], exact.state_sizes()[0][0]
    expected = np.zeros((T, T))
    for row in whole:
        for s in range(T):
            product = np.eye(n)
            for t in range(s, T):
                product = row[t] @ product if t > s else product
                expected[t, s] += abs(product[2, (len(names) - 1) * H + 1]) / len(whole)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_units_make_up_all_states(network):
    _, net, data = network
    horizon, states = Horizon(net, data), zip(net.graphs[0].states, net.state_sizes()[0], strict=True)
    one = Data1(data)
    alone = Horizon(net, one)
    whole = alone.look(net, Question())
    parts = [alone.look(net, Question(by=Unit(s.name, k))) for s, size in states for k in range(size)]
    np.testing.assert_allclose(np.sqrt(np.sum(np.square(parts), axis=0)), whole, rtol=1e-9, atol=1e-15)
    assert horizon.look(net, Question()).shape == whole.shape


def Data1(data):
    """The same data with one sequence to judge by, so that a mean of norms is a norm."""
    from dataclasses import replace

    return replace(data, x_held=data.x_held[:1], y_held=data.y_held[:1])


def test_the_page_asks_and_later_looks_answer_it_too():
    session, heard = trained("adding"), []
    session.run.listen(heard.append)
    found = session.horizon(Asked({"member": 0, "of": {"state": "h", "unit": 1}, "by": "input"}))["triangle"]
    assert (found["of"], found["by"]) == ({"state": "h", "unit": 1}, "input") and found["top"] is not None
    assert heard[-1]["kind"] == "look" and heard[-1]["looks"][0]["triangle"] == found
    session.run.watched[0].look()
    assert session.run.watched[0].last["triangle"] == found


@pytest.mark.parametrize(
    "asked",
    [
        {"of": {"state": "z", "unit": 0}},
        {"of": {"state": "h", "unit": 4}},
        {"by": {"state": "h", "unit": -1}},
        {"by": {"state": "h", "unit": True}},
        {"by": {"unit": 0}},
        {"by": "state"},
        {"of": "h"},
        {"of": ["h"]},
        {"member": 1},
    ],
)
def test_questions_that_make_no_sense_are_refused(asked):
    session = trained("sine")
    with pytest.raises(OptionError):
        session.horizon(Asked({"member": 0, **asked}))
    assert session.run.watched[0].question == Question()


def test_bytes_say_sizes():
    shades = np.frombuffer(base64.b64decode(quantised(np.array([[1.0, 0.0], [0.01, 1e-9]]))["bytes"]), np.uint8)
    assert shades.tolist() == [255, 0, 128, 0]
