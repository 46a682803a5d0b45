"""Names of built-in cells, for tests that go through all of them."""

from __future__ import annotations

from elman.cells import catalogue

ONE_INPUT = [name for name, cell in catalogue().items() if len(cell.inputs) == 1]
STATE_AS_OUTPUT = [name for name in ONE_INPUT if not catalogue()[name].trace().has_output]
