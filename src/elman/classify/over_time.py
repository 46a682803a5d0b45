"""Over time: what an estimator thought of sequences after each of their steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.checks import whole
from elman.classify.face import Learner
from elman.classify.running import together
from elman.data.cases import Cases
from elman.network import Network
from elman.network.prefixes import hindrance_of_prefixes, prefix_network


def over_time(learner: Learner, X: Any, every: int = 1) -> np.ndarray:
    """What an estimator says of the first steps of each case, (N, S) or (N, S, C).

    Where no step of the networks sees those behind it, one pass finds all; else the beginnings of the cases are read
    one by one, at a cost that grows with the square of their length.

    Parameters
    ----------
    learner : Learner
    X : array, list, data frame or path
        N cases.
    every : int, default 1
        Steps from one answer to the next: column j is what it says after ``min((j + 1) * every, T_n)`` steps.

    Returns
    -------
    ndarray
        float64, NaN behind the last step of a case.
    """
    every = whole(every, "every")
    cases = learner._read(X)
    x, steps = learner.scaling_.inputs(cases), steps_of(cases, every)
    outputs = np.stack([_of_network(net, x, cases.lengths, steps) for net in learner.networks_])  # (M, A, O)
    answers = learner._judged(outputs)
    found = np.full((*steps.shape, *answers.shape[1:]), np.nan)
    found[steps > 0] = answers
    return found


def steps_of(cases: Cases, every: int) -> np.ndarray:
    """After how many steps each answer is given, (N, S); 0 where there is none."""
    ends = every * np.arange(1, -(-cases.values.shape[1] // every) + 1)
    return np.where(ends - every < cases.lengths[:, None], np.minimum(ends, cases.lengths[:, None]), 0)


def _of_network(net: Network, x: np.ndarray, lengths: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """What a network makes of the beginnings that are asked for, (A, O)."""
    asked, _ = np.nonzero(steps)
    ends = steps[steps > 0]
    if not hindrance_of_prefixes(net.structure):
        return _in_one_pass(prefix_network(net), x, lengths, asked, ends)
    found = np.empty((len(ends), net.outputs))
    for some in together(ends):
        found[some] = net(x[asked[some], : ends[some].max()], lengths=ends[some])
    return found


def _in_one_pass(net: Network, x: np.ndarray, lengths: np.ndarray, asked: np.ndarray, ends: np.ndarray) -> np.ndarray:
    found = np.empty((len(ends), net.outputs))
    for some in together(lengths):
        outputs = net(x[some, : lengths[some].max()], lengths=lengths[some])
        place = np.full(len(x), -1)
        place[some] = np.arange(len(some))
        mine = place[asked] >= 0
        found[mine] = outputs[place[asked[mine]], ends[mine] - 1]
    return found
