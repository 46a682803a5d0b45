"""What networks read of cases."""

from dataclasses import replace

import numpy as np
import pytest

from elman.classify.scaling import aligned, learn_scaling
from elman.data.casing import cases_of
from elman.data.casing.arrays import numbered_channels
from elman.errors import DataError, ShapeError

RNG = np.random.default_rng(0)


def ragged(lengths=(3, 5, 2), channels=2):
    return [RNG.normal(3, 2, (n, channels)) for n in lengths]


def test_each_channel_has_mean_zero_and_spread_one_over_the_steps_in_use():
    cases = cases_of(ragged((30, 50, 20)))
    scaling, notes = learn_scaling(cases)
    inside = scaling.inputs(cases)[cases.inside]
    assert np.allclose(inside.mean(0), 0, atol=1e-6) and np.allclose(inside.std(0), 1, atol=1e-6)
    assert not notes and scaling.width == 2


def test_behind_the_end_is_zero_whatever_stood_there():
    cases = cases_of(ragged())
    x = learn_scaling(cases)[0].inputs(cases)
    assert x.shape == (3, 5, 2) and not x[0, 3:].any() and not x[2, 2:].any()


def test_a_missing_value_is_the_mean_and_its_mask_says_so():
    data = ragged()
    data[1][2, 0] = np.nan
    cases = cases_of(data)
    scaling, notes = learn_scaling(cases)
    x = scaling.inputs(cases)
    assert scaling.width == 3 and x[1, 2].tolist()[::2] == [0, 0] and x[1, 3, 2] == 1
    assert x[1, 2, 1] != 0 and x[0, 3, 2] == 0  # behind the end
    assert "1 missing value" in notes[0] and "mask" in notes[0]


def test_a_constant_channel_is_noted_and_harmless():
    data = ragged()
    for one in data:
        one[:, 1] = 1e6
    scaling, notes = learn_scaling(cases_of(data))
    assert "same value everywhere" in notes[0] and not scaling.inputs(cases_of(data))[:, :, 1].any()


def test_channels_are_matched_by_name():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [0, 0, 1, 1], "a": [1.0, 2, 3, 4], "b": [5.0, 7, 6, 8]})
    scaling, _ = learn_scaling(cases_of(frame, group="id"))
    turned = cases_of(frame[["id", "b", "a"]], group="id")
    assert (scaling.inputs(turned) == scaling.inputs(cases_of(frame, group="id"))).all()
    with pytest.raises(DataError, match="expected a, b as in training"):
        scaling.inputs(cases_of(frame.rename(columns={"a": "c"}), group="id"))


def test_other_channels_are_refused():
    scaling, _ = learn_scaling(cases_of(ragged()))
    with pytest.raises(ShapeError, match="3 channels .* expected 2"):
        scaling.inputs(cases_of(ragged(channels=3)))


def test_a_value_beyond_float32_is_refused_with_its_place():
    scaling, _ = learn_scaling(cases_of(ragged()))
    far = ragged()
    far[1][2, 1] = -1e200
    with pytest.raises(DataError, match="channel 'channel 1' of case 1 is -1e.200 at step 2"):
        scaling.inputs(cases_of(far))


def test_uneven_steps_are_an_input():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"id": [0] * 4 + [1] * 3, "t": [0, 1, 2, 6, 0, 2, 3], "x": np.arange(7.0)})
    cases = cases_of(frame, group="id", time="t")
    scaling, notes = learn_scaling(cases)
    x = scaling.inputs(cases)
    assert scaling.gap == 1 and "uneven" in notes[0]
    assert np.allclose(x[0, :, 1], np.log([1, 1, 1, 4])) and np.allclose(x[1, :, 1], [0, np.log(2), 0, 0])
    with pytest.raises(DataError, match="have no times"):
        scaling.inputs(cases_of([[1.0, 2.0]]))


@pytest.mark.parametrize(
    "shape, channels, way_out",
    [
        ((2, 9, 4), ("a", "b", "c", "d"), "leave out 'd'"),
        ((2, 3, 9), None, "give channels='first' or transpose the arrays"),
        ((3, 9, 1), None, r"if these 3 cases are the channels of one, give X\[None\]"),
    ],
)
def test_channels_that_are_too_many_come_with_a_way_out(shape, channels, way_out):
    cases = cases_of(np.zeros(shape))
    cases = replace(cases, channels=channels or cases.channels)
    with pytest.raises(ShapeError, match=way_out):
        aligned(cases, ("a", "b", "c"))
    with pytest.raises(ShapeError, match=way_out):
        aligned(cases, ("a", "b", "c") if channels else numbered_channels(3))
