"""Every cell against its reference from the paper, live, on random numbers of several sizes: `make parity`."""

from dataclasses import replace

import pytest

pytestmark = pytest.mark.parity
pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it")

from tests import cell_problems  # noqa: E402
from tests.parity import cells  # noqa: E402

import elman as el  # noqa: E402

REFERENCES = cells.load()
for case, step in [*REFERENCES.values()]:  # those with an option for biases once more without them
    if not case.options and "bias" in getattr(el.cells.catalogue().get(case.cell), "options", {}):
        without = replace(case, options={"bias": False})
        REFERENCES.setdefault(without.name, (without, step))
SIZES = [(3, 2, 3, 5), (5, 5, 2, 9), (8, 1, 4, 2)]  # H, F, B, T; where a case is not free its own H and F
SEEDS = range(1, 3)


@pytest.mark.parametrize("name", REFERENCES)
def test_cell_is_what_its_paper_says(name: str) -> None:
    case, step = REFERENCES[name]
    for seed in SEEDS:
        for units, features, batch, steps in SIZES:
            sized = replace(case, units=units, features=[features]) if case.free and not case.sizes else case
            problem = cell_problems.draw(sized, batch, steps, seed)
            wanted = cells.results(problem, step)
            for engine in ("numpy", "native"):
                found = cell_problems.elman_results(problem, cell_problems.network(problem, "float64", engine))
                cell_problems.assert_close(found, wanted, 1e-9, f"{engine}, H={units}, F={features}, seed {seed}")


def test_every_cell_has_a_reference() -> None:
    assert {case.cell for case, _ in REFERENCES.values()} == set(el.cells.catalogue())
