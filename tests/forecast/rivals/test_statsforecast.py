"""Rivals beside statsforecast, whose results `tests/golden/make_rivals.py` has kept."""

from pathlib import Path

import numpy as np
import pytest

from elman.forecast.rivals import FORMS, RIVALS, Histories
from elman.forecast.rivals.ets_fit import KINDS, fit_forms
from elman.forecast.rivals.smoothing import Rates, State, ahead, smooth

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "rivals.npz")
COUNT = sum(name.startswith("m") for name in GOLDEN.files)
NAMED = {rival.name: rival for rival in RIVALS}


@pytest.mark.parametrize("i", range(COUNT))
@pytest.mark.parametrize("name", ["naive", "seasonal naive", "drift"])
def test_simplest_ones_agree_exactly(name, i):
    forecast = NAMED[name](Histories.of([GOLDEN[f"y{i}"]], GOLDEN[f"m{i}"]), 8, np.array([0]))[0, 0]
    np.testing.assert_allclose(forecast, GOLDEN[f"{name}{i}"], rtol=1e-13)


@pytest.mark.parametrize("i", range(COUNT))
@pytest.mark.parametrize(("name", "within"), [("theta", 0.01), ("dynamic theta", 0.02)])
def test_theta_agrees_up_to_its_optimiser(name, within, i):
    """Within 1 or 2 % of the series' standard deviation, as both search for the least squares in their own way."""
    y = GOLDEN[f"y{i}"]
    forecast = NAMED[name](Histories.of([y], GOLDEN[f"m{i}"]), 8, np.array([0]))[0, 0]
    assert np.abs(forecast - GOLDEN[f"{name}{i}"]).max() < within * y.std()


def of_form(i: int, form) -> dict[str, np.ndarray]:
    prefix = f"{form.name}{i}."
    return {name.removeprefix(prefix): GOLDEN[name] for name in GOLDEN.files if name.startswith(prefix)}


@pytest.mark.parametrize("i", range(COUNT))
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_smoothing_agrees_given_the_same_parameters(form, i):
    golden = of_form(i, form)
    if not golden:
        assert GOLDEN[f"m{i}"] == 1 and form.season != "N"
        return
    y, first, season = GOLDEN[f"y{i}"], golden["first"], KINDS[form.season]
    indices = first[2:, None].copy() if form.season != "N" else np.zeros((1, 1))
    state, rates = State(first[:1], first[1:2], indices), Rates(*golden["rates"][:, None])
    fitted = [forecast[0] for forecast, _ in smooth(y[:, None], rates, state, season)]
    np.testing.assert_allclose(fitted, golden["fitted"], rtol=1e-12)
    if "forecast" in golden:
        forecast = ahead(state, rates.phi, len(y), 8, season)[:, 0]
        np.testing.assert_allclose(forecast, golden["forecast"], rtol=1e-12)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_fit_is_at_least_as_likely(form):
    """The criterion is the same number where both find the same optimum; ours may be lower, by no means much higher."""
    differences = []
    for i in range(COUNT):
        if golden := of_form(i, form):
            fit = fit_forms(GOLDEN[f"y{i}"][:, None], int(GOLDEN[f"m{i}"]), [form])
            differences.append(fit.criteria[0, 0] - golden["aicc"])
    assert np.median(differences) < 0.01
    assert (
        np.max(differences) < 10
    )  # AirPassengers with an added season, which its swing outgrows: a choice of two bad ones
    assert np.sum(np.array(differences) > 0.5) <= 1
