"""Gradient flow: how far back a loss reaches, and how its gradient grows or shrinks on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.equations import sum as over_features
from elman.insight.step_losses import StepLosses
from elman.insight.system import ROWS_AT_ONCE, System
from elman.insight.verdict import Verdict, geometric_mean
from elman.network import Network
from elman.plots import style
from elman.training.examples import examples
from elman.training.protocol import Arrays, Losses

BYTES_AT_ONCE = 1 << 27  # of Jacobians


@dataclass(frozen=True)
class GradientFlow:
    """Norms of gradients on their way back through time.

    Steps are counted from 1; ``norms[t - 1]`` belongs to the state after step t. Norms of a loss of one step are those
    of a sequence's own loss, not divided by the number of sequences or steps.

    Attributes
    ----------
    norms : ndarray, shape (T,)
        Of d L_T / d h_t, the loss at the last step: the geometric mean over the sequences in which it is not 0.
    by_sequence : ndarray, shape (B, T)
        The same of each sequence.
    by_state : dict of str to ndarray, shape (B, T)
        The same for each state by itself.
    pairs : ndarray, shape (T, T)
        ``[t, k]`` is the norm of d L_t / d h_k, the mean over the sequences; 0 where step t has no loss, or does not
        depend on step k. An output without time has its loss at the last step; one on another time axis than the states
        has its own number of steps t.
    by_parameter : dict of str to ndarray, shape (T, ...)
        The gradient of the whole loss by the step at which a parameter was used; the steps add up to its gradient. Of
        the layers that are looked at; and where those behind them go step by step, of these too.
    loss : float
        The whole loss.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4), el.Dense(1)], seed=0)
    >>> x = np.random.default_rng(0).normal(size=(2, 10, 1))
    >>> flow = el.insight.gradient_flow(net, x, np.zeros((2, 10, 1)))
    >>> flow.norms.shape, flow.pairs.shape, sorted(flow.parameter_norms())[:2]
    ((10,), (10, 10), ['0.U_n', '0.U_r'])
    """

    norms: np.ndarray
    by_sequence: np.ndarray
    by_state: dict[str, np.ndarray]
    pairs: np.ndarray
    by_parameter: dict[str, np.ndarray] = field(repr=False)
    loss: float = 0.0

    def triangle(self) -> np.ndarray:
        """`pairs`: norms of d L_t / d h_k for all pairs of steps (t, k).

        Returns
        -------
        ndarray, shape (T, T)
        """
        return self.pairs

    def parameter_norms(self) -> dict[str, np.ndarray]:
        """The norm of each parameter's gradient by the step it came through, (T,).

        Returns
        -------
        dict of str to ndarray, shape (T,)
        """
        return {name: np.linalg.norm(g.reshape(len(g), -1), axis=1) for name, g in self.by_parameter.items()}

    @property
    def found(self) -> Verdict:
        """What the norms say."""
        return Verdict.of(self.norms)

    @property
    def verdict(self) -> str:
        """The same in words, with its number and what to try."""
        return self.found.words

    @property
    def horizon(self) -> int:
        """How many steps a loss reaches back before its gradient has fallen to a hundredth."""
        return self.found.horizon

    def plot(self, ax: Any = None) -> Any:
        """Draw the norms over the steps: the mean, and the range of the sequences.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to; new axes by default.

        Returns
        -------
        matplotlib axes
        """
        ax = style.axes(ax)
        steps = np.arange(1, len(self.norms) + 1)
        mean, low, high = style.decades(ax, self.norms, self.by_sequence.min(axis=0), self.by_sequence.max(axis=0))
        bottom = np.where(np.isnan(low), ax.get_ylim()[0], low)
        ax.fill_between(steps, bottom, high, color=style.BLUE, alpha=0.2, linewidth=0, label="all sequences")
        ax.plot(steps, mean, color=style.BLUE, label="geometric mean", **style.dots(mean))
        ax.set(xlabel="step t", ylabel=r"norm of $\partial L_T / \partial h_t$", title=self.found.short)
        ax.set_xlim(0.5, len(steps) + 0.5)
        style.whole_numbers(ax.xaxis)
        ax.legend(frameon=False)
        return ax


def gradient_flow(
    net: Network, x: Arrays, target: Arrays, loss: Losses = "mse", *, state: Any = None, layer: str | None = None
) -> GradientFlow:
    """How the gradients of a loss travel back through time.

    From the exact Jacobians ``J_t = d s_t / d s_{t-1}`` of all states together: ``d L_t / d s_k`` is ``d L_t / d s_t``
    times ``J_t J_{t-1} ... J_{k+1}``, for all pairs at once.

    Parameters
    ----------
    net : Network
        Not changed in any way; what is computed is computed in float64, without dropout.
    x : array, shape (B, T, F)
        Inputs.
    target : array
        Targets, as for `Network.fit`.
    loss : str, Loss or function, default "mse"
        As for `Network.fit`.
    state : list of tuples of arrays (B, H), optional
        Initial states; zeros by default, or what the network begins with.
    layer : str, optional
        The layer whose states are looked at, by itself and fed by what it reads, such as ``"memory.forward"``; by
        default all recurrent layers together.

    Notes
    -----
    An output that a layer has beside its states is looked at as one of them, ``y``, which no step reads. Penalties on
    activities are left out of the loss.

    Returns
    -------
    GradientFlow

    Raises
    ------
    OptionError
        If the network has no states, or no step leads it from the past to the future: which layer is why.

    References
    ----------
    Y. Bengio, P. Simard and P. Frasconi, Learning long-term dependencies with gradient descent is difficult, IEEE
    Transactions on Neural Networks 5 (1994).
    R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, Network, SimpleRNN
    >>> net = Network(1, [SimpleRNN(8, initial={"U": 0.3 * np.eye(8)}), Dense(1)])
    >>> flow = gradient_flow(net, np.zeros((2, 30, 1)), np.ones((2, 30, 1)))
    >>> flow.found.kind, round(float(flow.norms[-2] / flow.norms[-1]), 6)
    ('vanishes', 0.3)
    """
    system = System(net, layer, outputs=True)
    data = examples(system.whole, x, target, loss)
    x, first = system.fed(data.inputs, state)
    losses = StepLosses(system, data.judged, data.inputs, x.shape[1])
    s = system.trajectory(x, first)
    total, gradients = losses.whole(s[:, 1:])  # (B, T, n): of the whole loss, first what it leaves directly
    pairs, last = step_pairs(system, losses, s, x, gradients)
    by_state = {name: np.linalg.norm(last[..., part], axis=-1) for name, part in system.parts.items()}
    by_sequence = np.linalg.norm(last, axis=-1)
    whole, by_parameter = losses.by_parameter(s, x, gradients, total)
    return GradientFlow(geometric_mean(by_sequence), by_sequence, by_state, pairs, by_parameter, whole)


@dataclass(frozen=True)
class Side:
    """With respect to what a gradient is: all states behind a step, some of their numbers, or some of its inputs'."""

    states: slice | None = None
    inputs: slice | None = None

    def norms(self, by_state: np.ndarray, by_input: np.ndarray | None) -> np.ndarray:
        """Of gradients with respect to the states behind a step (R, M, n), and to its inputs (R, M, F)."""
        if self.inputs is None:
            return np.asarray(np.linalg.norm(by_state if self.states is None else by_state[..., self.states], axis=-1))
        assert by_input is not None, "indices have no gradient"
        return np.asarray(np.linalg.norm(by_input[..., self.inputs], axis=-1))


ALL_STATES = Side()


def step_pairs(
    system: System, losses: StepLosses, s: np.ndarray, x: np.ndarray, gradients: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The norms of d L_t / d h_k for all pairs, the mean over the rows, and the gradients (B, T, n) of the last loss.

    Of states s (B, T + 1, n) along inputs x (B, T, F). Where `gradients` (B, T, n) are given, what a loss leaves in the
    states, what comes back from later steps is added to them.
    """
    found, last = pairs_of(system, losses.direct(s[:, 1:]), s, x, gradients=gradients)
    pairs = np.zeros((losses.count, x.shape[1]))
    pairs[losses.steps] = found[-len(losses.steps) :]
    return pairs, last


def pairs_of(
    system: System,
    direct: np.ndarray,
    s: np.ndarray,
    x: np.ndarray,
    by: Side = ALL_STATES,
    gradients: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The same of anything that leaves the gradients `direct` in the states, with respect to any `by`.

    `direct` is (B, T, n), of a value at each step, or (B, M, T, n), of M values at any steps.
    """
    B, T = x.shape[:2]
    M = T if direct.ndim == 3 else direct.shape[1]
    pairs, last = np.zeros((M, T)), np.zeros((B, T, system.n))
    few = direct.ndim == 3 and 2 * system.n > T + 1  # the pairs of steps are fewer than the rows of the Jacobians
    size = max(1, ROWS_AT_ONCE // (T + 1) if few else BYTES_AT_ONCE // (8 * max(T, M) * system.n**2))
    for at in range(0, B, size):
        rows = slice(at, at + size)
        whole = None if gradients is None else gradients[rows]
        if few:
            pairs += _carried_back(system, direct[rows], s[rows], x[rows], by, last[rows], whole) / B
            continue
        J, Jx = system.jacobian(s[rows, :-1].reshape(-1, system.n), x[rows].reshape(-1, system.F))
        J = J.reshape(-1, T, system.n, system.n)
        Jx = None if Jx is None else Jx.reshape(-1, T, system.n, system.F)
        pairs += _back(direct[rows], J, Jx, by, last[rows]) / B
        if whole is not None:
            _accumulate(whole, J)
    return pairs, last


def flow_of_outputs(net: Network, x: Any, layer: str | None = None) -> GradientFlow:
    """How far what the network says at the last step looks back: `gradient_flow` of the sum of its outputs there.

    Parameters
    ----------
    net : Network
        Not changed in any way.
    x : array, shape (B, T, F)
        Inputs, as the network takes them.
    layer : str, optional
        As for `gradient_flow`.
    """
    inputs, _ = net.check_batch(x, None)
    shapes = [(e.steps(inputs), e.outputs) if e.sequence_output else (e.outputs,) for e in net.ends]
    blank = tuple(np.zeros((len(inputs[0]), *shape)) for shape in shapes)
    return gradient_flow(net, x, blank if len(blank) > 1 else blank[0], _sum_of_outputs, layer=layer)


def _sum_of_outputs(y: Any, target: Any) -> Any:
    return over_features(y) + 0 * over_features(target)


def _back(direct: np.ndarray, J: np.ndarray, Jx: np.ndarray | None, by: Side, last: np.ndarray) -> np.ndarray:
    """Carry every loss back through all steps; the sums of norms (M, T) over the rows.

    `direct` is (R, T, n), of a loss at each step or at the last one, or (R, M, T, n), of M losses at any steps; `last`
    (R, T, n) is filled with the gradients of the last one.
    """
    R, T, n = last.shape
    ahead = direct.ndim == 3  # nothing comes from losses before the step that the loop is at
    M = T if ahead else direct.shape[1]
    under_way = np.zeros((R, M, n))  # d L_t / d s_k for all t, at the step k that the loop is at
    sums = np.zeros((M, T))
    for k in reversed(range(T)):
        first = k + 1 if ahead else 0
        if k < T - 1:
            under_way[:, first:] = under_way[:, first:] @ J[:, k + 1]
        if ahead:
            under_way[:, k] = direct[:, k]
        else:
            under_way += direct[:, :, k]
        by_input = under_way @ Jx[:, k] if Jx is not None and by.inputs is not None else None
        sums[:, k] = by.norms(under_way, by_input).sum(axis=0)
        last[:, k] = under_way[:, -1]
    return sums


def _carried_back(
    system: System,
    direct: np.ndarray,
    s: np.ndarray,
    x: np.ndarray,
    by: Side,
    last: np.ndarray,
    whole: np.ndarray | None,
) -> np.ndarray:
    """The same of a loss at each step (R, T, n) without Jacobians: the gradients themselves go back, step by step.

    What comes back of the whole loss is added to `whole` (R, T, n).
    """
    R, T, n = direct.shape
    under_way = np.zeros((R, T + 1, n))  # d L_t / d s_k for all t, and that of the whole loss
    sums = np.zeros((T, T))
    for k in reversed(range(T)):
        under_way[:, k] = direct[:, k]
        if whole is not None:
            whole[:, k] += under_way[:, T]
            under_way[:, T] = whole[:, k]
        last[:, k] = under_way[:, T - 1]
        before, by_input = system.carried(s[:, k], x[:, k], under_way[:, k:], want_input=by.inputs is not None)
        here = None if by_input is None else by_input[:, :-1]
        sums[k:, k] = by.norms(under_way[:, k:T], here).sum(axis=0)
        under_way[:, k:] = before
    return sums


def _accumulate(gradients: np.ndarray, J: np.ndarray) -> None:
    """Add to what a loss leaves in the states (R, T, n) what comes back from later ones."""
    for k in reversed(range(gradients.shape[1] - 1)):
        gradients[:, k] += np.einsum("ri,rij->rj", gradients[:, k + 1], J[:, k + 1])
