"""What a layer's function leaves: its output and new states, where they lie elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from elman.interop.c.order import base
from elman.interop.c.places import Place
from elman.interop.c.statements import Statements
from elman.interop.c.values import Value


@dataclass
class Ends(Statements):
    """Copies of what is not where it belongs."""

    def _ends(self) -> None:
        moves = []  # (to, value)
        if self.out is not None and self.places.get(self.out, Place("")).text != "out":
            moves.append(("out", self.out, self.out.width))
        for old, new, name in zip(self.step.states, self.step.new_states, self.states, strict=True):
            if new is not old and new not in self.in_place:
                moves.append((name, new, new.width))
        self._move(moves)

    def _move(self, moves: list[tuple[str, Value, int]]) -> None:
        """Copies, none of what another has written over."""
        while moves:
            targets = [to for to, *_ in moves]
            free = next((m for m in moves if not any(self._reads(o, m[0]) for o in moves if o is not m)), None)
            if free is None:  # a ring: what the first writes over is kept
                kept = next(m for m in moves if self._reads(m, targets[0]) and m[0] != targets[0])
                name = self._local(f"old_{targets[0]}", kept[2])
                self._copy(name, kept[1], kept[2])
                new = Value("array", width=kept[2])
                self.places[new] = Place(name)
                moves = [(m[0], new, m[2]) if m is kept else m for m in moves]
                continue
            self._copy(*free)
            moves = [m for m in moves if m is not free]

    def _reads(self, move: tuple[str, Value, int], name: str) -> bool:
        where = base(move[1])
        return where.op != "number" and self.places[where].text == name

    def _copy(self, to: str, value: Value, wide: int) -> None:
        if wide == 1:
            self.lines.append(f"{to}[0] = {self.at(value, '0')};")
        elif value.op == "number":
            self.functions.use("fill")
            self.lines.append(f"fill({to}, {self.at(value, '0')}, {wide});")
        else:
            self.functions.use("copy")
            self.lines.append(f"copy({to}, {self._pointer(value)}, {wide});")
