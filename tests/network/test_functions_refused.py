"""Networks written as functions: what such a function may be and return, and what is said of one that is wrong."""

from __future__ import annotations

import copy
import functools
import pickle
from typing import Any

import numpy as np
import pytest

import elman as el

engines = pytest.mark.parametrize("engine", ("numpy", "native"))
X = np.random.default_rng(0).normal(size=(3, 5, 2))


def network(function: Any, inputs: Any = 2, **options: Any) -> el.Network:
    return el.Network(function, inputs=inputs, dtype=np.float64, **options)


# --- what a function may be -------------------------------------------------------------------------------------


def sized(x, units=3, *, wider=0):
    return el.GRU(units + wider)(x)


class Called:
    def __call__(self, x):
        hidden = el.GRU(3)(x)
        return el.Dense(1)(hidden)

    def method(self, x):
        hidden = el.GRU(3)(x)
        return el.Dense(1)(hidden)


def test_arguments_with_defaults_keep_them():
    assert network(sized).outputs == 3
    assert network(functools.partial(sized, units=5, wider=1)).outputs == 6


@pytest.mark.parametrize("function", [Called(), Called().method])
def test_whatever_can_be_called(function):
    assert "hidden.W_z" in network(function).params


def generator(x):
    yield el.GRU(3)(x)


async def coroutine(x):
    return el.GRU(3)(x)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (int, "got <class 'int'>"),
        (max, "arguments of <built-in function max> are not known"),
        (el.cells.gru, "gru is a cell"),
        (generator, "no function with `async` or `yield`"),
        (coroutine, "no function with `async` or `yield`"),
        (lambda *x: x[0], "'x' is none"),
        (lambda x, **others: x, "'others' is none"),
        (lambda x, *, y: x, "'y' is none"),
        (lambda: el.learnt(3), "it takes none"),
        (lambda x: None, "returned nothing"),
        (lambda x: (), "returned nothing"),
        (lambda x: 3, "returned 3, a int"),
        (lambda x: (x, (x,)), "a tuple; expected"),
        (lambda x: np.ones(3), "an array of shape"),
        (lambda x: {1: x}, "the name 1; expected texts"),
        (lambda x: {"": x}, "the name ''; expected texts"),
    ],
)
def test_what_is_no_function_of_a_network(function, words):
    with pytest.raises(el.OptionError, match=words.replace("(", r"\(")):
        network(function)


@pytest.mark.parametrize("given", [2, {"x": 2}])
def test_inputs_without_their_name(given):
    with pytest.raises(el.OptionError, match="inputs={name: features}"):
        el.Network(sized, given)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (None, "inputs={'x': 1}"),
        ({"y": 2}, "inputs are y; the function takes x"),
        ({"x": -1}, "inputs\\['x'\\] is -1"),
        ({"x": el.Static(0)}, "inputs\\['x'\\] is 0"),
        ([2], "expected a whole number"),
    ],
)
def test_wrong_inputs(inputs, words):
    with pytest.raises(el.OptionError, match=words):
        network(sized, inputs)


# --- wrong lines: the message shows them ------------------------------------------------------------------------


def widths_differ(x):
    a = el.GRU(2)(x)
    b = el.GRU(3)(x)
    return a * b  # here


def unused_layer(x):
    a = el.GRU(2)(x)
    el.GRU(3)(x)  # here
    return a


def state_too_narrow(x):
    h = el.GRU(3)(x).final
    return el.GRU(4)(x, state=h)  # here


def state_with_steps(x):
    return el.GRU(3)(x, state=el.GRU(3)(x))  # here


def too_many_states(x):
    return el.GRU(3)(x, state=el.LSTM(3)(x).final)  # here


def number_as_state(x):
    return el.Bidirectional(el.GRU(3))(x, state=0)  # here


def no_state(x):
    return el.Dense(3)(x, state=el.learnt(3))  # here


def no_final(x):
    return el.Dense(3)(x).final  # here


def recurrent_without_steps(x):
    return el.GRU(3)(el.pool(x))  # here


def pool_twice(x):
    return el.pool(el.pool(x))  # here


def repeated_sequence(x):
    return el.repeat(el.GRU(3)(x), x)  # here


def repeat_like_a_vector(x):
    return el.repeat(el.pool(x), el.pool(x))  # here


def attending_to_a_vector(x):
    return el.attend(x, el.pool(x))  # here


def keys_too_wide(x):
    return el.attend(x, el.GRU(3)(x))  # here


def sliced_too_far(x):
    return el.concat(x, x)[3:6]  # here


def branch(x):
    return x if x > 0 else -x  # here


def called_with_an_array(x):
    return el.GRU(3)(np.ones((1, 2, 3)))  # here


def layer_that_is_not_called(x):
    return el.Dense(3)(el.GRU(3))  # here


def unpacked(x):
    h, c = el.LSTM(3)(x)  # here
    return h


def last_step_by_index(x):
    return el.Dense(1)(x[:, -1])  # here


def one_by_index(x):
    return el.Dense(1)(el.LSTM(3)(x)[0])  # here


def asked_for_its_shape(x):
    return el.Dense(x.shape[-1])(x)  # here


def tied_to_what_comes_later(x):
    return el.tie(el.Dense(3), W=(el.Dense(3), "W"))(x)  # here


def tied_without_such_a_parameter(x):
    d = el.Dense(2)
    return el.tie(el.Dense(2), Q=(d, "W"))(d(x))  # here


def shared_by_widths(x):
    d = el.Dense(3)
    return d(d(x))  # here


WRONG = [
    widths_differ, unused_layer, state_too_narrow, state_with_steps, too_many_states, number_as_state, no_state,
    no_final, recurrent_without_steps, pool_twice, repeated_sequence, repeat_like_a_vector, attending_to_a_vector,
    keys_too_wide, sliced_too_far, branch, called_with_an_array, layer_that_is_not_called, unpacked, last_step_by_index,
    one_by_index, asked_for_its_shape, tied_to_what_comes_later,
    tied_without_such_a_parameter, shared_by_widths,
]  # fmt: skip


@pytest.mark.parametrize("function", WRONG, ids=lambda f: f.__name__)
def test_the_line_is_shown(function):
    with pytest.raises(el.ElmanError, match=r"\n  test_functions_refused\.py:\d+: .*# here"):
        network(function)


@pytest.mark.parametrize("static", [False, True])
def test_an_input_that_nobody_uses(static):
    with pytest.raises(el.OptionError, match="the input y is used by no layer"):
        network(lambda x, y: el.GRU(3)(x), {"x": 2, "y": el.Static(1) if static else 1})


@pytest.mark.parametrize("number", range(3))
def test_values_of_another_network(number):
    kept = []

    def leaking(x):
        h = el.GRU(2)(x)
        kept.extend([x, 2 * x, h])
        return h

    network(leaking)
    for function in (lambda x: kept[number], lambda x: x + kept[number], lambda x: el.GRU(2)(kept[number])):
        with pytest.raises(el.EquationError, match="belongs to another network"):
            network(function)


@pytest.mark.parametrize(
    "call", [lambda: el.GRU(3)(X), lambda: el.Bidirectional(el.GRU(3))(X), lambda: el.shift(X), lambda: el.learnt(3)]
)
def test_layers_called_outside(call):
    with pytest.raises(el.EquationError, match="inside the function of a network only"):
        call()


@pytest.mark.parametrize(
    "made",
    [
        lambda: el.Bidirectional(el.GRU(3), ["sum"]),
        lambda: el.tie(el.Bidirectional(el.GRU(3)), W=(el.Dense(3), "W")),
        lambda: el.tie(3, W=(el.Dense(3), "W")),
        lambda: network(lambda x: el.Conv1D(3, 2)(x, x)),
        lambda: network(lambda x: el.shift(x, 10**12)),
        lambda: network(lambda x: el.shift(x, True)),
        lambda: network(lambda x: el.attend(x, x, scale=0)),
        lambda: network(lambda x: el.attend(x, x, scale=float("inf"))),
    ],
)
def test_wrong_arguments(made):
    with pytest.raises(el.OptionError):
        made()


# --- what they compute ------------------------------------------------------------------------------------------


@engines
def test_what_is_returned_twice_or_not_computed(engine):
    """An input, one value twice, a layer's last step and its final state, which are the same."""

    def function(x):
        h = el.GRU(3, return_sequences=False)(x)
        return x, h, h, h.final

    net = network(function, engine=engine)
    x, *others = net(X)
    np.testing.assert_array_equal(x, X)
    assert all(np.array_equal(o, others[0]) for o in others)
    gradients = [np.ones((3, 5, 2)), *np.ones((3, 3, 3))]
    one, _, _ = net.backward(X, [0 * gradients[0], *(g * (k == 0) for k, g in enumerate(gradients[1:]))])
    three, dx, _ = net.backward(X, gradients)
    np.testing.assert_allclose(three["h.U_z"], 3 * one["h.U_z"], rtol=1e-12)
    assert dx.shape == X.shape


@engines
def test_only_the_final_states_of_a_bidirectional_encoder(engine):
    def function(source, target):
        memory = el.Bidirectional(el.LSTM(2))(source)
        return el.LSTM(4)(target, state=memory.final)

    net = network(function, {"source": 2, "target": 1}, engine=engine)
    assert "memory.forward.W_i" in net.params
    one, other = (network(lambda x, r=r: el.LSTM(2, reverse=r)(x), engine=engine) for r in (False, True))
    for half, name in ((one, "forward"), (other, "backward")):
        for parameter in half.params:
            half.params[parameter] = net.params[f"memory.{name}.{parameter.split('.')[1]}"]
    decoder = network(lambda x: el.LSTM(4)(x), 1, engine=engine)
    for parameter in decoder.params:
        decoder.params[parameter] = net.params[parameter]
    (ends,), (begins,) = (half(X, return_state=True)[1] for half in (one, other))
    state = [tuple(np.concatenate(pair, 1) for pair in zip(ends, begins, strict=True))]
    y = X[:, :, :1]
    np.testing.assert_allclose(net((X, y)), decoder(y, state=state), rtol=1e-12)


@engines
def test_one_of_two_final_states(engine):
    net = network(lambda x: el.Dense(1)(el.Bidirectional(el.LSTM(2))(x).final[1]), engine=engine)
    assert net(X).shape == (3, 1)


def test_a_composites_parts_have_its_name():
    """Whatever it reads: equations, and vectors that are repeated."""

    def function(x, s):
        h = el.Bidirectional(el.GRU(2))(el.concat(x, s), state=el.concat(s, s))
        return el.Conv1D(2, 2)(2 * h)

    found = {name.rsplit(".", 1)[0] for name in network(function, {"x": 2, "s": el.Static(2)}).params}
    assert found == {"h.forward", "h.backward", "conv1d"}


@engines
def test_attention_over_steps_with_a_learnt_query(engine):
    net = network(lambda x: el.pool(x, "attention"), engine=engine)
    net.params["attention_pool.q"] = q = np.array([0.3, -0.8])
    scores = np.exp(X @ q / np.sqrt(2))
    wanted = np.einsum("bt,btf->bf", scores / scores.sum(1, keepdims=True), X)
    np.testing.assert_allclose(net(X), wanted, rtol=1e-12)


@engines
def test_keys_and_values_are_on_one_axis(engine):
    """They are read together, so that one has as many steps as the other."""
    inputs = {"q": 2, "k": 2, "v": 1}
    net = network(lambda q, k, v: el.attend(q, k, v), inputs, engine=engine)
    assert [given.axis for given in net.structure.inputs] == [0, 1, 1]
    assert net((X[:, :2], X, X[:, :, :1])).shape == (3, 2, 1)
    with pytest.raises(el.ShapeError, match="v has 2 time steps and k 5"):
        net((X, X, X[:, :2, :1]))


@engines
def test_an_input_that_gives_its_steps_only(engine):
    net = network(lambda s, y: el.GRU(3)(el.repeat(s, y)), {"s": el.Static(2), "y": 1}, engine=engine)
    out = net((X[:, 0], X[:, :, :1]), lengths=np.array([1, 5, 2]))
    assert out.shape == (3, 5, 3)
    assert not out[0, 1:].any() and out[1].all()
    _, inputs, _ = net.backward((X[:, 0], X[:, :, :1]), np.ones(out.shape))
    assert inputs["s"].any() and not inputs["y"].any()


@engines
def test_a_bidirectional_layer_of_two_inputs(engine):
    @el.cell(inputs=2)
    def gapped(p, x, gap, h):
        return el.exp(-el.relu(gap)) * h + el.tanh(p.W @ x)

    def function(x, gaps):
        return el.Bidirectional(el.Recurrent(gapped, 2), merge="sum")(x, gaps)

    def apart(x, gaps):
        return el.Recurrent(gapped, 2)(x, gaps) + el.Recurrent(gapped, 2, reverse=True)(x, gaps)

    one, other = (network(f, {"x": 2, "gaps": 2}, engine=engine) for f in (function, apart))
    other.params.write(one.arena)
    np.testing.assert_allclose(one((X, X)), other((X, X)), rtol=1e-12)


@engines
@pytest.mark.parametrize("function", [lambda x: el.Embedding(4, 3)(0.5 * x), lambda x: el.Embedding(4, 3)(x - 1)])
def test_a_computed_index_that_is_none(function, engine):
    with pytest.raises(el.DataError, match=r"expected a whole number from 0 to 3"):
        network(function, 1, engine=engine)([[1.0, 0.0]])


# --- copies ---------------------------------------------------------------------------------------------------


def translate(source, target, s):
    embedding = el.Embedding(6, 3)
    memory = el.Bidirectional(el.GRU(2))(embedding(source))
    h = el.GRU(4)(embedding(target), state=el.tanh(memory.final + el.learnt(4)))
    c = el.concat(h, el.AdditiveAttention(3)(h, memory), s)
    scores = el.tie(el.Dense(6), W=(embedding, "E"))(el.Dense(3)(c))
    return {"scores": scores, "summary": el.pool(memory, "attention")}


def translation(rows: int = 4) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    random = np.random.default_rng(1)
    x = {"source": random.integers(0, 6, (rows, 5, 1)), "target": random.integers(0, 6, (rows, 3, 1))}
    x["s"] = random.normal(size=(rows, 2))
    return x, {"source": random.integers(1, 6, rows), "target": random.integers(1, 4, rows)}


def translator(**options: Any) -> el.Network:
    return el.Network(translate, inputs={"source": 1, "target": 1, "s": el.Static(2)}, **options)


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@engines
@pytest.mark.parametrize("options", [{}, {"dtype": np.float64}, {"products": "bfloat16"}])
def test_copies_have_the_same_bits(options, engine, tmp_path):
    net, (x, lengths) = translator(engine=engine, seed=3, **options), translation()
    wanted = net(x, lengths=lengths)
    net.save(tmp_path / "net.safetensors")
    copies = [copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    for other in (*copies, el.load(tmp_path / "net.safetensors", engine=engine)):
        assert same(other(x, lengths=lengths), wanted)
        assert other.params.keys() == net.params.keys()


@pytest.mark.parametrize("options", [{}, {"dtype": np.float64}, {"products": "bfloat16"}])
def test_a_row_alone_and_in_its_batch_has_the_same_bits(options):
    net, (x, lengths) = translator(engine="native", **options), translation()
    wanted = net(x, lengths=lengths)
    for b in range(4):
        rows = slice(b, b + 1)
        alone = net({n: a[rows] for n, a in x.items()}, lengths={n: a[rows] for n, a in lengths.items()})
        assert same(alone, {n: y[rows] for n, y in wanted.items()})


@pytest.mark.parametrize("options", [{}, {"dtype": np.float64}, {"products": "bfloat16"}])
def test_threads_change_no_bit(options):
    x, lengths = translation(rows=9)
    y = {"scores": np.ones((9, 3, 6)), "summary": np.ones((9, 4))}
    found = []
    for threads in (1, 2):
        net = translator(engine="native", threads=threads, **options)
        loss, grads = net.loss_and_grads(x, y, "mse", lengths=lengths, loss_weights={"scores": 1.0, "summary": 0.5})
        found.append({**net(x, lengths=lengths), **grads, "loss": np.asarray(loss)})
    assert same(*found)


def test_both_engines_agree():
    x, lengths = translation()
    y = {"scores": np.ones((4, 3, 6)), "summary": np.ones((4, 4))}
    one, other = (
        translator(engine=e, dtype=np.float64).loss_and_grads(x, y, "mse", lengths=lengths) for e in ("numpy", "native")
    )
    assert one[0] == pytest.approx(other[0], rel=1e-13)
    for name, g in one[1].items():
        np.testing.assert_allclose(g, other[1][name], rtol=1e-9, atol=1e-13, err_msg=name)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (layer_that_is_not_called, r"got Layer; call that first"),
        (unpacked, r"final states are \.final"),
        (last_step_by_index, r"el\.pool\(x, 'last'\)"),
        (one_by_index, r"el\.pool\(x, 'last'\)"),
        (asked_for_its_shape, r"what it can do are operators and functions"),
        (too_many_states, r"state=h\.final\[0\]"),
        (lambda x: x.tanh(), r"write el\.tanh\(\.\.\.\)"),
    ],
)
def test_what_to_write_instead(function, words):
    with pytest.raises(el.ElmanError, match=words):
        network(function)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: el.Layer(el.cells.gru, 3, tied=3), "tied is 3; expected a dict"),
        (lambda: el.Layer(el.cells.gru, 3, tied={"W_z": 3}), "W_z is tied to 3; expected"),
        (lambda: el.tie(el.Dense(3), W=(el.Dense(3), 1)), "W is tied to"),
        (lambda: el.Layer(el.cells.gru, 3, origin=np.zeros(3)), "origin"),
        (lambda: el.Conv1D(3, kernel=10**12), "kernel is 1000000000000; expected a whole number from 1 to 1024"),
        (lambda: network(lambda x: el.pool(x, np.zeros(3))), "pool is an array"),
        (lambda: network(lambda x: el.GRU(3)(x)).explain(el.cells.gru), "a loss has no parameters"),
        (lambda: network(lambda x: el.GRU(3)(x)).explain(el.Dense(3)), "a loss takes"),
    ],
)
def test_layers_and_losses_that_are_none(make, words):
    with pytest.raises(el.ElmanError, match=words):
        make()
