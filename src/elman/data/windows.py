"""Windows over a series: strided views, so that no value is copied however much the windows overlap."""

from __future__ import annotations

import numpy as np

from elman.checks import numbers, whole
from elman.errors import DataError


def windows(values: np.ndarray, length: int, stride: int = 1) -> np.ndarray:
    """Every stretch of `length` steps.

    Parameters
    ----------
    values : array, shape (n, F) or (n,)
        A series; one feature for each column.
    length : int
        Steps L of a window.
    stride : int, default 1
        Steps from the start of one window to the start of the next.

    Returns
    -------
    ndarray, shape (N, L, F)
        A read-only view of `values`; the last window ends with the last value.

    Examples
    --------
    >>> import numpy as np
    >>> windows(np.arange(5.0), 3)[..., 0]
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    """
    values, length, stride = _columns(values), whole(length, "length"), whole(stride, "stride")
    if len(values) < length:
        raise DataError(f"the series has {len(values)} values, a window needs {length}")
    every = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)  # (N, F, L)
    first = (len(every) - 1) % stride
    return every[first::stride].transpose(0, 2, 1)


def training_windows(
    inputs: np.ndarray, target: np.ndarray, lookback: int, stride: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of inputs and, step for step, of what is to be predicted from them.

    Parameters
    ----------
    inputs : array, shape (n, F) or (n,)
        What is known at each step.
    target : array, shape (n, O) or (n,)
        What is to be predicted at that step, such as the next value.
    lookback : int
        Steps L of a window.
    stride : int, default 1
        Steps between the starts of windows.

    Returns
    -------
    x : ndarray, shape (N, L, F)
    y : ndarray, shape (N, L, O)
        Views; nothing is copied.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> series = np.arange(6.0)
    >>> x, y = el.data.training_windows(series[:-1], series[1:], lookback=3)
    >>> x[0, :, 0].tolist(), y[0, :, 0].tolist()
    ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    """
    inputs, target = _columns(inputs, "inputs"), _columns(target, "target")
    whole(lookback, "lookback")
    if len(inputs) != len(target):
        raise DataError(f"inputs have {len(inputs)} steps, the target has {len(target)}")
    return windows(inputs, lookback, stride), windows(target, lookback, stride)


def _columns(values: np.ndarray, name: str = "values") -> np.ndarray:
    values = numbers(values, name)
    if values.ndim not in (1, 2):
        raise DataError(f"{name}: expected a series of shape (n,) or (n, F), got shape {values.shape}")
    return values[:, None] if values.ndim == 1 else values
