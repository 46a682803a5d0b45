import numpy as np
import pytest

from elman.forecast.rivals.least_squares import least_squares

FREE = np.full((3, 20), np.inf)


def linear(seed):
    """Twenty problems ``A x = b`` as residuals, and A, (R, T, P), and b, (R, T)."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(20, 45, 3)), rng.normal(size=(20, 45))
    return lambda x, r: np.einsum("rtp,pcr->tcr", a[r], x) - b[r].T[:, None], a, b


@pytest.mark.parametrize("seed", range(3))
def test_linear_problems_are_solved(seed):
    residuals, a, b = linear(seed)
    x, squares = least_squares(residuals, np.zeros((3, 20)), -FREE, FREE)
    for r in range(20):
        expected, rest, *_ = np.linalg.lstsq(a[r], b[r], rcond=None)
        np.testing.assert_allclose(x[:, r], expected, atol=1e-2)
        np.testing.assert_allclose(squares[r], rest[0], rtol=1e-4)


def test_bounds_hold_and_no_better_point_is_near():
    residuals, *_ = linear(9)
    low, high = np.full((3, 20), -0.05), np.full((3, 20), 0.02)
    x, squares = least_squares(residuals, np.zeros((3, 20)), low, high)
    assert (x >= low).all() and (x <= high).all() and (x == high).any() and (x == low).any()
    rng = np.random.default_rng(1)
    near = np.clip(x[:, None] + rng.normal(0, 0.01, (3, 500, 20)), low[:, None], high[:, None])
    assert ((residuals(near, np.arange(20)) ** 2).sum(0) >= squares * (1 - 1e-3)).all()


def test_a_curved_valley_is_followed():
    """Rosenbrock's function, from (-1.2, 1) to (1, 1)."""
    start = np.array([[-1.2], [1.0]])
    free = np.full((2, 1), np.inf)
    x, squares = least_squares(
        lambda x, r: np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]]), start, -free, free, rounds=100
    )
    np.testing.assert_allclose(x, 1, atol=1e-3)
    assert squares[0] < 1e-6


def test_what_is_not_finite_is_never_taken():
    """The square root of a negative number is none; the least squares lie where there is one."""
    with np.errstate(invalid="ignore"):
        x, squares = least_squares(
            lambda x, r: np.sqrt(x) + 0.1, np.array([[1.0]]), np.array([[-5.0]]), np.array([[5.0]])
        )
    assert 0 <= x[0, 0] < 0.1 and np.isfinite(squares).all()


def test_a_start_without_residuals_stays():
    x, squares = least_squares(lambda x, r: x * np.nan, np.ones((1, 1)), -np.ones((1, 1)), np.ones((1, 1)))
    assert x == 1 and np.isinf(squares)
