"""Printing: as long as the graph, with every constant, and each name once; storing likewise."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import elman as el
from elman.engine.describe import describe
from elman.equations.ops import OPS
from elman.equations.render import latex_name
from elman.equations.store import from_data, to_data
from elman.plots.step import step_of


def euler(steps):
    def solve(p, x, h):
        for _ in range(steps):
            h = h + 0.1 * el.tanh(p.W @ x + p.U @ h)
        return h

    return el.cell(solve)


def doubled(times):
    def double(p, x, h):
        for _ in range(times):
            h = h + h
        return h + p.W @ x

    return el.cell(double)


@pytest.mark.parametrize("make", [euler, doubled])
def test_what_is_used_twice_is_written_once(make):
    for write in (
        lambda c: "\n".join(c.equations()),
        lambda c: c.latex(),
        lambda c: json.dumps(to_data(c)),
        lambda c: str(step_of(c.trace()).blocks),
    ):
        short, long = len(write(make(8))), len(write(make(80)))
        assert short < 3000 and long < 12 * short + 500


def test_new_names_are_no_names_of_the_equations():
    assert euler(2).equations() == [
        "v_1 = h + 0.1 * tanh(W x + U h)",
        "h_t = v_1 + 0.1 * tanh(W x + U v_1)",
    ]

    @el.cell
    def taken(p, x, h):
        v = p.W @ x
        return el.tanh(v + p.u_2 * el.exp(h + 0.5 * v)) * el.exp(el.tanh(v + p.u_2 * el.exp(h + 0.5 * v)))

    assert euler(2).latex().splitlines()[1] == r"v_{1,t} &= h_{t-1} + 0.1 \, \tanh(W x_{t} + U h_{t-1}) \\"
    assert all(line.split(" = ")[0] in ("v", "h_t") for line in taken.equations())


def test_a_long_value_is_cut_even_if_it_is_used_once():
    def deep(p, x, h):
        for _ in range(3000):
            h = el.tanh(h)
        return h + p.W @ x

    lines = el.cell(deep).equations()
    assert max(map(len, lines)) < 400 and len(lines) > 10
    assert len(str(step_of(el.cell(deep).trace()).blocks)) < 50_000


def test_a_long_value_is_stored_and_computed():
    cell = euler(30)
    again = from_data(json.loads(json.dumps(to_data(cell))))
    assert again.equations() == cell.equations()
    x = np.random.default_rng(0).normal(size=(2, 3, 3))
    nets = [el.Network(3, [el.Recurrent(c, 4)], seed=1) for c in (cell, again)]
    assert np.array_equal(nets[0](x), nets[1](x))


def test_errors_about_a_long_value_are_short():
    def mixed(p, x, h):
        for _ in range(40):
            h = h * h
        return h + x

    with pytest.raises(el.ShapeError) as raised:
        el.Network(3, [el.Recurrent(el.cell(mixed), 4)])
    assert len(str(raised.value)) < 2000


@pytest.mark.parametrize("name", [row.name for row in OPS.values() if row.numbers])
def test_every_number_of_an_op_is_written(name):
    wanted = {"first", "second"} if OPS[name].numbers == 2 else {"first"}
    for form in (OPS[name].text, OPS[name].latex):
        assert wanted == set(re.findall(r"\{(first|second)\}", form))


@el.cell
def with_numbers(p, x, h):
    a = el.leaky_relu(p.W @ x, 0.2) + el.elu(h, 1.3) + el.dropout(h, 0.25)
    return el.clip(a, -0.5, 1 / 3) + 1e-5 * el.normalise(h, 0.1) + 0.12345678


def test_numbers_keep_their_digits():
    text = "\n".join(with_numbers.equations())
    for written in (
        "leaky_relu(W x, 0.2)",
        "elu(h, 1.3)",
        "dropout(h, 0.25)",
        "-0.5, 0.3333333333333333)",
        "0.12345678",
    ):
        assert written in text
    assert r"10^{-5} \," in with_numbers.latex() and "-0.5, 0.3333333333333333)" in with_numbers.latex()


def test_plans_show_the_numbers_of_ops():
    net = el.Network(2, [el.Recurrent(with_numbers, 3)])
    shown = describe(net.differentiator.plan)
    assert re.search(r"clip\(\S+, -0.5, 0.333333\)", shown) and re.search(r"inverse_deviation\(.*, 0.1\)", shown)
    assert re.search(r"leaky_relu\(\S+, 0.2\)", shown)


def test_two_states_with_one_value_are_both_written():
    @el.cell
    def alike(p, x, h, k):
        a = el.tanh(p.W @ x)
        return a, a

    assert alike.equations() == ["k_t = tanh(W x)", "h_t = k_t"]


def test_a_negative_base_has_brackets():
    @el.cell
    def powers(p, x, h):
        return (-2.0) ** h + p.W @ x

    assert powers.equations() == ["h_t = (-2)**h + W x"]


def test_products_with_one_are_not_written_and_change_no_value():
    @el.cell
    def ones(p, x, h):
        return 1.0 * (p.U @ h) - el.tanh(x * 1) + 2.0 * (1.0 * (h + x))

    assert ones.equations() == ["h_t = U h - tanh(x) + 2 * (h + x)"]
    assert r"U h_{t-1} - \tanh(x_{t}) + 2 \, (h_{t-1} + x_{t})" in ones.latex()
    net = el.Network(2, [el.Recurrent(ones, 2, initial={"U": 0.0})], dtype="float64")
    np.testing.assert_allclose(net([[[1.0, -2.0]]])[0, 0], [2 - np.tanh(1), -4 - np.tanh(-2)])


def test_a_normalised_value_is_written_as_such():
    @el.cell
    def whole(p, x, h):
        return p.g * el.normalise(p.W @ x + h) + el.normalise(h, 1e-3)

    assert whole.equations() == ["h_t = g * normalise(W x + h) + normalise(h, 0.001)"]

    @el.cell
    def named(p, x, h):
        centred = h - el.mean(h)
        return p.W @ x + centred / el.sqrt(el.mean(el.square(centred)) + 1e-5)

    assert named.equations()[0] == "centred = h - mean(h)" and "normalise" not in "".join(named.equations())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("W_theta", r"W_{\theta}"),
        ("D_xi", "D_{xi}"),
        ("h_hat", r"\hat{h}"),
        ("hat_W_o", r"\hat{W}_{o}"),
        ("gamma_hat", r"\hat{\gamma}"),
        ("hat", r"\mathrm{hat}"),
        ("that_s", r"\mathrm{that}_{s}"),
    ],
)
def test_names_in_latex(name, written):
    assert latex_name(name) == written
