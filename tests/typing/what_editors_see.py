# mypy: warn-unused-ignores
"""Types of what users write most, as mypy sees them (`make lint`); not run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_type

import elman as el

assert_type(el.Network(1, [el.GRU(8), el.Dense(1)]), el.network.Network)
assert_type(el.GRU(8), el.network.Layer)
assert_type(el.Forecaster(), el.forecast.Forecaster)
assert_type(el.LanguageModel(), el.language.LanguageModel)
assert_type(
    el.load("model.safetensors"),
    el.Network | el.Forecaster | el.LanguageModel | el.SequenceClassifier | el.SequenceRegressor,
)
assert_type(el.cells.gru, el.Cell)
assert_type(el.cells.catalogue(), dict[str, el.Cell])
assert_type(el.insight.memory(el.Network(1, [el.GRU(8)]), [[0.0]]).horizon, int)


@el.cell
def simple(p: Any, x: Any, h: Any) -> Any:
    return el.tanh(p.W @ x + p.U @ h + p.b)


assert_type(simple, el.Cell)


@el.cell(initial={"b": 1.0})
def with_start(p: Any, x: Any, h: Any) -> Any:
    return el.sigmoid(p.W @ x + p.U @ h + p.b)


assert_type(with_start, el.Cell)


def function_of_one(f: Callable[[Any], Any]) -> None: ...


function_of_one(el.tanh)
function_of_one(el.leaky_relu)
el.tanh()  # type: ignore[call-arg]
_ = el.tanhh  # type: ignore[attr-defined]
