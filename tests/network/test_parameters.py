"""Parameters: read by name, written through one door, which tells the engine."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import elman as el
from elman.engine import ENGINES, native_available
from elman.engine.interface import Batch

BUILT = [e for e in ENGINES if e != "native" or native_available()]
X = np.random.default_rng(0).normal(size=(3, 4, 2))


def network(**options):
    return el.Network(2, [el.GRU(4), el.Dense(1)], **{"dtype": np.float64, **options})


def fresh(net):
    """What a network that has never run before says."""
    return pickle.loads(pickle.dumps(net))(X)


def test_what_is_read_is_written_to_by_index_only():
    net = network()
    for array in (net.params["0.W_z"], net.params.get("0.U_z"), net.arena, *net.params.values()):
        ways = [np.copyto, lambda a, x: a.fill(x)]
        ways += [lambda a, x: np.add(a, x, out=np.asarray(a)), lambda a, x: np.add(a, x, out=a, where=a > 0)]
        for write in ways:
            with pytest.raises(ValueError, match="read-only"):
                write(array, 0.5)
    with pytest.raises(AttributeError):
        net.arena = np.zeros(net.arena.size)
    for wrong in (np.nan, np.inf, "many"):
        with pytest.raises(el.DataError, match="the value for parameters"):
            net.params["0.W_z"][0, 0] = wrong
    before = net.params["0.W_z"].copy()
    net.params["0.W_z"] *= 0.25
    net.params["0.W_z"] = 2 * net.params["0.W_z"]
    assert np.array_equal(net.params["0.W_z"], 0.5 * before)


def test_what_comes_from_parameters_is_plain():
    net = network()
    W = net.params["0.W_z"]
    for found in (
        W.copy(),
        W + 1,
        W @ W.T,
        W.sum(axis=0),
        np.array(W),
        copy.deepcopy(W),
        pickle.loads(pickle.dumps(W)),
    ):
        version = net.params.version
        assert type(found) is np.ndarray
        found[0] = 5
        assert net.params.version == version and not (W == 5).any()


@pytest.mark.parametrize("engine", BUILT)
def test_each_way_of_writing_is_seen_by_the_next_call(engine):
    net = network(engine=engine)
    ways = [
        lambda: net.params.__setitem__("0.W_z", 0.25),
        lambda: net.params.__setitem__("1.b", [3.0]),
        lambda: net.params["0.W_z"].__setitem__((0, 1), 0.75),
        lambda: net.params["0.W_z"][1:].__setitem__(0, 0.5),
        lambda: net.params["0.U_z"].reshape(-1).__setitem__(slice(2, 5), [1, 2, 3]),
        lambda: net.arena.__setitem__(slice(None), net.arena + 0.01),
        lambda: net.arena.__imul__(0.9),
        lambda: np.add.at(net.params["0.W_z"], (0, 1), 0.3),
        lambda: net.params["0.W_z"].__iadd__(0.1),
        lambda: net.params.write(0.5 * net.arena),
        lambda: net.params.restore(net.arena + 0.1),
        lambda: net.fit(X, X[..., :1], epochs=1, verbose=0),
        lambda: net.train_on_batch(X, X[..., :1], optimizer=el.SGD(0.1)),
    ]
    for change in ways:
        before, seen, version = net(X), net.params["0.W_z"], net.params.version
        change()
        assert not np.array_equal(net(X), before) and np.array_equal(net(X), fresh(net))
        assert net.params.version != version and np.array_equal(seen, net.params["0.W_z"])  # views follow


@pytest.mark.parametrize("engine", BUILT)
def test_calls_amid_writing_see_what_is_written_so_far(engine):
    net = network(engine=engine)
    net(X)
    with net.params.writing() as arena:
        for _ in range(2):
            arena *= 0.5
            assert net.params.version == 0 and np.array_equal(net(X), fresh(net))
    assert net.params.version and np.array_equal(net(X), fresh(net))
    with pytest.raises(ValueError, match="read-only"):
        arena[0] = 1  # it has been said that writing is over


def test_writing_that_fails_still_counts():
    net = network()
    net(X)
    with pytest.raises(KeyError), net.params.writing() as arena:
        arena *= 0.5
        raise KeyError
    assert np.array_equal(net(X), fresh(net))


def test_no_two_networks_have_one_version():
    nets = [network(), network()]
    nets += [copy.deepcopy(nets[0]), pickle.loads(pickle.dumps(nets[0]))]
    parameters = [net.params for net in nets] + [copy.copy(nets[0].params), pickle.loads(pickle.dumps(nets[0].params))]
    assert len({p.version for p in parameters}) == len(parameters)
    for twin in parameters[2:]:
        assert np.array_equal(twin.arena, nets[0].arena)
        twin["1.b"] = 5
        assert twin["1.b"] == 5 and nets[0].params["1.b"] == 0


def test_an_engine_that_serves_two_networks_takes_them_for_two():
    one, two = network(seed=1), network(seed=2)
    engine = one.engine()
    for net in (one, two, one):
        assert np.array_equal(engine.forward(net.arena, Batch.of(X), version=net.params.version)[0][0], net(X))


@pytest.mark.parametrize("value", [np.nan, np.inf, [[0, 0], [0, 0], [0, 0], [0, -np.inf]]])
def test_what_is_not_finite_is_refused(value):
    net = network()
    before = net.arena.copy()
    with pytest.raises(el.DataError, match=r"0\.W_z\[\d, \d\] is -?(nan|inf): expected finite numbers"):
        net.params["0.W_z"] = value
    with pytest.raises(el.DataError, match=r"0\.b_z\[0\] is inf.*float32 holds numbers up to"):
        network(dtype=np.float32).params["0.b_z"] = 1e300
    with pytest.raises(el.ShapeError, match=r"parameters has shape \(93,\), got a value of shape \(92,\)"):
        net.params.write(before[1:])
    assert np.array_equal(net.arena, before)


@pytest.mark.parametrize(("dtype", "large", "usual"), [("float32", 2e19, 1e19), ("float64", 2e154, 1e154)])
def test_what_is_so_large_that_products_overflow_is_told(dtype, large, usual, tmp_path):
    net = el.Network(1, [el.GRU(2), el.Dense(1)], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.params["1.W"] = [[usual, -usual]]
    with pytest.warns(RuntimeWarning, match=r"1\.W\[0, 1\] is 2e\+\d+ in size: products .* go beyond float") as noted:
        net.params["1.W"] = [[usual, -large]]
    assert noted[0].filename == __file__
    file = net.save(tmp_path / "net.safetensors")
    with pytest.warns(RuntimeWarning, match=r"1\.W\[0, 1\] is 2e"):
        el.load(file)


def test_gradients_are_the_callers_own():
    net = network()
    _, grads = net.loss_and_grads(X, X[..., :1])
    for array in [*grads.values(), *net.backward(X, X[..., :1])[0].values()]:
        array *= 0.5


def test_places_say_whose_a_parameter_is():
    net = network()
    assert {place.layer for name, place in net.params.places.items() if name.startswith("1.")} == {1}
    assert sum(p.size for p in net.params.places.values() if p.layer == 0) == 88


def test_reading_a_file_makes_no_initial_values(tmp_path, monkeypatch):
    series = np.sin(np.arange(60.0))
    made = [
        (network(), tmp_path / "net.safetensors"),
        (el.Forecaster(units=2, horizon=2, epochs=1, members=2).fit(series), tmp_path / "f.safetensors"),
    ]
    for model, path in made:
        model.save(path)
    monkeypatch.setattr("elman.network.network.initialise", None)
    net, forecaster = (el.load(path) for _, path in made)
    assert np.array_equal(net.arena, made[0][0].arena)
    for mine, other in zip(forecaster.networks_, made[1][0].networks_, strict=True):
        assert np.array_equal(mine.arena, other.arena)
