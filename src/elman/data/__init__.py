"""Data: series from files and those that ship with Elman, windows and batches, images, toy tasks."""

from typing import TYPE_CHECKING

from elman.attributes import of_module
from elman.data import tasks
from elman.data.calendars import calendar, log_gaps
from elman.data.cases import Cases
from elman.data.casing import cases_of, read_cases
from elman.data.collecting import collect
from elman.data.collection import Collection
from elman.data.covariates import Covariate
from elman.data.datasets import Batches, Dataset, Ragged, Rows, Scan, SeriesWindows, scan
from elman.data.idx import read_idx
from elman.data.images import Images, digits, mnist
from elman.data.known_ahead import future_rows
from elman.data.loader import BatchLoader, one_hot
from elman.data.readers import read_columns
from elman.data.sampler import WindowSampler
from elman.data.seasons import seasons_of
from elman.data.series import Series, bundled, load_series
from elman.data.windows import training_windows, windows

__all__ = [
    "BatchLoader",
    "Batches",
    "Cases",
    "Collection",
    "Covariate",
    "Dataset",
    "Images",
    "Ragged",
    "Rows",
    "Scan",
    "Series",
    "SeriesWindows",
    "WindowSampler",
    "bundled",
    "calendar",
    "cases_of",
    "collect",
    "digits",
    "future_rows",
    "load_series",
    "log_gaps",
    "mnist",
    "one_hot",
    "read_cases",
    "read_columns",
    "read_idx",
    "scan",
    "seasons_of",
    "tasks",
    "training_windows",
    "windows",
]

if not TYPE_CHECKING:  # which would take any name for one of ours
    __getattr__ = of_module("data", __all__)
