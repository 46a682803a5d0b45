"""What a loss is: equations of a prediction ``y`` and a target, and what it asks of a target."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from elman.equations import Cell, Graph
from elman.equations.symbols import width
from elman.equations.trace import Option
from elman.errors import EquationError, OptionError


@dataclass(frozen=True)
class Loss:
    """A loss: its equations, and what it asks of a target.

    Attributes
    ----------
    name : str
        For messages and histories.
    cell : Cell
        Equations of (p, y, target) without parameters or states, one value a row. The loss of a batch is the weighted
        mean of these over rows and time steps.
    root : bool
        Whether the square root of that mean is taken.
    index_target : Cell, optional
        Equations that serve when the target is one class index a row.
    bounds : (float, float), optional
        Least and largest value of a target that makes sense.
    not_after : tuple of str
        Ops that a network for this loss must not end with: what they make is no logit.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> @el.cell(inputs=2)
    ... def cubic(p, y, target):
    ...     return el.mean(el.abs(y - target) ** 3)
    >>> loss = el.Loss("cubic", cubic)
    >>> loss.values(np.array([[1.0], [3.0]]), np.array([[0.0], [1.0]])).tolist()
    [1.0, 8.0]
    """

    name: str
    cell: Cell
    root: bool = False
    index_target: Cell | None = None
    bounds: tuple[float, float] | None = None
    not_after: tuple[str, ...] = ()

    def with_options(self, **options: Option) -> Loss:
        """The same loss with other options of its equations.

        Parameters
        ----------
        **options
            By name, of those that its equations have.

        Returns
        -------
        Loss

        Examples
        --------
        >>> from elman.training.losses import LOSSES
        >>> smooth = LOSSES["softmax_cross_entropy"].with_options(smoothing=0.1)
        >>> robust = LOSSES["huber"].with_options(delta=0.5)
        """
        of_classes = None if self.index_target is None else self.index_target.with_options(**options)
        return replace(self, cell=self.cell.with_options(**options), index_target=of_classes)

    def for_classes(self) -> Loss:
        """The loss of class indices.

        Returns
        -------
        Loss
        """
        if self.index_target is None:
            raise OptionError(f"{self.name} has no form for class indices")
        return replace(self, cell=self.index_target, index_target=None, bounds=None)

    def graph(self, outputs: int, target_width: int) -> Graph:
        """The traced equations for a network of so many outputs and a target of so many features.

        Parameters
        ----------
        outputs : int
            Features of the output.
        target_width : int
            Features of the target.

        Returns
        -------
        Graph

        Raises
        ------
        EquationError
            If they have parameters, or more than one value a row.
        ShapeError
            If output and target do not fit together.
        """
        graph = self.cell.trace()
        if graph.parameters:
            raise EquationError(f"the loss {self.name} uses p.{next(iter(graph.parameters))}: a loss has no parameters")
        graph.bind([outputs, target_width], None)
        if width(graph.outputs[0]) != 1:
            raise EquationError(
                f"the loss {self.name} has {width(graph.outputs[0])} values a row; a loss returns one: use el.mean(...)"
            )
        return graph

    def values(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The loss of each row (and step): arrays (..., O) and (..., O') to (...).

        Parameters
        ----------
        y : array, shape (..., O)
            What was given.
        target : array, shape (..., O')
            What was wanted.

        Returns
        -------
        ndarray, shape (...)
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.cell(None, y, target))[..., 0]
