"""The training loop: known solutions, the same numbers in other circumstances, and what it refuses."""

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, ShapeError, TrainingError
from elman.training import calls, keys
from elman.training.examples import examples
from elman.training.protocol import Aim
from tests.training.problems import ENGINES, copied_network, linear, recurrent, sums, train

engines = pytest.mark.parametrize("engine", ENGINES)


class Spy:
    """An engine that remembers what it was asked to train on."""

    def __init__(self, engine):
        self.engine, self.calls, self.plan = engine, [], engine.plan

    def check_indices(self, data):
        self.engine.check_indices(data)

    def train(self, parameters, data, updates, how):
        self.calls.append((data, updates))
        return self.engine.train(parameters, data, updates, how)


def spied(net: el.Network) -> Spy:
    """Put a spy in front of the engine that trains with mse."""
    spies, inner = {}, net.trainer

    def trainer(aims):
        return spies.setdefault(tuple(aims), Spy(inner(aims)))

    net.trainer = trainer
    return trainer((Aim(el.training.LOSSES["mse"], net.outputs),))


# --- known truths -------------------------------------------------------------------------------------------


@engines
def test_a_linear_layer_finds_the_least_squares_solution(engine):
    x = np.random.default_rng(0).normal(size=(50, 1, 2))
    target = x @ [[2.0], [-3.0]] + 0.5 + np.random.default_rng(1).normal(size=(50, 1, 1))
    net = linear(1, 2, engine=engine)
    train(net, x, target, optimizer=el.SGD(0.3), batch_size=50, epochs=300)
    design = np.hstack([x[:, 0], np.ones((50, 1))])
    np.testing.assert_allclose(net.arena, np.linalg.lstsq(design, target[:, 0, 0])[0], rtol=1e-10)


@engines
def test_updates_are_those_of_gradient_descent_by_hand(engine):
    net, (x, target) = recurrent(engine=engine), sums()
    hand = copied_network(net)
    history = train(net, x, target, optimizer=el.SGD(0.1), batch_size=16, epochs=1, shuffle=False)
    losses = []
    for rows in (slice(0, 16), slice(16, 32), slice(32, 40)):  # the last batch is smaller
        loss, gradients = hand.loss_and_grads(x[rows], target[rows])
        hand.params.write(hand.arena - 0.1 * np.concatenate([g.ravel() for g in gradients.values()]))
        losses.append(loss)
    np.testing.assert_allclose(net.arena, hand.arena, rtol=1e-12)
    assert history["loss"] == pytest.approx([np.average(losses, weights=[16, 16, 8])], rel=1e-12)


@engines
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("stateful", [False, True])
def test_little_memory_trains_the_same_network(stateful, sequences, engine):
    x, sums_ = sums(rows=24, steps=18)
    target = np.cumsum(x, axis=1) if sequences else sums_
    lengths, weights = np.random.default_rng(1).integers(1, 19, 24), np.linspace(0.5, 1.5, 24)
    nets = [recurrent(drop=0.3, sequences=sequences, engine=engine) for _ in range(2)]
    normal, low = (
        train(
            net,
            x,
            target,
            loss="rmse",
            optimizer=el.Adam(0.01, clip_norm=0.5),
            lengths=lengths,
            sample_weight=weights,
            validation_data=(x[:7], target[:7]),
            batch_size=8,
            epochs=3,
            shuffle=not stateful,
            stateful=stateful,
            memory=memory,
        )
        for net, memory in zip(nets, ("normal", "low"), strict=True)
    )
    np.testing.assert_allclose(nets[1].arena, nets[0].arena, rtol=1e-9, atol=1e-12)
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(low[name], normal[name], rtol=1e-11)


def test_little_memory_is_refused_before_the_training_where_a_layer_runs_in_reverse():
    began = []
    net = el.Network(2, [el.GRU(3, reverse=True), el.Dense(2)])
    tell = el.LambdaCallback(on_train_begin=began.append)
    with pytest.raises(OptionError, match="reverse=True needs the whole sequence"):
        train(net, X, np.zeros((10, 5, 2)), memory="low", callbacks=[tell])
    assert not began


@engines
def test_stateful_training_carries_the_states_from_batch_to_batch(engine):
    x, target = np.random.default_rng(2).normal(size=(2, 12, 3, 2))  # 3 sequences of 4 pieces of 3 steps
    net = recurrent(sequences=True, engine=engine)
    hand, optimizer = copied_network(net), el.SGD(0.1)
    train(net, x, target, optimizer=optimizer, batch_size=3, epochs=2, shuffle=False, stateful=True)
    for _ in range(2):
        state = None
        for first in range(0, 12, 3):
            piece, wanted = x[first : first + 3], target[first : first + 3]
            _, gradients = hand.loss_and_grads(piece, wanted, state=state)
            _, state = hand(piece, state=state, return_state=True)
            hand.params.write(hand.arena - 0.1 * np.concatenate([g.ravel() for g in gradients.values()]))
    np.testing.assert_allclose(net.arena, hand.arena, rtol=1e-11)


@engines
@pytest.mark.parametrize("loss", ["mse", "rmse", "huber"])
def test_without_learning_the_loss_of_an_epoch_is_that_of_the_whole_set(loss, engine):
    x, target = sums(rows=23, steps=4)
    target = np.repeat(target[:, None], 4, axis=1)
    options = {
        "lengths": np.random.default_rng(1).integers(1, 5, 23),
        "sample_weight": np.random.default_rng(2).uniform(0, 1, 23).round(1),
    }
    net = recurrent(sequences=True, engine=engine)
    history = train(net, x, target, loss=loss, optimizer=el.SGD(0.0), batch_size=5, epochs=1, **options)
    assert history["loss"][0] == pytest.approx(net.evaluate(x, target, loss, **options), rel=1e-12)


@engines
def test_evaluate_is_the_mean_by_hand_whatever_the_batch_size(engine):
    x, target = sums(rows=23)
    net = recurrent(drop=0.5, engine=engine)  # dropout is for training only
    by_hand = np.mean((net(x) - target) ** 2)
    assert [net.evaluate(x, target, batch_size=n) for n in (1, 7, 100)] == pytest.approx([by_hand] * 3, rel=1e-12)


@engines
def test_a_weight_of_two_is_a_row_given_twice(engine):
    x, target = sums(rows=10)
    weights = np.r_[np.full(4, 2.0), np.ones(6)]
    weighted, doubled = recurrent(engine=engine), recurrent(engine=engine)
    options = {"optimizer": el.SGD(0.1), "batch_size": 14, "epochs": 3}
    train(weighted, x, target, sample_weight=weights, **options)
    rows = np.r_[0:4, 0:10]
    train(doubled, x[rows], target[rows], **{**options, "optimizer": el.SGD(0.1)})
    np.testing.assert_allclose(weighted.arena, doubled.arena, rtol=1e-10)


@engines
def test_rows_of_weight_zero_are_left_out(engine):
    x, target = sums(rows=12)
    weighted, without = recurrent(engine=engine), recurrent(engine=engine)
    weights = np.r_[np.zeros(5), np.ones(7)]
    options = {"batch_size": 2, "epochs": 2, "shuffle": False}
    train(weighted, x, target, sample_weight=weights, **options)
    train(without, x[5:], target[5:], **options)
    np.testing.assert_array_equal(weighted.arena, without.arena)


@engines
def test_what_lies_behind_the_end_of_a_row_does_not_matter(engine):
    x, target = sums(rows=20, steps=6)
    lengths = np.random.default_rng(3).integers(1, 7, 20)
    behind = np.arange(6) >= lengths[:, None]
    nets = []
    for rubbish in (7.0, np.nan):
        filled = np.where(behind[:, :, None], rubbish, x)
        nets.append(recurrent(engine=engine))
        train(nets[-1], filled, target, lengths=lengths, batch_size=6, epochs=2)
    np.testing.assert_array_equal(nets[0].arena, nets[1].arena)


# --- the same numbers ---------------------------------------------------------------------------------------


@engines
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(engine):
    nets = [recurrent(drop=0.3, seed=seed, engine=engine) for seed in (1, 1, 2)]
    nets[2].params.write(nets[0].arena)
    losses = [train(net, *sums(), batch_size=8, epochs=3)["loss"] for net in nets]
    assert losses[0] == losses[1] != losses[2]
    np.testing.assert_array_equal(nets[0].arena, nets[1].arena)


@engines
@pytest.mark.parametrize("optimizer", [el.SGD(0.1, momentum=0.9), el.RMSProp(), el.Adam(el.CosineDecay(0.1, 20))])
def test_two_trainings_in_a_row_are_one_of_as_many_epochs(optimizer, engine):
    data, options = sums(), {"batch_size": 16}
    once, twice = recurrent(drop=0.3, engine=engine), recurrent(drop=0.3, engine=engine)
    whole = train(once, *data, optimizer=optimizer.fresh(), epochs=4, **options)
    same = optimizer.fresh()
    halves = [train(twice, *data, optimizer=same, epochs=2, **options) for _ in range(2)]
    assert whole["loss"] == halves[0]["loss"] + halves[1]["loss"]
    np.testing.assert_array_equal(once.arena, twice.arena)


@engines
def test_a_training_resumed_from_stored_state_is_the_uninterrupted_one(engine):
    data, options = sums(), {"batch_size": 16}
    net, optimizer = recurrent(drop=0.3, engine=engine), el.Adam(0.01)
    train(net, *data, optimizer=optimizer, epochs=2, **options)
    later, stored = copied_network(net), optimizer.state_dict()
    train(net, *data, optimizer=optimizer, epochs=2, **options)
    again = el.Adam(0.01)
    again.load_state_dict(stored)
    train(later, *data, optimizer=again, epochs=2, **options)
    np.testing.assert_array_equal(later.arena, net.arena)


@engines
@pytest.mark.parametrize("stateful", [False, True], ids=["shuffled", "stateful"])
def test_how_many_updates_a_call_does_changes_nothing(stateful, engine, monkeypatch):
    outcomes = []
    for seconds in (0.0, 1e9, 0.001):
        monkeypatch.setattr(calls, "SECONDS_A_CALL", seconds)
        net = recurrent(drop=0.3, engine=engine)
        spy = spied(net)
        history = train(net, *sums(rows=48), batch_size=4, epochs=3, shuffle=not stateful, stateful=stateful)
        outcomes.append((history["loss"], net.arena.tolist(), len(spy.calls)))
    assert outcomes[0][:2] == outcomes[1][:2] == outcomes[2][:2]
    assert outcomes[0][2] == 36
    assert outcomes[1][2] == 3  # epochs


@engines
def test_watching_batches_changes_nothing(engine):
    seen = []
    watcher = el.LambdaCallback(on_batch_end=lambda training: seen.append((training.batch, training.logs["loss"])))
    watched, alone = recurrent(engine=engine), recurrent(engine=engine)
    histories = [train(watched, *sums(), callbacks=[watcher], epochs=2), train(alone, *sums(), epochs=2)]
    assert [batch for batch, _ in seen] == [1, 2, 1, 2]
    assert [seen[1][1], seen[3][1]] == histories[0]["loss"] == histories[1]["loss"]


@engines
def test_a_learning_rate_changed_after_a_batch_serves_the_next(engine):
    def halve(training):
        training.optimizer.learning_rate /= 2

    net, hand, (x, target) = recurrent(engine=engine), recurrent(engine=engine), sums(rows=12)
    options = {"batch_size": 4, "epochs": 1, "shuffle": False}
    train(net, x, target, optimizer=el.SGD(0.4), callbacks=[el.LambdaCallback(on_batch_end=halve)], **options)
    for first, rate in ((0, 0.4), (4, 0.2), (8, 0.1)):
        rows = slice(first, first + 4)
        train(hand, x[rows], target[rows], optimizer=el.SGD(rate), **options)
    np.testing.assert_array_equal(net.arena, hand.arena)


@engines
def test_windows_over_a_series_are_not_copied(engine):
    series = np.sin(np.arange(300.0))
    windows = np.lib.stride_tricks.sliding_window_view(series[:-1], 20)[:, :, None]
    view, copy = recurrent(1, 1, engine=engine), recurrent(1, 1, engine=engine)
    spy = spied(view)
    train(view, windows, series[20:], epochs=2)
    train(copy, windows.copy(), series[20:], epochs=2)
    assert all(np.shares_memory(data.inputs[0], series) for data, _ in spy.calls)
    np.testing.assert_array_equal(view.arena, copy.arena)


@pytest.mark.parametrize("shuffle", [True, False])
def test_an_epoch_takes_every_row_once(shuffle):
    net = recurrent()
    spy = spied(net)
    train(net, *sums(rows=21), batch_size=4, epochs=2, shuffle=shuffle)
    rows = [updates.batches[0] for _, updates in spy.calls]
    epochs = np.concatenate(rows).reshape(2, 21)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), [np.arange(21)] * 2)
    assert shuffle == (list(epochs[0]) != list(epochs[1])) == (list(epochs[0]) != list(range(21)))


def test_every_update_has_a_dropout_key_of_its_own():
    first, second = keys.dropout_keys(0, 0, 1000), keys.dropout_keys(0, 1000, 1000)
    other = keys.dropout_keys(1, 0, 2000)
    assert len({*first, *second, *other}) == 4000
    np.testing.assert_array_equal(keys.dropout_keys(0, 0, 2000), np.r_[first, second])


# --- what is not finite -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rows", [20, 60_000])
def test_a_value_of_x_that_is_no_number_is_named(rows, value):
    x, target = sums(rows=rows)
    x[12, 3, 1] = value
    with pytest.raises(DataError, match=rf"x\[12, 3, 1\] is {value}: expected finite numbers"):
        train(recurrent(), x, target)


def test_the_first_of_many_strips_with_a_nan_is_named():
    x, target = sums(rows=60_000)
    x[50_000:, 2, 0] = np.nan
    with pytest.raises(DataError, match=r"x\[50000, 2, 0\] is nan"):
        train(recurrent(), x, target)


def test_a_nan_in_target_or_validation_data_is_named():
    x, target = sums()
    broken = target.copy()
    broken[5, 1] = np.nan
    with pytest.raises(DataError, match=r"^target\[5, 1\] is nan"):
        train(recurrent(), x, broken)
    with pytest.raises(DataError, match=r"^validation_data: target\[5, 1\] is nan"):
        train(recurrent(), x, target, validation_data=(x, broken))


@engines
def test_a_diverging_training_stops_before_the_bad_update(engine):
    net, before = recurrent(dtype=np.float32, engine=engine), []
    keep = el.LambdaCallback(on_batch_end=lambda training: before.append(training.net.arena.copy()))
    with pytest.raises(TrainingError, match=r"epoch \d+, batch \d of 3: the (loss|gradient).*below 1e\+30.*clip_norm"):
        train(net, *sums(), optimizer=el.SGD(1e30), batch_size=16, epochs=20, callbacks=[keep])
    assert np.isfinite(before[-1]).all()
    np.testing.assert_array_equal(net.arena, before[-1])
    assert net.updates == len(before)


@engines
def test_the_batch_that_fails_is_named_whatever_the_size_of_calls(engine, monkeypatch):
    x, target = np.ones((6, 1, 1)), np.ones((6, 1, 1))
    target[4] = 1e200  # its square overflows
    for seconds in (0.0, 1e9):
        monkeypatch.setattr(calls, "SECONDS_A_CALL", seconds)
        with pytest.raises(TrainingError, match="epoch 1, batch 5 of 6: the loss is inf"):
            train(linear(1, 1, engine=engine), x, target, batch_size=1, shuffle=False)


@engines
def test_a_gradient_that_is_no_number_is_named_with_its_parameter(engine):
    def rooted(y, target):  # at y = target the root's derivative is infinite
        return el.sqrt(el.mean((y - target) ** 2))

    net = linear(1, 2, engine=engine)
    net.params.write(0)
    for memory in ("normal", "low"):
        with pytest.raises(TrainingError, match=r"the gradient of 0\.W\[0, 0\] is nan, though the loss is 0"):
            train(net, np.ones((4, 3, 2)), np.zeros((4, 3, 1)), loss=rooted, memory=memory)


@engines
def test_a_parameter_that_is_no_number_is_named(engine):
    net = linear(1, 2, engine=engine)
    with net.params.writing() as arena:
        arena[1] = np.nan
    with pytest.raises(TrainingError, match=r"the parameter 0\.W\[0, 1\] has become nan"):
        train(net, np.ones((4, 1, 2)), np.zeros((4, 1, 1)))


def test_a_validation_loss_that_is_no_number_is_said():
    x, target = sums(steps=1)
    huge = np.full((1, 1, 2), 1e200)
    with pytest.raises(TrainingError, match="epoch 1: the validation loss is inf"):
        train(linear(), x, target[:, None], validation_data=(huge, np.zeros((1, 1, 2))))


# --- Ctrl-C -------------------------------------------------------------------------------------------------


@engines
def test_ctrl_c_leaves_the_best_weights_and_the_history(engine):
    def interrupt(training):
        if training.epoch == 5:
            raise KeyboardInterrupt

    def spoil(training):  # after epoch 2 the weights only get worse
        if training.epoch > 2:
            training.net.params.write(training.net.arena + 10)

    net, kept, (x, target) = recurrent(engine=engine), {}, sums()
    keep = el.LambdaCallback(on_epoch_end=lambda training: kept.update({training.epoch: training.net.arena.copy()}))
    stop = el.LambdaCallback(on_epoch_begin=spoil, on_progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(net, x, target, epochs=9, validation_data=(x, target), callbacks=[keep, stop])
    assert net.history.epochs == 4
    assert net.history.best_epoch == 2
    np.testing.assert_array_equal(net.arena, kept[2])


def test_ctrl_c_without_validation_keeps_what_was_learnt(monkeypatch):
    def interrupt(training):
        raise KeyboardInterrupt

    monkeypatch.setattr(calls, "SECONDS_A_CALL", 0.0)
    net = recurrent()
    before = net.arena.copy()
    with pytest.raises(KeyboardInterrupt):
        train(net, *sums(), callbacks=[el.LambdaCallback(on_progress=interrupt)])
    assert net.updates == 1
    assert net.history.epochs == 0
    assert not np.array_equal(net.arena, before)


# --- what is refused ----------------------------------------------------------------------------------------

X, TARGET = sums(rows=10)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"batch_size": 0}, OptionError, "batch_size is 0; expected a whole number of at least 1"),
        ({"epochs": 1.5}, OptionError, "epochs is 1.5; expected a whole number"),
        ({"verbose": 2}, OptionError, "verbose is 2; expected 0"),
        ({"loss": "mean"}, OptionError, "unknown loss 'mean'"),
        ({"optimizer": "sdg"}, OptionError, "did you mean 'sgd'"),
        ({"callbacks": [print]}, OptionError, "wrap a function in LambdaCallback"),
        ({"validation_data": X}, OptionError, r"validation_data must be \(x, target\)"),
        ({"validation_data": (X[:, :, :1], TARGET)}, ShapeError, "^validation_data: x has 1 features"),
        ({"validation_lengths": [1]}, OptionError, "without validation_data"),
        ({"lengths": [1, 2]}, ShapeError, r"lengths has shape \(2,\), expected \(10,\)"),
        ({"lengths": [5] * 9 + [6]}, DataError, r"lengths\[9\] is 6: expected whole numbers 0\.\.5"),
        ({"sample_weight": np.ones((10, 1))}, ShapeError, r"sample_weight has shape \(10, 1\)"),
        ({"sample_weight": [1.0] * 9 + [-1]}, DataError, r"sample_weight\[9\] is -1"),
        ({"sample_weight": np.zeros(10)}, DataError, "0 for every row"),
        ({"memory": "tiny"}, OptionError, "memory must be 'normal' or 'low', got 'tiny'"),
        ({"stateful": True}, OptionError, "give shuffle=False"),
        ({"stateful": True, "shuffle": False, "batch_size": 4}, OptionError, "10 rows are no multiple of batch_size=4"),
    ],
)
def test_options_that_make_no_sense(options, error, said):
    net = recurrent()
    before = net.arena.copy()
    with pytest.raises(error, match=said):
        train(net, X, TARGET, **options)
    np.testing.assert_array_equal(net.arena, before)


@pytest.mark.parametrize(
    ("x", "target", "said"),
    [
        (X, TARGET[:9], "x has 10 rows and target has 9"),
        (X[:0], TARGET[:0], "at least one row|no rows"),
        (X, 3.0, "target has 0"),
    ],
)
def test_rows_that_do_not_go_together(x, target, said):
    with pytest.raises(ShapeError, match=said):
        train(recurrent(), x, target)


def test_steps_that_do_not_go_together():
    with pytest.raises(ShapeError, match="x has 5 time steps and target 4"):
        examples(recurrent(sequences=True), X, np.zeros((10, 4, 2)), "mse")
