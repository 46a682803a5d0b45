"""What the training loop asks of a network, so that it need not know one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from elman.engine.interface import Engine, Trains

if TYPE_CHECKING:
    from elman.training.losses import Loss


class Trainable(Protocol):
    """A network as the training loop sees it.

    Attributes
    ----------
    dtype : dtype
        Of parameters, input and target.
    seed : int
        Of shuffling and dropout.
    arena : array (P,)
        All parameters, updated in place.
    updates, epochs : int
        Done in the life of the network; shuffling and dropout's masks go on from them.
    outputs : int
        Features O of the output.
    sequence_output : bool
        Whether the output is (B, T, O) or (B, O).
    last_op : str
        What makes the outputs, such as ``"sigmoid"``.
    history : History or None
        Of the last training.
    """

    dtype: np.dtype
    seed: int
    arena: np.ndarray
    updates: int
    epochs: int
    history: Any
    outputs: int
    sequence_output: bool
    last_op: str

    def engine(self) -> Engine:
        """What runs the network."""

    def trainer(self, loss: Loss, target_width: int) -> Trains:
        """What trains it with a loss."""

    def check_batch(self, x: Any, lengths: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """x as the engine takes it, (N, T, F), finite where it is in use, and its lengths."""

    def check_results(self, y: np.ndarray, states: Sequence[np.ndarray] = ()) -> None:
        """Raise `DataError` unless outputs and states are finite."""

    def where(self, index: int) -> str:
        """The parameter at an arena index, as in ``0.W_i[3, 2]``."""

    def save(self, path: str) -> Any:
        """Write the network to a file."""
