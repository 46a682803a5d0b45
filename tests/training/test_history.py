"""History and the lines of progress."""

import io
import re
import sys

import numpy as np
import pytest

import elman as el
from elman.training import progress
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


# --- progress -----------------------------------------------------------------------------------------------


def test_silence(capsys):
    train(recurrent(), *sums(), epochs=2)
    assert capsys.readouterr() == ("", "")


def test_plain_lines_where_there_is_no_terminal(capsys):
    found = train(recurrent(), *sums(), epochs=4, validation_data=sums(), verbose=1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["1/4", "4/4"]
    assert lines[1] == f"epoch 4/4  loss {found['loss'][3]:.4g}  val_loss {found['val_loss'][3]:.4g}"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "SECONDS_A_REFRESH", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    found = train(recurrent(), *sums(), epochs=3, validation_data=sums(), verbose=1)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sys.stderr.getvalue())
    last = [line for line in re.split(r"[\r\n]", text) if line.strip()][-1]
    assert last.startswith(f"epoch 3/3  loss {found['loss'][-1]:.4g}  val_loss {found['val_loss'][-1]:.4g}")
