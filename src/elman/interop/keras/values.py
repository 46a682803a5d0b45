"""What stands for a tensor of Keras while a model is gone through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from elman.network.flows import Flow


class Mask:
    """Which steps count: a sequence of one feature, 1 or 0, that is made when a layer asks for it."""

    def __init__(self, make: Callable[[], Flow]):
        self._make, self._flow = make, None

    @property
    def flow(self) -> Any:
        if self._flow is None:
            self._flow = self._make()  # type: ignore[assignment]
        return self._flow


@dataclass(frozen=True)
class Grid:
    """Which steps of a network stand for those of Keras, where layers made a sequence shorter there.

    Step j of Keras is step ``first + j * every``.
    """

    first: int = 0
    every: int = 1


@dataclass(frozen=True)
class Value:
    """A tensor of Keras as a value of a network.

    Attributes
    ----------
    flow : Flow
        A sequence, or one vector a row.
    steps : int, optional
        How many steps Keras says it has; None where that is open, or where it has no time.
    mask : Mask, optional
        Which steps count; all of them by default.
    flat : bool
        Of a sequence whether Keras has it without features, (B, T); of a vector whether Keras has it with one step,
        (B, 1, F).
    grid : Grid
        Of a sequence the steps that are there in Keras.
    """

    flow: Flow
    steps: int | None = None
    mask: Mask | None = None
    flat: bool = False
    grid: Grid = Grid()

    @property
    def timed(self) -> bool:
        return self.flow.axis is not None

    @property
    def features(self) -> int:
        return self.flow.features

    def having(self, flow: Flow, **more: Any) -> Value:
        """The same with another flow."""
        return replace(self, flow=flow, **more)
