"""What a forecast says of itself."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from elman import commands
from elman.forecast import attempts


def test_values_that_are_raised_to_zero_are_said():
    values = np.array([3.0, 0.0, 0.0, 1.0])
    (said,) = attempts.raised(SimpleNamespace(lowest_=0.0, constant_=False), values)
    assert said.startswith("2 of the 4 values would be below 0")
    for lowest, constant in ((None, False), (0.0, True)):
        assert not attempts.raised(SimpleNamespace(lowest_=lowest, constant_=constant), values)


def test_a_series_that_falls_to_nothing_has_the_note(tmp_path):
    falling = tmp_path / "falling.csv"
    falling.write_text("v\n" + "\n".join(str(max(0.0, 60 - k)) for k in range(70)))
    report = commands.forecast(falling, horizon=8, epochs=3, out=tmp_path / "out")
    at_zero = int(np.sum(report.values == 0))
    assert any(f"{at_zero} of the 8 values" in note for note in report.notes) == (at_zero > 0)
