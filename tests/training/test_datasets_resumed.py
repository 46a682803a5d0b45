"""Trainings from datasets that are stopped anywhere go on to the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el

STEPS = 7


class Stop(el.Callback):
    """Ends a training by an error, once."""

    def __init__(self, update: int):
        self.update = update

    def on_batch_end(self, training):
        if training.net.updates == self.update:
            raise RuntimeError("stopped")


def rows():
    random = np.random.default_rng(3)
    x = random.normal(size=(42, 6, 2)).astype(np.float32)
    return x, x.sum(axis=1)[:, :1]


def generator():
    x, y = rows()
    for first in range(0, 42, 6):
        yield x[first : first + 6], y[first : first + 6]


def mapped(folder):
    x, y = rows()
    file = folder / "x.npy"
    if not file.exists():
        np.save(file, x.astype(np.float64))
    return np.load(file, mmap_mode="r"), y


def ragged(folder):
    x, y = rows()
    return [row[: 2 + k % 5] for k, row in enumerate(x)], y


SOURCES = {
    "function": lambda folder: ((generator, None), {"steps_per_epoch": STEPS}),
    "memory map": lambda folder: (mapped(folder), {"batch_size": 6}),
    "buckets": lambda folder: (ragged(folder), {"batch_size": 6, "bucket": True}),
    "arrays": lambda folder: (rows(), {"batch_size": 6}),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("update", [1, 5, 7, 10, 20])
def test_the_same_bits(source, update, tmp_path):
    def train(*callbacks, net=None, **saved):
        (x, target), options = SOURCES[source](tmp_path)
        net = net or el.Network(2, [el.GRU(5, return_sequences=False), el.Dense(1)], seed=4)
        judged = SOURCES["function"](tmp_path)[0][0], {"validation_steps": STEPS}
        net.fit(x, *(() if target is None else (target,)), epochs=3, verbose=0, callbacks=callbacks,
                validation_data=judged[0], **judged[1], **options, **saved)  # fmt: skip
        return net

    whole = train()
    with pytest.raises(RuntimeError, match="stopped"):
        train(Stop(update), checkpoint=tmp_path / "run", every=2)
    resumed = train(checkpoint=tmp_path / "run", every=2, resume=True)
    assert np.array_equal(whole.arena, resumed.arena)
    assert whole.history["loss"] == resumed.history["loss"]
    assert whole.history["val_loss"] == resumed.history["val_loss"]


def test_another_number_of_batches_is_another_training(tmp_path):
    net = el.Network(2, [el.GRU(5, return_sequences=False), el.Dense(1)])
    net.fit(generator, steps_per_epoch=STEPS, epochs=1, verbose=0, checkpoint=tmp_path / "run")
    again = el.Network(2, [el.GRU(5, return_sequences=False), el.Dense(1)])
    with pytest.raises(el.OptionError, match="batches of an epoch"):
        again.fit(generator, steps_per_epoch=3, epochs=2, verbose=0, checkpoint=tmp_path / "run", resume=True)


class Loader:
    """As loaders of other libraries that can say where they stand."""

    def __iter__(self):
        return generator()

    def __len__(self):
        return STEPS

    def state_dict(self):
        raise AssertionError("nobody asks for it")


def test_a_loader_with_a_state_of_its_own_is_gone_through_again_and_a_note_says_so(tmp_path):
    def train(*callbacks, **saved):
        net = el.Network(2, [el.GRU(5, return_sequences=False), el.Dense(1)], seed=4)
        net.fit(Loader(), epochs=2, verbose=0, callbacks=callbacks, **saved)
        return net

    whole = train()
    with pytest.raises(RuntimeError, match="stopped"):
        train(Stop(3), checkpoint=tmp_path / "run", every=1)
    with pytest.warns(RuntimeWarning, match="the Loader has a state_dict, which checkpoints do not hold"):
        resumed = train(checkpoint=tmp_path / "run", every=1, resume=True)
    assert np.array_equal(whole.arena, resumed.arena)
