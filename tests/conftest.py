"""Settings of the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# What CI says of a change depends on the change alone; at home hypothesis looks for new examples at every run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
