"""Trainings with averaged weights, accumulated updates and a limit of time go on to the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el

X = np.random.default_rng(0).normal(size=(40, 6, 2))
Y = X.sum(axis=1)[:, :1]


class Stop(el.Callback):
    def __init__(self, update: int):
        self.update = update

    def on_batch_end(self, training):
        if training.net.updates == self.update:
            raise RuntimeError("stopped")


def train(*callbacks, more=None, normalised=False, **saved):
    layers = [el.GRU(4, return_sequences=False), *([el.BatchNorm()] if normalised else []), el.Dense(1)]
    net, adam = el.Network(2, layers, seed=1), el.Adam(0.01, average=el.EMA(0.9))
    net.fit(X, Y, optimizer=adam, epochs=3, batch_size=8, verbose=0, validation_data=(X, Y), callbacks=callbacks,
            **(more or {}), **saved)  # fmt: skip
    return net, adam


@pytest.mark.parametrize("more", [{}, {"accumulate": 2}, {"normalised": True}], ids=str)
@pytest.mark.parametrize("update", [1, 3, 5, 6, 11])
def test_averages(more, update, tmp_path):
    options = dict(more)
    normalised = options.pop("normalised", False)
    update = min(update, 8) if options else update
    whole, adam = train(more=options, normalised=normalised)
    with pytest.raises(RuntimeError, match="stopped"):
        train(Stop(update), more=options, normalised=normalised, checkpoint=tmp_path / "run", every=1)
    resumed, again = train(more=options, normalised=normalised, checkpoint=tmp_path / "run", every=1, resume=True)
    assert np.array_equal(whole.arena, resumed.arena)
    assert whole.history["val_loss"] == resumed.history["val_loss"]
    for name, array in adam.state_dict().items():
        assert np.array_equal(array, again.state_dict()[name])


def test_a_training_whose_time_was_up_goes_on(tmp_path):
    whole, _ = train()
    first, _ = train(checkpoint=tmp_path / "run", every=1, more={"max_seconds": 1e-9})
    assert "max_seconds" in first.history.stopped
    assert first.updates == 1
    resumed, _ = train(checkpoint=tmp_path / "run", every=1, resume=True)
    assert np.array_equal(whole.arena, resumed.arena)
    assert not resumed.history.stopped
