"""A network's function of sequences, run once on flows: which layer reads what."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from elman.checks import shown, whole
from elman.engine.stage import Source
from elman.equations.endless import ending
from elman.equations.symbols import Symbol
from elman.equations.trace import Cell
from elman.equations.user_functions import call_and_watch
from elman.equations.widths import recording
from elman.errors import OptionError
from elman.network.finished_structure import finished
from elman.network.flow import Tracing, unused
from elman.network.flows import Axis, Flow
from elman.network.layers import Layer
from elman.network.structure import Static, Structure


def of_function(function: Callable[..., Any], inputs: Any) -> Structure:
    """Run a network's function once on flows."""
    names, given = _arguments(function), _widths(function, inputs)
    tracing = Tracing(Layer)
    axes = {name: None if isinstance(size, Static) else Axis(name) for name, size in given.items()}
    flows = {
        name: Flow(tracing, Source(~k), _width(given[name], name), axes[name], name) for k, name in enumerate(names)
    }
    with ending("the function of a network"), recording(), tracing.active():
        result, local = call_and_watch(function, tuple(flows.values()), {})
        outputs, keys, by_name = _outputs(tracing, result)
    _rename(tracing, {**dict(zip(keys or (), outputs, strict=False)), **local})
    return finished(tracing, list(flows.values()), outputs, keys, by_name)


def _arguments(function: Callable[..., Any]) -> list[str]:
    _check_function(function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"the arguments of {function!r} are not known ({error}); write a function of sequences, as in "
            "def forecast(x): ..."
        ) from error
    wrong = [q.name for q in parameters if q.kind in (q.VAR_POSITIONAL, q.VAR_KEYWORD)]
    wrong += [q.name for q in parameters if q.kind == q.KEYWORD_ONLY and q.default is q.empty]
    if wrong:
        raise OptionError(
            f"the function of a network names each of its inputs, as in def forecast(past, future): ...; {wrong[0]!r} "
            "is none. What has a default value keeps it"
        )
    names = [q.name for q in parameters if q.default is q.empty]
    if not names:
        raise OptionError("the function of a network takes its inputs, as in def forecast(x): ...; it takes none")
    return names


def _check_function(function: Any) -> None:
    if isinstance(function, type):
        raise OptionError(
            f"the function of a network is one of sequences, as in def forecast(x): ...; got {function!r}"
        )
    if isinstance(function, Cell):
        raise OptionError(
            f"{function.name} is a cell, equations of one step: as a network it is Network(features, "
            "[Recurrent(cell, units)])"
        )
    made = inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function)
    if made:
        raise OptionError("the function of a network returns its outputs: it is no function with `async` or `yield`")


def _widths(function: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    names = _arguments(function)
    if isinstance(inputs, Mapping):
        if set(inputs) != set(names):
            raise OptionError(f"inputs are {', '.join(map(str, inputs))}; the function takes {', '.join(names)}")
        return {name: inputs[name] for name in names}
    if len(names) == 1 and inputs is not None:
        return {names[0]: inputs}
    example = ", ".join(f"{name!r}: 1" for name in names)
    raise OptionError(f"inputs is {inputs!r}; expected the features of each argument, inputs={{{example}}}")


def _width(size: Any, name: str) -> int:
    return whole(size.width if isinstance(size, Static) else size, f"inputs[{name!r}]")


def _outputs(tracing: Tracing, result: Any) -> tuple[list[Flow], list[str] | None, bool]:
    """What the function returned, each from a part of its own."""
    if isinstance(result, Mapping):
        values: list[Any] = list(result.values())
        keys: list[str] | None = list(result)
        wrong = [key for key in result if not isinstance(key, str) or not key]
        if wrong:
            raise OptionError(f"the function of a network returned a dict with the name {wrong[0]!r}; expected texts")
    else:
        values, keys = (list(result), None) if isinstance(result, tuple | list) else ([result], None)
    if any(value is None for value in values) or not values:
        raise OptionError("the function of a network returned nothing for an output: is a `return` missing?")
    found: list[Flow] = []
    for value in values:
        if not isinstance(value, Symbol):
            raise OptionError(
                f"the function of a network returned {shown(value)}, a {type(value).__name__}; expected what a layer "
                "or equations made, or a tuple or dict of such values"
            )
        flow = tracing.flow(value)
        # A final state may be what the layer returns too.
        alone = flow.where.number >= 0 and flow.where.state < 0 and flow.where not in [f.where for f in found]
        found.append(flow if alone else tracing.copied(flow))
    several = isinstance(result, Mapping | tuple | list)
    names = keys if keys is not None else [f"output_{k}" for k in range(len(found))]
    return found, names if several else None, isinstance(result, Mapping)


def _rename(tracing: Tracing, local: Mapping[str, Any]) -> None:
    """Call parts by the variables that hold what they make, as the values of a cell."""
    variables = {flow.where.number: name for name, flow in _named(tracing, local) if flow.where.state < 0}
    taken = {name for number, name in variables.items() if number >= 0}
    for number, part in enumerate(tracing.parts):
        before = part.name
        if "." in before:
            continue
        part.name = variables.get(number) or unused(tracing.stems[number], taken)
        taken.add(part.name)
        for inner in tracing.parts:
            if inner.name.startswith(f"{before}."):
                inner.name = part.name + inner.name[len(before) :]


def _named(tracing: Tracing, local: Mapping[str, Any]) -> list[tuple[str, Flow]]:
    """Variables and the flows that they hold, equations between layers included."""
    found = {name: tracing.known(value) for name, value in local.items()}
    return [(name, flow) for name, flow in found.items() if flow is not None]
