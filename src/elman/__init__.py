"""Elman: recurrent neural networks from their equations.

``import elman as el`` gives the language of equations (`el.cell`, `el.tanh` ...), the layers and `el.Network`, losses,
optimisers and callbacks, `el.Forecaster` and `el.LanguageModel`. Everything is loaded when it is first used.
"""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_EQUATIONS = (
    "cell Cell sigmoid tanh relu leaky_relu elu softplus silu gelu linear exp log log1p sqrt square abs sign sin cos "
    "erf maximum minimum equal where clip sum mean max pick dropout softmax log_softmax normalise"
).split()
_NETWORK = (
    "Network Layer Recurrent Stateless SimpleRNN GRU LSTM Dense Embedding Dropout LayerNorm BatchNorm Activation "
    "check_gradients load"
).split()
_TRAINING = (
    "SGD RMSProp Adam AdamW Callback EarlyStopping ModelCheckpoint LambdaCallback CSVLogger History Loss "
    "ConstantRate CosineDecay ExponentialDecay StepDecay WarmUp"
).split()
_ERRORS = "ElmanError EquationError ShapeError DataError OptionError TrainingError ModelFileError EngineError".split()

_HOME = {
    **dict.fromkeys(_EQUATIONS, "elman.equations"),
    **dict.fromkeys(_NETWORK, "elman.network"),
    **dict.fromkeys(_TRAINING, "elman.training"),
    **dict.fromkeys(_ERRORS, "elman.errors"),
    "Forecaster": "elman.forecast",
    "LanguageModel": "elman.language",
}
_MODULES = (
    "cells",
    "data",
    "equations",
    "engine",
    "errors",
    "forecast",
    "insight",
    "language",
    "network",
    "plots",
    "training",
)

if TYPE_CHECKING:
    from elman.equations import *  # noqa: F403
    from elman.errors import *  # noqa: F403
    from elman.forecast import Forecaster as Forecaster
    from elman.language import LanguageModel as LanguageModel
    from elman.network import *  # noqa: F403
    from elman.training import *  # noqa: F403

__all__ = [*_HOME, *_MODULES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"elman.{name}")
    else:
        near = difflib.get_close_matches(name, __all__, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"elman has no {name!r}{hint}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
