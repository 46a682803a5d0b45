"""Training: losses, optimisers, learning rates, the loop, callbacks."""

from elman.training.callbacks import Callback, LambdaCallback
from elman.training.history import History
from elman.training.losses import LOSSES, Loss, quantile_loss
from elman.training.monitors import EarlyStopping
from elman.training.optimizer import Optimizer
from elman.training.optimizers import OPTIMIZERS, SGD, Adam, AdamW, RMSProp
from elman.training.records import CSVLogger, ModelCheckpoint
from elman.training.schedules import ConstantRate, CosineDecay, ExponentialDecay, Schedule, StepDecay, WarmUp

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "CSVLogger",
    "Callback",
    "ConstantRate",
    "CosineDecay",
    "EarlyStopping",
    "ExponentialDecay",
    "History",
    "LambdaCallback",
    "Loss",
    "ModelCheckpoint",
    "Optimizer",
    "RMSProp",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "quantile_loss",
]
