"""Many fits at once: sweeps of settings."""

from elman.fleet.sweep_effects import Effect
from elman.fleet.sweep_options import Progress
from elman.fleet.sweep_results import Sweep
from elman.fleet.sweep_space import Range
from elman.fleet.sweep_tried import Tried
from elman.fleet.sweeping import Interrupted, read_sweep, sweep

__all__ = ["Effect", "Interrupted", "Progress", "Range", "Sweep", "Tried", "read_sweep", "sweep"]
