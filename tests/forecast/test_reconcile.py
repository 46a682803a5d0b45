from dataclasses import replace

import numpy as np
import pytest

from elman.errors import DataError, OptionError, ShapeError
from elman.forecast.forecaster import Forecaster
from elman.forecast.hierarchy import hierarchy_of_groups, hierarchy_of_matrix
from elman.forecast.reconcile import METHODS, reconcile, shrunk_covariance
from elman.forecast.widths import growth_terms

GROUPS = {"state": ["A", "A", "A", "B", "B"], "shop": ["1", "2", "3", "1", "2"]}
TREE = hierarchy_of_groups(GROUPS)
CROSSED = hierarchy_of_groups(
    {"state": ["A", "A", "B", "B"], "product": ["x", "y", "x", "y"]}, [[], ["state"], ["product"]]
)
RNG = np.random.default_rng(0)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers():
    """Whatever test ran before."""
    RNG.bit_generator.state = START


def needs(method, tree, rng=RNG):
    series, bottom = tree.summing.shape
    history = tree.total(rng.gamma(3, size=(bottom, 30)))
    errors = rng.normal(size=(series, series + 25)) * rng.gamma(2, size=(series, 1))
    return {"top_down": {"history": history}, "wls_var": {"errors": errors}, "mint": {"errors": errors}}.get(method, {})


def projected(forecast, tree, covariance):
    """S (S' W^-1 S)^-1 S' W^-1 f, as the paper has it."""
    s, inverse = tree.summing, np.linalg.inv(covariance)
    return s @ np.linalg.solve(s.T @ inverse @ s, s.T @ inverse @ forecast)


def test_groups_become_the_summing_matrix():
    assert TREE.names[:3] == ("total", "state=A", "state=B")
    np.testing.assert_array_equal(TREE.summing[:3], [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 0, 1, 1]])
    np.testing.assert_array_equal(TREE.summing[TREE.bottom], np.eye(5))
    assert CROSSED.names == (
        *("total", "state=A", "state=B", "product=x", "product=y"),
        *("state=A/product=x", "state=A/product=y", "state=B/product=x", "state=B/product=y"),
    )
    np.testing.assert_array_equal(CROSSED.summing[3], [1, 0, 1, 0])


@pytest.mark.parametrize("tree", [TREE, CROSSED], ids=["nested", "crossed"])
@pytest.mark.parametrize("method", METHODS)
def test_what_comes_out_adds_up(method, tree):
    forecast = RNG.normal(10, 3, (len(tree.summing), 4))
    made = reconcile(forecast, tree, method, **needs(method, tree))
    np.testing.assert_allclose(tree.total(made[tree.bottom]), made)
    if method != "top_down":  # what adds up stays as it is
        np.testing.assert_allclose(reconcile(made, tree, method, **needs(method, tree)), made)


@pytest.mark.parametrize("tree", [TREE, CROSSED], ids=["nested", "crossed"])
def test_nearest_is_the_projection_of_the_paper(tree):
    series = len(tree.summing)
    forecast, errors = RNG.normal(10, 3, (series, 4)), needs("mint", tree)["errors"]
    variance = errors.var(1, ddof=1)
    for method, covariance in {
        "ols": np.eye(series),
        "wls_struct": np.diag(tree.summing.sum(1)),
        "wls_var": np.diag(variance),
        "mint": shrunk_covariance(errors, variance),
    }.items():
        given = {"errors": errors} if method in ("wls_var", "mint") else {}
        np.testing.assert_allclose(reconcile(forecast, tree, method, **given), projected(forecast, tree, covariance))


def test_shrinkage_by_the_loop_of_the_paper():
    errors = RNG.normal(size=(5, 12)) + RNG.normal(size=12)
    n, variance = 12, errors.var(1, ddof=1)
    x = (errors - errors.mean(1, keepdims=True)) / np.sqrt(variance)[:, None]
    above = below = 0.0
    for i in range(5):
        for j in range(5):
            if i != j:
                w = x[i] * x[j]
                above += n / (n - 1) ** 3 * np.square(w - w.mean()).sum()
                below += (n / (n - 1) * w.mean()) ** 2
    shrink = min(1, above / below)
    assert 0 < shrink < 1
    expected = np.cov(errors) * (1 - shrink)
    np.fill_diagonal(expected, variance)
    np.testing.assert_allclose(shrunk_covariance(errors, variance), expected)


def test_bottom_up_and_top_down_by_hand():
    forecast = np.array([[20.0], [9.0], [8.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    np.testing.assert_array_equal(reconcile(forecast, TREE, "bottom_up")[:3, 0], [15, 6, 9])
    history = TREE.total(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.nan], [2.0, 2.0], [0.0, 4.0]]))
    made = reconcile(forecast, TREE, "top_down", history=history)
    np.testing.assert_allclose(made[:, 0], [20, 12, 8, 2, 4, 6, 4, 4])


def test_mint_beats_the_rest_where_its_covariance_is_the_truth():
    rng, missed = np.random.default_rng(3), {}
    size = len(TREE.summing)
    root = rng.normal(size=(size, size)) * rng.gamma(1, 2, (size, 1))
    errors = root @ rng.normal(size=(size, 3000))
    truth = TREE.total(rng.normal(10, 3, (5, 2000)))
    forecast = truth + root @ rng.normal(size=(size, 2000))
    for method in ("bottom_up", "ols", "wls_struct", "wls_var", "mint"):
        given = {"errors": errors} if method in ("wls_var", "mint") else {}
        missed[method] = np.square(reconcile(forecast, TREE, method, **given) - truth).mean()
    assert min(missed, key=missed.get) == "mint"
    assert missed["mint"] < np.square(forecast - truth).mean()


def test_sample_paths_add_up_one_by_one():
    paths = RNG.normal(size=(8, 4, 10))
    made = reconcile(paths, TREE, "wls_struct")
    np.testing.assert_allclose(made[:, 2, 7], reconcile(paths[:, 2, 7], TREE, "wls_struct"))


def test_nonnegative():
    forecast = RNG.normal(0, 1, (8, 40))
    made = reconcile(forecast, TREE, "ols", nonnegative=True)
    assert (made >= 0).all() and (made == 0).any()
    np.testing.assert_allclose(TREE.total(made[TREE.bottom]), made)


def test_rows_in_any_order_and_sums_of_one():
    order = RNG.permutation(8)
    mixed, forecast = hierarchy_of_matrix(TREE.summing[order], np.array(TREE.names)[order]), RNG.normal(size=(8, 2))
    np.testing.assert_allclose(reconcile(forecast[order], mixed, "ols"), reconcile(forecast, TREE, "ols")[order])
    single = hierarchy_of_matrix([[1, 1], [1, 0], [1, 0], [0, 1]])
    made = reconcile([[9.0], [4.0], [6.0], [3.0]], single, "ols")
    assert made[1] == pytest.approx(made[2]) and made[0] == pytest.approx(made[1] + made[3])
    np.testing.assert_array_equal(reconcile([[3.0]], hierarchy_of_matrix([[1]]), "ols"), [[3.0]])


def test_series_that_were_always_met_do_not_break_it():
    errors = RNG.normal(size=(8, 30))
    errors[[0, 3]] = 0
    for method in ("wls_var", "mint"):
        made = reconcile(RNG.normal(size=(8, 3)), TREE, method, errors=errors)
        np.testing.assert_allclose(TREE.total(made[TREE.bottom]), made)
        assert np.isfinite(reconcile(RNG.normal(size=(8, 3)), TREE, method, errors=np.zeros((8, 9)))).all()


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: reconcile(np.ones((7, 2)), TREE, "ols"), ShapeError, "expected 8 series first"),
        (lambda: reconcile(np.full((8, 2), np.nan), TREE, "ols"), DataError, "forecast must be finite"),
        (lambda: reconcile(np.ones((8, 2)), TREE, "mnt"), OptionError, "did you mean 'mint'"),
        (lambda: reconcile(np.ones((8, 2)), TREE), OptionError, "mint needs errors"),
        (
            lambda: reconcile(np.ones((8, 2)), TREE, "ols", errors=np.ones((8, 9))),
            OptionError,
            "makes no use of errors",
        ),
        (lambda: reconcile(np.ones((8, 2)), TREE, "mint", errors=np.ones((8, 2))), DataError, "at 2 times"),
        (
            lambda: reconcile(
                np.ones((8, 2)), TREE, "top_down", history=TREE.total(np.array([[1.0], [2], [3], [-4], [-1.9]]))
            ),
            DataError,
            "have both signs",
        ),
        (lambda: reconcile(np.ones((8, 2)), TREE, "top_down", history=np.zeros((8, 2))), DataError, "sum to 0"),
        (lambda: hierarchy_of_matrix([[1, 1], [1, 0]]), DataError, "no row that is bottom series 1 alone"),
        (lambda: hierarchy_of_matrix([[1, 1], [1, 0], [0, 1]], ["a"]), ShapeError, "names has 1 values"),
        (lambda: hierarchy_of_groups({"a": ["x", "x"]}), DataError, "labels two bottom series alike"),
        (lambda: hierarchy_of_groups({"a": ["x"], "b": []}), ShapeError, "expected B in each"),
        (lambda: hierarchy_of_groups(GROUPS, [["stat"]]), OptionError, "did you mean 'state'"),
    ],
)
def test_odd_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.fixture(scope="module")
def learnt():
    """A forecaster of a tree, whose series come in another order than those of the tree."""
    rng = np.random.default_rng(3)
    every = TREE.total(rng.gamma(20, size=(5, 60)) + 4 * np.sin(np.arange(60) * np.pi / 6))
    series = {TREE.names[n]: every[n] for n in (3, 1, 0, 7, 2, 6, 5, 4)}
    return Forecaster(6, methods=["theta", "seasonal naive"]).fit(series)


@pytest.mark.parametrize("method", METHODS)
def test_a_forecast_adds_up_by_what_its_forecaster_knows(learnt, method):
    forecast = learnt.predict()
    order = [forecast.names.index(name) for name in TREE.names]
    made = reconcile(forecast, TREE, method)
    given = {
        **({"errors": forecast.errors[order]} if method in ("mint", "wls_var") else {}),
        **({"history": [forecast.history.series(n) for n in order]} if method == "top_down" else {}),
    }
    np.testing.assert_allclose(made.values[order], reconcile(forecast.values[order], TREE, method, **given))
    np.testing.assert_allclose(made["total"].values[0], TREE.total(made.values[order][3:])[0])
    assert made.names == forecast.names and (made.times == forecast.times).all() and made.notes == forecast.notes


def test_intervals_are_left_out_with_a_note(learnt):
    made = reconcile(learnt.predict(level=80, quantiles=[0.3], samples=2), TREE)
    assert not made.levels and not made.quantiles and made.samples is None
    assert "intervals, quantiles and samples were left out" in made.notes[-1]


def test_the_errors_of_a_forecast_are_those_at_rolling_origins(learnt, tmp_path):
    forecast = learnt.predict()
    values = np.stack([forecast.history.series(n) for n in range(8)])
    origins = np.arange(6, 21, 3)  # a third of the series, half a horizon apart
    missed = values[:, 60 - origins[:, None] + np.arange(6)] - learnt.forecast_from(forecast.history, origins)[0]
    grown = growth_terms(6) @ learnt.fitted_basis.calibration.growth
    np.testing.assert_allclose(forecast.errors, (missed / grown).reshape(8, 30))
    again = Forecaster.load(learnt.save(tmp_path / "tree.safetensors")).predict()
    np.testing.assert_array_equal(again.errors, forecast.errors)


def test_series_without_names_are_taken_in_order(learnt):
    forecast = learnt.predict()
    order = [forecast.names.index(name) for name in TREE.names]
    nameless = hierarchy_of_matrix(TREE.summing)
    made = reconcile(forecast.take(order), nameless)
    np.testing.assert_array_equal(made.values, reconcile(forecast, TREE).values[order])


def test_forecasts_that_are_no_tree_are_refused(learnt):
    forecast = learnt.predict()
    with pytest.raises(ShapeError, match=r"forecast has 7 series; expected the 8 of the hierarchy"):
        reconcile(forecast.take(slice(7)), TREE)
    other = hierarchy_of_matrix(TREE.summing, [*"abcdefgh"])
    with pytest.raises(DataError, match="forecast has no series 'a', which the hierarchy names"):
        reconcile(forecast, other)
    with pytest.raises(OptionError, match="mint needs errors, and this forecast carries none"):
        reconcile(replace(forecast, errors=None), TREE)
    with pytest.raises(OptionError, match="top_down needs history"):
        reconcile(replace(forecast, history=None), TREE, "top_down")
    late = forecast.times.copy()
    late[2] += 1
    with pytest.raises(DataError, match=r"'state=A/shop=1' starts at 60, that of 'total' at 61"):
        reconcile(replace(forecast, times=late), TREE)
