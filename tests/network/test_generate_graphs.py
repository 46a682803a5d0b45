"""Generation of graphs: the whole network, run on what was made, is the oracle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.engine.generation import Drawing
from elman.network.decoding import log_shares

BUILT = [e for e in ENGINES if e != "native" or native_available()]
engines = pytest.mark.parametrize("engine", BUILT)
V, S = 5, 7  # indices of targets, and of sources
RANDOM = np.random.default_rng(0)
SOURCE = RANDOM.integers(0, S, (3, 6))
LENGTHS = np.array([6, 1, 4])


def attending(source, target):
    memory = el.Bidirectional(el.GRU(4))(el.Embedding(S, 3)(source))
    h = el.GRU(8)(el.Embedding(V, 3)(target), state=memory.final)
    return el.Dense(V)(el.concat(h, el.attend(el.Dense(8)(h), memory)))


@el.cell(memory=1)
def looking_back(p, x, m, h):
    """Attention inside the recurrence, additive."""
    found = el.attend(p.Q @ h, p.K @ m, m, vector=p.v)
    return el.tanh(p.W @ x + p.U @ h + p.C @ found + p.b)


def inside(source, target):
    memory = el.LSTM(4)(el.Embedding(S, 3)(source))
    h = el.Recurrent(looking_back, 5, sizes={"Q": 6})(el.Embedding(V, 3)(target), memory)
    return el.Dense(V)(h)


def layered(source, target):
    e = el.Embedding(S, 3)(source)
    code = el.LSTM(4)(e)
    x = el.concat(el.Embedding(V, 3)(target), el.repeat(el.pool(e, "max"), like=target))
    h = el.LSTM(4)(x, state=code.final)
    h = h + el.GRU(4)(h, state=el.learnt(4))
    return el.Dense(V)(h + el.SimpleRNN(4)(el.repeat(el.pool(code, "attention"), like=target)))


def convolving(source, target):
    x = el.Conv1D(4, kernel=3, dilation=2)(el.Embedding(V, 3)(target))
    x = el.concat(x, el.shift(el.shift(x, 1), 2), el.Embedding(V, 2)(el.shift(target, 1)))
    h = el.GRU(4)(x, state=el.pool(el.Embedding(S, 4)(source), "mean"))
    return el.Dense(V)(el.concat(h, el.shift(h, 1)))


def two_sources(source, target, given, static):
    h = el.GRU(4)(
        el.Embedding(V, 3)(target) + el.Dense(3)(el.concat(given, el.shift(given, 2))), state=el.Dense(4)(static)
    )
    return el.Dense(V)(el.concat(h, el.AdditiveAttention(3)(h, el.Embedding(S, 3)(source))))


INPUTS = {"source": 1, "target": 1, "given": 2, "static": el.Static(2)}
GRAPHS = [attending, inside, layered, convolving, two_sources]


def network(function, **options):
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    net = el.Network(function, inputs={n: INPUTS[n] for n in names}, dtype=np.float64, **options)
    net.params.write(3 * np.random.default_rng(1).normal(size=net.arena.size) / 2)  # far from equally likely
    return net


def given(net, made_steps: int) -> dict[str, np.ndarray]:
    """All inputs but the target."""
    found = {"source": SOURCE, "given": np.sin(np.arange(3 * made_steps * 2)).reshape(3, made_steps, 2)}
    found["static"] = np.cos(np.arange(6)).reshape(3, 2)
    return {door.given.name: found[door.given.name] for door in net.doors if door.given.name != "target"}


def same_bits(engine: str, found: np.ndarray, expected: np.ndarray) -> None:
    """The native engine's numbers do not depend on the batch; NumPy's products do, in the last bit."""
    np.testing.assert_allclose(found, expected, rtol=0 if engine == "native" else 1e-12)


# ---- the whole network on what was made


@engines
@pytest.mark.parametrize("function", GRAPHS)
@pytest.mark.parametrize("start", [2, [[1, 3, 0], [0, 0, 2], [4, 4, 1]]])
def test_each_index_is_drawn_from_the_output_for_all_before_it(function, start, engine):
    net, begin = network(function, engine=engine), np.broadcast_to(start, (3, np.ndim(start) and 3 or 1))
    context = given(net, begin.shape[1] + 7)
    made, lengths, scores = net.generate(
        context, 8, start=start, lengths={"source": LENGTHS}, temperature=0.7, top_k=4, seed=5, details=True
    )
    seen = np.concatenate([begin, made[:, :-1]], axis=1)
    y = net({**context, "target": seen}, lengths={"source": LENGTHS})[:, begin.shape[1] - 1 :]
    drawing = Drawing(0.7, 4, 1.0, 5)
    np.testing.assert_array_equal(made, np.stack([drawing.draw(y[:, t], t) for t in range(8)], axis=1))
    expected = np.take_along_axis(log_shares(y), made[..., None], -1).sum((1, 2))
    np.testing.assert_allclose(scores, expected, atol=1e-10)
    assert lengths.tolist() == [8] * 3
    assert len({*made.ravel()}) > 2


@engines
def test_values_are_fed_back_as_they_are(engine):
    def forecast(past, series, static):
        h = el.GRU(4)(past, state=el.Dense(4)(static))
        return el.Dense(2)(el.LSTM(4)(series, state=(h.final, None)))

    net = el.Network(forecast, inputs={"past": 3, "series": 2, "static": el.Static(1)}, dtype=np.float64, engine=engine)
    past, static, start = RANDOM.normal(size=(4, 5, 3)), RANDOM.normal(size=(4, 1)), RANDOM.normal(size=(4, 2))
    made = net.generate({"past": past, "static": static}, 6, start=start)
    seen = np.concatenate([start[:, None], made[:, :-1]], axis=1)
    np.testing.assert_allclose(made, net((past, seen, static)), atol=1e-12)
    one = net.generate({"past": past[2:3], "static": static[2:3]}, 6, start=start[2:3])
    same_bits(engine, one, made[2:3])


@engines
def test_a_graph_with_one_input_goes_on_with_its_context(engine):
    def residual(x):
        h = x + el.GRU(2)(el.Conv1D(3, kernel=2)(x))
        return h + el.Dense(2)(el.shift(h, 3))

    net = el.Network(residual, inputs=2, dtype=np.float64, engine=engine)
    context = RANDOM.normal(size=(3, 4, 2))
    made = net.generate(context, 5)
    whole = net(np.concatenate([context, made[:, :-1]], axis=1))
    np.testing.assert_allclose(made, whole[:, 3:], atol=1e-12)
    same_bits(engine, net.generate(context[0], 5), made[0])


def test_a_chain_may_stop_and_search_too():
    net = el.Network(1, [el.Embedding(4, 3), el.GRU(5), el.Dense(4)], dtype=np.float64)
    net.params.write(2 * np.random.default_rng(2).normal(size=net.arena.size))
    plain = net.generate([[1, 2], [0, 3]], 6, temperature=0.5, seed=3)
    made = net.generate([[1, 2], [0, 3]], 6, temperature=0.5, seed=3, details=True)
    np.testing.assert_array_equal(made.values, plain)
    assert net.generate([1, 2], 6, beam=3).shape == (6,)
    stop = int(plain[0, 2])
    stopped = net.generate([[1, 2], [0, 3]], 6, temperature=0.5, seed=3, stop=stop)
    first = plain[0].tolist().index(stop)
    assert stopped[0].tolist() == plain[0, :first].tolist() + [stop] * (6 - first)


@pytest.mark.parametrize(
    "function, once",
    [
        (attending, {"embedding", "memory.forward", "memory.backward", "memory", "concat"}),
        (inside, {"embedding", "memory", "h.memory"}),
        (two_sources, {"dense_2", "embedding_2", "additive_attention.memory"}),
    ],
)
def test_what_does_not_depend_on_what_is_fed_back_is_computed_once(function, once):
    net = network(function)
    fed = [door.given.name for door in net.doors].index("target")
    assert {layer.name for layer in net.unrolled(0, fed).halves.before.layers} == once


# ---- where rows end


def test_rows_end_at_the_stop_index():
    net = network(attending)
    made, lengths, scores = net.generate({"source": SOURCE}, 9, start=0, stop=1, seed=4, details=True)
    free = net.generate({"source": SOURCE}, 9, start=0, seed=4)
    for row, length, old in zip(made, lengths, free, strict=True):
        expected = (old == 1).argmax() if 1 in old else 9
        assert length == expected
        assert (row[length:] == 1).all()
        np.testing.assert_array_equal(row[:length], old[:length])
    assert 0 < lengths.min() < 9 or len({*lengths}) > 1
    assert np.isfinite(scores).all()


def test_a_network_that_ends_in_a_softmax_is_read_as_probabilities():
    def shares(source, target):
        return el.Activation("softmax")(attending(source, target))

    logits = network(attending)
    net = el.Network(shares, inputs={"source": 1, "target": 1}, dtype=np.float64)
    net.params.write(logits.arena)
    for how in ({"seed": 2}, {"beam": 3, "stop": 1}):
        expected, found = (n.generate({"source": SOURCE}, 6, start=0, **how) for n in (logits, net))
        np.testing.assert_array_equal(found, expected)


def test_indices_are_fed_back_as_vectors_where_one_wishes():
    def vectors(source, target):
        return el.Dense(V)(el.GRU(4)(target, state=el.GRU(4)(source).final))

    net = el.Network(vectors, inputs={"source": 2, "target": V}, dtype=np.float64)
    x = RANDOM.normal(size=(3, 4, 2))
    made = net.generate({"source": x}, 6, start=[0, 1, 2], one_hot=True, temperature=0)
    seen = np.eye(V)[np.concatenate([[[0], [1], [2]], made[:, :-1]], axis=1)]
    np.testing.assert_array_equal(net((x, seen)).argmax(-1), made)
    assert net.generate({"source": x}, 6, start=np.zeros(V)).shape == (3, 6, V)  # as values


# ---- the beam


def likeliest(net, row: int, steps: int, stop: int | None, penalty: float) -> tuple[list[int], float]:
    """Of all sequences the one with the best score, from each sequence's own probability."""
    best, mark = [], -np.inf
    classes = range(V)
    everything = np.array(list(itertools.product(classes, repeat=steps)))
    begin = np.zeros((len(everything), 1), int)
    source = np.repeat(SOURCE[row : row + 1], len(everything), axis=0)
    y = log_shares(net((source, np.concatenate([begin, everything[:, :-1]], axis=1))))
    shares = np.take_along_axis(y, everything[..., None], -1)[..., 0]
    for path, share in zip(everything.tolist(), shares, strict=True):
        length = path.index(stop) + 1 if stop in path else steps
        score = share[:length].sum() / length**penalty
        if score > mark + 1e-12:
            best, mark = path[:length] + [stop] * (steps - length), score
    return best, mark


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("stop", [None, 1])
def test_a_wide_beam_finds_the_likeliest_of_all_sequences(stop, penalty):
    net, steps = network(attending), 4
    net.params.write(net.arena / 3)
    made = net.generate(
        {"source": SOURCE}, steps, start=0, stop=stop, beam=V**steps, length_penalty=penalty, details=True
    )
    for row in range(3):
        path, mark = likeliest(net, row, steps, stop, penalty)
        assert made.values[row].tolist() == path
        length = made.lengths[row] + (made.lengths[row] < steps or path[-1] == stop)
        assert made.scores[row] / min(length, steps) ** penalty == pytest.approx(mark, abs=1e-10)


@engines
@pytest.mark.parametrize("function", GRAPHS)
def test_a_beam_of_one_is_the_likeliest_index_each_time_and_wider_ones_are_no_worse(function, engine):
    net = network(function, engine=engine)
    context = given(net, 7)
    greedy = net.generate(context, 7, start=0, stop=3, temperature=0, details=True)
    one = net.generate(context, 7, start=0, stop=3, beam=1, details=True)
    for a, b in zip(greedy, one, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)
    wide = net.generate(context, 7, start=0, beam=V**2, length_penalty=0, details=True)
    free = net.generate(context, 7, start=0, temperature=0, details=True)
    assert (wide.scores >= free.scores - 1e-9).all()
    y = net({**context, "target": np.concatenate([np.zeros((3, 1), int), wide.values[:, :-1]], axis=1)})
    shares = np.take_along_axis(log_shares(y), wide.values[..., None], -1).sum((1, 2))
    np.testing.assert_allclose(wide.scores, shares, atol=1e-9)


def test_a_row_is_searched_as_if_alone():
    net = network(inside)
    together = net.generate({"source": SOURCE}, 6, start=0, stop=1, beam=3, lengths=LENGTHS)
    for row in range(3):
        own = SOURCE[row : row + 1, : LENGTHS[row]]
        np.testing.assert_array_equal(net.generate({"source": own}, 6, start=0, stop=1, beam=3)[0], together[row])


# ---- mistakes


def reversed_(source, target):
    return el.Dense(V)(el.GRU(4, reverse=True)(el.Embedding(V, 3)(target), state=el.pool(el.Dense(4)(source), "mean")))


def pooled(source, target):
    h = el.Embedding(V, 3)(target)
    return el.Dense(V)(h + el.repeat(el.pool(h, "mean"), like=h) + el.repeat(el.pool(source, "last"), like=h))


def looking_ahead(source, target):
    return el.Dense(V)(el.shift(el.Embedding(V, 3)(target), -1) + el.repeat(el.pool(source, "last"), like=target))


def attending_itself(source, target):
    h = el.Embedding(V, 3)(target) + el.repeat(el.pool(source, "last"), like=target)
    return el.Dense(V)(el.attend(h, h))


def after_all(source, target):
    h = el.GRU(3)(el.Embedding(V, 3)(target))
    return el.Dense(V)(el.GRU(3)(h, state=h.final + el.pool(source, "last")))


def single(source, target):
    return el.Dense(V)(el.GRU(3, return_sequences=False)(el.Embedding(V, 3)(target)) + el.pool(source, "last"))


def too_wide(source, target):
    return el.Dense(V + 1)(el.Embedding(V, 3)(target) + el.repeat(el.pool(source, "last"), like=target))


@pytest.mark.parametrize(
    "function, said",
    [
        (reversed_, "begins at the last step"),
        (pooled, "mean gathers all of them"),
        (looking_ahead, "shift needs later steps"),
        (attending_itself, "attends to all of them"),
        (after_all, "the state after all of them"),
        (single, "returns a single step for all"),
        (too_wide, f"it has {V + 1} outputs"),
    ],
)
def test_what_needs_all_steps_is_refused(function, said):
    net = el.Network(function, inputs={"source": 3, "target": 1})
    with pytest.raises((el.OptionError, el.ShapeError), match=said):
        net.generate({"source": np.zeros((1, 2, 3))}, 3, start=0)


@pytest.mark.parametrize(
    "context, options, said",
    [
        (SOURCE, {"start": 0}, "expected a dict of all inputs but the one that is made"),
        ({"sauce": SOURCE}, {"start": 0}, "expected a dict"),
        ({"source": SOURCE, "target": SOURCE}, {"start": 0}, "expected a dict"),
        ({"source": SOURCE}, {}, "start is missing: what target begins with"),
        ({"source": SOURCE}, {"start": V}, "start"),
        ({"source": SOURCE}, {"start": [0, 1]}, "expected an index, or one for each row"),
        ({"source": SOURCE}, {"start": 0, "stop": V}, "stop"),
        ({"source": SOURCE}, {"start": 0, "beam": 0}, "beam"),
        ({"source": SOURCE}, {"start": 0, "beam": 2, "top_k": 3}, "leave out either"),
        ({"source": SOURCE}, {"start": 0, "length_penalty": 0.5}, "give beam too"),
        ({"source": SOURCE}, {"start": 0, "one_hot": True}, "leave one_hot out"),
        ({"source": SOURCE}, {"start": 0, "output": "y"}, "leave it out"),
        ({"source": SOURCE}, {"start": 0, "lengths": {"target": [1, 1, 1]}}, "no input with time steps"),
        ({"source": SOURCE}, {"start": 0, "lengths": [9, 9, 9]}, "lengths"),
        ({"source": SOURCE}, {"start": 0, "steps": 0}, "steps"),
    ],
)
def test_mistakes_are_explained(context, options, said):
    options = {"steps": 3, **options}
    with pytest.raises(el.ElmanError, match=said):
        network(attending).generate(context, **options)


def test_inputs_that_go_along_have_the_steps_that_are_made():
    net = network(two_sources)
    with pytest.raises(el.ShapeError, match="given has 5 steps, and goes along with target; expected 7"):
        net.generate(given(net, 5), 7, start=0)
    with pytest.raises(el.OptionError, match="leave them out"):
        net.generate(given(net, 7), 7, start=0, lengths={"given": [7, 7, 7]})


def test_a_start_index_need_not_be_an_output():
    def begun(source, target):
        return el.Dense(V - 2)(el.GRU(4)(el.Embedding(V, 3)(target), state=el.pool(el.Dense(4)(source), "mean")))

    net = el.Network(begun, inputs={"source": 3, "target": 1})
    made = net.generate({"source": np.ones((2, 4, 3))}, 50, start=V - 1)
    assert set(made.ravel()) == set(range(V - 2))
    with pytest.raises(el.OptionError, match="stop"):
        net.generate({"source": np.ones((2, 4, 3))}, 5, start=V - 1, stop=V - 1)


def test_of_several_outputs_one_is_fed_back():
    def two(source, target):
        h = el.GRU(4)(el.Embedding(V, 3)(target), state=el.pool(el.Dense(4)(source), "mean"))
        return {"next": el.Dense(V)(h), "size": el.Dense(1)(h)}

    net = el.Network(two, inputs={"source": 3, "target": 1})
    x = {"source": np.ones((2, 4, 3))}
    assert net.generate(x, 5, start=0, output="next").shape == (2, 5)
    for wrong in (None, 1, np.array(["next", "size"])):
        with pytest.raises(el.OptionError, match="one of next, size"):
            net.generate(x, 5, start=0, output=wrong)


@pytest.mark.parametrize("beam", [10**12, 10**18])
def test_a_beam_that_no_memory_holds_is_refused(beam):
    net = el.Network(lambda x: el.Dense(V)(el.GRU(4)(el.Embedding(V, 3)(x))), inputs=1)
    with pytest.raises(el.OptionError, match="no memory for a beam"):
        net.generate(np.zeros((2, 1), int), 5, beam=beam)
