"""Networks: running, states, gradients, generating, files."""

from __future__ import annotations

import json

import numpy as np
import pytest

import elman as el
from elman.cells import catalogue
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]


def small(engine=None, dtype=np.float64, **more):
    layers = [el.GRU(5), el.Dropout(0.2), el.LSTM(4, **more), el.Dense(2, activation="tanh")]
    return el.Network(3, layers, seed=1, dtype=dtype, engine=engine)


def inputs(B=4, T=6, F=3, seed=0):
    return np.random.default_rng(seed).normal(size=(B, T, F))


def test_shapes_of_sequences_and_last_steps():
    assert small()(inputs()).shape == (4, 6, 2)
    assert small(return_sequences=False)(inputs()).shape == (4, 2)


@pytest.mark.parametrize("engine", BUILT)
def test_state_carries_over(engine):
    net, x = small(engine), inputs()
    whole, end = net(x, return_state=True)
    first, state = net(x[:, :2], return_state=True)
    second, last = net(x[:, 2:], state=state, return_state=True)
    np.testing.assert_allclose(np.concatenate([first, second], 1), whole, rtol=1e-12)
    for a, b in zip(end, last, strict=True):
        for p, q in zip(a, b, strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-12)


def test_each_place_of_a_list_is_a_layer_of_its_own():
    """Also where one object stands in several, as in ``block * 2``; their inputs may differ in width."""
    block = [el.Bidirectional(el.GRU(3)), el.Dense(4)]
    net = el.Network(inputs=2, layers=block * 2)
    once = el.Network(
        inputs=2, layers=[el.Bidirectional(el.GRU(3)), el.Dense(4), el.Bidirectional(el.GRU(3)), el.Dense(4)]
    )
    assert list(net.params) == list(once.params)
    np.testing.assert_array_equal(net.arena, once.arena)


def test_steps_equal_the_sequence():
    net, x = small(), inputs()
    state = None
    for t in range(x.shape[1]):
        y, state = net.step(x[:, t], state)
    np.testing.assert_allclose(y, net(x)[:, -1], rtol=1e-12)


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize("last", [False, True])
def test_a_stream_gives_the_bits_of_single_steps(engine, last):
    net, x = small(engine, return_sequences=not last), inputs()
    stream, state = net.stream(rows=4), None
    for t in range(x.shape[1]):
        y, state = net.step(x[:, t], state)
        assert np.array_equal(stream(x[:, t]), y)
    for mine, others in zip(stream.state, state, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(mine, others, strict=True))
    first = net.stream(rows=4, state=stream.state)(x[:, 0])
    assert np.array_equal(first, stream(x[:, 0]))
    stream.reset()
    assert np.array_equal(stream(x[:, 0]), net.step(x[:, 0])[0])


def test_a_stream_keeps_the_parameters_it_began_with_and_says_what_it_expects():
    net, x = small(), inputs()
    stream, before = net.stream(rows=4), net.step(x[:, 0])[0]
    net.params.write(0)
    assert np.array_equal(stream(x[:, 0]), before)
    with pytest.raises(el.ShapeError, match=r"expected \(4, 3\)"):
        stream(x[0, 0])
    with pytest.raises(el.OptionError, match="reverse, which needs the whole sequence"):
        el.Network(3, [el.GRU(2, reverse=True)]).stream()


def test_parameters_are_views_by_name():
    net = el.Network(3, [el.LSTM(4)], dtype=np.float64)
    net.params["0.W_i"] = 0.25
    net.params["0.b_o"] = np.arange(4)
    assert net.arena[:12].max() <= 1 and 0.25 in net.arena
    assert list(net.params["0.b_o"]) == [0, 1, 2, 3]
    assert np.all(net.params["0.b_f"] == 1)
    assert "0.W_i" in net.params and "0.W_x" not in net.params
    assert net.params.get("0.W_x") is None and net.params.get("0.W_i")[0, 0] == 0.25
    with pytest.raises(el.ShapeError, match=r"0\.W_i has shape \(4, 3\), got a value of shape \(2,\)"):
        net.params["0.W_i"] = np.ones(2)
    with pytest.raises(el.OptionError, match="no parameter '0.W_x'"):
        net.params["0.W_x"]


def test_recurrent_matrices_start_orthogonal_and_forget_biases_at_one():
    net = el.Network(3, [el.LSTM(6)], dtype=np.float64)
    U = net.params["0.U_f"]
    np.testing.assert_allclose(U @ U.T, np.eye(6), atol=1e-12)
    assert np.all(net.params["0.b_f"] == 1) and np.all(net.params["0.b_i"] == 0)


def test_the_rows_of_a_table_start_as_inputs_of_about_1():
    table = el.Network(1, [el.Embedding(200, 50)], seed=0).params["0.E"]
    assert table.std() == pytest.approx(1, abs=0.02) and abs(table.mean()) < 0.02


def test_the_same_seed_gives_the_same_parameters_and_another_others():
    one, two = (el.Network(3, [el.GRU(4)], seed=s).arena for s in (5, 5))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, el.Network(3, [el.GRU(4)], seed=6).arena)


def test_initial_values_may_be_named_given_or_computed():
    start = {"W": 0.5, "U": "identity", "b": np.arange(2.0)}
    net = el.Network(1, [el.SimpleRNN(2, initial=start)])
    assert np.all(net.params["0.W"] == 0.5) and np.all(net.params["0.U"] == np.eye(2))
    with pytest.raises(el.OptionError, match="no parameter 'V' to initialise"):
        el.Network(1, [el.SimpleRNN(2, initial={"V": 0})])


@pytest.mark.parametrize(
    "layer",
    [el.Dense(4, activation="gelu"), el.LayerNorm(), el.Dropout(0.4), el.Activation("softplus"), el.Embedding(5, 3)],
    ids=lambda layer: layer.cell.name,
)
def test_every_layer_passes_the_gradient_check(layer):
    assert el.check_gradients(layer).worst < 1e-7


def test_a_stack_passes_the_gradient_check():
    assert el.check_gradients(small(), samples=8).worst < 1e-7
    assert el.check_gradients(small(return_sequences=False), samples=8).worst < 1e-7


LOSSES = [
    ("mse", (4, 6, 2)),
    ("rmse", (4, 6, 2)),
    ("mae", (4, 6, 2)),
    ("huber", (4, 6, 2)),
    ("softmax_cross_entropy", (4, 6, 2)),
    ("binary_cross_entropy", (4, 6, 2)),
]


@pytest.mark.parametrize(("loss", "shape"), LOSSES)
def test_every_loss_passes_the_gradient_check(loss, shape):
    net = el.Network(3, [el.GRU(3), el.Dense(2)], dtype=np.float64)
    random = np.random.default_rng(3)
    target = random.uniform(size=shape)
    target /= target.sum(-1, keepdims=True)
    assert el.check_gradients(net, inputs(), target, loss=loss, samples=8).worst < 1e-7


def test_class_indices_pass_the_gradient_check():
    net = el.Network(3, [el.GRU(3), el.Dense(2)], dtype=np.float64)
    target = np.random.default_rng(0).integers(0, 2, (4, 6))
    assert el.check_gradients(net, inputs(), target, loss="softmax_cross_entropy", samples=5).worst < 1e-7


def test_generate_feeds_outputs_back():
    net = el.Network(1, [el.GRU(6), el.Dense(1)], dtype=np.float64)
    context = np.sin(np.arange(9.0))
    made = net.generate(context, 4)
    for k in range(4):
        seen = np.concatenate([context, made[:k]])
        assert net(seen[None, :, None])[0, -1, 0] == pytest.approx(made[k], rel=1e-12)


def test_generate_from_windows():
    net = el.Network(2, [el.GRU(6, return_sequences=False), el.Dense(2)], dtype=np.float64)
    context = inputs(3, 5, 2)
    made = net.generate(context, 3)
    seen = np.concatenate([context, made], 1)
    np.testing.assert_allclose(net(seen[:, 2:7]), made[:, 2], rtol=1e-12)


def test_a_saved_network_is_the_same(tmp_path):
    @el.cell
    def mine(p, x, h, c):
        c = 0.9 * c + 0.1 * el.tanh(p.W @ x + p.U @ h + p.b)
        return el.maximum(c, p.floor), c

    net = el.Network(3, [el.Recurrent(mine, 5), el.Dense(2)], seed=3)
    net.save(tmp_path / "m.safetensors", metadata={"note": "kept"})
    again = el.load(tmp_path / "m.safetensors")
    assert np.array_equal(again(inputs()), net(inputs()))
    assert again.layers[0].cell.equations() == mine.equations()
    assert again.metadata["note"] == "kept"
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_training_goes_on_from_a_file_as_if_uninterrupted(tmp_path):
    x, target = inputs(), inputs(F=2, seed=1)
    whole, part = small(), small()
    whole.fit(x, target, optimizer=el.Adam(0.01), epochs=4, batch_size=2, verbose=0)
    before, after = el.Adam(0.01), el.Adam(0.01)
    part.fit(x, target, optimizer=before, epochs=2, batch_size=2, verbose=0)
    again = el.load(part.save(tmp_path / "m.safetensors"))
    after.load_state_dict(before.state_dict())
    again.fit(x, target, optimizer=after, epochs=2, batch_size=2, verbose=0)
    assert np.array_equal(again.arena, whole.arena)


def test_sample_weights_scale_the_rows_gradients():
    net = el.Network(3, [el.GRU(4), el.Dense(2)])
    x, target = inputs(), inputs(F=2, seed=1)
    _, all_rows = net.loss_and_grads(x[:2], target[:2])
    _, chosen = net.loss_and_grads(x, target, sample_weight=[1, 1, 0, 0])
    for name in all_rows:
        np.testing.assert_allclose(chosen[name], all_rows[name], rtol=1e-4, atol=1e-6)


def test_files_that_are_no_models_are_refused(tmp_path):
    with pytest.raises(el.ModelFileError, match="there is no model file"):
        el.load(tmp_path / "none.safetensors")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(el.ModelFileError, match="cannot be read as a safetensors file"):
        el.load(tmp_path / "text")


def test_a_model_file_with_other_equations_is_refused(tmp_path):
    from safetensors.numpy import load_file, save_file

    path = el.Network(3, [el.GRU(4)]).save(tmp_path / "m.safetensors")
    from safetensors import safe_open

    with safe_open(path, "numpy") as f:
        header = json.loads(f.metadata()["elman"])
    header["layers"][0]["cell"]["nodes"][-1][0] = "__import__"
    save_file(load_file(path), path, metadata={"elman": json.dumps(header)})
    with pytest.raises(el.ModelFileError, match="not a model file"):
        el.load(path)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda n: n(np.zeros((2, 3, 5))), el.ShapeError, "x has 5 features, the network expects 3"),
        (lambda n: n(np.zeros((2, 3))), el.ShapeError, r"expected \(B, T, F\)"),
        (lambda n: n(np.zeros((2, 0, 3))), el.ShapeError, "at least one row"),
        (
            lambda n: n(np.zeros((2, 4, 3)), lengths=[1, 5]),
            el.DataError,
            r"lengths\[1\] is 5: expected whole numbers 0..4",
        ),
        (lambda n: n(np.zeros((2, 4, 3)), state=[(np.zeros((2, 5)),)]), el.ShapeError, "arrays by layer"),
        (lambda n: n(np.array([[["a"]]])), el.DataError, "x holds <U1 values; expected numbers"),
        (lambda n: n.generate(np.zeros(3), 2), el.ShapeError, "feeds outputs back"),
        (lambda n: n.loss_and_grads(inputs(), np.zeros((4, 6, 3))), el.ShapeError, "target"),
        (lambda n: el.Network(0, [el.GRU(2)]), el.OptionError, "inputs is 0; expected a whole number"),
        (lambda n: el.Network(2, []), el.OptionError, "at least one layer"),
        (lambda n: el.Network(2, [catalogue()["gru"]]), el.OptionError, "expected a layer"),
        (lambda n: el.GRU(0), el.OptionError, "units is 0; expected"),
        (lambda n: el.Network(2, [el.GRU(2)], dtype=np.int32), el.OptionError, "float32 or float64"),
        (lambda n: el.Network(2, [el.GRU(2)], engine="gpu"), el.OptionError, "unknown engine|native, numpy"),
        (lambda n: el.foo, AttributeError, "no 'foo'"),
    ],
)
def test_mistakes_are_explained(call, error, said):
    with pytest.raises(error, match=said):
        call(small())


def test_a_long_sequence_runs_in_little_memory_with_the_same_numbers():
    net = el.Network(2, [el.GRU(5), el.LSTM(4, return_sequences=False), el.Dense(1)])
    x = np.random.default_rng(0).normal(size=(3, 50, 2))
    assert np.array_equal(net(x, memory="low"), net(x))
    assert net.evaluate(x, np.ones((3, 1)), memory="low") == net.evaluate(x, np.ones((3, 1)))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, [0.0, np.nan, 0.0]])
def test_an_initial_value_that_is_not_finite_is_refused(value):
    with pytest.raises(el.DataError, match="the initial value of 0.b_z"):
        el.Network(1, [el.GRU(3, initial={"b_z": value})])


def test_numbers_as_objects_are_numbers_and_anything_else_among_them_is_named():
    net, x = el.Network(2, [el.GRU(3)]), np.random.default_rng(0).normal(size=(2, 4, 2))
    np.testing.assert_array_equal(net(x.astype(object)), net(x))
    mixed = x.astype(object)
    mixed[0, 1, 0] = None
    with pytest.raises(el.DataError, match="such as None"):
        net(mixed)


def test_the_sizes_of_states_are_found_once(monkeypatch):
    net = el.Network(2, [el.LSTM(3), el.GRU(4)])
    monkeypatch.setattr(type(net.structure), "free_states", lambda _: pytest.fail("found again"))
    first = net.state_sizes()
    first[0].clear()
    assert net.state_sizes() == [[3, 3], [4]]
    y, state = net(np.zeros((1, 2, 2)), return_state=True)
    assert np.array_equal(net(np.zeros((1, 2, 2)), state=[tuple(0 * s for s in one) for one in state]), y)
