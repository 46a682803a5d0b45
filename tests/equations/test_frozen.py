"""Parameters that a cell says are frozen."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import elman as el
from elman.equations.store import from_data, to_data
from elman.errors import EquationError


@el.cell(frozen=["d"], initial={"d": 3.0})
def scaled(p, x, h, *, more=False):
    """A cell with a fixed scale."""
    return el.tanh(p.W @ x + p.d * (p.U @ h)) + (p.b if more else 0)


def trained(net):
    x = np.random.default_rng(0).normal(size=(8, 5, 3))
    net.fit(x, x[..., :2], epochs=2, optimizer=el.AdamW(0.1, weight_decay=0.5), verbose=0)
    return net


@pytest.mark.parametrize("layer", [el.Recurrent(scaled, 4), el.Recurrent(scaled, 4, more=True)])
def test_training_leaves_them_as_they_are(layer, tmp_path):
    net = trained(el.Network(3, [layer, el.Dense(2)]))
    assert net.frozen == {"0.d"} and (net.params["0.d"] == 3).all()
    net.save(tmp_path / "model.elman")
    again = trained(el.load(tmp_path / "model.elman"))
    assert again.frozen == {"0.d"} and (again.params["0.d"] == 3).all()
    net.unfreeze("0.d")
    assert not (trained(net).params["0.d"] == 3).all()


@pytest.mark.parametrize("cell", [scaled, scaled.with_options(more=True)])
def test_cells_keep_saying_so(cell):
    assert pickle.loads(pickle.dumps(cell)).frozen == ("d",)
    assert from_data(to_data(cell)).frozen == ("d",)


def test_masked_layers_have_them_frozen_too():
    net = el.Network(lambda x, m: el.Recurrent(scaled, 4)(x, mask=m), inputs={"x": 3, "m": 1})
    assert len(net.frozen) == 1


def test_what_is_no_parameter_is_refused():
    @el.cell(frozen=["u"])
    def wrong(p, x, h):
        return p.W @ x + h

    with pytest.raises(EquationError, match="no parameter 'u' to freeze; it has W"):
        wrong.trace()
