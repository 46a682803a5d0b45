"""A module of PyTorch as a network: its forward is watched, and then both are run."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from elman.errors import ConversionError, ElmanError
from elman.interop.peers import OURS, called
from elman.interop.pytorch.calling import Caller, Output, tensors_of
from elman.interop.pytorch.inputs import Argument, Layout, layouts
from elman.interop.pytorch.meanings.recurrent import Swapped
from elman.interop.pytorch.meanings.shapes import beside, featured, settled
from elman.interop.pytorch.meanings.table import MEANINGS
from elman.interop.pytorch.preparing import dtype_of, prepared
from elman.interop.pytorch.proving import proved
from elman.interop.pytorch.values import FEATURES, ROWS, STACK, STEPS, Cannot, Value
from elman.interop.pytorch.watching import Made, Watch
from elman.interop.report import Mapped, Report
from elman.network import Network
from elman.network.flow import running
from elman.network.structure import Static

PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)


@dataclass
class Converted:
    """A network and how the module is called."""

    net: Network
    caller: Caller
    watch: Watch


def of_module(given: Any, example: Any, tolerance: float | None) -> tuple[Network, Report]:
    """The network of a module, and the report."""
    module = prepared(given)
    dtype = dtype_of(module)
    errors: list[tuple[int, Exception]] = []
    ran = False  # whether forward ran on several rows
    for layout in layouts(module, example):
        alone = example is None and ran and not any(ROWS in a.dims for a in layout)
        for loops in (False, True):
            found = None
            try:
                found = _attempt(copy.deepcopy(module), layout, loops, dtype, alone)
                return found.net, _proved(found, tolerance)
            except ElmanError as error:
                progress = 0 if isinstance(error.__cause__, Swapped) else getattr(error, "progress", 0)
                errors.append((progress, error))
                ran = ran or progress > 0 or found is not None
            except Exception as error:  # what forward raises, of this layout
                errors.append((-1, error))
    raise _refusal(given, example, errors)


def _refusal(given: Any, example: Any, errors: list[tuple[int, Exception]]) -> ConversionError:
    """The error of the attempt that went farthest."""
    name = type(given).__name__
    ours = [(progress, error) for progress, error in errors if progress >= 0]
    if ours:
        error = max(ours, key=lambda one: one[0])[1]
        return error if isinstance(error, ConversionError) else ConversionError(f"{name}: {str(error).strip()}")
    if not errors:
        return ConversionError(f"{name}: it is not known what forward takes: give example=, tensors as it takes them")
    said = str(errors[0][1]).strip().splitlines()
    failed = repr(said[0] if said else errors[0][1])
    if example is None:
        return ConversionError(
            f"{name}: forward fails on random input: {failed}. Give example=, tensors as it takes them (any numbers of "
            "rows and steps must do)"
        )
    if refused := _fails_on(given, example):
        return ConversionError(f"{name}: forward fails on example: {refused}. Give tensors as it takes them")
    return ConversionError(
        f"{name}: forward runs on example, and fails with other numbers of rows and steps: {failed}. A layer over a "
        "fixed number of them has no counterpart here: use the last step, or a mean over the steps, before it"
    )


def _fails_on(module: Any, example: Any) -> str:
    """What forward says of the example itself; empty where it takes it."""
    given = tuple(example) if isinstance(example, tuple | list) else (example,)
    try:
        with torch.no_grad():
            copy.deepcopy(module).eval()(*given)
    except Exception as error:  # whatever it raises
        return repr(str(error).strip().splitlines()[0] if str(error).strip() else error)
    return ""


# --- one attempt ------------------------------------------------------------------------------------------------


def _attempt(module: Any, layout: Layout, loops: bool, dtype: Any, alone: bool) -> Converted:
    wide = [a.name for a in layout if a.kind == "index" and a.features > 1]
    if wide:
        raise ConversionError(f"{wide[0]} has several indices at each step: take each as an argument of its own")
    sizes = _sizes(module)
    watch = Watch(module, sizes, MEANINGS, beside(sizes), loops)
    caller = Caller(module, layout, (), dtype)
    outputs: list[Output] = []

    def function(*flows: Any) -> Any:
        found = _watched(watch, caller, layout, flows)
        outputs.extend(one for one, _ in found)
        several = [flow for _, each in found for flow in each]
        if watch.keys and len(several) == len(found) > 1:
            return dict(zip((watch.keys[one.number] for one, _ in found), several, strict=True))
        return several if len(several) > 1 else several[0]

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    data = [a for a in layout if a.kind not in ("lengths", "states")]
    names = _free_names([a.name for a in data])
    function.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
    given = {n: a.features if STEPS in a.dims else Static(a.features) for n, a in zip(names, data, strict=True)}
    try:
        net = Network(function, inputs=given, dtype=str(dtype).removeprefix("torch."))
    except ElmanError as error:
        failed = ConversionError(f"{type(module).__name__}: {str(error).strip()}")
        failed.progress = watch.count or bool(watch.refused)  # type: ignore[attr-defined]
        raise failed from error
    if alone and (watch.adds_rows or not watch.is_alone):
        raise ConversionError(f"{type(module).__name__}: it is given one row at a time, which it is not written for")
    _take_weights(net, watch.made)
    return Converted(net, replace(caller, outputs=tuple(outputs)), watch)


def _free_names(names: list[str]) -> list[str]:
    return [name if name.isidentifier() else f"x{k}" for k, name in enumerate(names)]


def _sizes(module: Any) -> dict[str, int]:
    """How many rows and steps: numbers that no size of the module is a multiple of."""
    taken = [n for p in module.parameters() for n in p.shape]
    free = [p for p in PRIMES if all(n % p for n in taken)] or list(PRIMES)
    return {ROWS: free[0], STEPS: free[1]} if len(free) > 1 else {ROWS: 59, STEPS: 61}


def _watched(watch: Watch, caller: Caller, layout: Layout, flows: Any) -> list[tuple[Output, list[Any]]]:
    """Run forward, and see what its outputs are."""
    arguments = _drawn(watch, caller, layout, flows)
    before = {(id(inner), name) for inner in caller.module.modules() for name in vars(inner)}
    with torch.enable_grad(), torch.nn.utils.parametrize.cached(), watch:
        out = caller.module(*arguments)
    _check_stateless(watch, caller.module, before)
    if isinstance(out, dict) and all(isinstance(one, torch.Tensor) for one in out.values()):
        watch.keys = [str(key) for key in out]
    found = []
    for number, tensor in enumerate(tensors_of(out)):
        if not watch.knows(tensor):
            watch.note(f"output {number} of forward depends on no input and is left out")
            continue
        found.append((number, watch.value(tensor)))
    if any(not v.is_final and not v.is_given for _, v in found):
        states = [number for number, v in found if v.is_final or v.is_given]
        found = [(number, v) for number, v in found if not (v.is_final or v.is_given)]
        if states:
            watch.note("the states that forward returns are what net(x, return_state=True) gives")
    if not found:
        raise Cannot("forward returns no tensor that depends on its input")
    return [_output(watch, number, value) for number, value in found]


def _check_stateless(watch: Watch, module: Any, before: set[tuple[int, str]]) -> None:
    """Refuse a module that goes on from the states of the call before."""
    for inner in module.modules():
        for name, value in vars(inner).items():
            held = value if isinstance(value, tuple | list) else [value]
            states = [one for one in held if watch.knows(one) and watch.value(one).is_final]
            if states and (id(inner), name) in before:
                raise Cannot(
                    f"forward keeps {name} in the module, so that a call depends on those before it: take the state as "
                    "an argument of forward and return it"
                )


def _output(watch: Watch, number: int, value: Value) -> tuple[Output, list[Any]]:
    value = featured(settled(value, watch.sizes[STEPS] - 1))
    if ROWS not in "".join(value.dims) and any(ROWS in d for v in watch.values.values() for d in v.dims):
        raise Cannot("forward returns something that is not a value for each row")
    flows = [running().flow(flow) for flow in value.flows]
    for part in running().parts:
        part.spare = True  # forward may compute what it does not return
    return Output(number, value.dims, value.stack), flows


def _drawn(watch: Watch, caller: Caller, layout: Layout, flows: Any) -> list[Any]:
    """Random arguments, which are followed."""
    sizes, rng = watch.sizes, np.random.default_rng(0)
    lengths = np.full(sizes[ROWS], sizes[STEPS])
    lengths[sizes[ROWS] // 2 :] = np.sort(rng.integers(2, sizes[STEPS] - 1, sizes[ROWS] - sizes[ROWS] // 2))[::-1]
    arrays = [_numbers(a, sizes, rng, caller) for a in layout if a.kind not in ("lengths", "states")]
    if caller.takes_lengths:
        watch.lengths = lengths.tolist()
    found = caller.arguments(arrays, lengths, None)
    given = iter(flows)
    for argument, tensor in zip(layout, found, strict=True):
        if argument.kind == "states":
            for one in tensor if isinstance(tensor, tuple) else (tensor,):
                watch.follow(one, Value((STACK, ROWS, FEATURES), (None,) * len(one), (len(one),), is_given=True))
        elif argument.kind != "lengths":
            watch.follow(tensor, Value(argument.dims, (next(given),)))
    return found


def _numbers(argument: Argument, sizes: dict[str, int], rng: Any, caller: Caller) -> np.ndarray:
    shape = (sizes[ROWS], *([sizes[STEPS]] if STEPS in argument.dims else []), argument.features)
    if argument.kind == "index":
        return np.ones(shape, np.int64)  # 0 is padding in many a module
    found: np.ndarray = rng.normal(size=shape)
    return found


# --- weights, and the proof ---------------------------------------------------------------------------------------


def _take_weights(net: Network, made: list[Made]) -> None:
    for one in made:
        name = _part(net, one)
        if name is None:
            continue
        for row in one.rows:
            net.params[f"{name}.{row.ours}"] = row.read(one.tensors)
        if one.frozen:
            net.freeze(*(f"{name}.{ours}" for ours in one.frozen))


def _part(net: Network, one: Made) -> str | None:
    """The name of the part that a layer became; None where nothing reads it."""
    return next((p.name for p in net.structure.parts if p.layer is one.layer), None)


def _mapped(net: Network, made: list[Made]) -> Iterator[Mapped]:
    for one in made:
        name = _part(net, one)
        if name is None:
            continue
        for tensor, theirs in one.names.items():
            ours = [f"{name}.{row.ours}" for row in one.rows if tensor in (row.theirs, row.plus)]
            twice = any(row.plus and tensor in (row.theirs, row.plus) for row in one.rows)
            if ours:
                yield Mapped(theirs, ", ".join(ours), ", ".join(filter(None, [one.how, "biases summed" * twice])))


def _taken(net: Network) -> list[str]:
    """Which steps forward takes."""
    parts = net.structure.parts
    found = [p for p in parts if p.move is not None and p.move.kind == "take" and p.sources[0].number >= 0]
    return [
        f"forward takes the {'first' if p.move.number == 0 else 'last'} step of {parts[p.sources[0].number].name}"
        for p in found
        if p.move is not None
    ]


def _unused(net: Network, found: Converted) -> list[str]:
    """What the module has and forward does not use."""
    used = {name for one in found.watch.made if _part(net, one) for name in one.names.values()}
    shared = {id(p): name for name, p in found.caller.module.named_parameters() if name in used}
    left = [n for n, p in found.caller.module.named_parameters() if n not in used and id(p) not in shared]
    made = [name for name in left if ".parametrizations." in name or name.endswith(("_g", "_v", "_orig"))]
    left = [name for name in left if name not in made]
    return [f"forward does not use {', '.join(left)}, and the network does not have them"] if left else []


@contextmanager
def _single_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


def _shape(door: Any) -> str:
    """What an input of the network takes."""
    if door.whole and door.given.width == 1 and door.steps:
        return "(B, T)"
    return f"(B, T, {door.given.width})" if door.steps else f"(B, {door.given.width})"


def _proved(found: Converted, tolerance: float | None) -> Report:
    net, caller, watch = found.net, found.caller, found.watch
    takes = "; ".join(str(a) for a in caller.layout)
    ours = "; ".join(f"{door.given.name} {_shape(door)}" for door in net.doors)
    notes = [f"forward takes {takes}; the network takes {ours}", *_taken(net), *_unused(net, found)]
    report = Report(called("torch", "PyTorch"), OURS, tuple(_mapped(net, watch.made)), notes=(*notes, *watch.notes))
    ragged = net.structure.time_axes == 1

    def in_double() -> Any:
        double = _attempt(copy.deepcopy(caller.module).double(), caller.layout, watch.loops, torch.float64, False)
        return double.net, double.caller.results

    with _single_thread():
        return proved(
            net,
            caller.results,
            in_double,
            report,
            ragged=ragged,
            states=caller.takes_states,
            tolerance=tolerance,
            fitted=lambda trial: caller.fitted(net, trial),
        )
