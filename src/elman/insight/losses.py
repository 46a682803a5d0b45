"""The losses of a network step by step: what each leaves directly at its own step, what each step's parameters get."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from elman.engine import make_engine
from elman.engine.interface import Batch
from elman.engine.schedule import schedule
from elman.insight.system import System
from elman.network import Activation
from elman.network.engines import layer_spec, loss_spec
from elman.training.examples import examples
from elman.training.protocol import Aim


class StepLosses:
    """The loss of each step by itself, of a network that is looked at.

    Parameters
    ----------
    system : System
        The network.
    target, loss
        As for `Network.fit`.
    shape : (B, T)
        Of the inputs.
    """

    def __init__(self, system: System, target: Any, loss: Any, shape: tuple[int, int]):
        self.system, self.net, (self.B, self.T) = system, system.net, shape
        blank = np.zeros((*shape, self.net.inputs))
        data = examples(self.net, blank, target, loss)
        (judged,) = data.judged
        self.target, self.width = judged.target, judged.width
        self.root = judged.loss.root  # taken at the very end
        self.loss = replace(judged.loss, root=False)
        self.every = self.net.sequence_output

    def direct(self, s: np.ndarray) -> np.ndarray:
        """d L_t / d s_t of the sequence's own loss at step t, from the states after each step (B, T, n)."""
        steps = slice(None) if self.every else slice(-1, None)
        h = np.ascontiguousarray(s[:, steps, self.system.output])
        goal = self.target if self.every else self.target[:, None]
        engine = self._readout()
        rows = h.shape[0] * h.shape[1]
        found = engine.gradients(self.net.arena, Batch.of(h, goal), want_input=True)
        out = np.zeros_like(s)
        out[:, steps, self.system.output] = found.input * rows
        return out

    def _readout(self) -> Any:
        """An engine of the layers behind the last recurrent one, and the loss."""
        net, first = self.net, self.system.last_layer + 1
        specs = [layer_spec(net, number) for number in range(first, len(net.layers))]
        width = self.system.output.stop - self.system.output.start
        if not specs:
            specs = [replace(layer_spec(net, 0), name="readout", graph=Activation("linear").graph(width), offsets={})]
        specs = [replace(spec, last=False) for spec in specs]
        plan = schedule(
            specs,
            width,
            net.arena.size,
            loss_spec(Aim(self.loss, self.width), net.outputs),
            input_gradient=True,
            dropout=False,
        )
        return make_engine(plan, net.dtype, net.engine_name, net.threads)

    def by_parameter(self, s: np.ndarray, x: np.ndarray, future: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The whole loss, and each parameter's gradient by the step at which it was used, (T, *shape)."""
        net, parts = self.net, np.zeros((self.T, self.net.arena.size))
        share = 1 / (self.B * (self.T if self.every else 1))  # of one step of one sequence in the whole loss
        total = 0.0
        with_loss = self._one_step()
        for t in range(self.T):
            judged = self.every or t == self.T - 1
            ahead, now = future[:, t] * share, x[:, t : t + 1]
            if judged:
                goal = self.target[:, t : t + 1] if self.every else self.target
                scale = self.B * share  # the engine's loss is a mean over the rows
                batch = replace(self.system.pulled(now, s[:, t], ahead / scale), targets=(goal,))
                found = with_loss.gradients(net.arena, batch, version=net.params.version)
                total += found.loss * scale
                parts[t] = found.parameters * scale
            else:
                batch = self.system.pulled(now, s[:, t], ahead)
                parts[t] = self.system.engine.gradients(net.arena, batch, version=net.params.version).parameters
        if self.root:
            total = float(np.sqrt(total))
            parts *= 0.5 / total if total > 0 else 0.0
        places = net.params.places.items()
        return total, {n: parts[:, p.offset : p.offset + p.size].reshape(-1, *p.shape) for n, p in places}

    def _one_step(self) -> Any:
        """An engine of the whole network with this loss, without dropout."""
        net = self.net
        specs = [layer_spec(net, number) for number in range(len(net.layers))]
        loss = loss_spec(Aim(self.loss, self.width), net.outputs)
        plan = schedule(specs, net.inputs, net.arena.size, loss, dropout=False)
        return make_engine(plan, net.dtype, net.engine_name, net.threads)
