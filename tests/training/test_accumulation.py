"""Updates from several batches are those of a batch that is as large."""

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from tests.training.problems import ENGINES, recurrent, sums, train

X, TARGET = sums(rows=41, steps=6)
RANDOM = np.random.default_rng(5)
KINDS = {
    "plain": {},
    "ragged": {"lengths": RANDOM.integers(1, 7, 41)},
    "weighted": {"sample_weight": RANDOM.integers(0, 3, 41) + 0.5},
    "some rows left out": {"sample_weight": (RANDOM.random(41) > 0.4) * 1.0},
    "rmse": {"loss": "rmse"},
    "low memory": {"memory": "low"},
    "truncated": {"truncate": 2},
    "validated": {"validation_data": (X, TARGET), "metrics": ["mae"]},
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
def test_as_one_large_batch(kind, engine):
    def trained(**how):
        net = recurrent(engine=engine, drop=0.3)
        history = train(net, X, TARGET, optimizer=el.Adam(0.02, clip_norm=0.5), epochs=3, **KINDS[kind], **how)
        return net, history

    (net, history), (large, expected) = trained(batch_size=4, accumulate=3), trained(batch_size=12)
    np.testing.assert_allclose(net.arena, large.arena, rtol=1e-9, atol=1e-12)
    for name in expected.history.keys() - {"seconds"}:
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-9)
    assert (net.updates, net.epochs) == (large.updates, large.epochs)
    # 41 rows are updates of 12, 12, 12 and 5: all are in the mean


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_of_steps(engine):
    x, target = X, np.cumsum(X, axis=1)
    weights = RANDOM.random((41, 6))

    def trained(**how):
        net = recurrent(engine=engine, sequences=True)
        train(net, x, target, sample_weight=weights, epochs=2, shuffle=False, **how)
        return net.arena

    np.testing.assert_allclose(trained(batch_size=3, accumulate=5), trained(batch_size=15), rtol=1e-9, atol=1e-12)


def test_more_batches_than_rows_are_left():
    one, other = recurrent(), recurrent()
    train(one, X[:3], TARGET[:3], batch_size=1, accumulate=8, epochs=2)
    train(other, X[:3], TARGET[:3], batch_size=8, epochs=2)
    np.testing.assert_allclose(one.arena, other.arena, rtol=1e-9)


def test_the_same_bits_with_other_threads_and_callbacks():
    def trained(threads, callbacks=()):
        net = recurrent(threads=threads, dtype=np.float32)
        train(net, X, TARGET, batch_size=4, accumulate=4, epochs=2, callbacks=callbacks)
        return net.arena

    watching = [el.LambdaCallback(on_batch_end=lambda training: None)]
    np.testing.assert_array_equal(trained(1), trained(2))
    np.testing.assert_array_equal(trained(1), trained(1, watching))


def test_side_by_side():
    nets = [recurrent(seed=seed) for seed in range(2)]
    el.fit_many(nets, X, TARGET, batch_size=4, accumulate=el.each([1, 3]), epochs=2, verbose=0)
    for net, accumulate in zip(nets, (1, 3), strict=True):
        alone = recurrent(seed=net.seed)
        train(alone, X, TARGET, batch_size=4, accumulate=accumulate, epochs=2)
        np.testing.assert_array_equal(net.arena, alone.arena)


def test_an_update_that_is_not_finite_is_explained():
    net = recurrent()
    with pytest.raises(el.TrainingError, match="epoch 1, batch 1 of"):
        train(net, X, TARGET * 1e200, optimizer=el.SGD(0.1), batch_size=4, accumulate=4)
    assert net.updates == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"stateful": True, "shuffle": False}, "accumulate=2 does not go with stateful=True"),
        ({"ranks": el.distributed.alone()}, "accumulate=2 does not go with ranks"),
    ],
)
def test_what_does_not_go_with_it(more, said):
    with pytest.raises(OptionError, match=said):
        train(recurrent(), X, TARGET, batch_size=4, accumulate=2, **more)
    with pytest.raises(OptionError, match="accumulate is 0; expected a whole number of at least 1"):
        train(recurrent(), X, TARGET, accumulate=0)
    normalised = el.Network(2, [el.BatchNorm(), el.GRU(4, return_sequences=False), el.Dense(2)])
    with pytest.raises(OptionError, match="batch normalisation.*accumulate=2"):
        train(normalised, X, TARGET, accumulate=2)
