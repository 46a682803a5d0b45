"""Names of built-in cells, for tests that go through all of them."""

from __future__ import annotations

from elman.cells import catalogue

ONE_INPUT = [name for name, cell in catalogue().items() if len(cell.inputs) == 1]
SMOOTH = [name for name in ONE_INPUT if name != "lif"]
"""Those whose gradients are slopes; a spike's is a surrogate."""
STATE_AS_OUTPUT = [name for name in SMOOTH if not catalogue()[name].trace().has_output]
