"""Networks that know many series already."""

import numpy as np
import pytest

from elman.cells import gru, lstm
from elman.forecast import pretrained
from elman.forecast.direct import MIDDLE, QUANTILES, direct_network
from elman.forecast.rivals import Histories, Naive
from elman.forecast.rows import quantiles_of
from elman.forecast.views import ABOUT, views_of

ROWS = np.random.default_rng(0).normal(size=(2, 30)).cumsum(1)
INPUTS = {
    "series": np.stack([ROWS, np.log(np.arange(1.0, 31)) - 3 + np.zeros((2, 30))], axis=2),
    "about": np.zeros((2, len(ABOUT))),
}


def quantiles(net):
    made = net(INPUTS)
    return made.reshape(*made.shape[:2], len(QUANTILES), -1)


def test_there_are_some_and_they_differ():
    assert pretrained.count() >= 3
    arenas = [pretrained.pretrained_network(k, 24).arena for k in range(pretrained.count())]
    assert all(not np.array_equal(a, b) for a, b in zip(arenas, arenas[1:], strict=False))
    np.testing.assert_array_equal(pretrained.pretrained_network(pretrained.count(), 24).arena, arenas[0])


@pytest.mark.parametrize("horizon", [1, 7, 24])
def test_a_shorter_horizon_is_the_beginning_of_the_trained_one(horizon):
    whole, some = (quantiles(pretrained.pretrained_network(0, h)) for h in (24, horizon))
    np.testing.assert_allclose(some, whole[..., :horizon], rtol=1e-5, atol=1e-5)


def test_none_forecasts_further_than_it_was_trained_to():
    assert pretrained.pretrained_network(0, 100).outputs == len(QUANTILES) * pretrained.HORIZON


def test_only_one_cell_of_one_size_fits():
    assert pretrained.fits(gru, pretrained.UNITS)
    assert not pretrained.fits(gru, 32) and not pretrained.fits(lstm, pretrained.UNITS)


def test_a_longer_head_is_left_as_it_began():
    net = direct_network(gru, pretrained.UNITS, 30, len(ABOUT))
    pretrained.start(net, 0, 30)
    np.testing.assert_allclose(quantiles(net)[:, :, MIDDLE], ROWS[..., None] + np.zeros(30), atol=1e-5)
    np.testing.assert_array_equal(net.params["gru.U_z"], pretrained.pretrained_network(0, 24).params["gru.U_z"])


def test_what_is_written_is_read(tmp_path, monkeypatch):
    nets = [direct_network(gru, pretrained.UNITS, 24, len(ABOUT), seed=s) for s in range(2)]
    pretrained.write(nets, tmp_path / "own.safetensors")
    monkeypatch.setattr(pretrained, "FILE", tmp_path / "own.safetensors")
    pretrained._stored.cache_clear()
    try:
        assert pretrained.count() == 2
        np.testing.assert_allclose(pretrained.pretrained_network(1, 24).arena, nets[1].arena, rtol=1e-3, atol=1e-4)
    finally:
        monkeypatch.undo()
        pretrained._stored.cache_clear()


def test_they_foretell_series_that_nobody_here_trained_them_on():
    """Trends and seasons of random kinds, twelve steps ahead, better than the last value."""
    random, t = np.random.default_rng(5), np.arange(72)
    slopes, sizes, noise = random.normal(0, 0.2, (40, 1)), random.uniform(0, 10, (40, 1)), random.normal(0, 2, (40, 72))
    values = 100 + slopes * t + sizes * np.sin(2 * np.pi * (t + random.integers(0, 12, (40, 1))) / 12) + noise
    histories, origin = Histories.of(values, 12), np.array([12])
    net = pretrained.pretrained_network(0, 12)
    made = quantiles_of([net], histories, views_of(histories, 12), 12, origin)[:, 0]
    truth = values[:, -12:]
    naive = np.abs(Naive()(histories, 12, origin)[:, 0] - truth).mean()
    assert np.abs(made[:, MIDDLE] - truth).mean() < 0.6 * naive
    inside = (made[:, 0] <= truth) & (truth <= made[:, -1])  # 95 %, before anything is calibrated
    assert 0.8 < inside.mean() <= 1
