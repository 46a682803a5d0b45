"""flax's side of the proof: its own modules run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.interop.jax.flax_cells import Piece
from elman.interop.jax.flax_modules import LAST, Block, is_linen, unwrapped
from elman.interop.peers import peer
from elman.interop.proof import Trial


@dataclass(frozen=True, eq=False)
class Model:
    """Runs a model of flax, module after module.

    Attributes
    ----------
    blocks : sequence of Block
    model, params : object
        As the user gave them: a `Sequential` also runs as a whole.
    """

    blocks: Sequence[Block]
    model: Any
    params: Any

    def __call__(self, trial: Trial) -> list[np.ndarray]:
        """The output, with zeros behind the ends of rows, and the final states in the order of the network's."""
        jnp = peer("jax").numpy
        (given_x,) = trial.inputs
        x = y = jnp.asarray(given_x[..., 0] if self.blocks[0].kind == "embed" else given_x)
        given = iter(trial.states or [])
        states: list[Any] = []
        with peer("jax").default_matmul_precision("highest"):
            for block in self.blocks:
                y, finals = _run(block, y, trial, given)
                states += finals
                if block.last or block.kind == LAST:
                    ends = np.full(len(x), x.shape[1]) if trial.lengths is None else trial.lengths
                    y = y[np.arange(len(x)), ends - 1]
            if trial.lengths is None and trial.states is None and self._runs_as_a_whole():
                y = _applied(self.model, unwrapped(self.params), x)
        output = np.array(y)
        if trial.lengths is not None and output.ndim == 3:
            output[np.arange(output.shape[1]) >= trial.lengths[:, None]] = 0
        return [output, *map(np.asarray, states)]

    def _runs_as_a_whole(self) -> bool:
        """Whether the model takes a sequence and returns one, without being told anything else."""
        told = [
            getattr(block.module, "time_major", False)
            or getattr(block.module, "return_carry", False)
            or block.kind == "dropout"
            for block in self.blocks
        ]
        return type(self.model).__name__ == "Sequential" and not any(told)


def _run(block: Block, x: Any, trial: Trial, given: Iterator[np.ndarray]) -> tuple[Any, list[Any]]:
    """A module, and its final states."""
    if block.kind in (LAST, "dropout"):
        return x, []
    if block.kind not in ("rnn", "bidirectional"):
        return _applied(block.module, block.params, x), []
    options: dict[str, Any] = {"return_carry": True, "time_major": False}
    if trial.states is not None:
        carries = [_carry(piece, given) for piece in block.pieces]
        options["initial_carry"] = tuple(carries) if block.kind == "bidirectional" else carries[0]
    if trial.lengths is not None:
        options["seq_lengths"] = peer("jax").numpy.asarray(trial.lengths)
    carry, y = _applied(*_as_rnn(block), x, **options)
    pairs = zip(block.pieces, carry if block.kind == "bidirectional" else [carry], strict=True)
    return y, [state for piece, one in pairs for state in _states(piece, one)]


def _as_rnn(block: Block) -> tuple[Any, Any]:
    """A cell alone in an RNN."""
    module = block.module
    if type(module).__name__ in ("RNN", "Bidirectional"):
        return module, block.params
    wrapped = peer("flax.linen").RNN(module) if is_linen(module) else peer("flax.nnx").RNN(module)
    return wrapped, {"cell": block.params}


def _applied(module: Any, params: Mapping[str, Any] | None, x: Any, **options: Any) -> Any:
    return module.apply({"params": params}, x, **options) if is_linen(module) else module(x, **options)


def _carry(piece: Piece, given: Iterator[np.ndarray]) -> Any:
    jnp = peer("jax").numpy
    states = [jnp.asarray(next(given)) for _ in piece.layer.cell.states]
    return tuple(reversed(states)) if piece.swapped else states[0]


def _states(piece: Piece, carry: Any) -> list[Any]:
    return list(reversed(carry)) if piece.swapped else [carry]
