"""Labelled sequences of whatever holds them: arrays, lists, tables, and files of archives of time series."""

from elman.data.casing.asked import unlabelled
from elman.data.casing.gathering import cases_of, columns_in, has_axes, has_columns, read_cases
from elman.data.casing.labels import targets_of

__all__ = ["cases_of", "columns_in", "has_axes", "has_columns", "read_cases", "targets_of", "unlabelled"]
