"""Several ranks, as threads of this process: the same bits for any number of them, and errors that end all."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.training.ranks import nodes_of, shards_of, sum_all, sum_below
from tests.distributed.problems import PROBLEMS, same

in_threads, alone = el.distributed.in_threads, el.distributed.alone


@pytest.mark.parametrize("name", PROBLEMS)
def test_any_number_of_ranks_gives_the_same_bits(name):
    one = PROBLEMS[name](alone())
    for size in (2, 3, 8):
        assert all(same(one, other) for other in in_threads(PROBLEMS[name], size)), size


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name not in ("own_rows", "early")])
def test_ranks_train_as_fit_does_without_them(name):
    """The same rows, masks and losses; sums are in another order."""
    (weights, history), (plain, plainly) = PROBLEMS[name](alone()), PROBLEMS[name](None)
    np.testing.assert_allclose(weights, plain, atol=2e-5)
    np.testing.assert_allclose(history["loss"], plainly["loss"], rtol=1e-5)


def test_the_numpy_engine_does_too(monkeypatch):
    monkeypatch.setenv("ELMAN_ENGINE", "numpy")
    for name in ("gru", "truncated"):
        one = PROBLEMS[name](alone())
        assert all(same(one, other) for other in in_threads(PROBLEMS[name], 3))
        np.testing.assert_allclose(one[0], PROBLEMS[name](None)[0], atol=2e-5)


@pytest.mark.parametrize("shards", range(1, 20))
def test_the_tree_is_the_same_for_any_cut_into_ranks(shards):
    """Powers of ten that float32 adds to another sum in any other order."""
    values = np.float32(10) ** np.random.default_rng(shards).integers(-4, 8, (shards, 50)).astype(np.float32)
    found = []
    for size in range(1, shards + 1):
        nodes = [nodes_of(shards_of(rank, size, shards), shards) for rank in range(size)]
        assert max(map(len, nodes)) <= 2 * max(1, shards.bit_length())
        sums = {n: sum_below(n, lambda s: values[s].copy(), shards) for of_rank in nodes for n in of_rank}
        found.append(sum_all(sums, shards))
    assert all(other.tobytes() == found[0].tobytes() for other in found)
    np.testing.assert_allclose(found[0], values.astype(float).sum(axis=0), rtol=1e-5)


# --- errors ----------------------------------------------------------------------------------------------------------


def _train(ranks, x=None, net=None, **more):
    x = np.ones((16, 4, 1)) if x is None else x
    net = net or el.Network(1, [el.GRU(3), el.Dense(1)], threads=1)
    return net.fit(x, np.ones((len(x), 4, 1)), verbose=0, ranks=ranks, **{"epochs": 2, **more})


def _fails(train, size=3):
    """What each rank raises."""

    def caught(ranks):
        with pytest.raises(Exception) as info:
            train(ranks)
        return info.value

    return in_threads(caught, size)


def test_bad_data_on_one_rank_ends_all_with_its_message():
    def train(ranks):
        x = np.ones((16, 4, 1))
        x[5, 2] = np.nan if ranks.rank == 1 else 1
        return _train(ranks, x)

    errors = _fails(train)
    assert all(isinstance(e, el.DataError) for e in errors)
    assert [str(e).startswith("rank 1: ") for e in errors] == [True, False, True]
    assert all("[5, 2, 0] is nan" in str(e) for e in errors)


@pytest.mark.parametrize("event", ["on_train_begin", "on_batch_end", "on_epoch_end", "on_train_end"])
def test_a_callback_that_raises_on_one_rank_ends_all(event):
    def train(ranks):
        def fail(training):
            if ranks.rank == 2:
                raise OSError("the disk is full")

        return _train(ranks, callbacks=[el.LambdaCallback(**{event: fail})])

    assert {str(e) for e in _fails(train)} == {"the disk is full", "rank 2 ended with OSError: the disk is full"}


def test_an_engine_that_fails_on_one_rank_ends_all(monkeypatch):
    from elman.engine.native import NativeEngine

    gradients = NativeEngine.gradients

    def fail(self, parameters, batch, *rest, **more):
        if batch.first == 8:
            raise MemoryError("no room")
        return gradients(self, parameters, batch, *rest, **more)

    monkeypatch.setattr(NativeEngine, "gradients", fail)
    errors = _fails(_train)
    assert all(isinstance(e, MemoryError) for e in errors)


def test_a_loss_that_is_not_finite_is_found_by_all():
    def train(ranks):
        return _train(ranks, optimizer=el.SGD(1e30), epochs=20)

    errors = _fails(train, 2)
    assert all(isinstance(e, el.TrainingError) for e in errors)
    assert str(errors[0]) == str(errors[1])


def test_networks_that_differ_are_named():
    def train(ranks):
        net = el.Network(1, [el.GRU(3), el.Dense(1)], threads=1)
        if ranks.rank == 2:
            net.params["1.b"] = 0.5
        return _train(ranks, net=net)

    assert all("1.b of rank 2 differs from that of rank 0" in str(e) for e in _fails(train))


def test_weights_that_come_apart_are_named_after_the_epoch():
    def train(ranks):
        def change(training):
            if ranks.rank == 1:
                training.net.params["0.b_n"] = 0.25

        return _train(ranks, callbacks=[el.LambdaCallback(on_batch_end=change)])

    assert all("0.b_n of rank 1 differs" in str(e) for e in _fails(train))


@pytest.mark.parametrize(
    ("option", "named"),
    [
        (lambda rank: {"batch_size": 8 + rank}, "batch_size: 8 and 9"),
        (lambda rank: {"optimizer": el.Adam(1e-3 * (1 + rank))}, "optimizer"),
        (lambda rank: {"x": np.full((16, 4, 1), 1.0 + rank)}, "values of input 0"),
        (lambda rank: {"loss": "mse" if rank else "mae"}, "losses"),
    ],
)
def test_options_that_differ_are_named(option, named):
    errors = _fails(lambda ranks: _train(ranks, **option(ranks.rank)))
    assert all(isinstance(e, el.OptionError) and f"differ in {named}" in str(e) for e in errors)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"net": el.Network(1, [el.BatchNorm(), el.Dense(1)])}, "batch normalisation"),
        ({"own_rows": True, "batch_size": 12}, "no multiple of 8 shards"),
        ({"own_rows": True, "class_weight": "balanced"}, "balanced"),
        ({"ranks": None, "own_rows": True}, "there are no ranks"),
        ({"ranks": 2}, "ranks of elman.distributed"),
    ],
)
def test_what_does_not_go_with_ranks_is_refused(more, message):
    with pytest.raises(el.OptionError, match=message):
        _train(**{"ranks": alone(), **more})


def test_own_rows_are_counted():
    errors = _fails(lambda ranks: _train(ranks, own_rows=True, x=np.ones((10 + ranks.rank, 4, 1)), batch_size=8))
    assert any("expected" in str(e) and "el.distributed.part" in str(e) for e in errors)


def test_more_ranks_than_shards_are_refused():
    with pytest.raises(el.OptionError, match="3 ranks came and 2 shards"):
        in_threads(_train, 3, shards=2)


def test_a_wish_to_stop_on_one_rank_is_that_of_all():
    def train(ranks):
        def stop(training):
            training.stop = ranks.rank == 1 and training.epoch == 3

        return len(_train(ranks, epochs=9, callbacks=[el.LambdaCallback(on_epoch_end=stop)])["loss"])

    assert in_threads(train, 3) == [3, 3, 3]


# --- files -----------------------------------------------------------------------------------------------------------


def test_one_rank_writes(tmp_path):
    def train(ranks):
        log = el.CSVLogger(tmp_path / "log.csv")
        net = el.ModelCheckpoint(tmp_path / "net-{epoch}.safetensors", monitor=None)
        _train(ranks, callbacks=[log, net])

    in_threads(train, 3)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3
    assert sorted(p.name for p in tmp_path.glob("*.safetensors")) == ["net-1.safetensors", "net-2.safetensors"]


def test_a_checkpoint_goes_on_with_other_ranks_to_the_same_bits(tmp_path):
    x, target = np.random.default_rng(0).normal(size=(2, 30, 6, 1))

    def until(epochs, file):
        def train(ranks):
            net, adam = el.Network(1, [el.LSTM(5), el.Dropout(0.2), el.Dense(1)], threads=1), el.Adam(1e-2)
            checkpoint = el.Checkpoint(tmp_path / file)
            checkpoint.resume(net, adam)
            left = epochs - net.epochs
            net.fit(x, target, optimizer=adam, epochs=left, callbacks=[checkpoint], ranks=ranks, verbose=0)
            return net.arena.tobytes()

        return train

    (whole,) = set(in_threads(until(6, "whole.safetensors"), 2))
    in_threads(until(2, "parts.safetensors"), 3)
    in_threads(until(5, "parts.safetensors"), 1)
    assert set(in_threads(until(6, "parts.safetensors"), 8)) == {whole}
    assert (tmp_path / "whole.safetensors").read_bytes() == (tmp_path / "parts.safetensors").read_bytes()


def test_rank_0_shares_what_it_has():
    def train(ranks):
        net, adam = el.Network(1, [el.GRU(3), el.Dense(1)], seed=ranks.rank, threads=1), el.Adam()
        if ranks.rank == 0:
            _train(None, net=net, optimizer=adam)
        el.distributed.share(net, adam, ranks)
        _train(ranks, net=net, optimizer=adam)
        return net.arena.tobytes(), net.epochs, adam.updates

    assert len(set(in_threads(train, 3))) == 1


def test_a_rank_that_ends_while_others_wait_is_named():
    """The others would wait for ever."""
    x = np.ones((8, 3, 1))

    def train_on_rank_0(ranks):
        if ranks.rank == 0:
            el.Network(1, [el.GRU(2), el.Dense(1)], seed=0).fit(x, x, epochs=1, ranks=ranks, verbose=0)

    with pytest.raises(el.OptionError, match="rank 1 has ended while others train on: call fit and share on every"):
        in_threads(train_on_rank_0, 2)


def test_what_is_no_rank_and_no_optimiser_is_refused():
    net = el.Network(1, [el.GRU(2)])
    with pytest.raises(el.OptionError, match="ranks is 33; expected ranks of elman.distributed"):
        el.distributed.part(alone(), 33)
    with pytest.raises(el.OptionError, match="ranks is 2; expected ranks of elman.distributed"):
        el.distributed.share(net, el.Adam(), 2)
    with pytest.raises(el.OptionError, match="optimizer is 'adam'; expected an optimizer, such as el.Adam"):
        el.distributed.share(net, "adam", alone())


# --- what is not finite ----------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*were left out")
@pytest.mark.parametrize("stateful", [False, True])
def test_a_batch_that_is_left_out_is_so_on_all_ranks(stateful):
    x = np.random.default_rng(0).normal(size=(24, 4, 2))
    target = x.sum(axis=2, keepdims=True)
    target[9, 1] = 1e200
    keep = np.arange(24) // 8 != 1

    def train(ranks, x=x, target=target, on_nan="skip"):
        net, adam = el.Network(2, [el.GRU(3), el.Dense(1)], dtype="float64", seed=0), el.Adam(0.01)
        how = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0, "stateful": stateful, "on_nan": on_nan}
        history = net.fit(x, target, optimizer=adam, ranks=ranks, **how)
        return net.arena.tobytes(), net.updates, history["loss"]

    found = in_threads(train, 3)
    assert found[0] == found[1] == found[2] == train(alone(), x[keep], target[keep], "raise") and found[0][1] == 4


def test_ranks_that_would_treat_a_batch_differently_are_refused():
    def train(ranks):
        x = np.zeros((8, 2, 1))
        net = el.Network(1, [el.Dense(1)])
        net.fit(x, x, ranks=ranks, verbose=0, on_nan="skip" if ranks.rank else "raise")

    with pytest.raises(el.OptionError, match="differ in on_nan"):
        in_threads(train, 2)
