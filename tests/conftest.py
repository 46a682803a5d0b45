"""Settings of the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# What CI says of a change depends on the change alone; at home hypothesis looks for new examples at every run.
# A busy machine is no failure: examples have no deadline.
settings.register_profile("home", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "home")

# What tests write need not outlive a failure of the power: their disks would be waited for more than anything else.
if not os.environ.get("ELMAN_FAULTS"):
    os.fsync = lambda number: None
