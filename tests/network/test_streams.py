"""Many streams that come and go: each is what it is alone, bit for bit, and nothing is half done."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import native_available
from elman.tensors import to_bytes
from tests.draws import draws
from tests.network.graph_networks import N, graph_networks
from tests.network.test_stream_run import BUILT, NETWORKS

engines = pytest.mark.parametrize("engine", BUILT)


def gru(engine: str, **options: Any) -> el.Network:
    return el.Network(3, [el.GRU(5), el.Dense(2)], engine=engine, **options)


@engines
@pytest.mark.parametrize("name", NETWORKS)
@draws(3)
@given(st.data())
def test_each_stream_is_what_it_is_alone(engine, name, data):
    net = NETWORKS[name](engine)
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    streams, alone = net.streams(), {}
    for _ in range(data.draw(st.integers(3, 12))):
        what = random.random()
        if what < 0.5 or not alone:
            for _ in range(random.integers(1, 12 if engine == "native" else 4)):
                alone[streams.open()] = net.stream()
        elif what < 0.6:
            key = random.choice(list(alone))
            streams.close(key)
            del alone[key]
        elif what < 0.7:
            key = random.choice(list(alone))
            streams.reset(key)
            alone[key].reset()
        if not alone:
            continue
        keys = [list(alone)[i] for i in random.permutation(len(alone))[: random.integers(1, len(alone) + 1)]]
        x = random.normal(size=(len(keys), 3))
        if what < 0.3:
            found = streams(dict(zip(keys, x, strict=True)))
            assert list(found) == keys
            y = np.stack(list(found.values()))
        else:
            y = streams.step(keys, x)
        np.testing.assert_array_equal(y, np.concatenate([alone[k](one[None]) for k, one in zip(keys, x, strict=True)]))
    assert list(streams) == list(alone) and len(streams) == len(alone)
    for key, one in alone.items():
        for mine, theirs in zip(streams.state(key), one.state, strict=True):
            for a, b in zip(mine, theirs, strict=True):
                np.testing.assert_array_equal(a, b)


@engines
@draws(6)
@given(graph_networks(stepwise=True))
def test_graphs_with_several_inputs_and_outputs(engine, drawn):
    net = el.Network(drawn.function, inputs=drawn.inputs, engine=engine)
    try:
        streams = net.streams()
    except el.OptionError:
        return
    alone = {streams.open(key): net.stream() for key in "abc"}
    random = np.random.default_rng(0)
    for keys in (["a", "b"], ["c", "a"], ["b"]):
        x = {given.name: random.normal(size=(len(keys), N)) for given in net.structure.inputs}
        each = {key: {name: a[row] for name, a in x.items()} for row, key in enumerate(keys)}
        expected = {key: alone[key]({name: a[None] for name, a in each[key].items()}) for key in keys}
        before = {key: streams.state(key) for key in keys}
        y = streams.step(keys, x)
        for key, state in before.items():
            streams.set_state(key, state)
        for key, one in streams(each).items():
            for name, value in one.items():
                np.testing.assert_array_equal(value, expected[key][name][0])
                np.testing.assert_array_equal(value, y[name][keys.index(key)])


@engines
def test_a_bad_value_names_its_stream_and_no_stream_goes_on(engine):
    streams = gru(engine).streams()
    keys = [streams.open(name) for name in "abcde"]
    x = np.random.default_rng(0).normal(size=(5, 3))
    streams.step(keys, x)
    before = [streams.state(key) for key in keys]
    bad = x.copy()
    bad[1, 2], bad[3, 0] = np.nan, np.inf
    said = r"^stream 'b': x\[2\] is nan: .*; stream 'd': x\[0\] is inf: .*None of the 5 streams has gone a step$"
    for call in (lambda: streams.step(keys, bad), lambda: streams(dict(zip(keys, bad, strict=True)))):
        with pytest.raises(el.StreamError, match=said) as caught:
            call()
        assert list(caught.value.errors) == ["b", "d"]
        for key, old in zip(keys, before, strict=True):
            for mine, theirs in zip(streams.state(key), old, strict=True):
                np.testing.assert_array_equal(mine, theirs)
    y = streams(dict(zip(keys, bad, strict=True)), return_exceptions=True)
    assert isinstance(y["b"], el.DataError) and isinstance(y["d"], el.DataError) and list(y) == keys
    for key in "ace":  # as if the others had not been there
        again = gru(engine).streams()
        again.open(key, before[keys.index(key)])
        np.testing.assert_array_equal(again({key: x[keys.index(key)]})[key], y[key])
    for key in "bd":
        for mine, theirs in zip(streams.state(key), before[keys.index(key)], strict=True):
            np.testing.assert_array_equal(mine, theirs)


@engines
def test_a_stream_whose_values_do_not_fit_does_not_hold_the_others_up(engine):
    streams = gru(engine).streams()
    for key in (1, 2, 3):
        streams.open(key)
    x = {1: [0.0, 1.0, 2.0], 2: [0.0, 1.0], 3: ["a", "b", "c"]}
    with pytest.raises(el.StreamError, match=r"^stream 2: x has shape \(2,\); expected \(3,\), its features; stream 3"):
        streams(x)
    y = streams(x, return_exceptions=True)
    assert isinstance(y[2], el.ShapeError) and isinstance(y[3], el.DataError)
    np.testing.assert_array_equal(y[1], gru(engine).stream()(np.array([x[1]]))[0])


@engines
def test_indices_that_are_none(engine):
    net = el.Network(1, [el.Embedding(4, 3), el.GRU(2)], engine=engine)
    streams = net.streams()
    keys = [streams.open() for _ in range(3)]
    y = streams.step(keys, [[0], [3], [1]])
    np.testing.assert_array_equal(y[1], net.stream()([[3]])[0])
    for wrong in (4, -1, 0.5):
        with pytest.raises(el.StreamError, match=r"^stream 1: x\[0\] is .*: expected"):
            streams.step(keys, [[0], [wrong], [1]])


@engines
def test_a_state_that_overflows_is_named(engine):
    @el.cell
    def growth(p, x, h):
        return 1e30 * h + x

    streams = el.Network(1, [el.Recurrent(growth, 1)], engine=engine).streams()
    for key in "ab":
        streams.open(key)
    streams({"a": 1.0, "b": 0.0})
    streams({"a": 0.0, "b": 0.0})  # a number is one feature
    with pytest.raises(el.StreamError, match=r"^stream 'a': output\[0\] has become inf"):
        streams({"a": 0.0, "b": 0.0})


@engines
def test_capacity(engine):
    streams = gru(engine).streams(capacity=2)
    streams.open("a")
    streams.open("b")
    with pytest.raises(el.OptionError, match="2 streams are open, as many as there may be: close one"):
        streams.open("c")
    streams.close("a")
    streams.open("c")
    assert list(streams) == ["b", "c"] and "a" not in streams and repr(streams) == "<Streams: 2 open of at most 2>"
    with pytest.raises(el.OptionError, match="capacity"):
        gru(engine).streams(capacity=0)


@engines
def test_a_new_stream_begins_with_zeros_where_another_ended(engine):
    streams = gru(engine).streams(capacity=1)
    x = np.ones((1, 3))
    y = streams.step([streams.open("a")], x)
    streams.close("a")
    np.testing.assert_array_equal(streams.step([streams.open("b")], x), y)


@engines
def test_keys(engine):
    streams = gru(engine).streams()
    assert [streams.open(), streams.open(1 + 1), streams.open(), streams.open()] == [0, 2, 1, 3]
    with pytest.raises(el.OptionError, match="the stream 2 is open already"):
        streams.open(2)
    with pytest.raises(
        el.OptionError, match=r"no stream 'z' is open \(4 are, such as 0, 2, 1\); open\('z'\) begins it"
    ):
        streams.close("z")
    with pytest.raises(el.OptionError, match="keys has 3 twice"):
        streams.step([1, 3, 3], np.zeros((3, 3)))
    with pytest.raises(el.OptionError, match="expected a text, a number"):
        streams.open([1])
    for call in (lambda: streams.step([0, "z"], np.zeros((2, 3))), lambda: streams({"z": [0, 0, 0]})):
        with pytest.raises(el.OptionError, match="no stream 'z' is open"):
            call()
    with pytest.raises(el.ShapeError, match=r"x has shape \(2, 3\); expected \(1, 3\) = \(keys, features\)"):
        streams.step([0], np.zeros((2, 3)))
    with pytest.raises(el.OptionError, match="expected a dict of arrays by key"):
        streams(np.zeros((1, 3)))
    assert streams.step([], np.zeros((0, 3))).shape == (0, 2) and streams({}) == {}


@engines
def test_a_stream_goes_on_from_a_history(engine):
    net = gru(engine)
    history = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    first = net.stream()
    y = first.run(history)
    streams = net.streams()
    streams.open("a", first.state)
    np.testing.assert_array_equal(streams.step(["a"], history[:1]), first(history[:1]))
    with pytest.raises(el.ShapeError, match=r"state\[0\]\[0\] has shape \(2, 5\); expected \(1, 5\)"):
        streams.open("b", net.stream(2).state)
    assert "b" not in streams and y.shape == (9, 2)


@engines
def test_saved_streams_go_on_as_they_were(engine, tmp_path):
    net = gru(engine, dtype=np.float64)
    streams, random = net.streams(), np.random.default_rng(0)
    keys = ["pump 1", 7, "ö", np.int64(8)]
    for key in keys:
        streams.open(key)
    streams.step(keys[:3], random.normal(size=(3, 3)))
    file = streams.save(tmp_path / "streams.safetensors")
    other = net.streams(capacity=4)
    other.open("gone")
    other.restore(file)
    assert list(other) == keys
    x = random.normal(size=(4, 3))
    np.testing.assert_array_equal(other.step(keys, x), streams.step(keys, x))
    small = net.streams(capacity=3)
    small.open("kept")
    with pytest.raises(el.OptionError, match="holds 4 streams, and 3 may be open"):
        small.restore(file)
    assert list(small) == ["kept"]
    with pytest.raises(el.ModelFileError, match="streams of another network"):
        el.Network(3, [el.GRU(6)], engine=engine, dtype=np.float64).streams().restore(file)
    with pytest.raises(el.ModelFileError, match="holds no streams"):
        other.restore(net.save(tmp_path / "net.safetensors"))
    from elman.tensors import to_bytes

    for text in ("", "{}", "[1, 1]", "[[1]]", "[true]", "[" * 10_000):
        broken = tmp_path / "broken.safetensors"
        broken.write_bytes(to_bytes({"state.0": np.zeros((1, 5))}, {"elman_streams": text}))
        with pytest.raises(el.ModelFileError, match="expected texts or whole numbers"):
            other.restore(broken)
    broken.write_bytes(to_bytes({"state.0": np.full((1, 5), np.nan)}, {"elman_streams": "[1]"}))
    with pytest.raises(el.ModelFileError, match="a state that is not finite"):
        other.restore(broken)
    assert list(other) == keys
    streams.open((1, 2))
    with pytest.raises(el.OptionError, match=r"the key \(1, 2\) cannot be written"):
        streams.save(file)


@pytest.mark.parametrize("text", ['["a", "a"]', '[["a"], ["b"]]', "[a", "5", '"ab"', '{"a": 1, "b": 2}', "[true, 1]"])
def test_a_file_with_broken_keys_is_refused_and_nothing_changed(tmp_path, text):
    net = gru(BUILT[0])
    streams = net.streams()
    streams.open("kept")
    (tmp_path / "s").write_bytes(to_bytes({"state.0": np.zeros((2, 5), np.float32)}, {"elman_streams": text}))
    with pytest.raises(el.ModelFileError, match="expected texts or whole numbers, each once"):
        streams.restore(tmp_path / "s")
    assert list(streams) == ["kept"]


def test_a_file_with_other_states_is_refused(tmp_path):
    streams = gru(BUILT[0]).streams()
    of_lstm = el.Network(3, [el.LSTM(5), el.Dense(2)]).streams()  # the same size, and one more state
    for key in "ab":
        of_lstm.open(key)
    with pytest.raises(el.ModelFileError, match="streams of another network"):
        streams.restore(of_lstm.save(tmp_path / "s"))
    state = np.array([[1, 2, 3, np.nan, 5]], np.float32)
    (tmp_path / "s").write_bytes(to_bytes({"state.0": state}, {"elman_streams": '["a"]'}))
    with pytest.raises(el.ModelFileError, match="a state that is not finite"):
        streams.restore(tmp_path / "s")
    assert list(streams) == []


@pytest.mark.skipif(not native_available(), reason="of the native engine")
def test_more_streams_than_there_was_room_for():
    net = gru("native")
    streams, x = net.streams(), np.random.default_rng(0).normal(size=(3, 3))
    streams.open("first")
    streams.step(["first"], x[:1])
    for number in range(1000):
        streams.open(number)
    alone = net.stream()
    alone(x[:1])
    y = streams.step(["first", *range(1000)], np.repeat(x[1:2], 1001, axis=0))
    np.testing.assert_array_equal(y[:1], alone(x[1:2]))
    np.testing.assert_array_equal(y[1:], np.repeat(net.stream()(x[1:2]), 1000, axis=0))


@pytest.mark.skipif(not native_available(), reason="of the native engine")
def test_threads_take_turns():
    net = gru("native")
    streams = net.streams()
    x = np.random.default_rng(0).normal(size=(4, 60, 3)).astype(np.float32)
    found: dict[int, np.ndarray] = {}

    def serve(worker: int) -> None:
        keys = [streams.open((worker, k)) for k in range(5)]
        found[worker] = np.stack([streams.step(keys, np.repeat(x[worker, t : t + 1], 5, axis=0)) for t in range(60)])
        for key in keys:
            streams.close(key)

    workers = [threading.Thread(target=serve, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for number in range(4):
        y = net.stream().run(x[number])
        np.testing.assert_array_equal(found[number], np.repeat(y[:, None], 5, axis=1))
    assert len(streams) == 0


def test_a_network_that_needs_whole_sequences_has_none():
    with pytest.raises(el.OptionError, match="runs in reverse, which needs the whole sequence"):
        el.Network(1, [el.Bidirectional(el.GRU(2))]).streams()


def test_what_cannot_be_pickled_says_what_to_do():
    net = el.Network(2, [el.GRU(3)])
    with pytest.raises(TypeError, match="a stream cannot be copied or pickled.*net.stream"):
        pickle.dumps(net.stream())
    with pytest.raises(TypeError, match="streams cannot be copied or pickled.*restore"):
        copy.deepcopy(net.streams())


def test_a_file_of_streams_is_known_where_a_model_is_read(tmp_path):
    streams = el.Network(2, [el.GRU(3)]).streams()
    streams.open("a")
    with pytest.raises(el.ModelFileError, match="holds states of streams, not a Network: net.streams"):
        el.load(streams.save(tmp_path / "streams.safetensors"))


def test_an_input_by_a_wrong_name_is_named():
    with pytest.raises(el.OptionError, match="the inputs are x; got temperature"):
        el.Network(2, [el.GRU(3)]).stream().run({"temperature": np.zeros((4, 2))})
