"""Zoneout of any cell."""

from __future__ import annotations

from dataclasses import replace

from elman import checks
from elman.equations import Cell, Graph
from elman.equations.graph import ordered
from elman.equations.store import stored
from elman.equations.symbols import Symbol, build
from elman.errors import OptionError

MASKS = ("dropout", "dropout_once")


def zoneout(cell: Cell, rate: float | None = None, **rates: float) -> Cell:
    """A cell with zoneout: in training each unit of a state stays as it was at a step with some probability.

    As dropout it makes a network robust by noise, but what is dropped is a change and not a value, so that signals and
    gradients of units that stay go back through time unhindered. ``h' = h + (1 - z) dropout(new - h, z)``, which is h
    where the mask is 0 and the new state elsewhere; outside of training it is their mean, ``z h + (1 - z) new``. Of an
    LSTM the output is made of the new cell state, before some of its units stay.

    Parameters
    ----------
    cell : Cell
        With states; choose its options before: ``lstm.with_options(bias=False)``. No name, which has no options: of one
        in a text, ``el.cells.as_cell("lstm")``.
    rate : float, optional
        Of all states that are not named.
    **rates : float
        The probability in [0, 1) by the state's name; those not named, without a `rate`, have none. The paper's for an
        LSTM of characters are ``c=0.5, h=0.05``.

    Returns
    -------
    Cell

    Raises
    ------
    OptionError
        If no rate comes, one is not in [0, 1), or belongs to no state, or to one that counts steps.

    Notes
    -----
    States that hold more than a recurrent value, such as the last inputs of a QRNN, should be named with a rate of 0.
    An output beside the states is not held, nor is a state that only counts steps, such as the ``t`` of a phased LSTM.

    References
    ----------
    D. Krueger et al., Zoneout: regularizing RNNs by randomly preserving hidden activations, ICLR 2017.

    Examples
    --------
    >>> import elman as el
    >>> zoneout(el.cells.simple, 0.1).equations()
    ['new_h = tanh(W x + U h + b)', 'h_t = h + 0.9 * dropout(new_h - h, 0.1)']
    >>> net = el.Network(3, [el.Recurrent(zoneout(el.cells.lstm, c=0.5, h=0.05), 16), el.Dense(1)])
    """
    checks.instance(cell, Cell, "zoneout's cell", "a cell, such as el.cells.lstm")
    chosen = _rates(cell, rate, rates)
    graph = cell.trace()
    chosen |= dict.fromkeys(_clocks(graph, rates), 0.0)
    number = max((int(node.second) + 1 for node in graph.nodes() if node.op in MASKS), default=0)
    outputs, names = list(graph.outputs), dict(graph.names)
    at = len(outputs) - len(graph.states)
    for k, state in enumerate(graph.states):
        if chosen[state.name]:
            new = outputs[at + k]
            outputs[at + k] = _held(state, new, chosen[state.name], number + k)
            names |= {new: _free(f"new_{state.name}", graph), outputs[at + k]: state.name}
    return stored(replace(graph, outputs=outputs, names=names), cell)


def _rates(cell: Cell, rate: float | None, rates: dict[str, float]) -> dict[str, float]:
    """The rate of each state."""
    unknown = sorted(set(rates) - set(cell.states))
    if unknown or not cell.states:
        states = ", ".join(cell.states) or "none"
        raise OptionError(f"zoneout: {cell.name} has no state {unknown[0] if unknown else 'to hold'}; it has {states}")
    if rate is None and not rates:
        raise OptionError(f"zoneout needs a rate, such as zoneout({cell.name}, 0.1) or {cell.states[0]}=0.1")
    found = {state: rates.get(state, 0.0 if rate is None else rate) for state in cell.states}
    return {state: checks.real(z, f"zoneout's rate of {state}", 0, 1, from_low=True) for state, z in found.items()}


def _clocks(graph: Graph, rates: dict[str, float]) -> list[str]:
    """The states that go on by themselves, such as a count of steps: held, they would tell a wrong time."""
    free = ("parameter", "input", "memory", "state")
    reads = [{node for node in ordered([new]) if node.op in free} for new in graph.new_states]
    clocks = [s.name for s, read in zip(graph.states, reads, strict=True) if read == {s}]
    for name in clocks:
        if rates.get(name):
            raise OptionError(
                f"zoneout: the state {name} of {graph.name} counts steps and cannot be held; leave it out"
            )
    return clocks


def _held(state: Symbol, new: Symbol, rate: float, number: int) -> Symbol:
    kept = build("dropout", new - state, first=rate, second=number)
    return state + round(1 - rate, 15) * kept


def _free(name: str, graph: Graph) -> str:
    taken = {*graph.parameters, *graph.names.values(), *(s.name for s in (*graph.inputs, *graph.states))}
    return next(n for n in (name, *(f"{name}_{k}" for k in range(99))) if n not in taken)
