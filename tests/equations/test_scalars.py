"""Parameters that are one number: they broadcast, have one value in every layer, and are stored as what they are."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.equations.store import from_data, to_data


@el.cell
def leaky(p, x, h):
    a = el.sigmoid(el.scalar(p.a))
    return a * h + (1 - a) * el.tanh(p.W @ x + p.U @ h + p.a)


def test_a_scalar_has_one_value_and_exact_gradients():
    net = el.Network(3, [el.Recurrent(leaky, 4, initial={"a": 0.7})], dtype=np.float64)
    assert net.params["0.a"].tolist() == [0.7]
    assert el.check_gradients(net).worst < 1e-8


def test_it_broadcasts_as_a_number_does():
    numbers = el.cell(lambda p, x: 0.7 * x + el.concat(0.7, x[1:]))
    scalars = el.cell(lambda p, x: el.scalar(p.a) * x + el.concat(p.a, x[1:]))
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    nets = [el.Network(4, [el.Stateless(c)], dtype=np.float64) for c in (numbers, scalars)]
    nets[1].params["0.a"] = 0.7
    np.testing.assert_array_equal(nets[0](x), nets[1](x))


def test_it_stays_a_scalar_in_files(tmp_path):
    assert from_data(to_data(leaky)).trace().bind([3], 4).shape("a") == (1,)
    net = el.Network(3, [el.Recurrent(leaky, 4, initial={"a": -0.3})], dtype=np.float64)
    net.save(tmp_path / "m.elman")
    x = np.random.default_rng(0).normal(size=(2, 3, 3))
    np.testing.assert_array_equal(el.load(tmp_path / "m.elman")(x), net(x))


def test_on_arrays_it_is_the_array():
    assert el.scalar(0.5) == 0.5 and el.scalar(np.array([2.0])) == 2
    with pytest.raises(el.ShapeError, match="one value"):
        el.scalar(np.zeros(3))


WRONG = {
    "p.a is a vector before": lambda p, x, h: p.a * h + el.scalar(p.a),
    "p.a is a matrix before": lambda p, x, h: p.a @ h + el.scalar(p.a),
    "both as a vector and as a matrix": lambda p, x, h: el.scalar(p.a) + p.a @ h,
    "scalar takes a parameter": lambda p, x, h: el.scalar(x) + h,
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_no_scalar_is_said_with_the_users_line(message):
    with pytest.raises(el.EquationError, match=message) as raised:
        el.cell(WRONG[message]).trace()
    assert "test_scalars.py" in str(raised.value)


def test_a_size_of_a_scalar_is_refused():
    with pytest.raises(el.ShapeError, match="is a scalar"):
        el.Network(3, [el.Recurrent(leaky, 4, sizes={"a": 2})])
