"""Any network in JAX: the same values and gradients as here, and what only JAX can say of them."""

from __future__ import annotations

import inspect
import os
import pickle

import numpy as np
import pytest

pytestmark = pytest.mark.parity
jax = pytest.importorskip("jax", reason="JAX is not installed: `make parity` installs it")

import jax.numpy as jnp  # noqa: E402
from tests import graph_problems, random_graphs  # noqa: E402
from tests.parity.interop import jax_run  # noqa: E402

import elman as el  # noqa: E402
from elman.equations.ops import OPS  # noqa: E402
from elman.interop import to_jax, weights_from_jax  # noqa: E402
from elman.interop.jax.function import JaxFunction  # noqa: E402
from elman.interop.jax.functions import functions  # noqa: E402

GRAPHS = int(os.environ.get("ELMAN_JAX_GRAPHS", 2))  # each is compiled op by op: a second or more
B, T, F, H = 2, 3, 2, 4


@pytest.fixture(autouse=True)
def in_float64():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-9):
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance * scale)


def alone(cell, dtype="float64"):
    """A network of a cell, with an input for each that it takes."""
    layer = el.Recurrent(cell, H)

    def function(*given):
        return layer(*given)

    parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in layer.cell.inputs]
    function.__signature__ = inspect.Signature(parameters)
    return el.Network(function, inputs=dict.fromkeys(layer.cell.inputs, F), dtype=dtype, seed=1)


@pytest.mark.parametrize("name", el.cells.catalogue())
def test_every_cell_has_the_same_values_and_gradients(name):
    net, rng = alone(name), np.random.default_rng(3)
    x = {door.given.name: rng.uniform(0.1, 1, (B, T, F)) for door in net.doors}
    state = [tuple(rng.uniform(0.1, 0.5, (B, size)) for size in sizes) for sizes in net.state_sizes()]
    lengths = np.array([T, T - 1])
    y, final = net(x, state=state, lengths=lengths, return_state=True)
    along, along_states = rng.normal(size=y.shape), [tuple(rng.normal(size=s.shape) for s in g) for g in final]
    grads, of_inputs, of_states = net.backward(x, along, state=state, state_gradients=along_states, lengths=lengths)
    of_inputs = of_inputs if isinstance(of_inputs, dict) else dict.fromkeys(x, of_inputs)
    found = jax_run.differentiated(net, jax_run.arrays(net), x, [along], state, along_states, lengths)
    wanted = ([y], final, grads, of_inputs, of_states)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        close(a, b)


@pytest.mark.parametrize("seed", [start + k for start in (100, random_graphs.BESIDE) for k in range(GRAPHS // 2)])
def test_random_graphs_have_the_same_values_and_gradients(seed):
    problem = graph_problems.problem(seed)
    wanted, found = graph_problems.elman_results(problem, "numpy"), jax_run.graph_results(problem)
    indices = {f"d {name}" for name in problem.graph.inputs} - set(found)  # which have no gradient
    for name, value in wanted.items():
        if name != "loss" and not name.startswith("dL ") and name not in indices:
            close(found[name], value)


def test_the_table_has_the_ops_of_equations_and_their_values():
    engines = {"expand", "accumulate", "outer_add", "scale", "dot", "place", "pad", "fma", "blend"}
    engines |= {name for name in OPS if name.endswith(("_grad", "_back"))}
    elsewhere = {"dropout", "dropout_once", "attend", "attend_additive", "matmul", "matmul_t", "block_matmul"}
    assert set(functions()) == set(OPS) - engines - elsewhere
    rng = np.random.default_rng(0)
    for name, function in functions().items():
        row, count = OPS[name], {"sum": 1}.get(name, OPS[name].arity)
        operands = [np.concatenate([[-1.0, 0.0, 0.0, 1.0], rng.normal(size=4)]).reshape(2, 4) for _ in range(count)]
        operands = [np.roll(a, k, axis=-1) for k, a in enumerate(operands)]
        if row.index is not None:
            operands[row.index] = np.array([[1], [0]])
        if name == "normalise":
            operands[1] = operands[1][:, :1]
        if row.shape == "matvec":
            operands["ab".index("b" if name == "vecmat" else "a")] = rng.normal(size=(2, 8))
        numbers = {"slice": (1, 3), "part": (1, 2), "clip": (-1.0, 0.5)}.get(name, (0.3,))[: row.numbers]
        with np.errstate(all="ignore"):
            wanted = row.of(operands, *numbers)
        np.testing.assert_allclose(function(*operands, *numbers), wanted, rtol=1e-7, atol=1e-12, err_msg=name)


# --- what JAX does to functions ---------------------------------------------------------------------------------


def translate(source, target):
    memory = el.Bidirectional(el.GRU(3))(source)
    h = el.LSTM(6)(target, state=(memory.final, None))
    return el.Dense(2)(el.concat(h, el.attend(h, memory)))


def two_axes(**how):
    return el.Network(translate, inputs={"source": 2, "target": 1}, **how)


def test_the_proof_runs_compiled_and_the_report_says_so():
    function, params, report = to_jax(two_axes(), return_report=True)
    assert report.largest < 1e-6 and report.tolerance == 1e-5 and len(report.trials) == 4
    assert {m.ours for m in report.mapped} == set(params) == set(function.trainable)
    assert all(value.dtype == np.float32 for value in params.values())


def test_parameters_come_back_bit_for_bit_and_changed_ones_as_they_are():
    net = two_axes(seed=5)
    _, params = to_jax(net)
    same = weights_from_jax(net, params)
    np.testing.assert_array_equal(same.arena, net.arena)
    params = {name: value + 0.25 for name, value in params.items()}
    changed = weights_from_jax(net, params)
    np.testing.assert_array_equal(changed.params["dense.b"], np.asarray(params["dense.b"]))
    np.testing.assert_array_equal(net.params["dense.b"], 0)
    with pytest.raises(el.OptionError, match="expected"):
        weights_from_jax(net, {"dense.b": params["dense.b"]})
    with pytest.raises(el.ShapeError, match="dense.b"):
        weights_from_jax(net, params | {"dense.b": jnp.zeros(())})


def test_one_function_serves_any_number_of_rows_and_steps():
    net, rng = two_axes(), np.random.default_rng(0)
    function, params = to_jax(net)
    compiled = jax.jit(function)
    for rows, steps, others in ((1, 1, 4), (5, 3, 2)):
        x = rng.normal(size=(rows, steps, 2)).astype("f4"), rng.normal(size=(rows, others, 1)).astype("f4")
        close(compiled(params, x), net(x), 1e-6)
    y, state = function(params, {"source": x[0], "target": x[1]}, return_state=True)
    close(function(params, x, state), net(x, state=[tuple(map(np.asarray, s)) for s in state]), 1e-6)
    close(pickle.loads(pickle.dumps(function))(params, x), net(x), 1e-6)


def test_mapped_over_rows_it_is_the_same():
    net = el.Network(2, [el.GRU(3), el.Dense(1)])
    function, params = to_jax(net)
    x = np.random.default_rng(1).normal(size=(4, 5, 2)).astype("f4")
    lengths = np.array([5, 1, 3, 2])
    by_row = jax.vmap(lambda row, length: function(params, row[None], None, length[None])[0])(x, lengths)
    close(by_row, net(x, lengths=lengths), 1e-6)
    several = jax.tree.map(lambda a: jnp.stack([a, 2 * a]), params)  # an ensemble: over parameters
    close(jax.vmap(function, (0, None))(several, x)[0], net(x), 1e-6)


def test_what_lies_behind_a_row_changes_no_gradient():
    net = el.Network(lambda x: el.Dense(1)(el.GRU(3)(el.log(x))), inputs=1, dtype="float64")
    function, params = JaxFunction.of(net), jax_run.arrays(net)
    x = np.random.default_rng(1).uniform(1, 2, size=(3, 4, 1))
    lengths = np.array([4, 2, 0])
    for nothing in (0.0, np.nan, -1.0):
        x[1, 2:] = x[2] = nothing
        grads = jax.grad(lambda p, x=x: (function(p, x, None, lengths) ** 2).sum())(params)
        found = net.backward(np.where(np.isnan(x), 1, x), 2 * net(x, lengths=lengths), lengths=lengths)[0]
        for name, value in grads.items():
            close(value, found[name])


def test_hessian_vector_products_are_differences_of_elmans_gradients():
    net, rng = two_axes(dtype="float64", seed=2), np.random.default_rng(2)
    function, params = JaxFunction.of(net), jax_run.arrays(net)
    x = rng.normal(size=(2, 4, 2)), rng.normal(size=(2, 3, 1))
    target = rng.normal(size=(2, 3, 2))
    vector = {name: jnp.asarray(rng.normal(size=value.shape)) for name, value in params.items()}

    def loss(p):
        return ((function(p, x) - target) ** 2).mean()

    found = jax.jvp(jax.grad(loss), (params,), (vector,))[1]
    step, before = 1e-5, np.array(net.arena)
    along = np.concatenate([np.ravel(vector[name]) for name in net.params])
    grads = []
    for sign in (1, -1):
        net.params.write(before + sign * step * along)
        grads.append(net.loss_and_grads(x, target)[1])
    for name, value in found.items():
        close(value, (grads[0][name] - grads[1][name]) / (2 * step), 1e-7)


# --- training ---------------------------------------------------------------------------------------------------


def test_dropout_drops_with_a_key_alone_and_each_key_has_its_masks():
    net = el.Network(2, [el.Dense(400), el.Dropout(0.3)], dtype="float64")
    function, params = JaxFunction.of(net), jax_run.arrays(net)
    x = np.random.default_rng(0).normal(size=(5, 6, 2))
    plain, one = function(params, x), function(params, x, key=jax.random.key(1))
    kept = np.asarray(one) != 0
    assert abs(kept.mean() - 0.7) < 0.02
    np.testing.assert_allclose(np.asarray(one)[kept], np.asarray(plain)[kept] / 0.7)
    np.testing.assert_array_equal(one, function(params, x, key=jax.random.key(1)))
    assert (np.asarray(function(params, x, key=jax.random.key(2))) != one).any()
    assert len(np.unique(kept.reshape(30, 400), axis=0)) == 30  # a mask for each row and step


@el.cell
def dropping(p, x, h):
    """Drops in a step, in parameters, and in a matrix."""
    seen = el.dropout(h, 0.5) + el.dropout(h, 0.5) + el.dropout(p.b, 0.4)
    return el.tanh(p.W @ x + el.dropout(p.U, 0.25) @ seen)


def test_dropout_inside_a_step_is_different_at_each_and_leaves_the_mean_as_it_is():
    net = el.Network(1, [el.Recurrent(dropping, 3)], dtype="float64", seed=3)
    function, params = JaxFunction.of(net), jax_run.arrays(net)
    x = np.zeros((4, 3, 1))
    keys = jax.random.split(jax.random.key(0), 3000)
    params = {**params, "0.U": 0.01 * params["0.U"], "0.b": params["0.b"] + 1}  # where tanh is a straight line
    y = np.asarray(jax.vmap(lambda key: function(params, x, key=key))(keys))
    np.testing.assert_allclose(y.mean((0, 1)), net_of(net, params)(x)[0], rtol=0.05, atol=1e-4)
    assert (y[0, 0, 0] != y[0, 0, 1]).any() and (y[0, 0] != y[0, 1]).any()


def net_of(net, params):
    return weights_from_jax(net, params)


@pytest.mark.parametrize("ragged", [False, True])
def test_batch_normalisation_and_penalties_are_those_of_a_training(ragged):
    layers = [el.GRU(4), el.BatchNorm(momentum=0.8), el.ActivityPenalty(l1=0.01, l2=0.1), el.Dense(2)]
    net, rng = el.Network(3, layers, dtype="float64", seed=1), np.random.default_rng(0)
    x, target = rng.normal(size=(4, 5, 3)), rng.normal(size=(4, 5, 2))
    lengths = np.array([5, 2, 3, 1]) if ragged else None
    function, params = JaxFunction.of(net), jax_run.arrays(net)
    assert "1.mean" in params and "1.mean" not in function.trainable

    def loss(p):
        y, aux = function(p, x, None, lengths, key=jax.random.key(0), return_aux=True)
        wrong = ((y - target) ** 2).mean(-1)
        used = jnp.ones((4, 5)) if lengths is None else jnp.arange(5) < lengths[:, None]
        return (wrong * used).sum() / used.sum() + aux.penalty, aux

    (value, aux), grads = jax.value_and_grad(loss, has_aux=True)(params)
    wanted, wanted_grads = net.loss_and_grads(x, target, lengths=lengths)
    close(value, wanted)
    for name in function.trainable:
        close(grads[name], wanted_grads[name])
    net.train_on_batch(x, target, optimizer=el.SGD(0.1), lengths=lengths)
    for name, moment in aux.moments.items():
        close(moment, net.params[name])
    close(jax.tree.leaves(aux.state)[0], net_state(function, params, x, lengths))


def net_state(function, params, x, lengths):
    return function(params, x, None, lengths, return_state=True)[1][0][0]


def test_products_in_bfloat16_round_as_here():
    net = el.Network(3, [el.LSTM(5), el.Dense(2)], products="bfloat16", engine="numpy")
    function, params, report = to_jax(net, return_report=True)
    assert report.tolerance == 2**-6
    rng = np.random.default_rng(4)
    x, along = rng.normal(size=(3, 2, 3)).astype("f4"), rng.normal(size=(3, 2, 2)).astype("f4")
    grads = jax.jit(jax.grad(lambda p: (function(p, x) * along).sum()))(params)
    plain = el.Network(3, [el.LSTM(5), el.Dense(2)])
    wanted, unrounded = net.backward(x, along)[0], plain.backward(x, along)[0]
    for name, value in grads.items():
        assert np.abs(value - wanted[name]).max() < 2e-3 * np.abs(wanted[name]).max()
    assert max(np.abs(unrounded[n] - wanted[n]).max() for n in grads) > 1e-3  # the rounding is seen


# --- what is refused --------------------------------------------------------------------------------------------


def test_float64_needs_a_jax_that_computes_in_it():
    with jax.enable_x64(False), pytest.raises(el.ConversionError, match="jax_enable_x64"):
        to_jax(el.Network(1, [el.GRU(2)], dtype="float64"))


def test_what_does_not_fit_is_named():
    function, params = JaxFunction.of(two_axes()), jax_run.arrays(two_axes())
    x = np.zeros((2, 3, 2), "f4"), np.zeros((2, 4, 1), "f4")
    with pytest.raises(el.ShapeError, match=r"source has shape \(2, 3, 1\); expected \(B, T, 2\)"):
        function(params, (x[0][..., :1], x[1]))
    with pytest.raises(el.ShapeError, match="target has 2 rows, source has 1"):
        function(params, (x[0][:1], x[1]))
    with pytest.raises(el.OptionError, match="several time axes"):
        function(params, x, None, np.array([1, 2]))
    with pytest.raises(el.OptionError, match="no input"):
        function(params, x, None, {"nothing": np.array([1, 2])})
    with pytest.raises(el.DataError, match=r"lengths\[1\] is 9"):
        function(params, x, None, {"source": np.array([1, 9])})
    with pytest.raises(el.ShapeError, match="state"):
        function(params, x, [(np.zeros((2, 3)),)])
    with pytest.raises(el.OptionError, match="'dense.b' is not there"):
        function({name: value for name, value in params.items() if name != "dense.b"}, x)
    with pytest.raises(el.ShapeError, match=r"params\['dense.b'\]"):
        function(params | {"dense.b": np.zeros(3)}, x)
    with pytest.raises(el.OptionError, match="return_aux"):
        function(params, x, return_state=True, return_aux=True)


def test_what_is_no_index_is_nan_and_no_other_row():
    net = el.Network(1, [el.Embedding(4, 2)], dtype="float64")
    function, params = JaxFunction.of(net), jax_run.arrays(net)
    found = np.isnan(np.asarray(function(params, np.array([[0, 3, 4, -1]]))))
    assert found.any(-1).tolist() == [[False, False, True, True]]
