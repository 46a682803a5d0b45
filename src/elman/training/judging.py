"""What is found of a network at the end of an epoch: metrics of the training data, losses and metrics of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from elman.errors import TrainingError
from elman.training.calls import Calls
from elman.training.examples import Judgeable, judge
from elman.training.metrics import check_value


@dataclass(eq=False)
class Judging(Calls):
    """Judges the network."""

    def _judged(self) -> dict[str, float]:
        """What is found at the end of an epoch."""
        found: dict[str, float] = {}
        if self.metrics:
            judged = self._judge(self.data)
            found |= {name: value for name, value in judged.items() if name in self.log_names and name != "loss"}
            self._check_metrics(judged, "training")
        return found if self.validation is None else found | self._validate(self.validation)

    def _validate(self, data: Judgeable) -> dict[str, float]:
        found = self._judge(data)
        if not np.isfinite(found["loss"]):
            raise TrainingError(
                f"epoch {self.epoch}: the validation loss is {found['loss']}, though the loss is {self.logs['loss']:g}"
                "; try a smaller learning rate, and look for extreme values in the validation data"
            )
        self._check_metrics(found, "validation")
        return {f"val_{name}": value for name, value in found.items()}

    def _check_metrics(self, found: Mapping[str, float], data: str) -> None:
        for name in found.keys() - {"loss"}:
            check_value(name, found[name], f"epoch {self.epoch}: ", f" of the {data} data", TrainingError)

    def _judge(self, data: Judgeable) -> dict[str, float]:
        """The loss and the metrics, in as little memory as training takes."""
        rows = self.batch_size // self.accumulate
        rows = rows if self.memory == "low" else max(rows, 256)
        return judge(self.net, data, rows, "low" if self.truncate else self.memory, self.metrics)
