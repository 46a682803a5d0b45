"""Averaged weights against plain NumPy; tests/parity/test_averages.py has PyTorch and Keras."""

import copy
import warnings

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from elman.training.averages import AVERAGE, OWN
from tests.training.problems import ENGINES, copied_network, recurrent, sums, train

X, TARGET = sums()
AVERAGES = {
    "ema": el.EMA(0.8),
    "ema of torch": el.EMA(0.8, corrected=False),
    "ema from the fifth": el.EMA(0.8, start=5),
    "swa": el.SWA(),
    "swa now and then": el.SWA(start=4, every=3),
}


def weights_behind_each_update(net, optimizer, **options):
    """What a training without an average goes through."""
    found = []
    note = el.LambdaCallback(on_batch_end=lambda training: found.append(training.net.arena.copy()))
    train(net, X, TARGET, optimizer=optimizer, callbacks=[note], **options)
    return found


def mean_of(weights, average):
    """The average as its definition says it, a weighted mean of all weights from `start` on."""
    kept = weights[average.start - 1 :]
    if not kept:
        return weights[-1]
    if isinstance(average, el.SWA):
        return np.mean(kept[:: average.every], axis=0)
    n = len(kept)
    if average.corrected:
        share = average.decay ** np.arange(n - 1, -1, -1)
        return np.average(kept, axis=0, weights=share)
    share = (1 - average.decay) * average.decay ** np.arange(n - 1, -1, -1)
    share[0] = average.decay ** (n - 1)
    return np.tensordot(share, kept, 1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("average", AVERAGES.values(), ids=AVERAGES)
@pytest.mark.parametrize("make", [lambda **o: el.SGD(0.1, **o), lambda **o: el.AdamW(0.02, **o)], ids=["sgd", "adamw"])
def test_the_average_is_what_its_definition_says(make, average, engine):
    passed = weights_behind_each_update(recurrent(engine=engine), make(clip_norm=0.5), batch_size=8, epochs=2)
    net, optimizer = recurrent(engine=engine), make(clip_norm=0.5, average=average)
    train(net, X, TARGET, optimizer=optimizer, batch_size=8, epochs=2)
    np.testing.assert_allclose(net.arena, mean_of(passed, average), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(optimizer.state[OWN], passed[-1])  # training itself is as without
    flat = np.concatenate([value.ravel() for value in optimizer.averaged.values()])
    np.testing.assert_array_equal(flat, net.arena)


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_and_what_is_frozen(engine):
    def trained(average):
        net = recurrent(engine=engine)
        net.freeze("1.*")
        passed = weights_behind_each_update(
            net, optimizer := el.Adam(0.02, groups={"*.U*": {"rate_factor": 0.1}}, average=average), epochs=3
        )
        return net, optimizer, passed

    _, _, passed = trained(None)
    net, optimizer, again = trained(el.EMA(0.9))
    np.testing.assert_array_equal(passed, again)
    np.testing.assert_allclose(net.arena, mean_of(passed, el.EMA(0.9)), rtol=1e-12)
    np.testing.assert_array_equal(optimizer.averaged["1.W"], recurrent().params["1.W"])


def test_what_was_frozen_at_first_is_averaged_from_its_first_change():
    net, optimizer, passed = recurrent(), el.SGD(0.1, average=el.SWA()), []
    note = el.LambdaCallback(on_batch_end=lambda training: passed.append(training.net.arena.copy()))
    thaw = el.LambdaCallback(on_epoch_begin=lambda training: training.epoch == 2 and training.net.unfreeze("*"))
    net.freeze("1.*")
    train(net, X, TARGET, optimizer=optimizer, epochs=3, callbacks=[note, thaw])
    np.testing.assert_allclose(net.arena, np.mean(passed, axis=0), rtol=1e-12)


def test_epochs_are_judged_with_averaged_weights_and_go_on_from_ones_own():
    seen, passed = [], weights_behind_each_update(recurrent(), el.SGD(0.1), epochs=3, batch_size=8)
    note = el.LambdaCallback(
        on_epoch_end=lambda training: seen.append((training.net.arena.copy(), dict(training.logs)))
    )
    options = {"validation_data": (X, TARGET), "metrics": ["mae"], "callbacks": [note], "batch_size": 8}
    train(recurrent(), X, TARGET, optimizer=el.SGD(0.1, average=el.EMA(0.9)), epochs=3, **options)
    for epoch, (weights, logs) in enumerate(seen, 1):
        expected = mean_of(passed[: 5 * epoch], el.EMA(0.9))
        np.testing.assert_allclose(weights, expected, rtol=1e-12)
        judge = recurrent()
        judge.params.write(weights)
        assert judge.evaluate(X, TARGET) == pytest.approx(logs["val_loss"], rel=1e-12)
        assert judge.evaluate(X, TARGET, metrics=["mae"])["mae"] == pytest.approx(logs["mae"], rel=1e-12)


@pytest.mark.parametrize("between", ["nothing", "stored", "copied"])
def test_two_trainings_in_a_row_are_one(between):
    whole, parts = recurrent(), recurrent()
    train(whole, X, TARGET, optimizer=el.Adam(0.02, average=el.EMA(0.9)), epochs=5)
    optimizer = el.Adam(0.02, average=el.EMA(0.9))
    train(parts, X, TARGET, optimizer=optimizer, epochs=2)
    if between == "stored":
        stored, optimizer = optimizer.state_dict(), el.Adam(0.02, average=el.EMA(0.9))
        optimizer.load_state_dict(stored)
    if between == "copied":
        parts, optimizer = copied_network(parts), copy.deepcopy(optimizer)
    train(parts, X, TARGET, optimizer=optimizer, epochs=3)
    np.testing.assert_array_equal(whole.arena, parts.arena)


def test_a_checkpoint_holds_both(tmp_path):
    whole, optimizer = recurrent(), el.Adam(0.02, average=el.EMA(0.9))
    train(whole, X, TARGET, optimizer=optimizer, epochs=4)
    for epochs in (2, 4):
        net, optimizer, file = recurrent(), el.Adam(0.02, average=el.EMA(0.9)), el.Checkpoint(tmp_path / "run")
        file.resume(net, optimizer)
        train(net, X, TARGET, optimizer=optimizer, epochs=epochs - net.epochs, callbacks=[file])
    np.testing.assert_array_equal(whole.arena, net.arena)


def test_weights_that_somebody_changed_are_what_training_goes_on_from():
    net, optimizer = recurrent(), el.SGD(0.1, average=el.EMA(0.9))
    train(net, X, TARGET, optimizer=optimizer, epochs=2)
    net.params["1.b"] = [3.0, 3.0]
    changed = copied_network(net)
    train(net, X, TARGET, optimizer=optimizer, epochs=1)
    train(changed, X, TARGET, optimizer=el.SGD(0.1), epochs=1)
    np.testing.assert_array_equal(optimizer.state[OWN], changed.arena)


def test_early_stopping_puts_the_best_averaged_weights_back():
    noisy, kept = TARGET + np.random.default_rng(0).normal(size=TARGET.shape), {}
    note = el.LambdaCallback(on_epoch_end=lambda training: kept.update({training.epoch: training.net.arena.copy()}))
    net, optimizer = recurrent(), el.Adam(0.1, average=el.EMA(0.9))
    options = {"validation_data": (X[8:], noisy[8:]), "callbacks": [note, el.EarlyStopping(patience=5)]}
    history = train(net, X[:8], noisy[:8], optimizer=optimizer, epochs=200, **options)
    assert history.epochs == history.best_epoch + 5 < 200
    np.testing.assert_array_equal(net.arena, kept[history.best_epoch])
    assert net.evaluate(X[8:], noisy[8:]) == min(history["val_loss"])


def test_a_training_that_is_stopped_within_an_epoch_ends_with_the_average():
    def stop(training):
        training.stop = training.net.updates == 3

    passed = weights_behind_each_update(recurrent(), el.SGD(0.1), batch_size=8, epochs=1)
    net = recurrent()
    stopping = [el.LambdaCallback(on_batch_end=stop)]
    train(net, X, TARGET, optimizer=el.SGD(0.1, average=el.SWA()), batch_size=8, callbacks=stopping)
    np.testing.assert_allclose(net.arena, np.mean(passed[:3], axis=0), rtol=1e-12)


def test_after_ctrl_c_or_an_error_the_network_has_its_own_weights():
    def interrupt(training):
        if training.net.updates == 3:
            raise KeyboardInterrupt

    passed = weights_behind_each_update(recurrent(), el.SGD(0.1), batch_size=8, epochs=1)
    net, optimizer = recurrent(), el.SGD(0.1, average=el.SWA())
    stopping = [el.LambdaCallback(on_batch_end=interrupt)]
    with pytest.raises(KeyboardInterrupt):
        train(net, X, TARGET, optimizer=optimizer, batch_size=8, callbacks=stopping)
    np.testing.assert_array_equal(net.arena, passed[2])
    found = np.concatenate([value.ravel() for value in optimizer.averaged.values()])
    np.testing.assert_allclose(found, np.mean(passed[:3], axis=0), rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_moments_are_those_of_the_training_data_with_averaged_weights(engine):
    def make(**more):
        return el.Network(2, [el.Dense(5), el.BatchNorm(), el.GRU(4, return_sequences=False), el.Dense(2)],
                          dtype=np.float64, engine=engine, **more)  # fmt: skip

    net = make()
    train(net, X, TARGET, optimizer=el.SGD(0.1, average=el.EMA(0.9)), batch_size=len(X), epochs=4)
    hidden = X @ net.params["0.W"].T + net.params["0.b"]
    moments = {name: value for name, value in net.params.items() if name.startswith("1.") and name not in net.trainable}
    mean, variance = hidden.mean(axis=(0, 1)), hidden.var(axis=(0, 1))
    assert len(moments) == 2
    for value in moments.values():
        closest = min((mean, variance), key=lambda other: np.abs(other - value).max())
        np.testing.assert_allclose(value, closest, rtol=1e-9)
    np.testing.assert_array_equal(net.params.places.keys(), make().params.places.keys())


def test_the_running_moments_of_the_training_itself_are_as_without_an_average():
    def own(average):
        net = el.Network(2, [el.BatchNorm(), el.GRU(4, return_sequences=False), el.Dense(2)], dtype=np.float64)
        optimizer = el.SGD(0.1, average=average)
        train(net, X, TARGET, optimizer=optimizer, batch_size=8, epochs=3)
        return net.arena if average is None else optimizer.state[OWN]

    np.testing.assert_array_equal(own(None), own(el.EMA(0.9)))


@pytest.mark.parametrize("engine", ENGINES)
def test_loops_of_ones_own_train_their_own_weights(engine):
    net, plain = recurrent(engine=engine), recurrent(engine=engine)
    optimizer, passed = el.Adam(0.02, average=el.SWA()), []
    for number in range(6):
        net.train_on_batch(X, TARGET, optimizer=optimizer)
        if number % 2:
            optimizer.average_in(net)
    other = el.Adam(0.02)
    for _ in range(6):
        plain.train_on_batch(X, TARGET, optimizer=other)
        passed.append(plain.arena.copy())
    np.testing.assert_allclose(net.arena, np.mean(passed, axis=0), rtol=1e-12)
    optimizer.average_out(net)
    np.testing.assert_array_equal(net.arena, plain.arena)
    assert AVERAGE in optimizer.state


def test_networks_side_by_side_have_an_average_each():
    nets, alone = [[recurrent(seed=seed) for seed in range(3)] for _ in range(2)]
    el.fit_many(nets, X, TARGET, optimizer=el.Adam(0.02, average=el.EMA(0.9)), epochs=2, verbose=0)
    for net, one in zip(nets, alone, strict=True):
        train(one, X, TARGET, optimizer=el.Adam(0.02, average=el.EMA(0.9)), epochs=2)
        np.testing.assert_array_equal(net.arena, one.arena)


def test_an_average_that_is_not_applied():
    passed = weights_behind_each_update(recurrent(), el.SGD(0.1), epochs=2)
    net, optimizer = recurrent(), el.SGD(0.1, average=el.SWA(applied=False))
    history = train(net, X, TARGET, optimizer=optimizer, epochs=2, validation_data=(X, TARGET))
    np.testing.assert_array_equal(net.arena, passed[-1])
    assert net.evaluate(X, TARGET) == history["val_loss"][-1]
    found = np.concatenate([value.ravel() for value in optimizer.averaged.values()])
    np.testing.assert_allclose(found, np.mean(passed, axis=0), rtol=1e-12)


def test_any_number_of_ranks():
    def trained(ranks):
        net, optimizer = recurrent(threads=1), el.Adam(0.02, average=el.EMA(0.9))
        train(net, X, TARGET, optimizer=optimizer, epochs=2, validation_data=(X, TARGET), ranks=ranks)
        return net.arena.tobytes(), optimizer.state[OWN].tobytes()

    assert set(el.distributed.in_threads(trained, 3)) == {trained(el.distributed.alone())}


def test_without_an_average_the_program_is_what_it_was():
    assert el.Adam(average=None).program() == el.Adam().program()
    assert len(el.Adam(average=el.EMA()).program().code) > len(el.Adam().program().code)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: el.EMA(1.0), r"EMA: decay is 1.0; expected a number in \[0, 1\)"),
        (lambda: el.EMA(start=0), "EMA: start is 0; expected a whole number of at least 1"),
        (lambda: el.SWA(every=0), "SWA: every is 0; expected a whole number"),
        (lambda: el.Adam(average=0.999), r"Adam: average is 0.999; expected an average, such as el.EMA\(0.999\)"),
        (lambda: el.SGD(average=el.EMA()).averaged, "this SGD has no average of a network"),
        (lambda: el.Adam(use_ema=True), r"Adam has no argument 'use_ema': give average=el.EMA\(0.99\)"),
        (lambda: el.Adam(betas=(0.9, 0.99)), "no argument 'betas': give beta_1 and beta_2"),
        (lambda: el.SGD(learning_rat=0.1), r"SGD has no argument 'learning_rat' \(did you mean 'learning_rate'"),
    ],
)
def test_options_that_make_no_sense(make, said):
    with pytest.raises(OptionError, match=said):
        make()


@pytest.mark.parametrize("average", [el.EMA(start=9), el.SWA(start=9)], ids=repr)
def test_an_average_that_does_not_begin_is_told(average):
    def train(epochs):
        net, x = el.Network(1, [el.GRU(2), el.Dense(1)], seed=0), np.ones((8, 3, 1))
        net.fit(x, x, epochs=epochs, batch_size=4, optimizer=el.Adam(average=average), verbose=0)

    with pytest.warns(RuntimeWarning, match="has begun with none of 8 updates"):
        train(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(5)
