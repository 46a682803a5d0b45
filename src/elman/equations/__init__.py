"""The language of equations: symbols, the op table, tracing, differentiation, rendering."""

import elman.equations.pickling  # noqa: F401, as cells know it then
from elman.equations.declared import constant
from elman.equations.functions import *  # noqa: F403
from elman.equations.functions import ACTIVATIONS, activation
from elman.equations.graph import Graph
from elman.equations.ops import OPS
from elman.equations.ranges import within
from elman.equations.trace import Cell, cell
from elman.equations.vectors import *  # noqa: F403

__all__ = ["ACTIVATIONS", "OPS", "Cell", "Graph", "activation", "cell", "constant", "within"]
