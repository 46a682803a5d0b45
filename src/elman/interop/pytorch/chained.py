"""What PyTorch's own layers make of a state dict, one after the other: the other side of its proof."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.interop.proof import Trial
from elman.interop.pytorch.stages import Stage
from elman.network import Network


def results(torch: Any, stages: list[Stage], how: Any, net: Network, trial: Trial) -> list[np.ndarray]:
    """The outputs of a trial, then the final states."""
    x = torch.tensor(trial.inputs[0])
    lengths = np.full(len(x), x.shape[1]) if trial.lengths is None else trial.lengths
    states = None if trial.states is None else [torch.tensor(s) for s in trial.states]
    finals: list[np.ndarray] = []
    last = max((k for k, s in enumerate(stages) if s.is_recurrent), default=-1)
    with torch.no_grad():
        for k, stage in enumerate(stages):
            if k and stage.kind == stages[k - 1].kind == "Linear" and how.activation != "linear":
                x = getattr(torch.nn.functional, how.activation)(x)
            if stage.is_recurrent:
                x, ends, states = _recurrent(torch, stage, how, x, lengths, states, net)
                finals += ends
                x = _steps(torch, stage, how.steps, x, ends, lengths) if k == last else x
            else:
                x = _plain(torch, stage, net)(x.squeeze(-1).long() if stage.kind == "Embedding" else x)
    y = x.numpy()
    if y.ndim == 3:
        y = np.where((np.arange(y.shape[1]) < lengths[:, None])[..., None], y, 0)
    return [y, *finals]


def _recurrent(
    torch: Any, stage: Stage, how: Any, x: Any, lengths: np.ndarray, states: Any, net: Network
) -> tuple[Any, list[np.ndarray], Any]:
    """A recurrent layer over packed rows: its outputs, its final states as Elman has them, and states that are left."""
    rnn = torch.nn.utils.rnn
    module = _module(torch, stage, how, net)
    count, kinds = stage.layers * (1 + stage.both), 2 if stage.kind == "LSTM" else 1
    begin = None
    if states is not None:
        mine, states = states[: count * kinds], states[count * kinds :]
        groups = [torch.stack(mine[k::kinds]) for k in range(kinds)]
        begin = tuple(groups) if kinds > 1 else groups[0]
    packed = rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    y, ends = module(packed, begin)
    y, _ = rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
    several = ends if isinstance(ends, tuple) else (ends,)
    return y, [end[j].numpy() for j in range(count) for end in several], states


def _module(torch: Any, stage: Stage, how: Any, net: Network) -> Any:
    options: dict[str, Any] = {"num_layers": stage.layers, "bidirectional": stage.both, "bias": stage.bias}
    if stage.kind == "RNN":
        options["nonlinearity"] = how.nonlinearity
    if stage.projection:
        options["proj_size"] = stage.projection
    dtype = getattr(torch, net.dtype.name)
    module = getattr(torch.nn, stage.kind)(stage.reads, stage.hidden, batch_first=True, dtype=dtype, **options)
    return _loaded(torch, module, stage)


def _plain(torch: Any, stage: Stage, net: Network) -> Any:
    dtype = getattr(torch, net.dtype.name)
    if stage.kind == "Embedding":
        module = torch.nn.Embedding(*stage.tensors["weight"].shape, dtype=dtype)
    elif stage.kind == "Linear":
        module = torch.nn.Linear(stage.reads, stage.makes, bias=stage.bias, dtype=dtype)
    elif stage.kind == "LayerNorm":
        module = torch.nn.LayerNorm(stage.makes, dtype=dtype)
    else:
        module = _loaded(torch, torch.nn.BatchNorm1d(stage.makes, dtype=dtype), stage).eval()
        return lambda x: module(x.transpose(1, -1)).transpose(1, -1)
    return _loaded(torch, module, stage)


def _loaded(torch: Any, module: Any, stage: Stage) -> Any:
    module.load_state_dict({name: torch.tensor(value) for name, value in stage.tensors.items()}, strict=True)
    return module


def _steps(torch: Any, stage: Stage, steps: str, y: Any, ends: list[np.ndarray], lengths: np.ndarray) -> Any:
    if steps == "all":
        return y
    if steps == "last":
        return y[torch.arange(len(y)), torch.tensor(lengths) - 1]
    ways, kinds = 1 + stage.both, 2 if stage.kind == "LSTM" else 1
    return torch.tensor(np.concatenate(ends[-ways * kinds :: kinds], -1))
