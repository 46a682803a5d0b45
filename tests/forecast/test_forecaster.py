import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from elman.data import collect
from elman.data.series import Series
from elman.data.times import Step
from elman.equations import cell, tanh
from elman.errors import DataError, OptionError
from elman.forecast import Forecast, Forecaster
from elman.training import LambdaCallback

T = np.arange(120)
WAVE = 3 + np.sin(2 * np.pi * T / 10) + 0.2 * np.random.default_rng(0).normal(size=120)
SALES = (100 + T) * (1 + 0.3 * np.sin(2 * np.pi * T / 12))


def small(**params):
    """Without the methods that take longest."""
    return Forecaster(**{"horizon": 6, "members": 1, "methods": ("network", "theta", "linear")} | params)


def learning(**params):
    """Small networks that begin with nothing."""
    return small(**{"units": 4, "methods": "network", "epochs": 4} | params)


@pytest.fixture(scope="module")
def fitted():
    return small().fit(WAVE)


# --- in scikit-learn's manner -------------------------------------------------------------------------------


def test_init_only_assigns():
    marks = {name: object() for name in inspect.signature(Forecaster).parameters}
    assert all(vars(Forecaster(**marks))[name] is mark for name, mark in marks.items())


def test_clone_copies_parameters_and_nothing_learnt(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(OptionError, match="not fitted yet"):
        copy.predict()


def test_set_params_sets_and_refuses_what_is_unknown():
    assert small().set_params(units=3, seed=7).get_params()["units"] == 3
    with pytest.raises(OptionError, match=r"no parameter 'horizn' \(did you mean 'horizon'\?\)"):
        small().set_params(horizn=3)


def test_repr_shows_what_differs_from_the_defaults():
    assert repr(Forecaster(units=9)) == "Forecaster(units=9)"


def test_fit_leaves_parameters_alone(fitted):
    assert fitted.get_params() == small().get_params()


def test_what_was_learnt_is_not_there_before(fitted):
    for name in ("networks_", "epochs_", "weights_", "season_", "seasons_", "notes_"):
        assert hasattr(fitted, name) and not hasattr(small(), name), name


# --- forecasts ----------------------------------------------------------------------------------------------


def test_it_goes_on_with_a_season_that_grows():
    forecaster = Forecaster(horizon=24).fit(SALES[:96])
    assert forecaster.season_.tolist() == [12]
    assert np.abs(forecaster.predict() - SALES[96:]).max() < 0.02 * SALES[96:].max()  # the last season errs by 24


def test_the_same_seed_gives_the_same_forecast_and_another_seed_another(fitted):
    np.testing.assert_array_equal(small().fit(WAVE).predict(40), fitted.predict(40))
    alike = [learning(seed=seed, epochs=2, members=2).fit(WAVE).predict() for seed in (0, 0, 1)]
    np.testing.assert_array_equal(alike[0], alike[1])
    assert not np.array_equal(alike[1], alike[2])


def test_members_of_one_seed_are_not_members_of_the_next():
    seeds = [{net.seed for net in learning(seed=s, members=2, epochs=1).fit(WAVE).networks_} for s in (0, 1)]
    assert len(seeds[0]) == 2 and not seeds[0] & seeds[1]


def test_a_shorter_horizon_is_the_beginning_of_a_longer_one(fitted):
    np.testing.assert_array_equal(fitted.predict(3), fitted.predict()[:3])
    assert fitted.predict(3).shape == (3,) and fitted.predict(500).shape == (500,)


def test_a_power_of_two_in_the_unit_changes_no_digit():
    wave = WAVE - 3  # of both signs: no logarithms
    np.testing.assert_array_equal(small().fit(4 * wave).predict(), 4 * small().fit(wave).predict())


@pytest.mark.parametrize("unit", [1e-290, 1e-30, 1e30, 1e290])
def test_huge_and_tiny_units_work(unit, fitted):
    np.testing.assert_allclose(small().fit(unit * WAVE).predict() / unit, fitted.predict(), rtol=1e-3)


@pytest.mark.parametrize("constant", [0.1, 0.0, -7.3, 1e300, 1e-300])
@pytest.mark.parametrize("n", [1, 2, 80])
def test_a_constant_is_forecast_exactly(constant, n):
    np.testing.assert_array_equal(small().fit(np.full(n, constant)).predict(30), np.full(30, constant))


def test_a_constant_among_others_is_forecast_exactly():
    np.testing.assert_array_equal(small().fit([WAVE, np.full(50, 0.1)]).predict()[1], np.full(6, 0.1))


def test_small_steps_on_a_high_level_stay_small():
    values = 1e9 + np.random.default_rng(0).normal(size=60)
    assert np.abs(small().fit(values).predict() - 1e9).max() < 5


def test_a_series_that_is_never_negative_has_no_negative_forecast():
    falling = np.maximum(60 - T, 0.0)[:60]
    given = {None: small(), True: small(nonnegative=True), False: small(nonnegative=False)}
    lowest = {}
    for what, forecaster in given.items():
        found = forecaster.fit(falling).predict(20, level=[80, 95])
        lowest[what] = min(found.values.min(), found.levels[95][0].min())
    assert lowest[None] == lowest[True] == 0 > lowest[False]
    assert small().fit(falling - 100).predict(20).min() < -100


def test_series_are_their_own_bounds():
    """One that goes below zero takes no other with it."""
    found = small().fit([np.maximum(60 - T, 0.0)[:60], T - 60.0]).predict(30, level=95).levels[95][0]
    assert found[0].min() == 0 > found[1].min() - 100


def test_gaps_are_forecast_through():
    gaps = WAVE.copy()
    gaps[[0, 5, 6, 7, 60, 118, 119]] = np.nan
    found = small().fit(gaps).predict()
    expected = 3 + np.sin(2 * np.pi * np.arange(118, 124) / 10)
    assert np.abs(found - expected).mean() < 0.4


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 11, 16])
@pytest.mark.parametrize("horizon", [1, 6, 40])
def test_short_series_are_forecast(n, horizon):
    found = small(horizon=horizon).fit(WAVE[:n]).predict()
    assert found.shape == (horizon,) and np.isfinite(found).all()


def test_weights_are_shares_of_the_methods(fitted):
    weights = fitted.weights_
    assert set(weights) <= set(fitted.methods_) and all(w.shape == (1,) for w in weights.values())
    assert sum(w[0] for w in weights.values()) == pytest.approx(1)


def test_methods_can_be_chosen():
    alone = small(methods="seasonal naive", season=12).fit(SALES)
    np.testing.assert_allclose(alone.predict(), SALES[-12:-6], rtol=1e-14)
    assert alone.networks_ == [] and list(alone.weights_) == ["seasonal naive"]
    assert small(methods=["theta", "theta", "ets"]).fit(WAVE).methods_ == ("theta", "ets")


def test_a_season_can_be_given():
    assert small(season=7).fit(WAVE).season_.tolist() == [7]
    assert small(season=1).fit(WAVE).season_.tolist() == [1] and small().fit(WAVE).season_.tolist() == [10]


def test_any_cell_by_name_or_by_its_equations():
    @cell
    def plain(p, x, h):
        return tanh(p.W @ x + p.U @ h)

    assert learning(cell="min_gru", epochs=1).fit(WAVE).predict(3).shape == (3,)
    assert learning(cell=plain, epochs=1).fit(WAVE).predict(3).shape == (3,)


# --- intervals ----------------------------------------------------------------------------------------------


def test_intervals_are_nested_hold_the_forecast_and_widen(fitted):
    found = fitted.predict(40, level=[50, 80, 95])
    assert isinstance(found, Forecast) and list(found.levels) == [50, 80, 95]
    bounds = [found.levels[95][0], found.levels[80][0], found.levels[50][0], found.values]
    bounds += [found.levels[level][1] for level in (50, 80, 95)]
    assert all((a <= b).all() for a, b in zip(bounds, bounds[1:], strict=False))
    width = found.levels[95][1] - found.levels[95][0]
    assert (width > 0).all() and width[0, -1] >= width[0, 0]


def test_one_level_is_as_good_as_a_list(fitted):
    one, several = fitted.predict(level=80), fitted.predict(level=[80])
    np.testing.assert_array_equal(one.levels[80], several.levels[80])


def test_levels_do_not_change_the_forecast(fitted):
    np.testing.assert_array_equal(np.asarray(fitted.predict(level=80)), fitted.predict())


def test_quantiles_increase(fitted):
    found = fitted.predict(quantiles=[0.1, 0.5, 0.9]).quantiles
    assert list(found) == [0.1, 0.5, 0.9] and (found[0.1] < found[0.5]).all() and (found[0.5] < found[0.9]).all()


def test_noise_has_intervals_that_hold_about_what_they_say():
    r = np.random.default_rng(0)
    noise = r.normal(size=(30, 60))
    low, high = small(methods=["theta", "ets"], season=1).fit(noise).predict(level=80).levels[80]
    then = r.normal(size=low.shape)
    assert 0.7 < ((low <= then) & (then <= high)).mean() < 0.9


def test_a_series_shorter_than_its_horizon_has_intervals():
    found = small(horizon=24).fit(WAVE[:14]).predict(level=80).levels[80]
    assert (found[0] < found[1]).all()


def test_where_nothing_was_held_back_nothing_says_how_wide_intervals_are():
    with pytest.raises(OptionError, match="no series that ever changes is long enough to hold values back"):
        small().fit(WAVE[:3]).predict(level=80)


# --- several series -----------------------------------------------------------------------------------------


def test_names_stay_in_order():
    data = {"z": WAVE, "a": WAVE[:50] + 7, "m": WAVE[20:] - 90}
    found = small().fit(data).predict()
    assert found.names == ("z", "a", "m")
    for name, values in data.items():
        assert np.abs(np.asarray(found[name])[0] - values.mean()).max() < 3, name
    with pytest.raises(OptionError, match="there is no series 'b'"):
        found["b"]


def test_arrays_give_arrays():
    assert small().fit([WAVE, WAVE[:40]]).predict().shape == (2, 6)
    assert small().fit(np.stack([WAVE, WAVE])).predict(9).shape == (2, 9)
    assert isinstance(small().fit({"a": WAVE}).predict(), Forecast)


def test_ends_without_values_are_left_out_with_a_note():
    forecaster = small().fit(np.append(WAVE, [np.nan] * 3))
    np.testing.assert_array_equal(forecaster.predict(), small().fit(WAVE).predict())
    assert any("3 rows without a value at the end" in note for note in forecaster.notes_)


@pytest.mark.parametrize(
    "given",
    [
        list(WAVE),
        WAVE[:, None],
        pd.Series(WAVE),
        pd.Series(WAVE, range(500, 620)),
        Series("wave", WAVE, np.arange(120), Step("number", 1), "v", "t"),
        WAVE.astype(object),
        WAVE.astype(">f8"),
        np.ma.masked_array(WAVE, np.zeros(120)),
        collect(WAVE),
    ],
    ids=["list", "column", "pandas", "pandas by numbers", "Series", "objects", "big-endian", "masked", "Collection"],
)
def test_what_a_series_may_be(given, fitted):
    np.testing.assert_array_equal(np.ravel(np.asarray(small().fit(given).predict())), fitted.predict())


def test_times_of_forecasts_follow_the_series():
    months = pd.Series(SALES, pd.period_range("2010-01", periods=120, freq="M"), name="sales")
    found = small().fit(months).predict(level=90).to_pandas()
    assert str(found.iloc[0, 0]) == "2020-01" and list(found.columns)[1:] == ["sales", "lo-90", "hi-90"]


# --- going on -----------------------------------------------------------------------------------------------


def test_it_forecasts_from_other_data(fitted):
    np.testing.assert_array_equal(fitted.predict(5, WAVE), fitted.predict(5))
    assert not np.array_equal(fitted.predict(5, WAVE[:90]), fitted.predict(5))
    assert fitted.predict(5, [WAVE, WAVE[:70], T]).shape == (3, 5)


def test_other_data_changes_nothing_that_was_learnt(fitted):
    before = fitted.predict()
    fitted.predict(data=SALES)
    np.testing.assert_array_equal(fitted.predict(), before)


def test_update_goes_on_from_new_values_without_training():
    forecaster = learning(methods=None).fit(WAVE[:90])
    weights = [net.arena.copy() for net in forecaster.networks_]
    assert forecaster.update(WAVE) is forecaster
    np.testing.assert_array_equal(forecaster.predict(), learning(methods=None).fit(WAVE[:90]).predict(data=WAVE))
    for net, before in zip(forecaster.networks_, weights, strict=True):
        np.testing.assert_array_equal(net.arena, before)


def test_seasons_are_taken_over_from_a_fitted_one():
    assert small().fit(SALES[:70], like=small(season=5).fit(SALES)).season_.tolist() == [5]
    with pytest.raises(OptionError, match="like= learnt 1 series, and there are 2"):
        small().fit([WAVE, WAVE], like=small().fit(WAVE))


# --- score --------------------------------------------------------------------------------------------------


def test_the_score_is_minus_the_mean_error(fitted):
    actual = WAVE[:5]
    assert fitted.score(actual) == -np.mean(np.abs(actual - fitted.predict(5)))
    with pytest.raises(OptionError, match="score got y=ndarray"):
        fitted.score(actual, actual)


def test_missing_values_do_not_count_but_take_their_steps(fitted):
    actual = np.array([np.nan, 2.0, np.nan, 4.0, np.nan])
    assert fitted.score(actual) == pytest.approx(-np.mean(np.abs(fitted.predict(4)[[1, 3]] - [2.0, 4.0])))


def test_what_followed_is_judged_at_its_times():
    days = pd.date_range("2024-01-01", periods=124)
    forecaster = small().fit(pd.Series(WAVE, days[:120]))
    later = pd.Series([2.0, 4.0], days[122:])
    assert forecaster.score(later) == pytest.approx(-np.mean(np.abs(forecaster.predict(4).values[0, 2:] - [2.0, 4.0])))
    with pytest.raises(DataError, match="starts at 2024-04-29.* ends at 2024-04-29"):
        forecaster.score(pd.Series([2.0, 4.0], days[119:121]))


def test_a_score_is_of_one_series(fitted):
    with pytest.raises(OptionError, match="one series; use backtest"):
        fitted.score(np.ones((2, 5)))
    with pytest.raises(OptionError, match="one series; use backtest"):
        small(methods="theta").fit([WAVE, WAVE]).score(WAVE)


# --- what it refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, message",
    [
        (np.append(WAVE, np.inf), "infinite in row 120"),
        (np.append(WAVE, 1e301), r"series 0 is 1e\+301 at row 120, beyond 1e\+300"),
        ([WAVE, np.append(WAVE, -1e305)], r"series 1 is -1e\+305 at row 120"),
        (np.full(7, np.nan), "holds no value at all"),
        (["a", "b"], "holds texts"),
        ([True, False] * 50, "holds booleans"),
        (WAVE.astype(complex), "complex numbers"),
        (np.array([*WAVE, "x"], object), "'x' at index 120"),
        ([], "expected"),
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\)"),
        ("nowhere.csv", "nowhere.csv"),
        (None, "expected"),
        (object(), "expected"),
    ],
)
def test_data_that_cannot_be_learnt(data, message, fitted):
    for refuses in (small().fit, lambda data: fitted.update(data), lambda data: fitted.predict(4, data)):
        if data is None and refuses is not small().fit:
            continue
        with pytest.raises(DataError, match=message):
            refuses(data)


@pytest.mark.parametrize(
    "params, message",
    [
        ({"horizon": 0}, "horizon is 0; expected a whole number of at least 1"),
        ({"horizon": 2.5}, "horizon is 2.5; expected a whole number"),
        ({"units": -1}, "units is -1"),
        ({"season": 0}, "season is 0"),
        ({"epochs": True}, "epochs is True"),
        ({"epochs": -1}, "epochs is -1"),
        ({"members": 0}, "members is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"nonnegative": "yes"}, "nonnegative is 'yes'"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"cell": "gru2"}, r"there is no cell 'gru2' \(did you mean 'gru'\?\); there are antisymmetric_rnn, "),
        ({"cell": [1]}, "cell"),
        ({"methods": "thta"}, r"there is no method 'thta' \(did you mean 'theta'\?\); there are network, "),
        ({"methods": []}, "methods is empty"),
        ({"methods": 3}, "methods is 3; expected a list"),
    ],
)
def test_parameters_that_make_no_sense(params, message):
    with pytest.raises(OptionError, match=message):
        small(**params).fit(WAVE)


def test_numbers_of_numpy_are_as_good_as_those_of_python(fitted):
    numbers = {"horizon": 6, "units": 64, "members": 1, "batch_size": 32, "seed": 0}
    other = small(**{name: np.int64(value) for name, value in numbers.items()}, learning_rate=np.float64(1e-3))
    np.testing.assert_array_equal(other.fit(WAVE).predict(np.int64(6)), fitted.predict())


def test_a_target_is_refused():
    with pytest.raises(OptionError, match="fit got y=ndarray, which it would ignore"):
        small().fit(T, WAVE)


def test_predicting_needs_a_horizon_and_levels_that_make_sense(fitted):
    with pytest.raises(OptionError, match="horizon is 0"):
        fitted.predict(0)
    with pytest.raises(OptionError, match="level is 100"):
        fitted.predict(level=100)
    with pytest.raises(OptionError, match=r"expected increasing numbers in \(0, 1\)"):
        fitted.predict(quantiles=[0.9, 0.1])


def test_a_season_that_no_series_holds_is_refused():
    with pytest.raises(DataError, match="the season is 121 steps, but the longest series has 120 values"):
        small(season=121).fit(WAVE)
    assert np.isfinite(small(season=120).fit(WAVE).predict()).all()


# --- callbacks and Ctrl-C -----------------------------------------------------------------------------------


def test_callbacks_of_a_generator_hear_of_every_network():
    heard = []
    hears = (LambdaCallback(on_train_begin=heard.append) for _ in range(1))
    forecaster = learning(members=2).fit(WAVE, callbacks=hears)
    assert len(heard) == 2 + 2 * any(forecaster.epochs_)  # once with values held back, and once with all


def test_callbacks_are_told_of_the_error_of_forecasts():
    heard = []
    learning().fit(WAVE, callbacks=[LambdaCallback(on_epoch_end=lambda t: heard.append(dict(t.logs)))])
    assert all(0 < logs["forecast_error"] < 10 for logs in heard[:4])
    assert not any("forecast_error" in logs for logs in heard[4:])  # of all values none are held back


def interrupt_at(network, epoch):
    seen = []

    def stop(training):
        if training.epoch == 1:
            seen.append(training)
        if len(seen) == network and training.epoch == epoch:
            raise KeyboardInterrupt

    return LambdaCallback(on_epoch_end=stop)


@pytest.mark.parametrize("network, kept", [(1, 1), (2, 2), (3, 3)])
def test_ctrl_c_leaves_what_was_learnt(network, kept):
    forecaster = learning(epochs=6, members=3)
    with pytest.raises(KeyboardInterrupt):
        forecaster.fit(WAVE, callbacks=[interrupt_at(network, 3)])
    assert len(forecaster.networks_) == len(forecaster.epochs_) == kept
    assert forecaster.epochs_[-1] <= 3
    assert np.isfinite(forecaster.predict(20)).all()


def test_members_learn_side_by_side_what_they_learn_one_after_the_other():
    beside = learning(members=3, epochs=2).fit(SALES)
    after = learning(members=3, epochs=2).fit(SALES, callbacks=[LambdaCallback()])  # knows one training at a time
    assert beside.epochs_ == after.epochs_
    for one, other in zip(beside.networks_, after.networks_, strict=True):
        np.testing.assert_array_equal(one.arena, other.arena)
    np.testing.assert_array_equal(beside.predict(), after.predict())


def test_ctrl_c_while_learning_all_values_leaves_all_networks():
    whole, forecaster = learning(members=2).fit(SALES), learning(members=2)
    with pytest.raises(KeyboardInterrupt):
        forecaster.fit(SALES, callbacks=[interrupt_at(4, 1)])
    assert len(forecaster.networks_) == 2 and forecaster.epochs_ == whole.epochs_
    np.testing.assert_array_equal(forecaster.networks_[0].arena, whole.networks_[0].arena)
    assert not np.array_equal(forecaster.networks_[1].arena, whole.networks_[1].arena)
    assert np.isfinite(forecaster.predict(20)).all()


def test_ctrl_c_before_the_first_epoch_leaves_networks_as_they_began():
    def stop(training):
        raise KeyboardInterrupt

    forecaster = learning(season=1)
    with pytest.raises(KeyboardInterrupt):
        forecaster.fit(WAVE, callbacks=[LambdaCallback(on_epoch_begin=stop)])
    assert forecaster.epochs_ == [0]
    np.testing.assert_allclose(forecaster.predict(), np.repeat(WAVE[-1], 6), rtol=1e-6)


def test_a_method_that_was_named_and_is_left_out_is_told():
    noted = small(methods=["several seasons", "theta"]).fit(WAVE).notes_
    assert any("several seasons is left out: it is for series by the hour" in note for note in noted)
    assert not any("left out" in note for note in small(methods="theta").fit(WAVE).notes_)
