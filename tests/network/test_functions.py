"""Networks written as functions of sequences."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
RANDOM = np.random.default_rng(0)


def classify(x):
    h = el.Bidirectional(el.LSTM(6))(x)
    h = el.Dropout(0.2)(h + el.Dense(12)(x))
    return el.Dense(4)(el.pool(h, "mean"))


def translate(source, target):
    memory = el.Bidirectional(el.GRU(4))(source)
    h = el.GRU(8)(target, state=memory.final)
    return el.Dense(5)(el.concat(h, el.attend(h, memory)))


def forecast(past, future, static):
    start = el.Dense(6, activation="tanh")(static)
    encoded = el.GRU(6)(past, state=start)
    h = el.GRU(6)(el.concat(future, static), state=encoded.final)
    return {"mean": el.Dense(1)(h), "spread": el.Dense(1)(h), "kind": el.Dense(3)(el.pool(h, "last"))}


@el.cell(memory=1)
def aligned(p, x, m, h):
    c = el.attend(p.Q @ h, p.K @ m, m, vector=p.v)
    return el.tanh(p.W @ x + p.U @ h + p.C @ c + p.b)


def align(source, target):
    memory = el.GRU(4)(source)
    return el.Dense(2)(el.Recurrent(aligned, 5, sizes={"Q": 3})(target, memory, state=el.learnt(5)))


def write(tokens):
    embedding = el.Embedding(7, 4)
    h = el.SimpleRNN(4)(embedding(tokens))
    return el.tie(el.Dense(7), W=(embedding, "E"))(h)


WIDTHS = {
    "classify": (classify, {"x": 3}),
    "translate": (translate, {"source": 1, "target": 2}),
    "forecast": (forecast, {"past": 2, "future": 1, "static": el.Static(3)}),
    "align": (align, {"source": 2, "target": 1}),
    "write": (write, {"tokens": 1}),
}
networks = pytest.mark.parametrize("name", sorted(WIDTHS))


def made(name: str, **options) -> el.Network:
    function, inputs = WIDTHS[name]
    return el.Network(function, inputs=inputs, dtype=np.float64, **options)


def data(name: str, B: int = 5) -> tuple[dict, dict]:
    """Inputs, and lengths of each sequence among them."""
    _, widths = WIDTHS[name]
    steps = dict(zip(widths, (6, 4, 3), strict=False))
    x = {
        given: RANDOM.normal(size=(B, width.width) if isinstance(width, el.Static) else (B, steps[given], width))
        for given, width in widths.items()
    }
    if name == "write":
        x["tokens"] = RANDOM.integers(0, 7, (B, 6))
    lengths = {given: RANDOM.integers(1, a.shape[1] + 1, B) for given, a in x.items() if given != "static"}
    return x, lengths


def together(y) -> list[np.ndarray]:
    return list(y.values()) if isinstance(y, dict) else [y]


@networks
def test_a_file_a_copy_and_a_pickle_are_the_same_network(name, tmp_path):
    net, (x, lengths) = made(name), data(name)
    for again in (el.load(net.save(tmp_path / "net.safetensors")), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert list(again.params) == list(net.params)
        assert again.summary() == net.summary()
        for a, b in zip(together(again(x, lengths=lengths)), together(net(x, lengths=lengths)), strict=True):
            np.testing.assert_array_equal(a, b)


@networks
@engines
def test_gradients_are_those_of_central_differences(name, engine):
    net, (x, lengths) = made(name, engine=engine), data(name)
    y = net(x, lengths=lengths)
    targets = {end.name: RANDOM.normal(size=a.shape) for end, a in zip(net.ends, together(y), strict=True)}
    target = targets if len(targets) > 1 else next(iter(targets.values()))
    state = [tuple(RANDOM.normal(size=(5, n)) for n in sizes) for sizes in net.state_sizes()]
    if name == "classify":  # dropout's masks are those of key 0 each time
        state = None

    def value() -> float:
        return net.loss_and_grads(x, target, lengths=lengths, state=state)[0]

    _, found = net.loss_and_grads(x, target, lengths=lengths, state=state)
    for parameter, gradient in found.items():
        for index in RANDOM.choice(gradient.size, min(2, gradient.size), replace=False):
            place, sides, before = np.unravel_index(index, gradient.shape), [], np.array(net.params[parameter])
            for step in (1e-5, -1e-5):
                net.params[parameter][place] = before[place] + step
                sides.append(value())
            net.params[parameter] = before
            assert gradient[place] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-5, abs=1e-9)


@networks
def test_a_row_alone_is_the_row_in_its_batch(name):
    net, (x, lengths) = made(name), data(name)
    whole = together(net(x, lengths=lengths))
    for row in range(5):
        alone = {given: a[row : row + 1, : lengths[given][row] if given in lengths else None] for given, a in x.items()}
        for y, one in zip(whole, together(net(alone)), strict=True):
            here = y[row, : one.shape[1]] if one.ndim == 3 else y[row]
            np.testing.assert_allclose(one[0], here, rtol=1e-12, atol=1e-14)


def test_layers_are_called_by_their_variables():
    net = made("translate")
    assert net.layer_names == [
        "memory.forward",
        "memory.backward",
        "memory",
        "concat",
        "h",
        "looking",
        "concat_2",
        "dense",
    ]
    assert list(made("forecast").ends) and [end.name for end in made("forecast").ends] == ["mean", "spread", "kind"]


@engines
def test_a_value_of_one_feature_goes_with_any_width(engine):
    def gated(x, mask, s):
        gate = el.Dense(1, activation="sigmoid")(x)
        h = el.Dense(3)(x)
        return el.where(mask, gate * h + 1 - gate, -s) * (mask + mask) + el.pool(gate, "max")

    inputs = {"x": 2, "mask": 1, "s": el.Static(1)}
    net = el.Network(gated, inputs=inputs, dtype=np.float64, engine=engine)
    x, mask, s = RANDOM.normal(size=(4, 5, 2)), RANDOM.integers(0, 2, (4, 5, 1)), RANDOM.normal(size=(4, 1))
    gate = 1 / (1 + np.exp(-(x @ net.params["gate.W"].T + net.params["gate.b"])))
    h = x @ net.params["h.W"].T + net.params["h.b"]
    wanted = np.where(mask, gate * h + 1 - gate, -s[:, None]) * 2 * mask + gate.max(1, keepdims=True)
    np.testing.assert_allclose(net((x, mask, s)), wanted, rtol=1e-12, atol=1e-14)
    assert el.check_gradients(net, samples=4).worst < 1e-7


def test_a_sum_that_a_layer_read_is_not_computed_again():
    def deep(x):
        h = x
        for _ in range(3):
            h = h + el.GRU(2)(el.LayerNorm()(h))
        return h

    lines = el.Network(deep, inputs=2).summary().splitlines()
    assert [line.split()[1] + line.split()[2] for line in lines if "equations" in line] == [
        "equations(x,gru)",
        "equations(add,gru_2)",
        "equations(add_2,gru_3)",
    ]


def test_a_static_input_is_shown_as_one():
    net = el.Network(lambda x, s: el.GRU(2)(x, state=s), inputs={"x": 3, "s": el.Static(2)})
    assert "inputs={'x': 3, 's': Static(2)}" in repr(net)


def test_a_wrong_target_is_named_by_its_output():
    net = el.Network(lambda x: {"a": el.Dense(1)(x), "b": el.Dense(1)(x)}, inputs=2)
    x, good = np.zeros((2, 3, 2)), np.zeros((2, 3, 1))
    with pytest.raises(el.DataError, match=r"^output b: target\[0, 0, 0\] is nan"):
        net.fit(x, {"a": good, "b": good * np.nan}, verbose=0)


def test_a_layer_that_is_called_twice_has_one_set_of_parameters():
    def siamese(a, b):
        encode = el.GRU(4, return_sequences=False)
        return el.sum(encode(a) * encode(b))

    net = el.Network(siamese, inputs={"a": 2, "b": 2}, dtype=np.float64)
    assert net.arena.size == el.Network(2, [el.GRU(4)]).arena.size
    a = RANDOM.normal(size=(3, 5, 2))
    both = net((a, a))
    assert both.shape == (3, 1) and (both > 0).all()


def test_several_outputs_are_trained_together():
    net, (x, lengths) = made("forecast"), data("forecast", 24)
    target = {"mean": x["future"] * 2, "spread": np.abs(x["future"]), "kind": (x["static"][:, 0] > 0).astype(int)}
    options = {
        "loss": {"mean": "mse", "spread": "mae", "kind": "softmax_cross_entropy"},
        "lengths": lengths,
        "loss_weights": {"mean": 1, "spread": 0.5, "kind": 2},
    }
    history = net.fit(x, target, epochs=150, optimizer=el.Adam(0.01), verbose=0, **options)
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    found = net.evaluate(x, target, metrics=[], **options)
    parts = found["mean_loss"] + 0.5 * found["spread_loss"] + 2 * found["kind_loss"]
    assert found["loss"] == pytest.approx(parts) == pytest.approx(net.loss_and_grads(x, target, **options)[0])


@pytest.mark.parametrize("merge", ["concat", "sum", "mean", "mul"])
def test_a_bidirectional_layer_is_two(merge):
    net = el.Network(2, [el.Bidirectional(el.GRU(3), merge=merge)], dtype=np.float64)
    parts = []
    for direction in ("forward", "backward"):
        one = el.Network(2, [el.GRU(3, reverse=direction == "backward")], dtype=np.float64)
        for name in one.params:
            one.params[name] = net.params[f"0.{direction}.{name[2:]}"]
        parts.append(one)
    x, lengths = RANDOM.normal(size=(4, 6, 2)), np.array([6, 2, 5, 1])
    a, b = (one(x, lengths=lengths) for one in parts)
    wanted = {"concat": np.concatenate([a, b], 2), "sum": a + b, "mean": (a + b) / 2, "mul": a * b}[merge]
    np.testing.assert_allclose(net(x, lengths=lengths), wanted, rtol=1e-14)


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("mean", lambda v: v.mean(0)),
        ("max", lambda v: v.max(0)),
        ("sum", lambda v: v.sum(0)),
        ("last", lambda v: v[-1]),
        ("first", lambda v: v[0]),
    ],
)
def test_a_pool_takes_each_rows_own_steps(how, wanted):
    net = el.Network(lambda x: el.pool(x, how), inputs={"x": 3}, dtype=np.float64)
    x, lengths = RANDOM.normal(size=(4, 6, 3)), [6, 2, 5, 1]
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(net(x, lengths=lengths)[row], wanted(x[row, :length]), rtol=1e-14)


@engines
def test_attention_pools_by_a_learnt_query(engine):
    net = el.Network(lambda x: el.pool(1 * x, "attention"), inputs={"x": 2}, dtype=np.float64, engine=engine)
    net.params["attention_pool.q"] = q = np.array([0.7, -1.5])
    x = RANDOM.normal(size=(2, 4, 2))
    for row, length in enumerate((4, 2)):
        shares = np.exp(x[row, :length] @ q / np.sqrt(2))
        expected = shares @ x[row, :length] / shares.sum()
        np.testing.assert_allclose(net(x, lengths=[4, 2])[row], expected, atol=1e-12)


def test_of_a_bidirectional_encoder_the_final_states_may_be_all_that_is_read():
    def both(source, target):
        code = el.Bidirectional(el.GRU(3))(source)
        h = el.GRU(6)
        return el.Dense(2)(h(h(target, state=code.final) + target))

    def apart(source, target):
        there, back = el.GRU(3)(source), el.GRU(3, reverse=True)(source)
        h = el.GRU(6)
        return el.Dense(2)(h(h(target, state=el.concat(there.final, back.final)) + target))

    nets = [el.Network(f, inputs={"source": 2, "target": 6}, dtype=np.float64) for f in (both, apart)]
    nets[1].params.write(nets[0].arena)
    given = RANDOM.normal(size=(2, 3, 2)), RANDOM.normal(size=(2, 4, 6))
    np.testing.assert_array_equal(nets[0](given), nets[1](given))


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("causal", [True, False])
def test_a_convolution_is_a_sum_of_shifts(causal, dilation):
    net = el.Network(2, [el.Conv1D(3, kernel=3, causal=causal, dilation=dilation)], dtype=np.float64)
    x, W, b = RANDOM.normal(size=(1, 7, 2)), net.params["0.W"], net.params["0.b"]
    padded = np.pad(x[0], ((2 * dilation, 2 * dilation), (0, 0)))
    for t in range(7):
        first = t + 2 * dilation if causal else t + 3 * dilation
        seen = np.concatenate([padded[first - k * dilation] for k in range(3)])
        np.testing.assert_allclose(net(x)[0, t], W @ seen + b, rtol=1e-12)


def unused(x, y):
    return el.GRU(3)(x)


def in_vain(x):
    h = el.GRU(3)(x)
    loose = el.Dense(3)(h)  # noqa: F841
    return h


def misfit(x):
    return el.GRU(3)(x) + el.GRU(4)(x)


def wrong_state(x):
    return el.GRU(3)(x, state=el.GRU(4)(x).final)


def no_state(x):
    return el.Dense(3)(x).final


def over_one_step(x):
    return el.GRU(3)(el.pool(x))


@pytest.mark.parametrize(
    ("function", "inputs", "error", "said"),
    [
        (unused, {"x": 1, "y": 1}, el.OptionError, "the input y is used by no layer"),
        (in_vain, {"x": 1}, el.OptionError, "loose is used by no other layer"),
        (misfit, {"x": 1}, el.ShapeError, r"return el.GRU\(3\)\(x\) \+ el.GRU\(4\)\(x\)"),
        (wrong_state, {"x": 1}, el.ShapeError, "h has 3 values and cannot begin with"),
        (no_state, {"x": 1}, el.EquationError, "has no final states"),
        (over_one_step, {"x": 1}, el.OptionError, "has a single step"),
        (classify, {"y": 1}, el.OptionError, "inputs are y; the function takes x"),
        (classify, None, el.OptionError, "expected the features of each argument"),
        (lambda x: None, {"x": 1}, el.OptionError, "returned nothing"),
        (lambda: 1, {}, el.OptionError, "it takes none"),
        (lambda x: 3.0, {"x": 1}, el.OptionError, "returned 3.0, a float"),
    ],
)
def test_a_function_that_makes_no_network_is_refused(function, inputs, error, said):
    with pytest.raises(error, match=said):
        el.Network(function, inputs=inputs)


def test_a_layer_has_no_values_outside_of_a_network():
    with pytest.raises(el.EquationError, match="inside the function of a network only"):
        el.GRU(3)(np.zeros((2, 3, 1)))


def test_inputs_are_named_in_messages():
    net = made("translate")
    with pytest.raises(el.ShapeError, match="the network has 2 inputs"):
        net(np.zeros((3, 4, 1)))
    with pytest.raises(el.OptionError, match="the inputs are source, target; got source"):
        net({"source": np.zeros((3, 4, 1))})
    with pytest.raises(el.DataError, match=r"target\[0, 0, 1\] is nan"):
        net((np.zeros((1, 4, 1)), np.array([[[0, np.nan]]])))
    with pytest.raises(el.OptionError, match="several time axes"):
        net((np.zeros((1, 4, 1)), np.zeros((1, 2, 2))), lengths=[1])
    with pytest.raises(el.OptionError, match="memory='low' goes through time in segments"):
        net((np.zeros((1, 4, 1)), np.zeros((1, 2, 2))), memory="low")


@pytest.mark.parametrize(
    "layer", [el.GRU(3), el.LSTM(3), el.GRU(3, return_sequences=False), el.SimpleRNN(3, reverse=True)]
)
@engines
def test_a_masked_step_is_left_out(layer, engine):
    def masked(x, mask):
        return layer(x, mask=mask)

    net = el.Network(masked, inputs={"x": 2, "mask": 1}, dtype=np.float64, engine=engine)
    plain = el.Network(2, [layer], dtype=np.float64, engine=engine)
    for name in plain.params:
        plain.params[name] = net.params[f"{net.layer_names[0]}.{name[2:]}"]
    x, mask = RANDOM.normal(size=(6, 9, 2)), RANDOM.integers(0, 2, (6, 9))
    mask[:, 4] = 1
    y = net((x, mask))
    for row in range(6):
        used = mask[row] == 1
        wanted = plain(x[row : row + 1, used])[0]
        np.testing.assert_allclose(y[row][used] if layer.return_sequences else y[row], wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("sequences", [True, False])
@engines
def test_both_directions_leave_a_masked_step_out(sequences, engine):
    def masked(x, mask):
        return el.Bidirectional(el.GRU(3, return_sequences=sequences))(x, mask=mask)

    net = el.Network(masked, inputs={"x": 2, "mask": 1}, dtype=np.float64, engine=engine)
    plain = el.Network(2, [el.Bidirectional(el.GRU(3, return_sequences=sequences))], dtype=np.float64, engine=engine)
    for name in plain.params:
        plain.params[name] = net.params[f"bidirectional.{name[2:]}"]
    x, mask, lengths = RANDOM.normal(size=(6, 9, 2)), RANDOM.integers(0, 2, (6, 9)), np.array([9, 5, 7, 9, 6, 8])
    mask[:, 4] = 1
    y = net((x, mask), lengths=lengths)
    for row, length in enumerate(lengths):
        used = np.flatnonzero(mask[row, :length])
        wanted = plain(x[row : row + 1, used])[0]
        np.testing.assert_allclose(y[row][used] if sequences else y[row], wanted, rtol=1e-12, atol=1e-14)


def test_a_layer_has_one_set_of_parameters_with_a_mask_and_without():
    gru = el.GRU(3)
    net = el.Network(lambda x, mask: gru(x) + gru(x, mask=mask), inputs={"x": 2, "mask": 1})
    assert net.arena.size == el.Network(2, [gru]).arena.size


def test_a_convolution_has_nothing_to_hold():
    with pytest.raises(el.OptionError, match="Conv1D has no states to hold"):
        el.Network(lambda x, m: el.Conv1D(3, 2)(x, mask=m), inputs={"x": 2, "m": 1})


def test_a_layer_without_states_has_nothing_to_hold():
    with pytest.raises(el.OptionError, match="dense has no states to hold"):
        el.Network(lambda x, m: el.Dense(2)(x, mask=m), inputs={"x": 2, "m": 1})
