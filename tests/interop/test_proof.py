"""A conversion's proof: what is run, what is refused, and what the report says."""

import numpy as np
import pytest

import elman as el
from elman.interop.proof import ours, prove, trials
from elman.interop.report import Mapped, Report

REPORT = Report("There 1.0", "Elman", (Mapped("weight", "0.W", "transposed"),))


def both(source, target):
    memory = el.GRU(3)(source)
    return el.Dense(2)(el.attend(el.GRU(3)(target), memory)), memory


NETS = {
    "chain": el.Network(2, [el.LSTM(3), el.Dense(2)]),
    "float64": el.Network(2, [el.GRU(3)], dtype="float64"),
    "indices": el.Network(1, [el.Embedding(5, 2), el.GRU(3, return_sequences=False)]),
    "two axes": el.Network(both, inputs={"source": 2, "target": 1}),
    "a range": el.Network(3, [el.Recurrent(el.cells.time_aware_lstm.with_options(step="input"), 4)]),
    "without states": el.Network(2, [el.Dense(3, activation="tanh")]),
}


@pytest.mark.parametrize("name", NETS)
def test_a_network_agrees_with_itself(name):
    net = NETS[name]
    report = prove(net, lambda trial: ours(net, trial), REPORT)
    assert report.largest == 0 and len(report.trials) == (4 if net.state_sizes() else 3)
    assert report.tolerance == (1e-10 if name == "float64" else 1e-5)


@pytest.mark.parametrize("name", NETS)
def test_what_differs_is_refused_with_its_place(name):
    net = NETS[name]

    def wrong(trial):
        found = [a.copy() for a in ours(net, trial)]
        found[-1][0, -1] += 1e-3
        return found

    with pytest.raises(el.ConversionError, match=r"There 1.0 -> Elman: .* differs by .* at \[0, .* here, .* there"):
        prove(net, wrong, REPORT)


def test_nan_is_no_agreement():
    net = NETS["chain"]
    with pytest.raises(el.ConversionError, match="differs by nan"):
        prove(net, lambda trial: [np.full_like(a, np.nan) for a in ours(net, trial)], REPORT)


def test_another_shape_is_refused():
    net = NETS["chain"]
    with pytest.raises(el.ConversionError, match="has shape"):
        prove(net, lambda trial: [a[:, :1] for a in ours(net, trial)], REPORT)


def test_what_the_other_side_cannot_take_is_not_tried():
    found = list(trials(NETS["chain"], ragged=False, states=False))
    assert all(t.lengths is None and t.states is None for t in found) and len(found) == 2


def test_a_report_reads_as_a_table():
    net = NETS["chain"]
    report = prove(net, lambda trial: ours(net, trial), REPORT).noting("nothing was left out")
    text = str(report)
    for part in (
        "There 1.0 -> Elman",
        "weight  0.W  transposed",
        "output",
        "state 1 of 0",
        "note: nothing was left out",
    ):
        assert part in text, text


def test_names_that_share_their_stem_have_it_once():
    text = str(Report("a", "b", (Mapped("w", "rnn.forward.W_i, rnn.forward.W_f"), Mapped("v", "a.W, b.W"))))
    assert "rnn.forward: W_i, W_f" in text and "a.W, b.W" in text
