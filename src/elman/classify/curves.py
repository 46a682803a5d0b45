"""Learning curves: what the trainings of an estimator's networks told, epoch after epoch."""

from __future__ import annotations

from collections.abc import Sequence

from elman.network import Network
from elman.training import Callback
from elman.training.state import Training


class Curves(Callback):
    """Keeps the histories of trainings, of networks that learn one after the other or side by side."""

    adds_logs = False
    side_by_side = True

    def __init__(self) -> None:
        self._found: dict[int, dict[str, list[float]]] = {}

    def on_train_end(self, training: Training) -> None:
        self._found[id(training.net)] = training.history.history

    def of(self, networks: Sequence[Network]) -> list[dict[str, list[float]]]:
        """The history of each network, in their order; empty for one whose training did not come to its end."""
        return [self._found.get(id(net), {}) for net in networks]
