"""Cases that a command holds out: a model that learns from the others is judged by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.checks import nearest
from elman.classify.judging import Judged, judge
from elman.classify.splitting import groups_held_out, held_out, parts_of
from elman.data.cases import Cases
from elman.data.names import counted, first_of, listed
from elman.errors import DataError, OptionError
from elman.training import Callback


@dataclass(frozen=True)
class HeldOut:
    """Which cases are held out, shape (N,), and what the user is told of it."""

    which: np.ndarray
    words: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, cases: Cases, share: float, seed: int, by: str | None) -> HeldOut:
        """A share of the cases of each kind, or of whole groups; none of them for a share of 0.

        Raises
        ------
        OptionError
            If `by` is no column that names the cases.
        DataError
            If none can be held out.
        """
        if by is not None and by not in cases.keys:
            raise _no_such(by, cases)
        if not share:
            if by is not None:
                raise OptionError(f"hold_out_by={by!r} (--hold-out-by) says how cases are held out, and none are")
            return cls(np.zeros(len(cases), bool))
        which = _chosen(cases, share, seed, by)
        notes = (*_rare(cases), *(() if by else _mixed(cases, which)))
        return cls(which, _words(cases, which, by), notes)

    @property
    def any(self) -> bool:
        return bool(self.which.any())

    def judged(self, learner: Any, cases: Cases, watch: Callable[[str, int], Iterable[Callback]]) -> Judged:
        """What a model like `learner` that learns from the other cases makes of these."""
        model = type(learner)(**learner.get_params() | {"channels": "last"})  # cases have theirs there
        rest = cases.take(~self.which)
        model.fit(rest, callbacks=watch("hold-out", model.members))
        return judge(model, cases.take(self.which), rest)


def _no_such(by: str, cases: Cases) -> OptionError:
    if not cases.keys:
        return OptionError(
            f"hold_out_by is {by!r} (--hold-out-by), and the cases are only numbered: name the columns that tell them "
            "apart with group= (--group), and one of these here"
        )
    return OptionError(
        f"hold_out_by is {by!r}{nearest(by, cases.keys)} (--hold-out-by); expected one of the columns that name the "
        f"cases: {listed(cases.keys)}"
    )


def _has_classes(cases: Cases) -> bool:
    return cases.labels is not None and cases.labels.dtype.kind != "f"


def _chosen(cases: Cases, share: float, seed: int, by: str | None) -> np.ndarray:
    assert cases.labels is not None
    kinds = np.unique(cases.labels, return_inverse=True)[1] if _has_classes(cases) else parts_of(cases.labels[:, None])
    which = held_out(kinds, share, seed) if by is None else groups_held_out(groups_of(cases, by), kinds, share, seed)
    if not which.any():
        what = f"{counted(len(cases), 'cases')}{f', which are all of one {by},' if by else ''}"
        raise DataError(
            f"none of {what} can be held out for a test; give --test FILE, or --hold-out 0 to judge nothing"
        )
    return which


def groups_of(cases: Cases, by: str) -> np.ndarray:
    """A number for each case, the same for those of one group."""
    place = cases.keys.index(by)
    names = [name[place] if len(cases.keys) > 1 else name for name in cases.names]
    numbers = {name: k for k, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names])


def _words(cases: Cases, which: np.ndarray, by: str | None) -> str:
    held, every = int(which.sum()), len(which)
    kinds = "every class" if _has_classes(cases) else "all parts of the range of their numbers"
    of = f"from {kinds}"
    if by is not None:
        groups = groups_of(cases, by)
        of = f"all cases of {len(set(groups[which]))} of the {len(set(groups))} that {by} tells apart"
    return (
        f"Tested on {held} of {every} cases, held out {of}: a model that learnt from the other {every - held} judged "
        f"them; the model that is written learnt from all {every}"
    )


def _rare(cases: Cases) -> list[str]:
    """A note on classes that no case could be held out of."""
    assert cases.labels is not None
    if not _has_classes(cases):
        return []
    classes, counts = np.unique(cases.labels, return_counts=True)
    alone = classes[counts == 1].tolist()
    if not alone:
        return []
    what = "class has" if len(alone) == 1 else "classes have"
    return [f"{len(alone)} {what} one case, which was not held out: {first_of(map(repr, alone))}"]


def _mixed(cases: Cases, which: np.ndarray) -> list[str]:
    """A note on what names several cases each, of which some are held out and others learnt from."""
    for key in cases.keys if len(cases.keys) > 1 else ():
        groups = groups_of(cases, key)
        both = len(set(groups[which]) & set(groups[~which]))
        if both and len(set(groups)) * 2 <= len(groups):
            return [
                f"cases of {both} of the {len(set(groups))} that {key} tells apart are on both sides of the test; "
                f"--hold-out-by {key} judges by others than were learnt from"
            ]
    return []
