"""Trainings from datasets: the bits of arrays, what is said of bad rows, and no thread that stays."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import elman as el
from elman.data.datasets import Asked, Batches, Ragged, Rows, SeriesWindows
from elman.errors import DataError, OptionError, ShapeError, TrainingError
from tests.data.datasets.test_rows import Chunked, mapped
from tests.training.problems import ENGINES, recurrent, sums, train

engines = pytest.mark.parametrize("engine", ENGINES)


def same_bits(one: el.Network, other: el.Network) -> None:
    assert np.array_equal(one.arena, other.arena)
    known, found = one.history.history, other.history.history
    assert set(known) == set(found)
    assert all(known[name] == found[name] for name in known if name != "seconds")


def twins(*data, other: tuple, **options):
    """Two networks alike, trained on this and on that."""
    made = {k: options.pop(k) for k in ("sequences", "engine", "dtype", "outputs") if k in options}
    pair = [recurrent(**made), recurrent(**made)]
    more = options.pop("more", {})
    train(pair[0], *data, **options)
    train(pair[1], *other, **{**options, **more})
    return pair


def alive() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "elman-ahead"]


# --- the bits of arrays ---------------------------------------------------------------------------------------


@engines
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float16", ">f4", "float64"])
def test_a_memory_map_has_the_bits_of_its_array(engine, shuffle, dtype, tmp_path):
    x = (np.random.default_rng(0).random((40, 5, 2)) * 9).astype(dtype)
    target = x.sum(axis=1).astype(np.float32)
    maps = mapped(x, tmp_path), mapped(target, tmp_path, "y")
    same_bits(*twins(x, target, other=maps, engine=engine, shuffle=shuffle, epochs=3, batch_size=7))


@engines
@pytest.mark.parametrize(
    "options",
    [
        {"sample_weight": np.arange(40) % 3 * 0.5},
        {"sample_weight": np.arange(200).reshape(40, 5) % 4 * 0.5, "sequences": True},
        {"lengths": np.arange(40) % 5 + 1, "sequences": True},
        {"lengths": np.arange(40) % 5 + 1},
        {"metrics": ["mae"], "validation_data": sums(seed=1)},
        {"stateful": True, "shuffle": False, "batch_size": 8},
        {"truncate": 2},
        {"memory": "low"},
        {"missing": "skip"},
        {"missing": "skip", "sequences": True},
        {"loss": "rmse"},
    ],
    ids=lambda options: "-".join(options),
)
def test_options_do_what_they_do_with_arrays(engine, options, tmp_path):
    options = dict(options)
    x, target = sums()
    if options.get("sequences"):
        target = np.cumsum(x, axis=1)
    if "missing" in options:
        target[np.random.default_rng(2).random(target.shape) < 0.1] = np.nan
        target[8:16] = np.nan  # a batch as it would be without those rows that are left out
    maps = mapped(x, tmp_path), mapped(target, tmp_path, "y")
    options = {"epochs": 2, "batch_size": 8, "engine": engine, **options}
    same_bits(*twins(x, target, other=maps, **options))


@pytest.mark.parametrize("sequences", [False, True])
def test_classes_and_their_weights(sequences, tmp_path):
    x, _ = sums()
    classes = np.random.default_rng(3).integers(0, 3, (40, 5) if sequences else 40)
    maps = mapped(x, tmp_path), mapped(classes.astype(np.uint8), tmp_path, "y")
    options = {"loss": "softmax_cross_entropy", "class_weight": {0: 0.0, 2: 3.0}, "metrics": ["accuracy"]}
    same_bits(*twins(x, classes, other=maps, outputs=3, sequences=sequences, epochs=2, batch_size=8, **options))


@engines
@pytest.mark.parametrize("of_steps", [False, True])
def test_a_list_of_sequences_has_the_bits_of_padded_ones(engine, of_steps):
    random = np.random.default_rng(4)
    lengths = random.integers(1, 20, 40)
    x = [random.normal(size=(steps, 2)) for steps in lengths]
    target = [np.cumsum(one, axis=0) for one in x] if of_steps else np.array([one.sum(axis=0) for one in x])
    padded = np.zeros((40, 19, 2))
    for row, one in zip(padded, x, strict=True):
        row[: len(one)] = one
    other = x, target
    if of_steps:
        target = np.cumsum(padded, axis=1)
    pair = [recurrent(sequences=of_steps, engine=engine) for _ in range(2)]
    train(pair[0], padded, target, lengths=lengths, epochs=3, batch_size=8)
    train(pair[1], *other, epochs=3, batch_size=8)
    same_bits(*pair)


@engines
def test_batches_of_a_generator_have_the_bits_of_their_rows(engine):
    x, target = sums()

    def batches():
        while True:
            for first in range(0, 40, 16):
                yield x[first : first + 16], target[first : first + 16]

    more = {"steps_per_epoch": 3, "batch_size": None, "shuffle": None}
    options = {"batch_size": 16, "shuffle": False, "epochs": 3, "engine": engine}
    same_bits(*twins(x, target, other=(batches(),), more=more, **options))


def test_windows_have_the_bits_of_their_arrays(tmp_path):
    values = np.random.default_rng(5).normal(size=(100, 2))
    borders = np.array([0, 40, 43, 100])  # one is too short
    windows = SeriesWindows(mapped(values, tmp_path), borders, steps=6, horizon=2, stride=3)
    x, target = [], []
    for first, end in zip(borders[:-1], borders[1:], strict=True):
        some = values[first:end]
        if len(some) >= 8:
            starts = range((len(some) - 8) % 3, len(some) - 7, 3)
            x += [some[t : t + 6] for t in starts]
            target += [some[t + 2 : t + 8] for t in starts]
    assert len(windows) == len(x) and windows.short == 1
    options = {"sequences": True, "epochs": 2, "batch_size": 8}
    same_bits(*twins(np.array(x), np.array(target), other=(windows,), **options))


def test_several_inputs_and_outputs_by_name(tmp_path):
    def network() -> el.Network:
        def both(a, b):
            h = el.GRU(3, return_sequences=False)(a)
            return {"p": el.Dense(1)(h + el.Dense(3)(b)), "q": el.Dense(2)(h)}

        return el.Network(both, inputs={"a": 2, "b": el.Static(1)}, seed=1)

    random = np.random.default_rng(6)
    x = {"a": random.normal(size=(20, 4, 2)), "b": random.normal(size=(20, 1))}
    target = {"p": random.normal(size=(20, 1)), "q": random.normal(size=(20, 2))}
    maps = [{name: mapped(array, tmp_path, name) for name, array in each.items()} for each in (x, target)]
    pair = [network(), network()]
    train(pair[0], x, target, epochs=2)
    train(pair[1], *maps, epochs=2)
    assert np.array_equal(pair[0].arena, pair[1].arena)
    batches = [({n: a[k : k + 5] for n, a in x.items()}, {n: a[k : k + 5] for n, a in target.items()}) for k in (0, 5)]
    assert train(network(), batches, epochs=2).epochs == 2
    ordered = [(tuple(a.values()), tuple(b.values())) for a, b in batches]
    assert train(network(), ordered, epochs=2).epochs == 2


def test_what_judges_may_be_a_dataset_too(tmp_path):
    (x, target), (xv, tv) = sums(), sums(rows=30, seed=1)
    judges = [
        (mapped(xv, tmp_path), mapped(tv, tmp_path, "y")),
        Rows(Chunked(xv), tv),
        [(xv[k : k + 7], tv[k : k + 7]) for k in range(0, 30, 7)],
        lambda: iter([(xv, tv)]),
    ]
    expected = train(recurrent(), x, target, epochs=2, validation_data=(xv, tv), metrics=["mae"])
    for judge in judges:
        steps = {"validation_steps": 1} if callable(judge) else {}
        found = train(recurrent(), x, target, epochs=2, validation_data=judge, metrics=["mae"], **steps)
        assert found["val_loss"] == pytest.approx(expected["val_loss"], rel=1e-13)
        assert found["val_mae"] == pytest.approx(expected["val_mae"], rel=1e-13)


def test_evaluate_takes_what_fit_takes(tmp_path):
    x, target = sums(rows=600)
    net = recurrent()
    expected = net.evaluate(x, target, "mse", metrics=["mae"])
    assert net.evaluate(mapped(x, tmp_path), mapped(target, tmp_path, "y"), metrics=["mae"]) == expected
    pieces = [(x[k : k + 256], target[k : k + 256]) for k in range(0, 600, 256)]
    assert net.evaluate(pieces, metrics=["mae"]) == expected
    assert net.evaluate(iter(pieces), steps=3, metrics=["mae"]) == expected
    assert net.evaluate(Rows(Chunked(x), target), metrics=["mae"]) == expected


# --- an epoch from its middle --------------------------------------------------------------------------------


def sources() -> dict:
    x, target = sums()
    lists = [x[k, : k % 5 + 1] for k in range(40)]

    def of_epoch(epoch):
        rows = np.random.default_rng(epoch).permutation(40)
        return ((x[rows[k : k + 8]], target[rows[k : k + 8]]) for k in range(0, 40, 8))

    class Loader:
        def __len__(self):
            return 5

        def __iter__(self):
            return of_epoch(0)

    return {
        "rows": lambda: Rows(x, target),
        "blocks": lambda: Rows(x, target, shuffle="blocks", block=6, pool=2),
        "chunked": lambda: Rows(Chunked(x), target, block=5, pool=3),
        "ragged": lambda: Ragged(lists, target),
        "bucket": lambda: Ragged(lists, target, bucket=True),
        "windows": lambda: SeriesWindows(np.arange(60.0).reshape(30, 2), [0, 11, 30], steps=3, many_to_one=True),
        "sequence": lambda: Batches(list(of_epoch(1))),
        "function": lambda: Batches(of_epoch, steps=4),
        "loader": lambda: Batches(Loader()),
        "loader in parts": lambda: Batches(Loader(), steps=3),
        "generator": lambda: Batches((batch for epoch in range(9) for batch in of_epoch(epoch)), steps=4),
    }


@pytest.mark.parametrize("name", sources())
def test_a_training_goes_on_in_the_middle_of_an_epoch(name):
    """As one that was stopped does: a dataset made anew, as many epochs, and the batches that were not done."""
    made = sources()[name]
    epochs, asked = 3, {"batch_size": 8, "shuffle": made().batch_size is None, "seed": 3}
    whole, dataset = [], made()
    dataset.begin()
    for turn in range(epochs):
        whole.append(list(dataset.draw(Asked(**asked, epoch=turn + 2, turn=turn))))
    flat = [[d.raw.x[a:b] for d in each for a, b in zip(d.borders[:-1], d.borders[1:], strict=True)] for each in whole]
    for turn in range(epochs):
        for first in (0, 1, 3):
            again = made()
            again.begin()
            again.sample(Asked(**asked))  # as a training does before it knows where it stood
            found = [
                d.raw.x[a:b]
                for d in again.draw(Asked(**asked, epoch=turn + 2, turn=turn), first)
                for a, b in zip(d.borders[:-1], d.borders[1:], strict=True)
            ]
            assert len(found) == len(flat[turn]) - first
            for mine, known in zip(found, flat[turn][first:], strict=True):
                steps = min(mine.shape[1], known.shape[1])
                assert np.array_equal(mine[:, :steps], known[:, :steps])


@pytest.mark.parametrize("name", sources())
@pytest.mark.parametrize("ahead", [0, 1, 5])
def test_how_far_ahead_it_is_read_changes_no_bit(name, ahead):
    nets = []
    for depth in (2, ahead):
        dataset = sources()[name]()
        dataset.ahead = depth
        nets.append(recurrent())
        train(nets[-1], dataset, epochs=2)
    same_bits(*nets)
    assert alive() == []


# --- what is said of bad data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_bad_value_of_a_map_is_named_with_file_row_and_step(shuffle, tmp_path):
    x, target = sums()
    x[23, 3, 1] = np.nan
    net = recurrent()
    with pytest.raises(DataError, match=r"x\.npy, row 23, step 3: x\[23, 3, 1\] is nan: expected finite"):
        train(net, mapped(x, tmp_path), target, shuffle=shuffle, batch_size=4)
    assert alive() == []
    assert np.isfinite(net.arena).all()


def test_a_bad_target_and_a_bad_index_are_named_too(tmp_path):
    x, target = sums()
    target[31, 1] = np.inf
    with pytest.raises(DataError, match=r"y\.npy, row 31, step 1: target\[31, 1\] is inf"):
        train(recurrent(), x, mapped(target, tmp_path, "y"))
    words = np.random.default_rng(0).integers(0, 9, (40, 5)).astype(np.int16)
    words[17, 4] = 9
    net = el.Network(1, [el.Embedding(9, 3), el.GRU(3, return_sequences=False), el.Dense(2)])
    with pytest.raises(DataError, match=r"w\.npy, row 17, step 4: x\[17, 4\] is 9: expected indices"):
        train(net, mapped(words, tmp_path, "w"), sums()[1])
    classes = np.zeros(40, np.int8)
    classes[12] = 3
    with pytest.raises(DataError, match=r"c\.npy, row 12: target\[12\] is 3: softmax_cross_entropy expects"):
        train(recurrent(3), x, mapped(classes, tmp_path, "c"), loss="softmax_cross_entropy")


def test_a_bad_value_of_a_window_is_named_by_its_series():
    values = np.ones((30, 2))
    values[21, 1] = np.nan
    windows = SeriesWindows(values, [0, 15, 30], steps=4, inputs=[1, 0], target=[1, 0], many_to_one=True)
    with pytest.raises(DataError, match=r"series 1, step 6: values\[21, 1\] is nan"):
        train(recurrent(), windows)


def test_a_generator_that_yields_nonsense_is_told_which_batch():
    x, target = sums(rows=8)
    good = x, target
    wrong = {
        r"batch 2 of epoch 1: x has 3 features": (np.ones((8, 5, 3)), target),
        r"batch 2 of epoch 1: x has 8 rows and target has 7": (x, target[:-1]),
        r"batch 2 of epoch 1: x\[0, 0, 0\] is nan": (x * np.nan, target),
        r"batch 2 of epoch 1: the iterator gave 4 values": (x, target, None, None),
        r"batch 2 of epoch 1: the iterator gave None": None,
        r"batch 2 of epoch 1: the iterator gave 'x'": "x",
        r"batch 2 of epoch 1: the iterator gave a dict with the keys \['input'\]; expected": {"input": x},
        r"batch 2 of epoch 1: x is an array of shape \(0, 5, 2\)": (x[:0], target[:0]),
        r"batch 2 of epoch 1: x holds": (np.array([["a"]]), target),
        r"batch 2 of epoch 1: sample_weight\[0\] is -1": (x, target, -np.ones(8)),
        r"batch 2 of epoch 1: sample_weight is 0 for every row": (x, target, np.zeros(8)),
        r"batch 2 of epoch 1: target has .* features": (x, np.ones((8, 3))),
    }
    for said, bad in wrong.items():
        with pytest.raises((DataError, ShapeError), match=said):
            train(recurrent(), [good, bad])
    assert alive() == []


def test_an_iterator_that_ends_early_says_when():
    x, target = sums(rows=8)
    net = recurrent()
    said = r"batch 3 of epoch 2: .* ended after 5 batches; expected 3 for each epoch: a generator does not begin anew"
    with pytest.raises(DataError, match=said):
        train(net, ((x, target) for _ in range(5)), steps_per_epoch=3, epochs=4)
    assert net.epochs == 1 and net.updates == 5
    with pytest.raises(DataError, match="batch 1 of epoch 1: .* ended after 0 batches"):
        train(recurrent(), iter([]), steps_per_epoch=3)


def test_an_iterable_that_breaks_its_length_is_refused():
    class Loader:
        def __init__(self, says, gives):
            self.says, self.gives = says, gives

        def __len__(self):
            return self.says

        def __iter__(self):
            return iter([sums(rows=4)] * self.gives)

    with pytest.raises(DataError, match="says that it has 2 batches, and gives more"):
        train(recurrent(), Loader(2, 3))
    with pytest.raises(DataError, match="ended after 2 batches; expected 3"):
        train(recurrent(), Loader(3, 2))
    assert train(recurrent(), Loader(2, 3), steps_per_epoch=4, epochs=3).epochs == 3  # goes on, and begins anew


@pytest.mark.parametrize("error", [OSError("the network is gone"), KeyError("k"), ZeroDivisionError()])
def test_what_an_iterator_raises_comes_out_with_its_batch(error):
    x, target = sums(rows=8)

    def batches():
        yield x, target
        yield x, target
        raise error

    net = recurrent()
    with pytest.raises(type(error)) as caught:
        train(net, batches(), steps_per_epoch=4)
    assert caught.value is error
    assert "raised for batch 3 of epoch 1" in error.__notes__[0]
    assert net.updates == 2
    assert alive() == []


def test_ctrl_c_leaves_no_thread():
    x, target = sums(rows=8)

    class Stop(el.Callback):
        def on_progress(self, training):
            if training.batch == 3:
                raise KeyboardInterrupt

    def endless():
        while True:
            yield x, target

    with pytest.raises(KeyboardInterrupt):
        train(recurrent(), endless(), steps_per_epoch=100, callbacks=[Stop()])
    assert alive() == []


def test_a_training_that_is_stopped_leaves_no_thread():
    class Stop(el.Callback):
        def on_batch_end(self, training):
            training.stop = training.batch == 2

    net = recurrent()
    train(net, [sums(rows=8)] * 50, callbacks=[Stop()])
    assert net.updates == 2
    assert alive() == []


def test_a_gradient_that_is_not_finite_is_explained():
    x, target = sums(rows=8)
    with pytest.raises(TrainingError, match="epoch 1, batch 2 of 2"):
        train(recurrent(dtype=np.float32), [(x, target), (x, target * 1e30)], optimizer=el.SGD(1e30))


# --- iterables, sequences, functions ----------------------------------------------------------------------------


def test_a_sequence_of_keras_is_told_that_an_epoch_ended():
    class Sequence:
        def __init__(self):
            self.asked, self.ended = [], 0

        def __len__(self):
            return 3

        def __getitem__(self, number):
            if not 0 <= number < 3:
                raise AssertionError("asked for what it has not")
            self.asked.append(number)
            return sums(rows=4)

        def on_epoch_end(self):
            self.ended += 1

    sequence = Sequence()
    train(recurrent(), sequence, epochs=2)
    assert sequence.asked == [0, 0, 1, 2, 0, 1, 2]  # the first to know what they are like
    assert sequence.ended == 2


def test_a_function_is_told_the_epoch_in_the_life_of_the_network():
    told = []

    def batches(epoch):
        told.append(epoch)
        return iter([sums(rows=4)] * 2)

    net = recurrent()
    train(net, batches, steps_per_epoch=2, epochs=2)
    train(net, batches, steps_per_epoch=2, epochs=1)
    assert told == [0, 1, 2]


def test_batches_may_have_any_rows_and_steps():
    batches = [sums(rows=rows, steps=steps, seed=rows) for rows, steps in ((3, 5), (8, 2), (1, 30))]
    ragged = ([np.ones((2, 2)), np.ones((5, 2))], np.ones((2, 2)))
    net, hand = recurrent(), recurrent()
    train(net, [*batches, ragged], optimizer=el.SGD(0.1), epochs=1)
    sgd = el.SGD(0.1)
    for x, target in batches:
        hand.train_on_batch(x, target, optimizer=sgd)
    padded = np.ones((2, 5, 2))
    hand.train_on_batch(padded, np.ones((2, 2)), lengths=[2, 5], optimizer=sgd)
    assert np.array_equal(net.arena, hand.arena)


def test_a_batch_may_be_a_dict_with_lengths_and_weights():
    x, target = sums(rows=8)
    batch = {"x": x, "target": target, "lengths": np.arange(8) % 5 + 1, "sample_weight": np.arange(1.0, 9.0)}
    one, other = recurrent(), recurrent()
    train(one, [batch] * 2, epochs=1)
    more = {"lengths": batch["lengths"], "sample_weight": batch["sample_weight"], "shuffle": False, "batch_size": 8}
    train(other, x, target, epochs=2, **more)
    assert np.array_equal(one.arena, other.arena)


def test_stateful_batches_carry_their_states():
    x, target = sums(rows=24, steps=6)
    pair = [recurrent(), recurrent()]
    options = {"stateful": True, "epochs": 2}
    train(pair[0], x, target, shuffle=False, batch_size=8, **options)
    train(pair[1], [(x[k : k + 8], target[k : k + 8]) for k in (0, 8, 16)], **options)
    assert np.array_equal(pair[0].arena, pair[1].arena)
    with pytest.raises(OptionError, match="one has 7 rows, the first 8"):
        train(recurrent(), [(x[:8], target[:8]), (x[:7], target[:7])], **options)


def test_averaged_weights_have_their_moments_from_all_batches_once_more():
    def network() -> el.Network:
        return el.Network(2, [el.GRU(4, return_sequences=False), el.BatchNorm(), el.Dense(2)], dtype=np.float64)

    x, target = sums()
    batches = [(x[k : k + 8], target[k : k + 8]) for k in range(0, 40, 8)]
    nets = [network() for _ in range(3)]
    options = {"epochs": 3, "verbose": 0}
    nets[0].fit(x, target, batch_size=8, shuffle=False, optimizer=el.Adam(0.01, average=el.EMA(0.9)), **options)
    nets[1].fit(batches, optimizer=el.Adam(0.01, average=el.EMA(0.9)), **options)
    nets[2].fit(lambda: iter(batches), steps_per_epoch=5, optimizer=el.Adam(0.01, average=el.EMA(0.9)), **options)
    assert np.array_equal(nets[0].arena, nets[1].arena) and np.array_equal(nets[0].arena, nets[2].arena)
    with pytest.raises(OptionError, match="averaged weights with batch normalisation need all batches once more"):
        network().fit(iter(batches), steps_per_epoch=5, optimizer=el.Adam(average=el.EMA(0.9)), verbose=0)


def test_updates_from_several_batches_of_rows_are_those_of_arrays(tmp_path):
    x, target = sums()
    options = {"accumulate": 2, "batch_size": 5, "epochs": 2}
    same_bits(*twins(x, target, other=(mapped(x, tmp_path), target), **options))


# --- batches by length ----------------------------------------------------------------------------------------


def test_batches_by_length_waste_little_and_have_each_row_once():
    random = np.random.default_rng(7)
    x = [random.normal(size=(int(steps), 1)) for steps in random.integers(1, 200, 999)]
    rows = np.arange(999)
    waste, orders = {}, {}
    for bucket in (False, True):
        found = list(Ragged(x, rows, bucket=bucket).draw(Asked(16, shuffle=True, seed=1)))
        orders[bucket] = np.concatenate([drawn.raw.target for drawn in found])
        waste[bucket] = np.mean([drawn.raw.x.shape[1] / drawn.raw.lengths.mean() for drawn in found])
        assert sorted(orders[bucket]) == rows.tolist()
    assert waste[True] < 1.1 < 1.6 < waste[False]
    again = np.concatenate([d.raw.target for d in Ragged(x, rows, bucket=True).draw(Asked(16, shuffle=True, seed=1))])
    other = np.concatenate([d.raw.target for d in Ragged(x, rows, bucket=True).draw(Asked(16, True, seed=2))])
    assert (again == orders[True]).all() and (other != again).any()
    lengths = np.array([len(x[row]) for row in orders[True]])[:160]
    assert (np.diff(lengths[::16]) > 0).any() and (np.diff(lengths[::16]) < 0).any()  # the batches are mixed


def test_a_list_is_trained_on_by_length():
    x = [np.ones((k % 7 + 1, 2)) for k in range(40)]
    history = train(recurrent(), x, sums()[1], bucket=True, epochs=2)
    assert history.epochs == 2


# --- what does not go together ----------------------------------------------------------------------------------

X, TARGET = sums(rows=8)
BATCHES = [(X, TARGET)]


@pytest.mark.parametrize(
    "data, options, said",
    [
        ((X,), {}, "target is missing"),
        (((X, TARGET),), {}, "target is missing"),
        ((X, TARGET), {"steps_per_epoch": 3}, "steps_per_epoch is given, and an epoch sees all rows"),
        ((X, TARGET), {"bucket": True}, "bucket is given"),
        (([X[0], "abc"], TARGET[:2]), {"bucket": True}, r"x\[1\] is 'abc'; expected a sequence"),
        (([X[0], X[1, :3], None], TARGET[:3]), {"bucket": True}, r"x\[2\] is None; expected a sequence"),
        ((X, TARGET), {"bucket": 1}, "bucket is 1; expected True or False"),
        ((BATCHES,), {"batch_size": 4}, "batch_size=4 with batches"),
        ((BATCHES,), {"shuffle": True}, "shuffle=True with batches"),
        ((BATCHES,), {"accumulate": 2}, "accumulate=2 puts batches together"),
        ((BATCHES,), {"sample_weight": [1]}, "sample_weight is given, and batches have their own"),
        ((BATCHES,), {"lengths": [1]}, "lengths is given, and batches have their own"),
        ((BATCHES,), {"class_weight": "balanced"}, "counts the classes of all rows"),
        ((BATCHES,), {"steps_per_epoch": 0}, "steps_per_epoch is 0; expected a whole number of at least 1"),
        ((Rows(X, TARGET), TARGET), {}, "target is given, and a dataset has its own"),
        ((Rows(X, TARGET),), {"steps_per_epoch": 3}, "steps_per_epoch is given"),
        ((iter(BATCHES),), {}, "give steps_per_epoch"),
        ((lambda: BATCHES,), {}, "give steps_per_epoch"),
        ((lambda: BATCHES, TARGET), {"steps_per_epoch": 1}, "gives batches of .x, target. itself: leave target out"),
        ((iter(BATCHES), TARGET), {}, "gives batches of .x, target. itself: leave target out"),
        ((Rows(X),), {}, "Rows.8 rows.* has no target: give one"),
        (([(X, None)],), {}, "Batches.the list.* has no target: give one"),
        ((X, TARGET), {"validation_data": lambda: BATCHES}, "validation_data: .* give validation_steps"),
        ((iter(BATCHES),), {"steps_per_epoch": 1, "metrics": ["mae"]}, "gone through once"),
        ((3,), {}, "expected batches"),
        (([],), {}, "has no batches"),
        ((X, TARGET), {"validation_data": iter(BATCHES), "validation_steps": 1}, "validation_data is an iterator"),
        ((X, TARGET), {"validation_data": (X, TARGET), "validation_steps": 1}, "validation_steps goes with"),
        ((X, TARGET), {"validation_data": Rows(X, TARGET), "validation_lengths": [5]}, "validation_lengths goes with"),
        ((Rows(X, TARGET),), {"stateful": True, "shuffle": False, "batch_size": 3}, "8 rows are no multiple"),
        ((Rows(X, TARGET),), {"stateful": True}, "give shuffle=False"),
        ((Rows(X, TARGET, sample_weight=np.zeros(8)),), {}, "no row has a target and a weight above 0"),
        (([X[0], X[1, :3]], TARGET[:2]), {"lengths": [5, 3]}, "which say themselves how long they are"),
    ],
)
def test_what_is_refused_by_name(data, options, said):
    net = recurrent()
    before = net.arena.copy()
    with pytest.raises((OptionError, DataError), match=said):
        train(net, *data, **options)
    assert np.array_equal(net.arena, before) and net.updates == 0


def test_steps_are_called_as_the_caller_calls_them():
    for asked, name in ((recurrent().evaluate, "steps"), (Batches, "steps"), (recurrent().fit, "steps_per_epoch")):
        with pytest.raises(OptionError, match=f"how many batches an epoch has: give {name}$"):
            asked(lambda: BATCHES)


def test_ranks_and_networks_side_by_side_take_arrays_only():
    from elman.distributed import alone

    with pytest.raises(OptionError, match="ranks share out the rows of arrays"):
        train(recurrent(), BATCHES, ranks=alone())
    with pytest.raises(OptionError, match="a dataset, or batches, go with net.fit"):
        el.fit_many([recurrent()], Rows(X, TARGET), None, verbose=0)
    with pytest.raises(OptionError, match="steps_per_epoch.*side by side"):
        el.fit_many([recurrent()], X, TARGET, steps_per_epoch=3, verbose=0)
