"""`MetricsLog`: a line of JSON at a time, whole lines whatever happens, none twice."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from tests.training.problems import ENGINES, recurrent, sums, train

X, TARGET = sums()


def read(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def places(file):
    return [(line["kind"], line["update"]) for line in read(file)]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "metrics.jsonl"


def test_epochs_have_a_line(file):
    history = train(recurrent(), X, TARGET, epochs=3, validation_data=(X, TARGET), callbacks=[el.MetricsLog(file)])
    found = read(file)
    assert [(line.pop("kind"), line.pop("epoch"), line.pop("update")) for line in found] == [
        ("epoch", 1, 2), ("epoch", 2, 4), ("epoch", 3, 6)
    ]  # fmt: skip
    assert {line.pop("network") for line in found} == {1}
    assert {name: [line[name] for line in found] for name in found[0]} == history.history


def test_updates_have_lines_with_the_mean_loss_since_the_last(file):
    losses = []
    note = el.LambdaCallback(on_batch_end=lambda training: losses.append(training.losses_so_far[-1]))
    log, rate = el.MetricsLog(file, every=2), el.CosineDecay(0.1, steps=10)
    train(recurrent(), X, TARGET, batch_size=8, epochs=2, callbacks=[note, log], optimizer=el.SGD(rate))
    found = read(file)
    assert [(line["kind"], line["epoch"], line["update"]) for line in found] == [
        ("updates", 1, 2), ("updates", 1, 4), ("epoch", 1, 5), ("updates", 2, 6), ("updates", 2, 8), ("updates", 2, 10),
        ("epoch", 2, 10),
    ]  # fmt: skip
    updates = [line for line in found if line["kind"] == "updates"]
    means = [np.mean(losses[first:end]) for first, end in ((0, 2), (2, 4), (5, 6), (6, 8), (8, 10))]
    np.testing.assert_allclose([line["loss"] for line in updates], means, rtol=1e-12)
    assert [line["learning_rate"] for line in updates] == [rate(line["update"] - 1) for line in updates]
    seconds = [line["seconds"] for line in updates]
    assert seconds == sorted(seconds) and set(updates[0]) == {
        "network", "kind", "epoch", "update", "loss", "learning_rate", "seconds"
    }  # fmt: skip


def test_each_line_is_in_the_file_at_once(file):
    seen = []
    log = el.MetricsLog(file, every=1)
    note = el.LambdaCallback(on_batch_end=lambda training: seen.append(len(read(file))))
    train(recurrent(), X, TARGET, batch_size=10, epochs=1, callbacks=[log, note])
    assert seen == [1, 2, 3, 4]


def test_what_is_not_finite_is_null(file):
    note = el.LambdaCallback(on_epoch_end=lambda training: training.logs.update(a=np.nan, b=-np.inf, c=np.float32(2)))
    train(recurrent(), X, TARGET, epochs=1, callbacks=[note, el.MetricsLog(file)])
    line = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (line["a"], line["b"], line["c"]) == (None, None, 2.0)


# --- more than one training ---------------------------------------------------------------------------------


def test_a_file_of_an_earlier_training_is_not_lost(file):
    net, log = recurrent(), el.MetricsLog(file)
    train(net, X, TARGET, epochs=2, callbacks=[log])
    train(net, X, TARGET, epochs=1, callbacks=[log])
    before = file.read_bytes()
    with pytest.raises(OptionError, match="MetricsLog would write over .*metrics.jsonl.*append=True"):
        train(net, X, TARGET, epochs=1, callbacks=[el.MetricsLog(file)])
    assert file.read_bytes() == before and [line["epoch"] for line in read(file)] == [1, 2, 3]


def test_a_resumed_training_has_no_line_twice(file, tmp_path):
    whole = tmp_path / "whole.jsonl"
    train(recurrent(), X, TARGET, batch_size=8, epochs=4, callbacks=[el.MetricsLog(whole, every=3)])
    net, checkpoint = recurrent(), el.Checkpoint(tmp_path / "run")
    train(net, X, TARGET, batch_size=8, epochs=2, callbacks=[el.MetricsLog(file, every=3), checkpoint])
    lost = el.MetricsLog(file, every=3, append=True)  # goes on, and is killed before the next checkpoint
    train(net, X, TARGET, batch_size=8, epochs=1, callbacks=[lost])
    with file.open("a") as opened:
        opened.write('{"kind": "updates", "upd')
    again, adam = recurrent(), el.Adam()
    checkpoint.resume(again, adam)
    again_log = el.MetricsLog(file, every=3, append=True)
    train(again, X, TARGET, batch_size=8, epochs=2, callbacks=[again_log], optimizer=adam)
    assert places(file) == places(whole)


@pytest.mark.parametrize("updates", [1, 4, 7, 10, 13])
def test_a_training_that_stood_at_any_update_goes_on_in_its_file(updates, file, tmp_path):
    def stop(training):
        if training.net.updates == updates:
            raise KeyboardInterrupt

    def fit(place, *more, **saved):
        log = el.MetricsLog(place, every=3)
        train(recurrent(), X, TARGET, batch_size=8, epochs=3, callbacks=[log, *more], **saved)
        return log

    whole, run = tmp_path / "whole.jsonl", {"checkpoint": tmp_path / "run", "every": 1}
    fit(whole)
    with pytest.raises(KeyboardInterrupt):
        fit(file, el.LambdaCallback(on_batch_end=stop), **run)
    with file.open("a") as opened:
        opened.write('{"kind": "updates", "update": 99}\n{"ki')  # as one leaves that was killed later
    log = fit(file, el.LambdaCallback(on_batch_end=lambda training: None), **run, resume=True)
    assert [{**line, "seconds": 0} for line in read(file)] == [{**line, "seconds": 0} for line in read(whole)]
    json.dumps(log.state_dict())
    seconds = [line["seconds"] for line in read(file) if line["kind"] == "updates"]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize(
    "content", ["month,sales\n1,2\n", "[1]\n", '{"update": "x"}\n', "\x00\xff\n", "[" * 10**5 + "\n"]
)
def test_lines_are_added_to_a_log_only(content, file):
    file.write_text(content)
    with pytest.raises(OptionError, match="cannot go on with .*which is none of its own"):
        train(recurrent(), X, TARGET, epochs=1, callbacks=[el.MetricsLog(file, append=True)])
    assert file.read_text() == content


KILLED = """
import sys
import elman as el
from tests.training.problems import recurrent, sums
x, target = sums()
print("begun", flush=True)
recurrent().fit(x, target, epochs=10**6, batch_size=1, verbose=0, callbacks=[el.MetricsLog(sys.argv[1], every=1)])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_a_kill_leaves_whole_lines(file):
    run = subprocess.Popen([sys.executable, "-c", KILLED, str(file)], stdout=subprocess.PIPE, cwd=os.getcwd())
    run.stdout.readline()
    while not file.exists() or file.stat().st_size < 20_000:
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    lines = file.read_bytes().split(b"\n")
    updates = [json.loads(line)["update"] for line in lines[:-1] if b'"updates"' in line]
    assert updates == list(range(1, len(updates) + 1)) and len(updates) > 100


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": 1.5}, {"append": 1}, {"gradient_norms": 1}])
def test_options_that_make_no_sense(wrong, file):
    with pytest.raises(OptionError, match="MetricsLog: "):
        el.MetricsLog(file, **wrong)


def test_a_file_that_cannot_be_written_is_refused_before_the_training(tmp_path):
    net = recurrent()
    for place, said in ((tmp_path / "nowhere" / "file", "cannot be written"), (tmp_path, "is a folder")):
        with pytest.raises(OptionError, match=said):
            train(net, X, TARGET, epochs=1, callbacks=[el.MetricsLog(place)])
    assert net.updates == 0


# --- several networks, and gradients ------------------------------------------------------------------------------


def test_several_networks_have_one_file_and_the_lines_that_each_has_alone(file, tmp_path):
    def without_seconds(line):
        return {name: value for name, value in line.items() if name not in ("seconds", "network")}

    seeds, options = (3, 5, 7), {"batch_size": 8, "verbose": 0}
    el.fit_many([recurrent(seed=s) for s in seeds], X, TARGET, epochs=2, callbacks=[el.MetricsLog(file, 3)], **options)
    for number, seed in enumerate(seeds, 1):
        alone = el.MetricsLog(tmp_path / f"{number}.jsonl", 3)
        recurrent(seed=seed).fit(X, TARGET, epochs=2, callbacks=[alone], **options)
        mine = [without_seconds(line) for line in read(file) if line["network"] == number]
        assert mine == [without_seconds(line) for line in read(alone.path)]


def test_networks_that_are_trained_one_after_the_other_have_their_numbers(file):
    log, nets = el.MetricsLog(file), [recurrent(seed=s) for s in (1, 2)]
    for net in (*nets, nets[0]):
        train(net, X, TARGET, epochs=1, callbacks=[log])
    assert [(line["network"], line["epoch"]) for line in read(file)] == [(1, 1), (2, 1), (1, 2)]


def test_several_networks_go_on_in_one_file(file, tmp_path):
    def fit(place, *more, **saved):
        nets = [recurrent(seed=s) for s in (1, 2)]
        log = el.MetricsLog(place, every=3)
        el.fit_many(nets, X, TARGET, batch_size=8, epochs=3, callbacks=[log, *more], threads=2, verbose=0, **saved)

    def lines(place):
        found = [{**line, "seconds": 0} for line in read(place)]
        return [[line for line in found if line["network"] == number] for number in (1, 2)]

    def stop(training):
        if training.net.seed == 2 and training.net.updates == 7:
            raise KeyboardInterrupt

    class Stop(el.LambdaCallback):
        side_by_side = True

    whole, run = tmp_path / "whole.jsonl", {"checkpoint": tmp_path / "run", "every": 1}
    fit(whole)
    with pytest.raises(KeyboardInterrupt):
        fit(file, Stop(on_batch_end=stop), **run)
    fit(file, Stop(on_batch_end=lambda training: None), **run, resume=True)
    assert lines(file) == lines(whole)


def test_members_of_an_estimator_have_lines(file):
    x = np.random.default_rng(0).normal(size=(12, 5, 1))
    model = el.SequenceClassifier(units=3, filters=3, members=2, epochs=2)
    model.fit(x, (x[:, 0, 0] > 0).astype(int), callbacks=[el.MetricsLog(file)])
    assert sorted((line["network"], line["epoch"]) for line in read(file)) == [(1, 1), (1, 2), (2, 1), (2, 2)]


@pytest.mark.parametrize("clip", [None, 1e-3])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_norms_are_those_of_the_gradients_before_they_are_clipped(file, engine, clip, accumulate):
    net, log = recurrent(engine=engine, dtype=np.float64), el.MetricsLog(file, every=1, gradient_norms=True)
    norms, sgd = [], el.SGD(0.1, clip_norm=clip)
    for _ in range(3):
        twin = recurrent(engine=engine, dtype=np.float64)
        twin.params.write(net.arena)
        _, grads = twin.loss_and_grads(X, TARGET, "mse")
        norms.append(np.sqrt(sum(np.sum(g**2) for g in grads.values())))
        size = len(X) // accumulate
        train(net, X, TARGET, batch_size=size, accumulate=accumulate, epochs=1, optimizer=sgd, callbacks=[log])
    found = read(file)
    np.testing.assert_allclose([line["gradient_norm"] for line in found], np.repeat(norms, 2), rtol=1e-9)
    assert all(line["gradient_norm_max"] == line["gradient_norm"] for line in found)


@pytest.mark.parametrize("engine", ENGINES)
def test_asking_for_norms_changes_no_bit(file, engine):
    nets = [recurrent(engine=engine) for _ in range(2)]
    for net, more in zip(nets, ([], [el.MetricsLog(file, gradient_norms=True)]), strict=True):
        train(net, X, TARGET, batch_size=8, epochs=3, callbacks=more)
    np.testing.assert_array_equal(*(net.arena for net in nets))
    assert len({line["gradient_norm"] for line in read(file)}) == 3


def test_norms_go_on_where_a_training_stood(file, tmp_path):
    def fit(place, *more, **saved):
        log = el.MetricsLog(place, gradient_norms=True)
        train(recurrent(), X, TARGET, batch_size=8, epochs=2, callbacks=[log, *more], **saved)

    def stop(training):
        if training.net.updates == 3:
            raise KeyboardInterrupt

    whole, run = tmp_path / "whole.jsonl", {"checkpoint": tmp_path / "run", "every": 1}
    fit(whole)
    with pytest.raises(KeyboardInterrupt):
        fit(file, el.LambdaCallback(on_batch_end=stop), **run)
    fit(file, el.LambdaCallback(on_batch_end=lambda training: None), **run, resume=True)
    assert [line["gradient_norm"] for line in read(file)] == [line["gradient_norm"] for line in read(whole)]
