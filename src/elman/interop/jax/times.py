"""Time axes: which steps of each row are in use, and moves of values between steps.

Behind a row's end values are those of its last step: equations that run there have nothing to fail at, so that no NaN
comes back as a gradient. What leaves the network is 0 there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.interop.peers import peer


@dataclass(frozen=True, eq=False)
class Times:
    """The steps T of an axis, and how many of them each row has, (B,): all, where that is None."""

    steps: int
    lengths: Any = None

    def used(self) -> Any:
        """Which steps are in use, (B, T)."""
        return _numbers(self.steps) < self.lengths[:, None]

    def held(self, values: Any) -> Any:
        """Values (B, T, n) that stay behind a row's end what they were."""
        return values if self.lengths is None else self._taken(values, _numbers(self.steps))

    def begun(self, x: Any) -> Any:
        """An input, whatever lies behind the ends of its rows; a row without a step has those of another."""
        if self.lengths is None:
            return x
        jnp = peer("jax").numpy
        other = jnp.argmax(self.lengths > 0)
        return self.held(jnp.where((self.lengths > 0)[:, None, None], x, x[other, :1]))

    def zero_behind(self, values: Any) -> Any:
        if self.lengths is None:
            return values
        return peer("jax").numpy.where(self.used()[:, :, None], values, 0)

    def _taken(self, values: Any, places: Any) -> Any:
        """Values at places of each row, the next one that there is where there is none; (T,) or (B, T)."""
        jnp = peer("jax").numpy
        last = jnp.maximum(self._ends() - 1, 0)[:, None]
        return jnp.take_along_axis(values, jnp.clip(places, 0, last)[:, :, None], axis=1)

    def _ends(self) -> Any:
        return peer("jax").numpy.full(1, self.steps) if self.lengths is None else self.lengths

    # --- moves ----------------------------------------------------------------------------------------------

    def moved(self, kind: str, number: int, values: Any) -> Any:
        """What a move makes of values (B, T, n) of this axis, or of (B, n) to it."""
        if kind == "repeat":
            rows, features = values.shape
            return peer("jax").numpy.broadcast_to(values[:, None], (rows, self.steps, features))
        return getattr(self, f"_{kind}")(values, number)

    def _reverse(self, values: Any, number: int) -> Any:
        if self.lengths is None:
            return values[:, ::-1]
        return self._taken(values, self.lengths[:, None] - 1 - _numbers(self.steps))

    def _shift(self, values: Any, number: int) -> Any:
        """The values `number` steps before, 0 where there is no such step."""
        jnp = peer("jax").numpy
        places = _numbers(self.steps) - number
        there = (places >= 0) & (places < self._ends()[:, None])
        found = jnp.where(there[:, :, None], values[:, jnp.clip(places, 0, self.steps - 1)], 0)
        return self.held(found)

    def _take(self, values: Any, number: int) -> Any:
        jnp = peer("jax").numpy
        ends = jnp.broadcast_to(self._ends(), values.shape[:1])
        place = jnp.full_like(ends, number) if number >= 0 else ends + number
        found = jnp.take_along_axis(values, jnp.clip(place, 0, self.steps - 1)[:, None, None], axis=1)[:, 0]
        return jnp.where(((place >= 0) & (place < ends))[:, None], found, 0)

    def _sum(self, values: Any, number: int) -> Any:
        return self.zero_behind(values).sum(1)

    def _mean(self, values: Any, number: int) -> Any:
        return self._sum(values, number) / peer("jax").numpy.maximum(self._ends(), 1)[:, None].astype(values.dtype)

    def _max(self, values: Any, number: int) -> Any:
        """The first of the largest: it has the gradient."""
        jnp = peer("jax").numpy
        known = values if self.lengths is None else jnp.where(self.used()[:, :, None], values, -jnp.inf)
        found = jnp.take_along_axis(values, jnp.argmax(known, axis=1, keepdims=True), axis=1)[:, 0]
        return jnp.where(self._ends()[:, None] > 0, found, 0)


def _numbers(steps: int) -> Any:
    return peer("jax").numpy.arange(steps)
