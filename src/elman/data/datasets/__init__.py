"""Datasets of any size: rows in files, batches of an iterator, sequences of many lengths, windows over many series."""

from elman.data.datasets.ahead import Ahead
from elman.data.datasets.batches import Batches
from elman.data.datasets.dataset import Asked, Dataset, Drawn
from elman.data.datasets.given import dataset_of
from elman.data.datasets.ragged import Ragged
from elman.data.datasets.raw import Raw
from elman.data.datasets.rows import RowDataset, Rows
from elman.data.datasets.scan import Scan, scan
from elman.data.datasets.series_windows import SeriesWindows

__all__ = [
    "Ahead",
    "Asked",
    "Batches",
    "Dataset",
    "Drawn",
    "Ragged",
    "Raw",
    "RowDataset",
    "Rows",
    "Scan",
    "SeriesWindows",
    "dataset_of",
    "scan",
]
