"""A module's forward, watched: each call of PyTorch that depends on the inputs becomes what it is in a network."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

import elman.errors as errors
from elman.interop.pytorch.values import STEPS, Beside, Cannot, Value
from elman.network.layers import Layer

_THEIRS, _OURS = Path(inspect.getfile(torch)).parent, Path(inspect.getfile(errors)).parent
FRESH = tuple("zeros_like ones_like full_like empty_like rand_like randn_like".split())
FRESH += tuple("new_zeros new_ones new_full new_empty new_tensor".split())
LOOKING = tuple("__bool__ item tolist __int__ __float__ numpy __index__ __array__ equal allclose is_nonzero".split())
LOOKING += tuple("__contains__ __complex__ __dlpack__ untyped_storage storage".split())


@dataclass
class Made:
    """A layer with parameters of the module.

    Attributes
    ----------
    layer : Layer
    tensors : dict of str to ndarray
        By the names that `rows` have.
    rows : list of Row
    names : dict of str to str
        Of the tensors, in the module.
    how : str
        The convention.
    """

    layer: Layer
    tensors: dict[str, np.ndarray]
    rows: list[Any]
    names: dict[str, str]
    how: str = ""
    frozen: list[str] = field(default_factory=list)


class Watch(TorchFunctionMode):
    """Follows tensors through a forward that runs.

    Parameters
    ----------
    module : torch.nn.Module
    sizes : dict of str to int
        How many rows and steps the inputs have.
    meanings : dict of str to function
        By the name of what is called: of (watch, result, *arguments), the value or values of the result.
    loops : bool
        Whether steps are taken one by one, as in a loop over them.
    """

    def __init__(self, module: Any, sizes: Mapping[str, int], meanings: Mapping[str, Any], beside: Any, loops: bool):
        super().__init__()
        self.sizes, self.meanings, self.loops = dict(sizes), meanings, loops
        self.beside: Beside = beside
        self.lengths: list[int] | None = None  # those that were given to forward
        self.packs = False  # whether forward used them
        self.keys: list[str] = []  # of a dict that forward returns
        self.is_alone = False  # whether a recurrent layer was given one row, on an axis that forward made
        self.adds_rows = False  # whether a recurrent layer made such an axis itself
        self.names = {id(p): name for name, p in [*module.named_parameters(), *module.named_buffers()]}
        self.values: dict[int, Value] = {}
        self.refused: dict[int, Cannot] = {}
        self.made: list[Made] = []
        self.layers: dict[Any, Any] = {}  # by the tensors that they are made of
        self.notes: list[str] = []
        self.count = 0  # of what has been followed
        self._kept: list[Any] = []  # so that no other tensor gets the id of one
        self._filled: dict[int, dict[int, Value]] = {}  # steps that were written into a tensor
        self._lifted: dict[Any, Any] = {}

    # --- what is known of tensors -------------------------------------------------------------------------------

    def follow(self, tensor: Any, value: Value) -> None:
        """Remember what a tensor is."""
        self._kept.append(tensor)
        self.values[id(tensor)] = value
        self.refused.pop(id(tensor), None)

    def knows(self, x: Any) -> bool:
        """Whether it depends on the inputs."""
        return isinstance(x, torch.Tensor) and (id(x) in self.values or id(x) in self.refused)

    def value(self, tensor: Any) -> Value:
        """What a tensor is."""
        if id(tensor) in self.refused:
            raise self.refused[id(tensor)]
        if id(tensor) not in self.values:
            raise Cannot(
                "a tensor that depends on no input stands where one that does is expected. Where it begins a state in "
                "a loop that is written out, take nn.RNNCell, nn.GRUCell or nn.LSTMCell for its layers, or write it as "
                "a cell, @elman.cell"
            )
        return self.values[id(tensor)]

    def name(self, tensor: Any, otherwise: str) -> str:
        """What the module calls a parameter."""
        return self.names.get(id(tensor), otherwise)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    # --- calls ----------------------------------------------------------------------------------------------------

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = _named(function)
        given = [x for x in _flat((args, kwargs)) if self.knows(x)]
        if not given or name in FRESH:
            return function(*args, **kwargs)
        if name == "unsqueeze" and _THEIRS in Path(sys._getframe(1).f_code.co_filename).parents:
            self.adds_rows = True
        if name == "__iter__":
            return iter(self._called(torch.unbind, "unbind", (args[0], 0), {}))
        if name in LOOKING:
            why = next((str(self.refused[id(x)]).strip() for x in given if id(x) in self.refused), "")
            raise Cannot(
                f"forward looks at values of its input ({name}){here()}: a network's structure cannot depend on them"
                + f"; {why}" * bool(why)
            )
        return self._called(function, name, args, kwargs)

    def _called(self, function: Any, name: str, args: Any, kwargs: Any) -> Any:
        if name == "__setitem__":
            return self._set(function, args)
        out = function(*args, **kwargs)
        if isinstance(out, torch.Tensor) and not (name.endswith("_") or kwargs.get("inplace")):
            out = out.view_as(out) if any(out is x for x in _flat((args, kwargs))) else out  # as dropout in eval()
        found = [x for x in _flat(out) if isinstance(x, torch.Tensor)]
        if not found:
            return out
        self._kept += found + [x for x in _flat((args, kwargs)) if isinstance(x, torch.Tensor)]
        try:
            meant = self._meant(name, out, args, kwargs)
        except errors.ElmanError as error:
            refusal = error if isinstance(error, Cannot) and str(error).endswith("\n") else _placed(error)
            for x in found:
                self.values.pop(id(x), None)
                self.refused[id(x)] = refusal
            return out
        self.count += 1
        values = list(meant) if isinstance(meant, tuple | list) else [meant]
        for x, value in zip(found, values, strict=False):
            if value is not None:
                self.follow(x, value)
        return out

    def _meant(self, name: str, out: Any, args: Any, kwargs: Any) -> Any:
        values = [self.value(x) for x in _flat((args, kwargs)) if self.knows(x)]
        plain = name if name in self.meanings else name.rstrip("_")
        if plain not in self.meanings:
            raise Cannot(f"{name} has no counterpart here")
        meaning = self.meanings[plain]
        steps = {v.step for v in values if v.step is not None}
        alone = len(steps) == 1 and not getattr(meaning, "is_cell", False)
        if not alone and (not steps or getattr(meaning, "of_steps", False)):
            return meaning(self, out, *args, **kwargs)
        if not all(v.flows for v in values):
            raise Cannot("a cell's state that is not its output is used at each step: the last one's is known alone")
        if len(steps) > 1:
            raise Cannot(
                f"values of steps {', '.join(map(str, sorted(steps)))} are put together, as in a cell that is written "
                "out in a loop: write its equations as a cell, @elman.cell"
            )
        return self._lifted_to_all(meaning, plain, values, steps.pop(), out, args, kwargs)

    def _lifted_to_all(
        self, meaning: Any, name: str, values: list[Value], step: int, out: Any, args: Any, kwargs: Any
    ) -> Any:
        """What is done to one step, done to all of them once; each step then has its part."""
        if any(v.step is None and STEPS in v.dims for v in values):
            raise Cannot("a step is put together with a whole sequence")
        key = (name, *(_key(v) for v in values), _told(args, kwargs, self.knows))
        if key not in self._lifted:
            self._lifted[key] = meaning(self, out, *args, **kwargs)
        found = self._lifted[key]
        several = found if isinstance(found, tuple | list) else (found,)
        stepped = tuple(None if v is None else replace(v, step=step) for v in several)
        return stepped if isinstance(found, tuple | list) else stepped[0]

    # --- steps that are written into a tensor ---------------------------------------------------------------------

    def _set(self, function: Any, args: Any) -> Any:
        """``outputs[:, t] = h``: a sequence once all steps are there."""
        target, index, given = args
        function(*args)
        self._kept.append(target)
        try:
            value, place = self.value(given), index if isinstance(index, tuple) else (index,)
            whole = [k for k, i in enumerate(place) if i == slice(None)]
            numbers = [k for k, i in enumerate(place) if isinstance(i, int)]
            if len(numbers) != 1 or len(whole) + 1 != len(place) or value.step != place[numbers[0]]:
                raise Cannot(f"what is written into a tensor is not one whole step of it{here()}\n")
        except Cannot as refusal:
            self.refused[id(target)] = refusal
            return
        assert value.step is not None
        filled = self._filled.setdefault(id(target), {})
        filled[value.step] = value
        if len(filled) == self.sizes[STEPS]:
            at = numbers[0]
            self.follow(target, together(list(filled.values()), (*value.dims[:at], STEPS, *value.dims[at:])))
        else:
            self.refused[id(target)] = Cannot(f"a sequence is read before all of its steps are written{here()}\n")


def together(values: list[Value], dims: tuple[str, ...]) -> Value:
    """The sequence of which these are all steps, in order."""
    steps = [v.step for v in values]
    if len({_key(v)[0] for v in values}) != 1 or steps not in (sorted(steps), sorted(steps)[::-1]):  # type: ignore[type-var]
        raise Cannot("what is put together are not the steps of one sequence in their order")
    if steps != list(range(len(steps))):
        raise Cannot("the steps are put together from the last to the first: use torch.flip of the sequence instead")
    return replace(values[0].plain(), dims=dims, step=None)


def _placed(error: Exception) -> Cannot:
    """What cannot be said, with the user's line."""
    kind = type(error) if isinstance(error, Cannot) else Cannot
    return kind(f"{str(error).splitlines()[0]}{here()}\n")


def _key(value: Value) -> tuple[Any, ...]:
    return tuple(map(id, value.flows)), value.dims, value.stack, value.step is None


def _told(args: Any, kwargs: Any, knows: Callable[[Any], bool]) -> tuple[Any, ...]:
    """What a call was given beside followed tensors."""
    plain = [x for x in _flat((args, kwargs)) if not knows(x)]
    return tuple(id(x) if isinstance(x, torch.Tensor) else repr(x) for x in plain)


def _flat(given: Any) -> list[Any]:
    """All that tuples, lists and dicts hold."""
    if isinstance(given, tuple | list):
        return [x for one in given for x in _flat(one)]
    return [x for one in given.values() for x in _flat(one)] if isinstance(given, dict) else [given]


def _named(function: Any) -> str:
    """The name of what is called, of a property that of the property."""
    name = getattr(function, "__name__", str(function))
    return getattr(function.__self__, "__name__", name) if name == "__get__" else name


def here() -> str:
    """The user's line that runs now."""
    for frame in reversed(traceback.extract_stack()):
        file = Path(frame.filename)
        if _THEIRS not in file.parents and _OURS not in file.parents and "<" not in frame.filename:
            return f" ({file.name}:{frame.lineno}: {frame.line})"
    return ""
