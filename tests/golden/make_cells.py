"""Writes cells.npz: what the references of `tests/parity/cells` make of small problems. Needs PyTorch.

.venv-parity/bin/python -m tests.golden.make_cells
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tests import cell_problems
from tests.parity import cells

FILE = Path(__file__).with_name("cells.npz")


def main() -> None:
    """For each case a row of JSON that says it, and one row of all its results, one after the other."""
    cases, arrays = {}, {}
    for name, (case, step) in cells.load().items():
        found = cells.results(cell_problems.draw(case), step)
        cases[name] = asdict(case)
        arrays[name] = np.concatenate([found[key].ravel() for key in sorted(found)])
    np.savez_compressed(FILE, cases=np.array(json.dumps(cases)), **arrays)


if __name__ == "__main__":
    main()
