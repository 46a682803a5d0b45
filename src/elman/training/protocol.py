"""What the training loop asks of a network, so that it need not know one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing

from elman.engine.interface import Batch, Engine, How, TrainResult, Updates
from elman.engine.plan import Plan
from elman.equations import Cell
from elman.training.ends import End
from elman.training.loss import Loss
from elman.training.penalties import Penalty

Arrays = np.typing.ArrayLike | Sequence[np.typing.ArrayLike] | Mapping[str, np.typing.ArrayLike]
"""An array; of a network with several inputs or outputs one for each, in their order or by name."""

OneLoss = str | Loss | Cell | Callable[..., Any]
Losses = OneLoss | Sequence[OneLoss] | Mapping[str, OneLoss]
"""A loss for all outputs, or one for each."""

Shares = Sequence[float] | Mapping[str, float] | None
"""What the loss of each output counts."""


class Place(Protocol):
    """Where a parameter lies in the flat array."""

    @property
    def offset(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def size(self) -> int: ...


@dataclass(frozen=True)
class Aim:
    """The loss of one output: of targets of `width` features, and its share in the sum of all losses."""

    loss: Loss
    width: int
    share: float = 1.0


class Values(Protocol):
    """Parameters as the training loop sees them; see `elman.network.parameters.Parameters`."""

    @property
    def places(self) -> Mapping[str, Place]:
        """Where each parameter lies, by name, in the order of the flat array."""

    @property
    def version(self) -> int:
        """A number of the values as they are; 0 while they change."""

    def writing(self) -> AbstractContextManager[np.ndarray]:
        """The flat array, to be changed within a ``with``."""

    def restore(self, values: np.ndarray) -> None:
        """Have the values that the flat array had."""


class Trainer(Protocol):
    """What does the updates of a training: an engine, or several ranks together."""

    @property
    def plan(self) -> Plan: ...

    def check_indices(self, data: Batch) -> None: ...

    def train(self, parameters: np.ndarray, data: Batch, updates: Updates, how: How) -> TrainResult: ...


class Trainable(Protocol):
    """A network as the training loop sees it.

    Attributes
    ----------
    dtype : dtype
        Of parameters, input and target.
    seed : int
        Of shuffling and dropout.
    arena : array (P,)
        All parameters, to be read.
    params : Values
        The same, to be written.
    frozen : frozenset of str
        Names of parameters that training leaves as they are.
    trainable : tuple of str
        Names of those that it changes by their gradients.
    updates, epochs : int
        Done in the life of the network; shuffling and dropout's masks go on from them.
    ends : tuple of End
        Its outputs.
    history : History or None
        Of the last training.
    trained_with : (loss, loss_weights) or None
        Of the last training, as they were given.
    """

    dtype: np.dtype
    seed: int
    updates: int
    epochs: int
    history: Any
    trained_with: Any
    frozen: frozenset[str]

    @property
    def trainable(self) -> tuple[str, ...]: ...

    @property
    def arena(self) -> np.ndarray: ...

    @property
    def params(self) -> Values: ...

    ends: tuple[End, ...]

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """What values of its layers add to the loss."""

    def engine(self) -> Engine:
        """What runs the network."""

    def trainer(self, aims: Sequence[Aim], whole: bool = False) -> Engine:
        """What trains it, with a loss for each output and penalty; `whole`: with gradients of frozen parameters too."""

    def check_batch(self, x: Any, lengths: Any) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray | None, ...]]:
        """Inputs as the engine takes them, (N, T, F), finite where they are in use, and the lengths of time axes."""

    def check_results(self, outputs: Sequence[np.ndarray], states: Sequence[np.ndarray] = ()) -> None:
        """Raise `DataError` unless outputs and states are finite."""

    def where(self, index: int) -> str:
        """The parameter at an arena index, as in ``0.W_i[3, 2]``."""

    def save(self, path: str) -> Any:
        """Write the network to a file."""

    def file_header(self) -> dict[str, str]:
        """What the header of a model file says of the network."""
