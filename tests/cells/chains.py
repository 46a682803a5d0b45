"""The built-in cells that a chain of layers can hold: those of one input."""

from __future__ import annotations

from elman.cells import catalogue

CHAINED = {name: cell for name, cell in catalogue().items() if len(cell.inputs) == 1}
SMOOTH = {name: cell for name, cell in CHAINED.items() if name != "lif"}
"""Those whose gradients are slopes; a spike's is a surrogate."""
SEEN = {name: cell for name, cell in SMOOTH.items() if not cell.trace().has_output}
"""Of those the ones whose output is a state."""
