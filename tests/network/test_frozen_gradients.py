"""Training computes no gradients of frozen parameters; those of the others keep their bits."""

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES
from elman.training import LOSSES
from elman.training.protocol import Aim

engines = pytest.mark.parametrize("engine", ENGINES)


def stacked(engine):
    return el.Network(3, [el.GRU(5), el.BatchNorm(), el.Dropout(0.2), el.LSTM(4), el.Dense(2)], seed=1, engine=engine)


def residual(engine):
    def f(x):
        h = el.Bidirectional(el.GRU(4))(x)
        return el.Dense(2)(el.LSTM(3)(h, state=None) + el.Dense(3)(x))

    return el.Network(f, inputs={"x": 3}, seed=1, engine=engine)


def attending(engine):
    def f(x):
        memory = el.GRU(4)(x)
        h = el.SimpleRNN(4)(el.shift(x, 1), state=memory.final)
        return el.Dense(2)(el.concat(h, el.attend(h, memory)))

    return el.Network(f, inputs={"x": 3}, seed=1, engine=engine)


def multiplied(engine):
    def f(x):
        return el.Dense(2)(el.SimpleRNN(4)(x * 0.5) * el.Dense(4)(x))

    return el.Network(f, inputs={"x": 3}, seed=1, engine=engine)


def patterns(net):
    """Each layer alone, what lies below the last, every matrix, every bias."""
    layers = list(dict.fromkeys(name.rsplit(".", 1)[0] for name in net.params))
    return [*[(f"{layer}.*",) for layer in layers], tuple(f"{layer}.*" for layer in layers[:-1]), ("*.b*",), ("*.W*",)]


def gradients(net, x, target, lengths, whole, **how):
    lengths = np.array(lengths)
    engine = net.trainer([Aim(LOSSES["mse"], 2)], whole=whole)
    batch = el.engine.interface.Batch.of(x, target, lengths)
    return engine.gradients(net.arena, batch, el.engine.interface.How(**how)).parameters


@engines
@pytest.mark.parametrize(
    "made, how",
    [(made, {}) for made in (stacked, residual, attending, multiplied)]
    + [(made, how) for made in (stacked, multiplied) for how in ({"memory": "low"}, {"truncate": 2})],
)
def test_the_gradients_of_others_keep_their_bits(made, how, engine):
    random, net = np.random.default_rng(0), made(engine)
    lengths = [7, 3, 1, 7, 5] if engine == "native" else [4, 2]
    shape = len(lengths), max(lengths)
    x, target = (random.normal(size=(*shape, n)).astype(np.float32) for n in (3, 2))
    for chosen in patterns(net):
        net.unfreeze("*")
        net.freeze(*chosen)
        found, full = (gradients(net, x, target, lengths, whole, **how) for whole in (False, True))
        for name, place in net.params.places.items():
            mine = place.view(found)
            if name in net.frozen:
                assert not mine.any(), (chosen, name)
            else:
                assert mine.tobytes() == place.view(full).tobytes(), (chosen, name)


@engines
def test_what_lies_below_all_that_is_trained_has_no_way_back(engine):
    net = el.Network(3, [el.GRU(5), el.LSTM(4), el.Dense(2)], engine=engine)
    whole = net.trainer([Aim(LOSSES["mse"], 2)]).plan
    net.freeze("0.*", "1.W*")
    plan = net.trainer([Aim(LOSSES["mse"], 2)]).plan
    assert whole.stages[0].reverse and not plan.stages[0].reverse and not plan.stages[0].after
    assert plan.stages[1].reverse
    assert len(plan.gradients) < len(whole.gradients)
