"""Ends: the outputs of a network, as losses and metrics see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.errors import OptionError


@dataclass(frozen=True)
class End:
    """An output of a network.

    Attributes
    ----------
    name : str
        Empty where it is the only one.
    outputs : int
        Features O.
    sequence_output : bool
        Whether it is (B, T, O) or (B, O).
    axis : int
        Its time axis; -1 without.
    last_op : str
        What makes it, such as ``"sigmoid"``.
    dtype : dtype
    paced : int
        The number of an input that has its steps; -1 without.
    """

    name: str
    outputs: int
    sequence_output: bool
    axis: int
    last_op: str
    dtype: np.dtype
    paced: int = 0

    def steps(self, inputs: Sequence[np.ndarray]) -> int:
        """How many steps it has for such inputs."""
        return inputs[self.paced].shape[1]


def for_each(given: Any, ends: Sequence[End], what: str, *, alike: bool = False) -> list[Any]:
    """What was given for each output: by name, in their order, or, where that may be, one for all."""
    if len(ends) == 1:
        only = isinstance(given, Mapping) and set(given) == {ends[0].name}
        return [given[ends[0].name] if only else given]
    names = [end.name for end in ends]
    if isinstance(given, Mapping):
        if set(given) != set(names):
            raise OptionError(f"{what} names {', '.join(map(str, given))}; the outputs are {', '.join(names)}")
        return [given[name] for name in names]
    if isinstance(given, tuple | list) and len(given) == len(ends):
        return list(given)
    if alike:
        return [given] * len(ends)
    raise OptionError(
        f"the network has {len(ends)} outputs ({', '.join(names)}): give {what} as a tuple of {len(ends)}, or a dict"
    )
