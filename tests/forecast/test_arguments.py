"""What a forecaster is given wrongly is refused in Elman's words, before any training."""

import numpy as np
import pytest

from elman import Forecaster
from elman.errors import OptionError

WAVE = np.sin(np.arange(60) / 3)


def small(**params):
    return Forecaster(hidden=2, epochs=1, members=1, horizon=3).set_params(**params)


@pytest.mark.parametrize("name", ["hidden", "horizon", "epochs", "patience", "batch_size", "members"])
def test_a_count_that_cannot_be_left_open_is_not_none(name):
    with pytest.raises(OptionError, match=f"{name} is None"):
        small(**{name: None}).fit(WAVE)


@pytest.mark.parametrize("like", [0.5, "gru", False])
def test_what_is_no_forecaster_has_no_choices_to_take_over(like):
    with pytest.raises(OptionError, match="like is .* expected a fitted Forecaster"):
        small().fit(WAVE, like=like)


def test_a_forecaster_that_learnt_nothing_has_no_choices_to_take_over():
    with pytest.raises(OptionError, match="not fitted"):
        small().fit(WAVE, like=small())


@pytest.mark.parametrize("callbacks", [1.5, None, "EarlyStopping"])
def test_callbacks_are_a_list(callbacks):
    with pytest.raises(OptionError, match="callbacks is .* expected a list"):
        small().fit(WAVE, callbacks=callbacks)


@pytest.mark.parametrize("path", [1.5, None, [], b"model"])
def test_a_file_to_save_to_has_a_name(path):
    fitted = small().fit(WAVE)
    with pytest.raises(OptionError, match="path is .* expected a file's name"):
        fitted.save(path)
    with pytest.raises(OptionError, match="path is .* expected a file's name"):
        fitted.networks_[0].save(path)


@pytest.mark.parametrize("width", [1.5, -1, np.zeros(0), "2"])
def test_a_plan_is_explained_for_a_whole_target_width(width):
    with pytest.raises(OptionError, match="target_width is"):
        small().fit(WAVE).networks_[0].explain("mse", width)
