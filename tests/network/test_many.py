"""Many networks at once: each has the bits that it would have alone."""

import threading

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, ShapeError, TrainingError
from tests.training.problems import ENGINES, recurrent, sums

X, TARGET = sums(60)
THREADS = (1, 2, 3, 4)


def networks(count=5, **options):
    return [recurrent(seed=seed, **{"drop": 0.2, "dtype": np.float32, **options}) for seed in range(count)]


def same(nets, alone):
    """Parameters, and all that histories hold but times."""
    for net, one in zip(nets, alone, strict=True):
        np.testing.assert_array_equal(net.arena, one.arena)
        assert (net.updates, net.epochs) == (one.updates, one.epochs)
        found, expected = ({n: v for n, v in k.history.history.items() if n != "seconds"} for k in (net, one))
        np.testing.assert_equal(found, expected)


def as_alone(make, x, target, threads=THREADS, own=lambda k: {}, **options):
    """Whether networks that `make` makes learn together what each learns alone; `own` has options of each."""
    alone = make()
    for k, net in enumerate(alone):
        net.fit(x, target, verbose=0, **options, **own(k))
    names = own(0).keys()
    for many in threads:
        nets = make()
        each = {name: el.each([own(k)[name] for k in range(len(nets))]) for name in names}
        histories = el.fit_many(nets, x, target, threads=many, verbose=0, **options, **each)
        assert histories == [net.history for net in nets]
        same(nets, alone)


@pytest.mark.parametrize(("engine", "count"), [*((ENGINES[-1], count) for count in (1, 2, 3, 7)), ("numpy", 3)])
def test_networks_learn_together_what_each_learns_alone(engine, count):
    threads = THREADS if engine == "native" else (2,)
    as_alone(lambda: networks(count, engine=engine), X, TARGET, threads, epochs=2, batch_size=16)


def test_more_threads_than_networks_change_no_bit():
    x, target = sums(200, 20)
    make = [
        lambda seed=seed: el.Network(2, [el.LSTM(48, return_sequences=False), el.Dense(2)], seed=seed)
        for seed in (0, 1)
    ]
    as_alone(lambda: [one() for one in make], x, target, (2, 3, 5, 9), epochs=2, batch_size=64)


@pytest.mark.parametrize("engine", ENGINES)
def test_validation_early_stopping_schedules_and_metrics_of_each(engine):
    noisy = TARGET + np.random.default_rng(0).normal(size=TARGET.shape)

    def own(k):
        rate = [0.03, el.CosineDecay(0.05, 40), el.WarmUp(5, el.ExponentialDecay(0.05, 10, 0.9))][k % 3]
        return {
            "optimizer": [el.Adam, el.AdamW, el.RMSProp][k % 3](rate, clip_norm=1.0),
            "callbacks": [el.EarlyStopping(patience=1 + k % 2)],
            "epochs": 3 + 2 * k,
            "batch_size": 9 + k,
            "shuffle": bool(k % 2),
        }

    given = {"validation_data": (X[:20], noisy[:20]), "metrics": ["mae"], "loss": "huber"}
    as_alone(lambda: networks(4, engine=engine), X, noisy, (1, 3), own, **given)


def test_one_that_stops_early_does_not_stop_the_others():
    nets = networks(3)
    stop = [[el.EarlyStopping("loss", patience=1, min_delta=100.0)], [], []]
    found = el.fit_many(nets, X, TARGET, epochs=6, callbacks=el.each(stop), threads=2, verbose=0)
    assert [history.epochs for history in found] == [2, 6, 6]


def ragged(rows=50, seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 9, rows)
    x = rng.normal(size=(rows, 9, 2))
    x[np.arange(9) >= lengths[:, None]] = np.nan
    return x, np.nan_to_num(x).cumsum(1), lengths


@pytest.mark.parametrize("memory", ["normal", "low"])
def test_ragged_rows_with_weights_of_steps(memory):
    x, target, lengths = ragged()
    weights = np.random.default_rng(1).integers(0, 3, target.shape[:2]).astype(float)
    given = {"lengths": lengths, "sample_weight": weights, "memory": memory, "epochs": 2, "batch_size": 8}
    as_alone(lambda: networks(3, sequences=True), x, target, (2,), **given)


@pytest.mark.parametrize("options", [{"truncate": 2}, {"stateful": True, "shuffle": False, "batch_size": 10}])
def test_truncated_and_stateful_trainings(options):
    as_alone(lambda: networks(3, sequences=True), X, X.cumsum(1), (2,), epochs=2, **options)


def test_networks_of_other_kinds_sizes_types_and_engines():
    def graph(a):
        return el.Dense(2)(el.concat(el.pool(el.Bidirectional(el.GRU(3))(a), "max"), el.pool(a, "mean")))

    def make():
        return [
            *networks(1),
            el.Network(2, [el.LSTM(5), el.BatchNorm(), el.GRU(3, return_sequences=False), el.Dense(2)], seed=1),
            el.Network(graph, inputs={"a": 2}, seed=2, dtype=np.float64),
            *networks(2, engine=ENGINES[0]),
            el.Network(2, [el.SimpleRNN(70, return_sequences=False), el.Dense(2)], products="bfloat16"),
        ]

    as_alone(make, X, TARGET, (2, 4), epochs=2)


def test_data_of_each_its_own():
    data = [sums(20 + 5 * k, 3 + k, seed=k) for k in range(4)]
    as_alone(networks, *data[0], (2,), epochs=2)
    alone, nets = networks(4), networks(4)
    for net, (x, target) in zip(alone, data, strict=True):
        net.fit(x, target, epochs=2, verbose=0)
    x, target = (el.each(part) for part in zip(*data, strict=True))
    el.fit_many(nets, x, target, epochs=2, verbose=0, threads=2)
    same(nets, alone)


def test_several_inputs_and_outputs():
    def function(a, b):
        h = el.GRU(4)(el.concat(a, b))
        return {"one": el.Dense(1)(h), "two": el.Dense(2)(h)}

    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(30, 6, 2)), "b": rng.normal(size=(30, 6, 1))}
    target = {"one": x["b"], "two": x["a"]}
    loss = {"one": "mse", "two": "mae"}

    def make():
        return [el.Network(function, inputs={"a": 2, "b": 1}, seed=seed) for seed in range(3)]

    as_alone(make, x, target, (2,), loss=loss, loss_weights={"one": 0.3, "two": 1.0}, epochs=2)


def test_frozen_parameters_and_a_second_training_go_on():
    def make():
        nets = networks(3)
        nets[1].freeze("0.*")
        for net in nets:
            net.fit(X, TARGET, epochs=1, verbose=0)
        return nets

    as_alone(make, X, TARGET, (2,), epochs=2)


@pytest.mark.parametrize("seed", range(6))
def test_random_networks(seed):
    rng = np.random.default_rng(seed)
    cells = ("gru", "lstm", "simple", "mgu", "lmu", "ind_rnn")
    kinds = [
        (str(rng.choice(cells)), int(rng.integers(1, 20)), int(rng.integers(0, 99))) for _ in range(rng.integers(2, 6))
    ]

    def make():
        return [
            el.Network(2, [el.Recurrent(cell, units, return_sequences=False), el.Dense(2)], seed=number)
            for cell, units, number in kinds
        ]

    x, target = sums(int(rng.integers(5, 50)), int(rng.integers(1, 20)), seed=seed)
    as_alone(make, x, target, (int(rng.integers(2, 5)),), epochs=2, batch_size=int(rng.integers(1, 30)))


# --- what they have in common -------------------------------------------------------------------------------


def test_data_of_all_are_looked_through_once_and_not_copied():
    class Keep(el.Callback):
        def on_train_begin(self, training):
            self.data = training.data

    x, target = (part.astype(np.float32) for part in (X, TARGET))
    keep = [Keep() for _ in range(3)]
    el.fit_many(networks(3), x, target, epochs=1, verbose=0, callbacks=el.each([[one] for one in keep]))
    assert all(one.data is keep[0].data for one in keep) and np.shares_memory(keep[0].data.inputs[0], x)


def test_networks_that_are_alike_are_scheduled_once(monkeypatch):
    from elman.network import engines

    made, schedule = [], engines.schedule
    monkeypatch.setattr(engines, "schedule", lambda *a, **k: made.append(1) or schedule(*a, **k))
    el.fit_many(networks(4), X, TARGET, epochs=1, verbose=0)
    assert len(made) == 1


def test_an_optimizer_of_all_is_copied_for_each_and_stays_as_it_was():
    adam = el.Adam(el.CosineDecay(0.02, 30), clip_norm=0.5)
    alone, nets = networks(3), networks(3)
    for net in alone:
        net.fit(X, TARGET, optimizer=adam.fresh(), verbose=0)
    el.fit_many(nets, X, TARGET, optimizer=adam, verbose=0)
    same(nets, alone)
    assert adam.updates == 0
    recurrent().fit(X, TARGET, optimizer=adam, epochs=1, verbose=0)
    with pytest.raises(OptionError, match="remembers 2 updates"):
        el.fit_many(networks(2), X, TARGET, optimizer=adam, verbose=0)


def test_optimizers_of_each_go_on_where_they_ended():
    adams, nets, alone = [el.Adam(0.01) for _ in range(3)], networks(3), networks(3)
    for _ in range(2):
        el.fit_many(nets, X, TARGET, optimizer=el.each(adams), epochs=2, verbose=0)
    for net in alone:
        net.fit(X, TARGET, optimizer=el.Adam(0.01), epochs=4, verbose=0)
    for net, one in zip(nets, alone, strict=True):
        np.testing.assert_array_equal(net.arena, one.arena)


# --- callbacks ----------------------------------------------------------------------------------------------


class Told(el.Callback):
    def __init__(self):
        self.told, self.threads = [], set()

    def on_train_begin(self, training):
        self._tell("begin", training)

    def on_epoch_end(self, training):
        self._tell(training.epoch, training)

    def on_train_end(self, training):
        self._tell("end", training)

    def _tell(self, what, training):
        self.told.append((training.net.seed, what))
        self.threads.add(threading.get_ident())


ORDER = ["begin", 1, 2, "end"]


def test_callbacks_of_each_are_told_in_order_beside_one_another():
    own = [Told() for _ in range(3)]
    el.fit_many(networks(3), X, TARGET, epochs=2, threads=2, verbose=0, callbacks=el.each([[one] for one in own]))
    for k, one in enumerate(own):
        assert one.told == [(k, what) for what in ORDER]
    assert threading.get_ident() not in set().union(*(one.threads for one in own))


def test_a_callback_of_all_is_told_of_one_after_the_other():
    told = Told()
    el.fit_many(networks(3), X, TARGET, epochs=2, threads=4, verbose=0, callbacks=[told])
    assert told.told == [(k, what) for k in range(3) for what in ORDER]


def test_a_callback_of_all_that_may_be_told_at_once():
    class AtOnce(Told):
        side_by_side = True

    told = AtOnce()
    el.fit_many(networks(3), X, TARGET, epochs=2, threads=2, verbose=0, callbacks=[told])
    for k in range(3):
        assert [what for seed, what in told.told if seed == k] == ORDER
    assert threading.get_ident() not in told.threads


def test_what_goes_with_one_network_is_refused_for_several(tmp_path):
    with pytest.raises(OptionError, match="ModelCheckpoint goes with one network, and 2 have it in common"):
        el.fit_many(networks(2), X, TARGET, callbacks=[el.ModelCheckpoint(tmp_path / "a.safetensors", "loss")])
    own = el.each([[el.ModelCheckpoint(tmp_path / f"{k}.safetensors", "loss")] for k in range(2)])
    nets = networks(2)
    el.fit_many(nets, X, TARGET, callbacks=own, verbose=0, epochs=2)
    assert all((tmp_path / f"{k}.safetensors").exists() for k in range(2))


# --- errors -------------------------------------------------------------------------------------------------


def untouched(nets):
    return all(net.updates == 0 and net.history is None for net in nets)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"x": el.each([X, X[:, :, :1], X])}, ShapeError, "network 2 of 3: "),
        ({"target": el.each([TARGET, TARGET, TARGET[:9]])}, ShapeError, "network 3 of 3: .*60 rows"),
        ({"target": np.where(TARGET > 2, np.nan, TARGET)}, DataError, "network 1 of 3: "),
        ({"epochs": el.each([1, 2])}, OptionError, "epochs is each.* of 2 values; expected 3"),
        ({"epochs": el.each([1, 0, 1])}, OptionError, "network 2 of 3: epochs"),
        ({"callbacks": el.each([[], [], [el.EarlyStopping()]])}, OptionError, "network 3 of 3: .*val_loss"),
        ({"lr": 0.1}, OptionError, "fit_many has no argument 'lr': give optimizer"),
        ({"epoch": 1}, OptionError, "did you mean 'epochs'"),
        ({"threads": 0}, OptionError, "threads"),
        ({"stop_on_error": 3}, OptionError, "stop_on_error"),
        ({"verbose": 2}, OptionError, "verbose"),
        ({"loss": el.each(["mse", "nonsense", "mse"])}, OptionError, "network 2 of 3: "),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_trained(wrong, error, words):
    nets = networks(3)
    with pytest.raises(error, match=words):
        el.fit_many(nets, **{"x": X, "target": TARGET, "verbose": 0, **wrong})
    assert untouched(nets)


@pytest.mark.parametrize("nets", [3, [3], [networks(1)[0]] * 2, networks(1)[0]])
def test_what_are_no_networks_is_refused(nets):
    with pytest.raises(OptionError, match="nets"):
        el.fit_many(nets, X, TARGET, verbose=0)


def test_no_networks_are_none():
    assert el.fit_many([], X, TARGET) == []


class Diverges(el.Callback):
    """Has the next update of one network meet a weight that is no number."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, training):
        if training.epoch == self.epoch:
            with training.net.params.writing() as arena:
                arena[:] = 1e30


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_names_its_network_and_the_others_are_trained_to_their_end(threads):
    nets, alone = networks(4), networks(4)
    for net in alone:
        net.fit(X, TARGET, epochs=5, verbose=0)
    own = el.each([[], [Diverges(2)], [], [Diverges(1)]])
    with pytest.raises(TrainingError, match="^network 2 of 4: epoch 3.*; so did 4, and the others were trained"):
        el.fit_many(nets, X, TARGET, epochs=5, callbacks=own, threads=threads, verbose=0)
    same([nets[0], nets[2]], [alone[0], alone[2]])
    assert (nets[1].history.epochs, nets[3].history.epochs) == (2, 1)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_may_stop_the_others(threads):
    class Mine(Exception):
        pass

    class Raises(el.Callback):
        def on_epoch_end(self, training):
            raise Mine("of a user")

    nets = networks(3)
    own = el.each([[Raises()], [], []])
    with pytest.raises(Mine, match="of a user") as found:
        options = {"epochs": 10**6, "batch_size": 60, "threads": threads, "verbose": 0}
        el.fit_many(nets, X, TARGET, callbacks=own, stop_on_error=True, **options)
    assert found.value.__notes__ == ["of network 1 of 3; the others were stopped"]
    assert all(net.history is None or net.history.epochs == net.epochs for net in nets[1:])


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_ctrl_c_keeps_what_was_trained_and_the_best_weights(threads):
    class Interrupts(el.Callback):
        def on_epoch_end(self, training):
            if training.epoch == 3:
                raise KeyboardInterrupt

    nets = networks(3)
    given = {"epochs": 10**6, "validation_data": (X[:9], TARGET[:9]), "threads": threads, "verbose": 0}
    with pytest.raises(KeyboardInterrupt):
        el.fit_many(nets, X, TARGET, callbacks=el.each([[Interrupts()], [], []]), **given)
    assert nets[0].epochs == 3
    for net in nets:
        if threads == 1 and net is not nets[0]:
            assert net.updates == 0 and net.history is None
        elif net is not nets[0] and net.history is not None and net.history.epochs:
            again = net.evaluate(*given["validation_data"])
            assert again == pytest.approx(min(net.history["val_loss"]), rel=1e-6)


def test_progress_is_told_of_each_network(capsys):
    el.fit_many(networks(3), X, TARGET, epochs=2, threads=2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["1/3", "2/3", "3/3"] and all("epoch 2/2" in line for line in lines)


@pytest.mark.parametrize(
    ("option", "message"),
    [("n_jobs", "threads says how many cores"), ("ranks", "call net.fit.* for each in turn"), ("own_rows", "net.fit")],
)
def test_options_of_other_calls_are_refused_with_what_to_do(option, message):
    with pytest.raises(OptionError, match=f"fit_many has no argument '{option}': .*{message}"):
        el.fit_many([], None, None, **{option: 2})


def test_each_is_named_where_one_network_is_trained():
    x = np.zeros((4, 3, 1))
    with pytest.raises(
        DataError, match=r"x holds each\(\[...\]\) of 1 value, which el.fit_many takes; expected numbers"
    ):
        el.Network(1, [el.GRU(2)]).fit(el.each([x]), x, verbose=0)
