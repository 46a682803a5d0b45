"""Event files, read by a reader of the format's own description; tests/parity/test_tensorboard.py has TensorBoard's."""

import struct

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from elman.training.event_files import EventFile, crc32c, histogram, masked, scalar
from tests.training.problems import recurrent, sums, train

X, TARGET = sums()

# RFC 3720, section B.4
VECTORS = [
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
]


@pytest.mark.parametrize(("data", "sum_"), VECTORS)
def test_checksums_are_those_of_the_standard(data, sum_):
    assert crc32c(data) == sum_


def records(file):
    """The data of a file's records."""
    content, place = file.read_bytes(), 0
    while place < len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        assert struct.unpack_from("<I", content, place + 8) == (masked(content[place : place + 8]),)
        data = content[place + 12 : place + 12 + length]
        assert struct.unpack_from("<I", content, place + 12 + length) == (masked(data),)
        yield data
        place += 16 + length


def fields(data):
    """Fields of a protocol buffer by number, each a list."""
    found, place = {}, 0

    def varint():
        nonlocal place
        value, shift = 0, 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or varint()
            value, place = data[place : place + size], place + size
        found.setdefault(key >> 3, []).append(value)
    return found


def events(folder):
    """(step, tag, field of the value, content) of all files, in their order."""
    found = []
    for file in sorted(folder.glob("*tfevents*")):
        first, *others = map(fields, records(file))
        assert first[3] == [b"brain.Event:2"]
        for event in others:
            for summary in event.get(5, []):
                for value in map(fields, fields(summary)[1]):
                    kind = next(k for k in (2, 5, 8) if k in value)
                    found.append((event.get(2, [0])[0], value[1][0].decode(), kind, value[kind][0]))
    return found


def shown(folder):
    """What TensorBoard shows of numbers: (step, tag), without what a later start has taken back."""
    found = []
    for file in sorted(folder.glob("*tfevents*")):
        for event in map(fields, list(records(file))[1:]):
            step = event.get(2, [0])[0]
            if 7 in event:
                found = [one for one in found if one[0] < step]
            for summary in event.get(5, []):
                values = [fields(value) for value in fields(summary)[1]]
                found += [(step, value[1][0].decode()) for value in values if 2 in value]
    return sorted(found)


def curves(folder):
    found: dict[str, list] = {}
    for step, tag, kind, content in events(folder):
        if kind == 2:
            found.setdefault(tag, []).append((step, struct.unpack("<f", content)[0]))
    return found


def test_curves_are_the_history(tmp_path):
    board = el.TensorBoard(tmp_path / "runs", every=2)
    history = train(recurrent(), X, TARGET, batch_size=10, epochs=3, validation_data=(X, TARGET), callbacks=[board])
    found = curves(tmp_path / "runs")
    assert set(found) == {*(f"epoch/{name}" for name in history.history), "update/loss", "update/learning_rate"}
    for name, values in history.history.items():
        assert found[f"epoch/{name}"] == [(4 * k, np.float32(v)) for k, v in enumerate(values, 1)]
    assert [step for step, _ in found["update/loss"]] == [2, 4, 6, 8, 10, 12]


def test_histograms_of_parameters_and_gradients(tmp_path):
    net = recurrent()
    net.freeze("1.b")
    board = el.TensorBoard(tmp_path, histograms=2, gradients=True)
    train(net, X, TARGET, batch_size=len(X), epochs=4, shuffle=False, callbacks=[board], optimizer=el.SGD(1e-12))
    found = {(step, tag): fields(content) for step, tag, kind, content in events(tmp_path) if kind == 5}
    names = {f"parameters/{n}" for n in net.params} | {f"gradients/{n}" for n in net.trainable}
    assert set(found) == {(step, name) for step in (2, 4) for name in names}
    values, gradient = net.params["0.W_z"], net.loss_and_grads(X, TARGET)[1]["0.W_z"]
    for name, expected in (("parameters/0.W_z", values), ("gradients/0.W_z", gradient)):
        said = found[4, name]
        numbers = [struct.unpack("<d", said[k][0])[0] for k in range(1, 6)]
        moments = [expected.min(), expected.max(), expected.size, expected.sum(), np.square(expected).sum()]
        np.testing.assert_allclose(numbers, moments, rtol=1e-6)
        limits, counts = (np.frombuffer(said[k][0]) for k in (6, 7))
        assert len(limits) == len(counts) and counts.sum() == expected.size
        np.testing.assert_allclose(np.cumsum(counts), [np.sum(expected <= edge + 1e-12) for edge in limits])


def test_a_histogram_of_one_value():
    said = fields(fields(histogram("b", np.zeros(5)))[5][0])
    assert (np.frombuffer(said[6][0]).tolist(), np.frombuffer(said[7][0]).tolist()) == ([0.0], [5.0])


def test_the_network_in_words(tmp_path):
    net = recurrent()
    train(net, X, TARGET, epochs=1, callbacks=[el.TensorBoard(tmp_path)])
    texts = {tag: fields(content)[8][0].decode() for _, tag, kind, content in events(tmp_path) if kind == 8}
    assert set(texts) == {"network/summary", "network/plan"}
    assert [line.strip() for line in texts["network/summary"].splitlines()] == [
        line.strip() for line in net.summary().splitlines()
    ]


def starts_of(folder):
    """The steps from which on nothing is shown of what was written before, in the order of the files."""
    files = sorted(folder.glob("*tfevents*"), key=lambda file: file.stat().st_mtime_ns)
    return [fields(data)[2][0] for file in files for data in records(file) if 7 in fields(data)]


def test_a_training_that_goes_on_hides_what_is_behind_it(tmp_path):
    net, board = recurrent(), el.TensorBoard(tmp_path)
    train(net, X, TARGET, epochs=2, callbacks=[board])
    with pytest.raises(OptionError, match="has curves of an earlier training.*append=True"):
        train(net, X, TARGET, callbacks=[el.TensorBoard(tmp_path)])
    for one in (board, el.TensorBoard(tmp_path, append=True)):
        train(net, X, TARGET, epochs=1, callbacks=[one])
    assert starts_of(tmp_path) == [5, 7]
    assert sorted(step for step, _ in curves(tmp_path)["epoch/loss"]) == [2, 4, 6, 8]


def test_so_does_one_that_is_resumed_within_an_epoch(tmp_path):
    def stop(training):
        if training.net.updates == 7:
            raise KeyboardInterrupt

    def fit(event, **resumed):
        board = el.TensorBoard(tmp_path / "board", every=2)
        callbacks = [board, el.LambdaCallback(on_batch_end=event)]
        how = {"checkpoint": tmp_path / "run", "every": 1, "callbacks": callbacks, **resumed}
        return train(recurrent(), X, TARGET, batch_size=8, epochs=2, **how)

    with pytest.raises(KeyboardInterrupt):
        fit(stop)
    fit(lambda training: None, resume=True)
    found = curves(tmp_path / "board")
    (start,) = starts_of(tmp_path / "board")
    assert start == 6  # the last numbers before the checkpoint, which are written once more
    assert sorted({step for step, _ in found["update/loss"]}) == [2, 4, 6, 8, 10]
    assert sorted({step for step, _ in found["epoch/loss"]}) == [5, 10]


@pytest.mark.parametrize("every", [None, 1, 2])
@pytest.mark.parametrize("first", [True, False])
def test_no_number_comes_twice_where_a_callback_behind_it_raised(every, first, tmp_path):
    """As TensorBoard shows it: what lies at or behind the step of a later start is gone."""

    def stop(training):
        if training.epoch == 2 and not training.resumed:
            raise ZeroDivisionError

    def fit(name, event, **resumed):
        board = el.TensorBoard(tmp_path / name, every=every)
        callbacks = [board, el.LambdaCallback(on_epoch_end=event)]
        how = {"checkpoint": tmp_path / f"run-{name}", "every": 1, "callbacks": callbacks[:: 1 if first else -1]}
        return train(recurrent(), X, TARGET, batch_size=8, epochs=3, **how, **resumed)

    with pytest.raises(ZeroDivisionError):
        fit("stopped", stop)
    fit("stopped", stop, resume=True)
    fit("whole", lambda training: None)
    assert shown(tmp_path / "stopped") == shown(tmp_path / "whole")


@pytest.mark.parametrize(("stopped", "start"), [(3, 3), (7, 3), (9, 8)])
def test_so_does_one_of_a_network_that_was_trained_before(stopped, start, tmp_path):
    def stop(training):
        if training.net.updates == stopped:
            raise ZeroDivisionError

    def fit(event, **resumed):
        net = recurrent()
        train(net, X, TARGET, epochs=1)
        board = el.TensorBoard(tmp_path / "board")
        callbacks = [board, el.LambdaCallback(on_batch_end=event)]
        how = {"checkpoint": tmp_path / "run", "every": 1, "callbacks": callbacks, **resumed}
        return train(net, X, TARGET, batch_size=8, epochs=2, **how)

    with pytest.raises(ZeroDivisionError):
        fit(stop)
    fit(lambda training: None, resume=True)
    assert starts_of(tmp_path / "board") == [3, start]


def test_numbers_that_are_not_finite_are_written_as_they_are(tmp_path):
    file = EventFile(tmp_path)
    file.add([scalar("a", np.nan), scalar("b", np.inf)], 2**40)
    file.close()
    (one, a, *_), (_, b, *_) = events(tmp_path)
    assert (one, a, b) == (2**40, "a", "b") and np.isnan(curves(tmp_path)["a"][0][1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"every": 0}, "TensorBoard: every is 0"),
        ({"histograms": 1.5}, "TensorBoard: histograms is 1.5"),
        ({"gradients": True}, "gradients are shown as histograms, and there are none: give histograms=1"),
        ({"append": "yes"}, "TensorBoard: append is 'yes'"),
    ],
)
def test_options_that_make_no_sense(options, said, tmp_path):
    with pytest.raises(OptionError, match=said):
        el.TensorBoard(tmp_path, **options)


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="is a file; give a folder with TensorBoard"):
        train(recurrent(), X, TARGET, callbacks=[el.TensorBoard(tmp_path / "file")])
