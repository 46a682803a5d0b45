"""Time axes of a batch in PyTorch, and what goes along them: moves, packing, rows that end early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.utils import rnn


@dataclass
class Span:
    """A time axis of a batch: how many steps it has, and the steps in use of each row, all of them where None."""

    rows: int
    steps: int
    lengths: Any = None  # (B,)

    def inside(self) -> Any:
        """Which steps are in use, (B, T); None where all are."""
        if self.lengths is None:
            return None
        return torch.arange(self.steps, device=self.lengths.device) < self.lengths.unsqueeze(1)

    def zeroed(self, x: Any) -> Any:
        """A sequence (B, T, F) with zeros behind each row's end."""
        inside = self.inside()
        return x if inside is None else torch.where(inside.unsqueeze(-1), x, torch.zeros_like(x))

    def filled(self, x: Any) -> Any:
        """A sequence whose last step in use stands behind the end too, so that what is computed there is a number."""
        if self.lengths is None:
            return x
        steps = torch.arange(self.steps, device=x.device)
        return _at(x, torch.minimum(steps, (self.lengths - 1).clamp(min=0).unsqueeze(1)))

    def reversed(self, x: Any) -> Any:
        """Each row from its last step to its first."""
        if self.lengths is None:
            return x.flip(1)
        steps = torch.arange(self.steps, device=x.device).expand(self.rows, -1)
        back = self.lengths.unsqueeze(1) - 1 - steps
        return _at(x, torch.where(back >= 0, back, steps))

    def last(self, x: Any) -> Any:
        """The last step of each row, (B, F)."""
        return self._step(x, -1)

    def _step(self, x: Any, number: int) -> Any:
        """One step of each row, counted from its end where negative; zeros where a row has none."""
        if self.lengths is None:
            place = number if number >= 0 else self.steps + number
            return x[:, place] if 0 <= place < self.steps else torch.zeros_like(x[:, 0])
        place = self.lengths + number if number < 0 else torch.full_like(self.lengths, number)
        there = ((place >= 0) & (place < self.lengths)).unsqueeze(-1)
        found = _at(x, place.clamp(0, self.steps - 1).unsqueeze(1))[:, 0]
        return torch.where(there, found, torch.zeros_like(found))

    def moved(self, x: Any, kind: str, number: int) -> Any:
        """A value taken to other steps; see `elman.engine.moves`."""
        if kind == "repeat":
            return x.unsqueeze(1).expand(-1, self.steps, -1)
        if kind == "reverse":
            return self.reversed(x)
        if kind == "take":
            return self._step(x, number)
        return self._shifted(x, number) if kind == "shift" else self._gathered(x, kind)

    def _shifted(self, x: Any, number: int) -> Any:
        zeros = torch.zeros_like(x[:, : min(abs(number), self.steps)])
        kept = self.zeroed(x)
        return torch.cat([zeros, kept], 1)[:, : self.steps] if number >= 0 else torch.cat([kept[:, -number:], zeros], 1)

    def _gathered(self, x: Any, kind: str) -> Any:
        inside = self.inside()
        if kind == "max":
            lowest = x if inside is None else x.masked_fill(~inside.unsqueeze(-1), float("-inf"))
            found = lowest.max(1).values  # of ties the gradient goes to one
            return found if inside is None else torch.where(inside.any(1, keepdim=True), found, torch.zeros_like(found))
        total = self.zeroed(x).sum(1)
        if kind == "sum":
            return total
        return total / (self.steps if self.lengths is None else self.lengths.clamp(min=1).unsqueeze(1))


def _at(x: Any, steps: Any) -> Any:
    """Other steps (B, S) of a sequence."""
    return x.gather(1, steps.unsqueeze(-1).expand(-1, -1, x.shape[-1]))


def recur(module: Any, x: Any, begins: list[Any], span: Span) -> tuple[Any, list[Any]]:
    """A recurrent layer of PyTorch's own over rows that may end early: its outputs, and states (D, B, H)."""
    begin = tuple(begins) if len(begins) > 1 else begins[0]
    if span.lengths is None:
        y, finals = module(x, begin)
        return y, list(finals) if isinstance(finals, tuple) else [finals]
    packed = rnn.pack_padded_sequence(x, span.lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False)
    y, finals = module(packed, begin)
    y, _ = rnn.pad_packed_sequence(y, batch_first=True, total_length=span.steps)
    there = (span.lengths > 0).view(1, -1, 1)
    finals = finals if isinstance(finals, tuple) else (finals,)
    return y, [torch.where(there, new, old) for new, old in zip(finals, begins, strict=True)]
