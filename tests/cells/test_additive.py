"""RAN's state is a weighted sum of its inputs; NASCell's is bounded; the first LSTM's carries errors unchanged."""

from __future__ import annotations

import numpy as np

from elman.cells import nas, original_lstm, ran
from tests.cells.dynamics import H, along, data, jacobian, layer, names, put, sigmoid


def test_the_state_of_ran_is_a_sum_of_contents_weighted_by_its_gates():
    net, x = layer(ran), data()
    found, p = along(net, x), net.params
    h, c = found["h"][:, :-1], found["c"][:, 1:]
    i, f = (sigmoid(x @ p[f"0.W_{k}"].T + h @ p[f"0.U_{k}"].T + p[f"0.b_{k}"]) for k in "if")
    content = x @ p["0.W_c"].T
    for t in range(x.shape[1]):
        weights = [i[:, j] * np.prod(f[:, j + 1 : t + 1], axis=1) for j in range(t + 1)]
        np.testing.assert_allclose(c[:, t], sum(w * content[:, j] for j, w in enumerate(weights)), atol=1e-12)
    assert "b_c" not in names(ran)


def test_the_linear_form_of_ran_gives_the_cell_state():
    found = along(layer(ran, activation="linear"), data())
    np.testing.assert_array_equal(found["h"], found["c"])


def test_the_cell_state_of_nas_is_bounded():
    x = np.repeat(10 * data(20, 1), 60, axis=1)
    found = along(layer(nas, scale=3), x)
    assert 0.9 < np.abs(found["c"]).max() <= 1 and np.abs(found["h"]).max() <= np.tanh(1)


def test_biases_of_nas_are_an_option():
    assert names(nas, bias=True) - names(nas) == {f"b_{k}" for k in range(1, 9)}


def test_the_first_lstm_carries_errors_unchanged():
    """The constant error carousel: the cell state's own Jacobian is the identity."""
    net = put(layer(original_lstm), U_i=0, U_g=0, U_o=0)
    J = jacobian(net, data(5, 1)[:, 0], np.random.default_rng(2).normal(size=(5, 2 * H)))
    np.testing.assert_array_equal(J[:, H:, H:], np.broadcast_to(np.eye(H), (5, H, H)))


def test_its_candidate_and_output_are_as_wide_as_in_the_paper():
    found = along(put(layer(original_lstm), b_i=40, b_g=40, b_o=40), data(1, 3))
    np.testing.assert_allclose(found["c"][0, :, 0], [0, 2, 4, 6], rtol=1e-9)
    np.testing.assert_allclose(found["h"], np.tanh(found["c"] / 2), rtol=1e-9)
