"""A table of texts, as it is found step by step."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Layout:
    """A table of texts.

    Attributes
    ----------
    names : list of str
        Of the columns: different, none empty.
    rows : list of list of str
        All as long as `names`.
    lines : list of int
        In which line of the text each row ends.
    delimiter : str
        What parts the fields; empty for a single column.
    notes : list of str
        What was passed over or assumed.
    """

    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    delimiter: str
    notes: list[str] = field(default_factory=list)
