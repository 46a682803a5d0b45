"""Event files as TensorBoard reads them, where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from tests.training.problems import recurrent, sums, train

import elman as el

pytestmark = pytest.mark.parity

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

X, TARGET = sums()


def loaded(folder):
    found = accumulator.EventAccumulator(str(folder), size_guidance=dict.fromkeys(("tensors", "histograms"), 0))
    return found.Reload()


def values(found, tag):
    from tensorboard.util import tensor_util

    return [(e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in found.Tensors(tag)]


def test_it_reads_what_was_written(tmp_path):
    board, net = el.TensorBoard(tmp_path, every=1, histograms=1, gradients=True), recurrent()
    history = train(net, X, TARGET, epochs=3, validation_data=(X, TARGET), callbacks=[board])
    found = loaded(tmp_path)
    tags = found.Tags()
    for name, expected in history.history.items():
        read = [(e.step, e.value) for e in found.Scalars(f"epoch/{name}")] if f"epoch/{name}" in tags["scalars"] else [
            (step, float(value)) for step, value in values(found, f"epoch/{name}")
        ]  # fmt: skip
        assert read == [(2 * k, pytest.approx(np.float32(v))) for k, v in enumerate(expected, 1)]
    histograms = {f"{kind}/{name}" for kind in ("parameters", "gradients") for name in net.params}
    assert histograms <= set(tags["tensors"]) | set(tags["histograms"])
    ((step, words),) = values(found, "network/summary")
    assert step == 0 and b"gru" in words.item()


def test_what_is_behind_a_resumed_training_is_hidden(tmp_path):
    net = recurrent()
    train(net, X, TARGET, epochs=4, callbacks=[el.TensorBoard(tmp_path)])
    again = recurrent()
    again.updates = again.epochs = 4  # as of a checkpoint in the middle
    train(again, X, TARGET, epochs=2, callbacks=[el.TensorBoard(tmp_path, append=True)])
    found = loaded(tmp_path)
    steps = [e.step for e in found.Scalars("epoch/loss")] if "epoch/loss" in found.Tags()["scalars"] else [
        step for step, _ in values(found, "epoch/loss")
    ]  # fmt: skip
    assert steps == [2, 4, 6, 8]
