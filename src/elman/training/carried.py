"""What training needs whose states are carried from batch to batch."""

from __future__ import annotations

from elman.errors import OptionError


def check_in_order(shuffle: bool) -> None:
    """Refuse batches in another order than that of time."""
    if shuffle:
        raise OptionError("stateful training takes batches as they follow one another: give shuffle=False")


def check_even(rows: int, batch_size: int) -> None:
    """Refuse rows of which the last batch would have fewer than the others."""
    if rows % batch_size:
        raise OptionError(
            f"stateful training needs batches of one size: {rows} rows are no multiple of batch_size={batch_size}"
        )
