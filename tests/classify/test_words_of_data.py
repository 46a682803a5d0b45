"""How data are told: what is counted is counted once."""

from __future__ import annotations

import numpy as np

import elman as el
from elman.classify.words import data_in_words
from elman.data.casing import cases_of


def test_many_channels_are_counted_once():
    frame = {"case": np.repeat(["a", "b"], 3), "t": np.tile(range(3), 2)}
    frame |= {f"x{k}": np.arange(6.0) for k in range(8)}
    import pandas as pd

    told = data_in_words("walks", cases_of(pd.DataFrame(frame), group="case", time="t"))
    assert "8 channels (x0, x1, x2, x3, x4, x5 ...)" in told and "in all" not in told


def test_what_is_not_drawn_is_told_by_its_first_names(tmp_path):
    random = np.random.default_rng(0)
    model = el.SequenceClassifier(units=8, members=1, epochs=1, random_state=0)
    model.fit(random.normal(size=(24, 12, 2)), [f"class number {k % 12}" for k in range(24)])
    found = el.commands.inspect_model(model.save(tmp_path / "c.safetensors"), out=tmp_path / "inside")
    told = next(s.text for s in found.report.sections if s.title == "Units")
    assert "Not drawn, as the page would be too large: relu.y, " in told and " in all)." in told and len(told) < 250
