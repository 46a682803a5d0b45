"""The dictionaries of parameters that type checkers see have what the constructors and methods have."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import elman as el
from elman.classify.options import ClassifierParameters, RegressorParameters
from elman.data.collecting import Columns, collect
from elman.forecast.backtest import BacktestOptions, backtest
from elman.forecast.options import ForecasterParameters
from elman.language.options import LanguageOptions, SearchedWritingOptions, WritingOptions

NOT_HANDED_ON = {"self", "prompt", "length", "forecaster", "data", "horizon", "origins", "combine", "reading"}
CASES = [
    (ForecasterParameters, el.Forecaster, set()),
    (ClassifierParameters, el.SequenceClassifier, set()),
    (RegressorParameters, el.SequenceRegressor, set()),
    (LanguageOptions, el.LanguageModel, set()),
    (WritingOptions, el.LanguageModel.stream, NOT_HANDED_ON),
    (SearchedWritingOptions, el.LanguageModel.generate, NOT_HANDED_ON),
    (Columns, collect, NOT_HANDED_ON),
    (BacktestOptions, backtest, NOT_HANDED_ON | {"columns"}),
]


def annotations_of(options: type) -> dict[str, Any]:
    """Of a dictionary's own keys and of those that it has from others, as they are written."""
    found: dict[str, Any] = {}
    for base in (*getattr(options, "__orig_bases__", ()), options):
        if base is not options and hasattr(base, "__annotations__"):
            found |= annotations_of(base)
    return found | {name: getattr(kind, "__forward_arg__", kind) for name, kind in options.__annotations__.items()}


@pytest.mark.parametrize(("options", "function", "left_out"), CASES, ids=lambda case: getattr(case, "__name__", ""))
def test_type_checkers_see_the_parameters_that_there_are(options, function, left_out):
    there = {n: p.annotation for n, p in inspect.signature(function).parameters.items() if n not in left_out}
    seen = annotations_of(options)
    if options is BacktestOptions:
        seen = {name: kind for name, kind in seen.items() if name not in Columns.__annotations__}
    assert seen == there
