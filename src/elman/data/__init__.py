"""Data: series from files, the series that ship with Elman, windows over them, scaling."""

from elman.data.readers import read_columns
from elman.data.scaling import Scaling
from elman.data.series import Series, bundled, load_series
from elman.data.windows import training_windows, windows

__all__ = ["Scaling", "Series", "bundled", "load_series", "read_columns", "training_windows", "windows"]
