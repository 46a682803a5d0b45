"""Runs: a folder in which trainings leave where they stand, so that they go on from there, whatever ended them.

Within `saving` each training that begins has a place of its own in the folder, named by the order in which trainings
are made: the same pipeline, run again, finds the place of each. What is done side by side, or in other processes, has
scopes of its own, so that no order depends on time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from elman import checks
from elman.checks import flag, whole
from elman.errors import OptionError
from elman.training.often import USUAL, Every
from elman.training.run_folder import Run
from elman.training.scopes import Scope, within

Folder = str | os.PathLike[str] | None
HINT = "go on from it with resume=True, or give another folder, or remove this one"
KEPT = 3  # checkpoints of a training that is alone in its folder


@contextlib.contextmanager
def saving(
    folder: Folder,
    every: str | int | None = None,
    *,
    resume: bool = False,
    keep: int | None = None,
    alone: bool = False,
    writes: bool = True,
    about: Mapping[str, Any] | None = None,
    hint: str = HINT,
    option: str = "checkpoint=",
) -> Iterator[Run | None]:
    """Save the trainings that are done in this context.

    Parameters
    ----------
    folder : str or Path, optional
        Where; None saves nothing, and goes with no other option.
    every : str or int, optional
        How often, ``"10 min"``, ``"30 s"``, or a number of updates; 10 minutes by default.
    resume : bool, default False
        Whether trainings go on from what is there. A folder that holds a run is refused otherwise.
    keep : int, optional
        How many checkpoints of each training stay: 3 of one that is alone, else 1.
    alone : bool, default False
        Whether there is one training.
    writes : bool, default True
        Whether this process writes.
    about : mapping, optional
        What the run's own file says of it.
    hint : str
        How to go on with a run that was left, in the words of whoever asks.
    option : str, default "checkpoint="
        How whoever asks is told another folder.

    Raises
    ------
    OptionError
        If an option makes no sense, or the folder holds another run, or cannot be written.
    Terminated
        After SIGTERM, once the training that was under way is written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import elman as el
    >>> x, folder = np.ones((16, 5, 1)), tempfile.mkdtemp() + "/run"
    >>> def train():
    ...     nets = [el.Network(1, [el.GRU(4), el.Dense(1)], seed=seed) for seed in range(2)]
    ...     with saving(folder, "30 s", resume=True):
    ...         el.fit_many(nets, x, x, epochs=3, verbose=0)
    ...     return nets[0].arena.copy()
    >>> bool((train() == train()).all())  # the second time both are read
    True
    """
    flag(resume, "resume")
    if folder is None:
        for name, value in (("every", every), ("keep", keep), ("resume", resume or None)):
            if value is not None:
                raise OptionError(f"{name} is {value!r}, and there is no folder to save into: give checkpoint='run'")
        yield None
        return
    place, often = checks.path(folder, "checkpoint"), Every.of(USUAL if every is None else every)
    many = (KEPT if alone else 1) if keep is None else whole(keep, "keep")
    run = Run(place, often, many, resume=resume, alone=alone, writes=writes, about=about)
    with run.opened(hint, option), within(Scope(run)):
        yield run
