"""Weight drop of any cell."""

from __future__ import annotations

from typing import Any

from elman import checks
from elman.cells.zoneout import MASKS
from elman.equations import Cell
from elman.equations.store import constant_values, from_data, graph_data
from elman.errors import OptionError


def weight_drop(cell: Cell, rate: float) -> Cell:
    """A cell with weight drop: in training each weight of its recurrent matrices is zero with some probability.

    ``dropout(U, rate) @ h`` in place of ``U @ h``: the mask is of weights, and not of values, and one mask serves all
    steps and rows of an update, so that what a state carries is not broken up by fresh noise at each step. Recurrent
    are the matrices that multiply what depends on a state. Outside of training the matrices are whole.

    Parameters
    ----------
    cell : Cell
        With states; choose its options before: ``lstm.with_options(bias=False)``. No name, which has no options: of one
        in a text, ``el.cells.as_cell("lstm")``.
    rate : float
        The probability, in [0, 1).

    Returns
    -------
    Cell
        With the same parameters.

    Raises
    ------
    OptionError
        If the rate is none, or the cell multiplies no state by a matrix.

    References
    ----------
    S. Merity, N. S. Keskar and R. Socher, Regularizing and optimizing LSTM language models, ICLR 2018; after L. Wan,
    M. Zeiler, S. Zhang, Y. LeCun and R. Fergus, Regularization of neural networks using DropConnect, ICML 2013.

    Examples
    --------
    >>> import elman as el
    >>> weight_drop(el.cells.simple, 0.3).equations()
    ['h_t = tanh(W x + dropout(U, 0.3) h + b)']
    >>> net = el.Network(3, [el.Recurrent(weight_drop(el.cells.lstm, 0.5), 16), el.Dense(1)])
    """
    checks.instance(cell, Cell, "weight_drop's cell", "a cell, such as el.cells.lstm")
    rate = checks.real(rate, "weight_drop's rate", 0, 1, from_low=True)
    graph = cell.trace()
    data = graph_data(graph, doc=cell.__doc__ or "")
    recurrent = _recurrent(data)
    if not recurrent:
        raise OptionError(f"weight_drop: {cell.name} multiplies no state by a matrix, so that there is none to drop")
    made = from_data(_dropped(data, recurrent, rate) if rate else data)
    made.initial = {**constant_values(graph), **cell.initial}
    made.frozen = cell.frozen
    return made


def _recurrent(data: dict[str, Any]) -> set[int]:
    """The products, by their places in the data, whose operand depends on a state."""
    rows, states = data["nodes"], {k for k, row in enumerate(data["nodes"]) if row[0] == "state"}
    reads = set(states)
    for number, row in enumerate(rows):
        if reads & set(row[1]):
            reads.add(number)
    return {k for k, row in enumerate(rows) if row[0] in ("matmul", "matmul_t") and row[1][1] in reads}


def _dropped(data: dict[str, Any], recurrent: set[int], rate: float) -> dict[str, Any]:
    """The same equations with a mask on the matrix of some products; a matrix that several use has one mask."""
    masks = max((int(row[3]) + 1 for row in data["nodes"] if row[0] in MASKS), default=0)
    rows: list[list[Any]] = []
    now: dict[int, int] = {}  # where each node has gone
    masked: dict[int, int] = {}  # the mask of each matrix
    for number, (op, inputs, *rest) in enumerate(data["nodes"]):
        operands = [now[i] for i in inputs]
        if number in recurrent:
            matrix = inputs[0]
            if matrix not in masked:
                masked[matrix] = len(rows)
                whole = data["nodes"][matrix]
                value = now[whole[1][0]] if whole[0] == "matrix" else operands[0]
                rows.append(["dropout", [value], rate, masks + len(masked) - 1, ""])
            operands[0] = masked[matrix]
        now[number] = len(rows)
        rows.append([op, operands, *rest])
    names = {str(now[int(k)]): name for k, name in data["names"].items()}
    return {**data, "nodes": rows, "outputs": [now[k] for k in data["outputs"]], "names": names}
