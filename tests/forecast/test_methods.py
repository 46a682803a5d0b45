import numpy as np
import pytest

from elman.errors import OptionError
from elman.forecast.methods import NAMES, PRIOR, SHORT, ahead, built, chosen_methods, combined, tried
from elman.forecast.networks import Networks
from elman.forecast.origins import rolling_origins
from elman.forecast.rivals import DAMPED, Ets, Histories, SeasonalNaive, Theta

RNG = np.random.default_rng(0)
SERIES = Histories.of([RNG.normal(size=n).cumsum() + 50 for n in (30, 80, 80, 5)], [1, 12, 1, 1])


def test_names_are_checked():
    assert chosen_methods(None) == NAMES == tuple(PRIOR)
    assert chosen_methods("theta") == ("theta",) and chosen_methods(["ets", "theta", "ets"]) == ("ets", "theta")
    with pytest.raises(OptionError, match="did you mean 'theta'"):
        chosen_methods(["teta"])
    with pytest.raises(OptionError, match="empty"):
        chosen_methods([])


def test_damped_smoothing_is_fitted_with_the_other(monkeypatch):
    fits, fit = [], Ets._forecast
    monkeypatch.setattr(Ets, "_forecast", lambda self, *args: fits.append(1) or fit(self, *args))
    methods = built(["ets", "damped ets"], Networks(), ())
    made = {name: method(SERIES, 4, np.array([0, 4])) for name, method in methods.items()}
    once = len(fits)
    alone = Ets((DAMPED,), averaged=True)(SERIES, 4, np.array([0, 4]))
    assert len(fits) == 2 * once
    np.testing.assert_allclose(made["damped ets"][:3], alone[:3], rtol=1e-12)  # the last is too short for these forms
    np.testing.assert_allclose(made["ets"], Ets(averaged=True)(SERIES, 4, np.array([0, 4])), rtol=1e-12)


def test_what_was_made_is_not_taken_for_other_series_origins_or_horizons():
    method = built(["damped ets"], Networks(), ())["damped ets"]
    some, other = SERIES.rows(np.arange(3)), Histories.of([RNG.normal(size=40)])
    for histories, horizon, origins in ((some, 4, [0]), (other, 4, [0]), (other, 4, [3]), (other, 5, [3])):
        found = method(histories, horizon, np.array(origins))
        np.testing.assert_allclose(found, Ets((DAMPED,), averaged=True)(histories, horizon, np.array(origins)))


def test_several_seasons_are_for_hours_of_weeks():
    assert "several seasons" in built(NAMES, Networks(), (168,))
    assert "several seasons" not in built(NAMES, Networks(), (365,))
    with pytest.raises(OptionError, match="methods is 'several seasons' alone, and it is for series by the hour"):
        built(["several seasons"], Networks(), (365,))


def test_each_series_is_forecast_from_its_own_origins():
    methods, origins = (
        {"theta": Theta(), "seasonal naive": SeasonalNaive()},
        rolling_origins(SERIES.lengths, SERIES.season, 4),
    )
    found = tried(methods, SERIES, 4, origins)
    for s, places in enumerate(origins):
        alone = SERIES.rows(np.array([s]))
        assert (
            np.isnan(found.truth[s, len(places) :]).all() and np.isnan(found.forecasts["theta"][s, len(places) :]).all()
        )
        for k, place in enumerate(places):
            np.testing.assert_array_equal(found.truth[s, k], ahead(alone.values, np.array([place]), 4)[0, 0])
        if len(places):
            np.testing.assert_array_equal(found.forecasts["theta"][s, : len(places)], Theta()(alone, 4, places)[0])
    np.testing.assert_allclose(found.weights().sum(1), 1)


def test_what_is_known_beforehand_is_of_the_kind_of_series():
    origins = [np.zeros(0, int)] * 4
    methods = {"theta": Theta(), "damped ets": SeasonalNaive()}
    found = tried(methods, SERIES, 4, origins)
    assert found.kinds.tolist() == [1, 0, 2, 1] and SERIES.lengths[0] < SHORT
    ratio = np.log(found.weights()[:, 0] / found.weights()[:, 1])
    expected = [PRIOR["damped ets"][k] - PRIOR["theta"][k] for k in (1, 0, 2, 1)]
    np.testing.assert_allclose(ratio / ratio[0], np.array(expected) / expected[0])


def test_a_combination_lies_between_its_methods_and_leaves_out_who_has_none():
    made = {"a": np.array([[[1.0, np.nan]], [[3.0, 4.0]]]), "b": np.array([[[2.0, 5.0]], [[5.0, np.nan]]])}
    found = combined(made, np.array([[0.25, 0.75], [1.0, 0.0]]), np.zeros((2, 1)))
    np.testing.assert_allclose(found, [[[1.75, 5.0]], [[3.0, 4.0]]])
    nothing = {"a": np.full((1, 1, 2), np.nan)}
    np.testing.assert_array_equal(combined(nothing, np.ones((1, 1)), np.full((1, 1), 7.0)), [[[7.0, 7.0]]])
