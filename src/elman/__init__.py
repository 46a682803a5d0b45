"""Elman: recurrent neural networks from their equations.

``import elman as el`` gives the language of equations (`el.cell`, `el.tanh` ...), the layers and `el.Network`, losses,
optimisers and callbacks, `el.Forecaster`, `el.SequenceClassifier`, `el.SequenceRegressor` and `el.LanguageModel`.
Everything is loaded when it is first used.
"""

from __future__ import annotations

import builtins
import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_EQUATIONS = (
    "cell Cell sigmoid tanh relu leaky_relu elu softplus silu gelu linear exp log log1p sqrt square abs sign sin cos "
    "erf lgamma digamma floor stop_gradient spike maximum minimum equal where clip sum mean max pick concat split roll "
    "outer matvec vecmat scalar blocks constant within dropout softmax log_softmax normalise"
).split()
_NETWORK = (
    "Network Layer Recurrent Stateless SimpleRNN GRU LSTM Dense Embedding Dropout LayerNorm BatchNorm Activation "
    "ActivityPenalty Increasing Bidirectional Conv1D AdditiveAttention Static attend learnt pool repeat reverse shift "
    "tie Checkpoint check_gradients each fit_many fit_readout initialisers"
).split()
_TRAINING = (
    "SGD RMSProp Adam AdamW EMA SWA Callback EarlyStopping ModelCheckpoint LambdaCallback CSVLogger MetricsLog "
    "TensorBoard History Loss quantile_loss find_rate ConstantRate CosineDecay ExponentialDecay StepDecay WarmUp"
).split()
_ERRORS = (
    "ElmanError EquationError ShapeError TextError DataError StreamError OptionError TrainingError ModelFileError "
    "EngineError ConversionError JobError"
).split()

_HOME = {
    **dict.fromkeys(_EQUATIONS, "elman.equations"),
    **dict.fromkeys(_NETWORK, "elman.network"),
    **dict.fromkeys(_TRAINING, "elman.training"),
    **dict.fromkeys(_ERRORS, "elman.errors"),
    "cell_from_text": "elman.cells",
    "cell_text": "elman.cells",
    "Forecaster": "elman.forecast",
    "LocalForecaster": "elman.forecast",
    "LanguageModel": "elman.language",
    "SequenceClassifier": "elman.classify",
    "SequenceRegressor": "elman.classify",
    "load": "elman.models",
    "sweep": "elman.fleet",
}
_MODULES = (
    "cells",
    "classify",
    "commands",
    "compare",
    "data",
    "distributed",
    "engine",
    "equations",
    "errors",
    "fleet",
    "forecast",
    "insight",
    "interop",
    "language",
    "network",
    "plots",
    "training",
)

if TYPE_CHECKING:  # the same once more for editors and type checkers, which run no code; `X as X` says: public
    # fmt: off
    # isort: off
    from elman import (
        cells as cells, classify as classify, commands as commands, compare as compare, data as data,
        distributed as distributed, engine as engine, equations as equations, errors as errors, fleet as fleet,
        forecast as forecast, insight as insight, interop as interop,
        language as language, network as network, plots as plots, training as training,
    )
    from elman.cells import cell_from_text as cell_from_text, cell_text as cell_text
    from elman.classify import SequenceClassifier as SequenceClassifier, SequenceRegressor as SequenceRegressor
    from elman.equations import cell as cell, Cell as Cell
    from elman.equations.declared import constant as constant
    from elman.equations.functions import (
        sigmoid as sigmoid, tanh as tanh, relu as relu, leaky_relu as leaky_relu, elu as elu,
        softplus as softplus, silu as silu, gelu as gelu, linear as linear, exp as exp, log as log,
        log1p as log1p, sqrt as sqrt, square as square, abs as abs, sign as sign, sin as sin, cos as cos,
        erf as erf, lgamma as lgamma, digamma as digamma, floor as floor, stop_gradient as stop_gradient,
        spike as spike, maximum as maximum, minimum as minimum, equal as equal, where as where, clip as clip,
        sum as sum, mean as mean, max as max, pick as pick, dropout as dropout, softmax as softmax,
        log_softmax as log_softmax, normalise as normalise,
    )
    from elman.equations.ranges import within as within
    from elman.equations.vectors import (
        concat as concat, split as split, roll as roll, outer as outer, matvec as matvec, vecmat as vecmat,
        scalar as scalar, blocks as blocks,
    )
    from elman.errors import (
        ElmanError as ElmanError, EquationError as EquationError, ShapeError as ShapeError,
        TextError as TextError, DataError as DataError, StreamError as StreamError, OptionError as OptionError,
        TrainingError as TrainingError,
        ModelFileError as ModelFileError, EngineError as EngineError, ConversionError as ConversionError,
        JobError as JobError,
    )
    from elman.fleet import sweep as sweep
    from elman.forecast import Forecaster as Forecaster, LocalForecaster as LocalForecaster
    from elman.language import LanguageModel as LanguageModel
    from elman.models import load as load
    from elman.network import (
        Network as Network, Checkpoint as Checkpoint, Layer as Layer, Recurrent as Recurrent, Stateless as Stateless,
        SimpleRNN as SimpleRNN, GRU as GRU, LSTM as LSTM, Dense as Dense, Embedding as Embedding,
        Dropout as Dropout, LayerNorm as LayerNorm, BatchNorm as BatchNorm, Activation as Activation,
        ActivityPenalty as ActivityPenalty, Increasing as Increasing,
        check_gradients as check_gradients, each as each, fit_many as fit_many,
        fit_readout as fit_readout, initialisers as initialisers,
        Bidirectional as Bidirectional, Conv1D as Conv1D,
        AdditiveAttention as AdditiveAttention, Static as Static, attend as attend, learnt as learnt, pool as pool,
        repeat as repeat, reverse as reverse, shift as shift, tie as tie,
    )
    from elman.training import (
        SGD as SGD, RMSProp as RMSProp, Adam as Adam, AdamW as AdamW, EMA as EMA, SWA as SWA, Callback as Callback,
        EarlyStopping as EarlyStopping, ModelCheckpoint as ModelCheckpoint, LambdaCallback as LambdaCallback,
        CSVLogger as CSVLogger, MetricsLog as MetricsLog, TensorBoard as TensorBoard, find_rate as find_rate,
        History as History, Loss as Loss, quantile_loss as quantile_loss,
        ConstantRate as ConstantRate,
        CosineDecay as CosineDecay, ExponentialDecay as ExponentialDecay, StepDecay as StepDecay,
        WarmUp as WarmUp,
    )
    # isort: on
    # fmt: on

_NAMES = (*_HOME, *_MODULES)
__all__ = [name for name in _NAMES if not hasattr(builtins, name)]  # a star import leaves Python's own `sum` alone


if not TYPE_CHECKING:  # which would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            value = getattr(importlib.import_module(_HOME[name]), name)
        elif name in _MODULES:
            value = importlib.import_module(f"elman.{name}")
        else:
            raise AttributeError(f"elman has no {name!r}{_hint(name)}")
        globals()[name] = value
        return value


def _hint(name: str) -> str:
    from elman import cells
    from elman.checks import nearest
    from elman.hints import ELSEWHERE

    if name in ELSEWHERE:
        return f": {ELSEWHERE[name]}"
    if name.startswith("_"):
        return ""
    plain = {cell.replace("_", ""): cell for cell in cells.__all__}
    cell = plain.get(name.lower().replace("_", ""))
    return f" (did you mean 'elman.cells.{cell}'?)" if cell else nearest(name, _NAMES)


def __dir__() -> list[str]:
    return sorted([*_NAMES, *(name for name in globals() if name.startswith("__"))])
