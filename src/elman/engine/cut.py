"""The smallest cut of a network of capacities, from its largest flow (Ford and Fulkerson; Edmonds and Karp)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping
from typing import TypeVar

V = TypeVar("V", bound=Hashable)


def sink_side(capacity: Mapping[tuple[V, V], float], source: V, sink: V) -> set[V]:
    """The vertices beyond the cheapest cut between source and sink; of several such cuts the one next to the sink.

    Parameters
    ----------
    capacity : mapping of (vertex, vertex) to float
        What it costs to cut each edge; infinite where it must not be cut.

    Examples
    --------
    >>> sorted(sink_side({("s", "a"): 5, ("a", "b"): 2, ("b", "t"): 3}, "s", "t"))
    ['b', 't']
    """
    left: dict[V, dict[V, float]] = defaultdict(dict)  # what can still flow
    for (a, b), room in capacity.items():
        left[a][b] = left[a].get(b, 0) + room
        left[b].setdefault(a, 0)
    while (path := _shortest_path(left, source, sink)) is not None:
        flow = min(left[a][b] for a, b in path)
        for a, b in path:
            left[a][b] -= flow
            left[b][a] += flow
    return _reaching(left, sink)


def _shortest_path(left: dict[V, dict[V, float]], source: V, sink: V) -> list[tuple[V, V]] | None:
    came: dict[V, V] = {source: source}
    queue = deque([source])
    while queue and sink not in came:
        a = queue.popleft()
        for b, room in left[a].items():
            if room > 0 and b not in came:
                came[b] = a
                queue.append(b)
    if sink not in came:
        return None
    path = []
    while sink != source:
        path.append((came[sink], sink))
        sink = came[sink]
    return path


def _reaching(left: dict[V, dict[V, float]], sink: V) -> set[V]:
    found, stack = {sink}, [sink]
    while stack:
        b = stack.pop()
        for a in left[b]:
            if a not in found and left[a][b] > 0:
                found.add(a)
                stack.append(a)
    return found
