"""Settings of the whole suite."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.draws import SHARE

# What CI says of a change depends on the change alone; at home hypothesis looks for new examples at every run.
# A busy machine is no failure: examples have no deadline.
settings.register_profile("home", deadline=None, max_examples=SHARE)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=SHARE)
settings.load_profile("ci" if os.environ.get("CI") else "home")

# What tests write need not outlive a failure of the power: their disks would be waited for more than anything else.
if not os.environ.get("ELMAN_FAULTS"):
    os.fsync = lambda number: None

# Files of few tests that take long: they come first, as what comes last may be waited for by one process alone.
LONG = """
    engine/test_interrupts.py kills/test_kills.py interop/c/test_agreement.py engine/test_soak.py jobs/test_dask.py
    jobs/test_run.py faults/test_kills.py faults/test_injection.py cli/test_sweep.py equations/test_endless.py
    test_random_graphs.py test_random_cells.py test_determinism.py engine/test_forks.py engine/test_exit.py test_docs.py
    parity/test_benchmark.py parity/test_notebook.py parity/interop/test_docs.py parity/interop/test_flax.py
""".split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long; `--no-loadscope-reorder` leaves it so."""
    place = {f"tests/{name}": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))
