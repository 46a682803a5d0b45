"""What is not finite in a training: which value began it, and what becomes of its batch."""

import re
import warnings

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError, TrainingError
from elman.training import calls, guarded
from tests.training.problems import ENGINES, recurrent, sums, train

engines = pytest.mark.parametrize("engine", ENGINES)


def why(call):
    with pytest.raises(TrainingError) as found:
        call()
    return str(found.value)


# --- which value was the first ------------------------------------------------------------------------------


@el.cell
def bursting(p, x, h):
    """A state that doubles until its exponential has no room."""
    grown = 2 * h + p.W @ x
    burst = el.exp(grown)
    return burst, grown


def doubling(engine, dtype, **more):
    net = el.Network(1, [el.Recurrent(bursting, 1, **more)], dtype=dtype, engine=engine)
    net.params.write(1.0)  # so the exponent of step t is 2^t, where x is 1 at the first step
    return net


def pulse(rows, steps, row, dtype=np.float64):
    x = np.zeros((rows, steps, 1), dtype)
    x[row, 0] = 1
    return x


@engines
@pytest.mark.parametrize(("dtype", "step"), [(np.float32, 7), (np.float64, 10)])
@pytest.mark.parametrize("stateful", [False, True])
def test_a_value_of_the_equations_is_named_with_its_step_and_row(engine, dtype, step, stateful):
    x, net = pulse(8, 12, 5, dtype), doubling(engine, dtype)
    said = why(lambda: train(net, x, 0 * x, batch_size=4, shuffle=False, stateful=stateful, optimizer=el.SGD(0.0)))
    assert said.startswith("epoch 1, batch 2 of 2: the loss is ") and "before this update, number 2; try" in said
    assert f": first, burst (exp) of layer 0 became inf, at step {step} of row 5, feature 0" in said


@engines
def test_what_float64_would_have_room_for_is_said(engine):
    said = []
    for steps in (8, 12):  # e^128 is a number of 64 bits, and its square; e^2048 is none
        x = pulse(2, steps, 1, np.float32)
        said.append(why(lambda x=x: train(doubling(engine, np.float32), x, 0 * x)))
    assert re.search(r"beyond float32, .* with dtype='float64' the loss is \d\.\d+e\+1[01]\d\)", said[0])
    assert "beyond float32" not in said[1]


@engines
def test_steps_of_a_layer_that_goes_backwards_are_those_of_the_data(engine):
    for row, length in ((1, 12), (0, 11)):
        lengths = np.array([length, 12, 12])
        x = np.zeros((3, 12, 1))
        x[row, length - 1] = 1
        said = why(
            lambda x=x, lengths=lengths: train(doubling(engine, np.float64, reverse=True), x, 0 * x, lengths=lengths)
        )
        assert f"burst (exp) of layer 0 became inf, at step {length - 11} of row {row}," in said


@engines
def test_an_infinity_that_comes_to_nothing_is_not_blamed(engine):
    @el.cell
    def cell(p, x, h):
        vanishing = 1 / el.exp(1000 * h + 800 * x)  # 1 / inf
        root = el.sqrt(x - 3)  # NaN
        return h + vanishing + root

    net = el.Network(1, [el.Recurrent(cell, 1)], dtype=np.float64, engine=engine)
    x = np.full((4, 3, 1), 4.0)
    x[2, 1] = 2
    assert "first, root (sqrt) of layer 0 became nan, at step 1 of row 2," in why(
        lambda: train(net, x, 0 * x, shuffle=False)
    )


@engines
def test_of_several_the_first_is_named(engine):
    x = pulse(6, 14, 4)
    x[1, 2] = 1
    said = why(lambda: train(doubling(engine, np.float64), x, 0 * x, shuffle=False))
    assert "at step 10 of row 4," in said
    weights = np.ones(6)
    weights[4] = 0
    said = why(lambda: train(doubling(engine, np.float64), x, 0 * x, shuffle=False, sample_weight=weights))
    assert "at step 12 of row 1," in said


@engines
def test_a_loss_is_named(engine):
    net, (x, target) = recurrent(engine=engine), sums()
    target[7, 1] = 1e200
    said = why(lambda: train(net, x, target, shuffle=False))
    assert "the loss is inf: first, square of the loss became inf, at row 7, feature 1" in said


@engines
@pytest.mark.parametrize("memory", ["normal", "low"])
def test_a_gradient_is_named_with_the_parameter_and_where_it_began(engine, memory):
    def rooted(y, target):
        return el.sum(el.sqrt(abs(y - target)))

    net = el.Network(2, [el.Dense(1)], dtype=np.float64, engine=engine)
    net.params.write(0)
    target = np.ones((4, 3, 1))
    target[2, 1] = 0
    said = why(lambda: train(net, np.ones((4, 3, 2)), target, loss=rooted, memory=memory, shuffle=False))
    assert re.search(
        r"the gradient of 0\.W\[0, 0\] is \S+, though the loss is 0\.91.*: first, .* of the loss became", said
    )
    assert "on the way back, at step 1 of row 2, feature 0" in said


@engines
@pytest.mark.parametrize("optimizer", [el.SGD(1e308), el.Adam(1e300)])
def test_an_update_that_would_spoil_a_parameter_is_not_done(engine, optimizer):
    net, optimizer, (x, target) = recurrent(engine=engine), optimizer.fresh(), sums()
    kept = []
    keep = el.LambdaCallback(on_batch_end=lambda training: kept.append(training.net.arena.copy()))
    target = target * 1e3
    said = why(lambda: train(net, x, target, optimizer=optimizer, callbacks=[keep], batch_size=8, epochs=9))
    assert np.isfinite(net.arena).all() and all(np.isfinite(a).all() for a in optimizer.state.values())
    if "the update would make" in said:
        assert re.search(r"the update would make the parameter \S+\[.*\] -?(inf|nan), from a gradient of -?\d", said)
    np.testing.assert_array_equal(net.arena, kept[-1] if kept else recurrent(engine=engine).arena)
    assert net.updates == optimizer.updates == len(kept)


@engines
def test_what_an_optimiser_remembers_stays_finite(engine):
    net, adam = el.Network(1, [el.Dense(1)], engine=engine), el.Adam(1e-3)
    net.params.write(0)
    x, target = np.full((2, 1, 1), 1e10, np.float32), np.full((2, 1, 1), 1e12, np.float32)  # a gradient of -2e22
    said = why(lambda: train(net, x, target, optimizer=adam))
    assert re.search(
        r"make (\w+), which Adam remembers, of the parameter 0\.W\[0, 0\] inf, from a gradient of -2e\+22", said
    )
    assert np.isfinite(adam.state["v"]).all() and not net.arena.any() and adam.updates == 0


@engines
def test_a_batch_of_a_loop_of_ones_own_is_named(engine):
    net, sgd = doubling(engine, np.float64), el.SGD(0.0)
    x = pulse(3, 12, 2)
    assert why(lambda: net.train_on_batch(x, 0 * x, optimizer=sgd)).startswith(
        "update 1: the loss is inf: first, burst"
    )
    assert np.isnan(net.train_on_batch(x, 0 * x, optimizer=sgd, on_nan="skip")) and net.updates == sgd.updates == 0
    assert np.isfinite(net.train_on_batch(x[:2], 0 * x[:2], optimizer=sgd, on_nan="skip")) and net.updates == 1


@engines
@pytest.mark.parametrize("cell", ["lstm", "gru", "mlstm", "phased_lstm"])
def test_whatever_is_spoilt_something_is_named(engine, cell):
    """Every parameter in turn so large that something overflows: a value is named, or the gradient's parameter."""
    x, target = sums(rows=4, steps=3, dtype=np.float32)
    for number in range(6):
        net = el.Network(
            2, [el.Recurrent(getattr(el.cells, cell), 3, return_sequences=False), el.Dense(2)], engine=engine
        )
        with net.params.writing() as arena:
            arena[number * len(arena) // 6 :: 5] = 1e38
        said = ""
        try:
            train(net, x * 10, target, epochs=1)
        except TrainingError as error:
            said = str(error)
        assert not said or re.search(r"first, |the parameter |gradient of ", said), said


# --- what becomes of the batch ------------------------------------------------------------------------------


def spoilt(rows, at, size=4, steps=4):
    """Data whose batches `at` overflow, and the same without those."""
    x, target = sums(rows=rows, steps=steps)
    target = target[:, None].repeat(steps, 1)
    bad = np.isin(np.arange(rows) // size, at)
    target[bad] = 1e200
    return (x, target), (x[~bad], target[~bad])


def twins(engine, **more):
    return [recurrent(engine=engine, sequences=True, **more) for _ in range(2)]


def remembered(optimizer):
    return b"".join(a.tobytes() for a in optimizer.state.values())


@engines
@pytest.mark.parametrize("at", [[0, 1], [2, 4]])
@pytest.mark.parametrize("how", ["plain", "stateful", "drop", "watched", "scheduled", "clipped"])
def test_what_is_left_out_might_as_well_not_be_there(engine, at, how, monkeypatch):
    ours, theirs = twins(engine, drop=0.3 if how == "drop" else 0.0)
    broken, clean = spoilt(20, at)
    options = {"stateful": how == "stateful"}
    if how == "watched":
        monkeypatch.setattr(calls, "SECONDS_A_CALL", 0.0)
    found = []
    for net, given, on_nan in ((ours, broken, "skip"), (theirs, clean, "raise")):
        rate = el.training.CosineDecay(0.01, 30) if how == "scheduled" else 0.01
        adam, seen = el.Adam(rate, clip_norm=0.1 if how == "clipped" else None), []
        watch = [el.LambdaCallback(on_batch_end=lambda t, seen=seen: seen.append(t.net.updates))] * (how == "watched")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = train(
                net,
                *given,
                optimizer=adam,
                epochs=3,
                batch_size=4,
                shuffle=False,
                on_nan=on_nan,
                callbacks=watch,
                **options,
            )
        found.append((net.arena.tobytes(), remembered(adam), adam.updates, net.updates, history["loss"], seen))
        if on_nan == "skip":
            assert history["skipped"] == [len(at)] * 3
        else:
            assert "skipped" not in history.history
    assert found[0] == found[1]


@engines
def test_a_warning_says_how_many_and_why(engine):
    (net, _), (broken, _) = twins(engine), spoilt(20, [1, 3])
    with pytest.warns(
        RuntimeWarning, match=r"4 of 10 batches were left out .*: epoch 1, batch 2 of 5: the loss is inf: first, sq"
    ):
        train(net, *broken, epochs=2, batch_size=4, shuffle=False, on_nan="skip")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(net, *spoilt(20, [])[0], on_nan="skip")


@engines
def test_an_epoch_of_which_nothing_is_left_is_an_error(engine):
    (net, _), (broken, _) = twins(engine), spoilt(8, [0, 1])
    before = net.arena.copy()
    said = why(lambda: train(net, *broken, batch_size=4, shuffle=False, on_nan="skip"))
    assert said.startswith("epoch 1: all of its 2 batches were left out (on_nan='skip')") and "batch 1 of 2" in said
    np.testing.assert_array_equal(net.arena, before)
    assert net.updates == net.epochs == 0


@engines
def test_an_update_that_would_spoil_something_is_left_out_too(engine):
    net, adam = el.Network(1, [el.Dense(1)], engine=engine), el.Adam(1e-3)
    twin, other = el.Network(1, [el.Dense(1)], engine=engine), el.Adam(1e-3)
    x = np.ones((6, 1, 1), np.float32)
    x[3], target = 1e10, np.ones((6, 1, 1), np.float32)
    target[3] = 1e12
    with pytest.warns(RuntimeWarning, match="1 of 6 batches .*which Adam remembers"):
        train(net, x, target, optimizer=adam, batch_size=1, shuffle=False, epochs=1, on_nan="skip")
    keep = np.arange(6) != 3
    train(twin, x[keep], target[keep], optimizer=other, batch_size=1, shuffle=False, epochs=1)
    np.testing.assert_array_equal(net.arena, twin.arena)
    assert remembered(adam) == remembered(other)


def test_many_networks_leave_out_too():
    nets = [recurrent(sequences=True, seed=seed) for seed in range(3)]
    alone = [recurrent(sequences=True, seed=seed) for seed in range(3)]
    broken, clean = spoilt(20, [1])
    options = {"batch_size": 4, "shuffle": False, "epochs": 2, "verbose": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        histories = el.fit_many(nets, *broken, on_nan="skip", **options)
    el.fit_many(alone, *clean, **options)
    assert [history["skipped"] for history in histories] == [[1, 1]] * 3
    assert [net.arena.tobytes() for net in nets] == [net.arena.tobytes() for net in alone]


@pytest.mark.parametrize("on_nan", ["Skip", None, True, 0, "ignore"])
def test_what_is_no_way_to_treat_a_batch_is_refused(on_nan):
    x, target = sums()
    with pytest.raises(OptionError, match="on_nan is .*expected 'raise' or 'skip'"):
        train(recurrent(), x, target, on_nan=on_nan)
    with pytest.raises(OptionError, match="on_nan is"):
        recurrent().train_on_batch(x, target, optimizer=el.SGD(0.1), on_nan=on_nan)


def test_skipped_can_be_monitored():
    (net, _), (broken, _) = twins("numpy"), spoilt(20, [1])
    with pytest.warns(RuntimeWarning):
        history = train(
            net,
            *broken,
            epochs=9,
            batch_size=4,
            shuffle=False,
            on_nan="skip",
            callbacks=[el.EarlyStopping("skipped", patience=2, mode="min")],
        )
    assert history.epochs == 3


@engines
def test_where_a_copy_would_take_time_the_next_update_finds_what_is_spoilt(engine, monkeypatch):
    monkeypatch.setattr(guarded, "SMALL", 0)
    x, target = np.ones((2, 3, 2)), 1e3 * np.ones((2, 3, 1))
    for on_nan in ("raise", "skip"):
        net, sgd = recurrent(1, engine=engine, sequences=True), el.SGD(1e308)
        before = net.arena.copy()
        found = net.train_on_batch(x, target, optimizer=sgd, on_nan=on_nan)
        if on_nan == "raise":
            assert np.isfinite(found) and not np.isfinite(net.arena).all()
            with pytest.raises(TrainingError, match=r"update 2: the parameter .* has become .*no use: go on from"):
                net.train_on_batch(x, target, optimizer=sgd)
        else:
            assert np.isnan(found) and net.updates == 0
            np.testing.assert_array_equal(net.arena, before)
    many = recurrent(1, engine=engine, sequences=True)  # in one call there is work enough
    monkeypatch.setattr(guarded, "STEPS_A_COPY", 1)
    with pytest.raises(TrainingError, match="the update would make"):
        many.fit(x, target, optimizer=el.SGD(1e308), epochs=1, verbose=0)
    assert np.isfinite(many.arena).all()


def estimators():
    x = np.random.default_rng(0).normal(size=(24, 6, 1))
    quick = {"learning_rate": 1e38, "epochs": 2}
    classes, totals = (x.sum(axis=(1, 2)) > 0).astype(int), x.sum(axis=(1, 2))
    wave = np.sin(np.arange(80.0))
    yield lambda **how: el.SequenceClassifier(units=3, members=1, **quick).fit(x, classes, **how)
    yield lambda **how: el.SequenceRegressor(units=3, members=1, **quick).fit(x, totals, **how)
    yield lambda **how: el.Forecaster(4, methods="network", units=3, members=1, **quick).fit(wave, **how)
    yield lambda **how: el.LanguageModel(units=3, steps=5, **quick).fit("to be or not " * 99, verbose=0, **how)


@pytest.mark.parametrize("fit", estimators(), ids=["classifier", "regressor", "forecaster", "language model"])
def test_estimators_leave_out_batches_too(fit):
    with pytest.raises(TrainingError, match="^((?!left out).)*$"):
        fit()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            fit(on_nan="skip")
            said = [str(one.message) for one in warned]
        except TrainingError as error:  # there was no batch that could be learnt from
            said = [str(error)]
    assert any("batches were left out (on_nan='skip')" in one for one in said), said
    with pytest.raises(OptionError, match="on_nan is 'leave'"):
        fit(on_nan="leave")
