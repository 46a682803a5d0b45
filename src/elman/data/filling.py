"""Missing values of many series, filled where the user asks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from elman.data.collection import Collection
from elman.data.gaps import Fill, fill_gaps
from elman.data.names import counted


def filled(collection: Collection, how: Fill) -> Collection:
    """A collection whose gaps are filled as `fill_gaps` says; as it is for ``none``, which leaves them open."""
    missing = np.isnan(collection.values)
    if how == "none" or not missing.any():
        return collection
    values = collection.values.copy()
    for s in np.unique(np.searchsorted(collection.borders, np.flatnonzero(missing), side="right") - 1).tolist():
        rows = slice(int(collection.borders[s]), int(collection.borders[s + 1]))
        values[rows], _, _ = fill_gaps(values[rows], collection.times_of(s), how, str(collection.names[s]))
    rule = "a straight line" if how == "linear" else "the last value before"
    count = int(missing.sum())
    note = f"{counted(count, 'missing values')} {'was' if count == 1 else 'were'} filled with {rule}"
    return replace(collection, values=values, notes=(*collection.notes, note))
