"""What the curves show: the numbers that were given, at their places, by their names."""

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, ShapeError

T = np.arange(0, 30, 0.1)
WAVE = T * np.sin(T) / 3 + 2 * np.sin(5 * T)


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_a_series_is_drawn_at_its_times():
    ax = el.plots.series(WAVE[:, None], T, label="wave")
    np.testing.assert_array_equal(lines(ax)["wave"], np.stack([T, WAVE], 1))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time", "value")


def test_recorded_series_bring_their_own_times():
    import pandas as pd

    spots = el.data.load_series("sunspots")
    np.testing.assert_array_equal(lines(el.plots.series(spots))["series"][:, 0], spots.times)
    frame = pd.Series(WAVE, index=T)
    np.testing.assert_array_equal(lines(el.plots.series(frame))["series"][:, 0], T)


def test_dates_have_short_labels():
    ax = el.plots.series(WAVE, np.datetime64("2001-01-01", "us") + np.arange(300) * np.timedelta64(1, "D"))
    assert type(ax.xaxis.get_major_formatter()).__name__ == "ConciseDateFormatter"


@pytest.mark.parametrize("horizon", [1, 5])
def test_the_target_of_a_window_is_the_window_shifted(horizon):
    found = lines(el.plots.window(WAVE, 122, 20, times=T, horizon=horizon, zoom=True))
    np.testing.assert_array_equal(found["window (20 steps)"], np.stack([T, WAVE], 1)[122:142])
    target = next(v for k, v in found.items() if k.startswith("target"))
    np.testing.assert_array_equal(target, np.stack([T, WAVE], 1)[122 + horizon : 142 + horizon])


def test_a_window_for_one_value_has_one_target():
    found = lines(el.plots.window(WAVE, 0, 4, last_only=True))
    np.testing.assert_array_equal(found["target (1 step later)"], [[4, WAVE[4]]])


@pytest.mark.parametrize(
    "start, message", [(-1, "start is -1; expected a whole number of at least 0"), (280, "the series has 300")]
)
def test_a_window_outside_the_series_is_refused(start, message):
    with pytest.raises(OptionError, match=message):
        el.plots.window(WAVE, start, 20)


def test_predictions_lie_beside_their_targets():
    found = lines(el.plots.prediction(WAVE[1:21], WAVE[:20], T[1:21], inputs=WAVE[:20]))
    np.testing.assert_array_equal(found["target"], np.stack([T, WAVE], 1)[1:21])
    np.testing.assert_array_equal(found["prediction"][:, 1], WAVE[:20])
    np.testing.assert_allclose(found["input"][:, 0], T[:20], atol=1e-12)


def test_a_prediction_of_another_length_is_refused():
    with pytest.raises(ShapeError, match="target has 3 values, predicted 2"):
        el.plots.prediction([1, 2, 3], [1, 2])


def test_a_series_of_two_features_is_refused():
    with pytest.raises(ShapeError, match=r"\(300, 2\)"):
        el.plots.series(np.zeros((300, 2)))


# --- losses ---------------------------------------------------------------------------------------------------


def test_losses_of_a_training_and_its_best_epoch():
    ax = el.plots.losses({"loss": [100, 10, 1, 0.5], "val_loss": [90, 11, 2, 3]})
    found = lines(ax)
    np.testing.assert_array_equal(found["training"], [[1, 100], [2, 10], [3, 1], [4, 0.5]])
    np.testing.assert_array_equal(found["validation"][:, 1], [90, 11, 2, 3])
    assert "best epoch (3)" in found and ax.get_yscale() == "log"


@pytest.mark.parametrize(
    ("losses", "log", "scale"), [([3, 2], None, "linear"), ([3, 2], True, "log"), ([9, 0.1], False, "linear")]
)
def test_the_scale_follows_the_losses_unless_it_is_given(losses, log, scale):
    assert el.plots.losses({"loss": losses}, log=log).get_yscale() == scale


def test_metrics_have_an_axis_of_their_own_and_a_name_in_the_legend():
    numbers = {"loss": [3, 2], "accuracy": [0.5, 0.75], "val_accuracy": [0.4, 0.6]}
    ax = el.plots.losses(numbers, metrics=["accuracy"])
    right = [other for other in ax.figure.axes if other is not ax]
    np.testing.assert_array_equal([line.get_ydata() for line in right[0].lines], [[0.5, 0.75], [0.4, 0.6]])
    assert {"accuracy", "val_accuracy"} <= {text.get_text() for text in ax.get_legend().get_texts()}


def test_trainings_by_name_are_compared_by_what_judges_them():
    ax = el.plots.losses({"sgd": {"loss": [3, 2]}, "adam": {"loss": [3, 1], "val_loss": [4, 2]}})
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], [[3, 2], [4, 2]])
    assert [line.get_label() for line in ax.lines] == ["sgd", "adam"]


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(OptionError, match="no 'accuracy'; it has loss"):
        el.plots.losses({"loss": [1.0]}, metrics=["accuracy"])
    with pytest.raises(DataError, match="no epoch"):
        el.plots.losses({"loss": []})
    with pytest.raises(DataError, match="no history"):
        el.plots.losses(el.History())


def test_given_axes_are_drawn_on_and_returned():
    import matplotlib.pyplot as plt

    ax = plt.figure().add_subplot()
    assert el.plots.series(WAVE, ax=ax) is ax and el.plots.states(WAVE[:, None], ax=ax) is ax
    assert el.plots.unrolled(el.cells.simple, ax=ax) is ax and el.plots.norms(T, ax=ax) is ax


NAMES = [r"$\frac{a$", "$5 and $7", "_hidden_name", r"\frac{", "a_b^c", "%{x}"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are(name):
    """No name from data is read as a formula, and none is left out of a legend."""
    curve = [2.0, 1.0]
    drawn = [
        el.plots.series(curve, label=name) if "$5" not in name else None,
        el.plots.losses({name: {"loss": curve}, "b": {"loss": curve}}),
        el.plots.losses({"loss": curve, name: curve}, metrics=[name]),
        el.plots.norms({name: curve}),
    ]
    for ax in filter(None, drawn):
        ax.figure.canvas.draw()
        found = [text.get_text().replace(r"\$", "$").lstrip("\u200b") for text in ax.get_legend().get_texts()]
        assert name in found


def test_a_label_may_be_a_formula():
    assert el.plots.series([1.0, 2.0], label=r"$\sin t$").lines[0].get_label() == r"$\sin t$"
