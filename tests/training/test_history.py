"""History; tests/training/test_progress.py has what is shown while it grows."""

import numpy as np
import pytest

import elman as el
from tests.training.problems import recurrent, sums, train


def history(**values) -> el.History:
    found = el.History()
    for row in zip(*values.values(), strict=True):
        found.append(dict(zip(values, row, strict=True)))
    return found


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ({"loss": [3, 1, 2]}, 2),
        ({"loss": [3, 2, 1], "val_loss": [1, 2, 3]}, 1),
        ({"loss": [np.nan, 2, 2]}, 2),
        ({"loss": []}, None),
    ],
)
def test_best_epoch(values, best):
    assert history(**values).best_epoch == best


def test_a_number_that_comes_later_is_nan_before():
    found = history(loss=[2.0, 1.0])
    found.append({"loss": 0.5, "error": 7.0})
    np.testing.assert_array_equal(found["error"], [np.nan, np.nan, 7.0])


def test_plot_draws_the_losses():
    import matplotlib

    matplotlib.use("Agg")
    axes = history(loss=[3, 2, 1], val_loss=[4, 2, 3]).plot()
    curves = {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}
    assert (curves["training"], curves["validation"]) == ([3, 2, 1], [4, 2, 3])
    assert list(axes.get_lines()[2].get_xdata()) == [2, 2]


def test_it_says_why_a_training_ended_early():
    x, target = sums()
    stopping = el.EarlyStopping("loss", patience=2, min_delta=1e9)
    assert train(recurrent(), x, target, epochs=9, callbacks=[stopping]).stopped == (
        "loss has not got better for 2 epochs"
    )
    assert train(recurrent(), x, target, epochs=2).stopped == ""
