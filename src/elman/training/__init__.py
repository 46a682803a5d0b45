"""Training: losses, optimisers, learning rates, the loop, callbacks."""

from typing import TYPE_CHECKING

from elman.attributes import of_module
from elman.training.averages import EMA, SWA, Average
from elman.training.callbacks import Callback, LambdaCallback
from elman.training.history import History
from elman.training.loss import Loss
from elman.training.losses import LOSSES, quantile_loss
from elman.training.metrics_log import MetricsLog
from elman.training.monitors import EarlyStopping
from elman.training.optimizer import Optimizer
from elman.training.optimizers import OPTIMIZERS, SGD, Adam, AdamW, RMSProp
from elman.training.rate_finder import FoundRate, find_rate
from elman.training.records import CSVLogger, ModelCheckpoint
from elman.training.schedules import ConstantRate, CosineDecay, ExponentialDecay, Schedule, StepDecay, WarmUp
from elman.training.tensorboard import TensorBoard

__all__ = [
    "EMA",
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "SWA",
    "Adam",
    "AdamW",
    "Average",
    "CSVLogger",
    "Callback",
    "ConstantRate",
    "CosineDecay",
    "EarlyStopping",
    "ExponentialDecay",
    "FoundRate",
    "History",
    "LambdaCallback",
    "Loss",
    "MetricsLog",
    "ModelCheckpoint",
    "Optimizer",
    "RMSProp",
    "Schedule",
    "StepDecay",
    "TensorBoard",
    "WarmUp",
    "find_rate",
    "quantile_loss",
]

if not TYPE_CHECKING:  # which would take any name for one of ours
    __getattr__ = of_module("training", __all__)
