"""A layer's step as a function of C: its equations as a comment, their names as those of its values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from elman.equations.render import plain_text
from elman.interop.c.ends import Ends
from elman.interop.c.names import remark


@dataclass
class Written:
    """A function of C.

    Attributes
    ----------
    name : str
    text : str
        Of the definition.
    arguments : list of str
        What it takes, of `state`, `inputs` by number, `memories` by number and `out`, in their order.
    checks : bool
        Whether it returns that an index is none.
    stack : int
        Bytes of its arrays.
    products : int
        Multiply-adds of a call; those with a memory are per step of that.
    per_memory : int
    """

    name: str
    text: str
    arguments: list[str]
    checks: bool
    stack: int
    products: int
    per_memory: int


@dataclass
class Writer(Ends):
    """Writes one layer."""

    def written(self) -> Written:
        self._begin()
        self._compute()
        self._ends()
        return self._finished()

    def _finished(self) -> Written:
        used = set(re.findall(r"\w+", " ".join([*self.lines, *self.arrays])))
        takes, arguments = [], []
        heads = [
            f"{self.real} *const {n} = s->{f};" for n, f in zip(self.states, self.fields, strict=True) if n in used
        ]
        written = {name for name in self.states if self._is_written(name)}
        heads = [h if h.split("const ")[1].split(" ")[0] in written else f"const {h}" for h in heads]
        if heads:
            takes.append(f"{self.state_type} *restrict s")
            arguments.append("state")
        for kind, names in (("input", self.given), ("memory", self.attended)):
            for number, name in enumerate(names):
                if name in used:
                    takes.append(f"const {self.real} *restrict {name}")
                    arguments.append(f"{kind} {number}")
                if kind == "memory" and self.counts[number] in used:
                    takes.append(f"size_t {self.counts[number]}")
                    arguments.append(f"steps {number}")
        if "out" in used:
            takes.append(f"{self.real} *restrict out")
            arguments.append("out")
        comment = "\n".join(f" *     {line}" for line in _clean(plain_text(self.step.graph)))
        result = "int" if self.checks else "void"
        body = [*heads, *(a for a in self.arrays), *self.lines, *(["return 0;"] if self.checks else [])]
        text = (
            f"/* {self.name}:\n{comment}\n */\nstatic {result} {self.name}({', '.join(takes) or 'void'}) {{\n"
            + "\n".join(f"    {line}" for line in body)
            + "\n}"
        )
        return Written(self.name, text, arguments, self.checks, self.stack, self.products, self.per_memory)

    def _is_written(self, name: str) -> bool:
        targets = [rf"(?:copy|fill)\({name}\b", rf"^\s*{name}\[[^\]]*\] = "]
        return any(re.search(t, line) for t in targets for line in self.lines)


def _clean(lines: Iterable[str]) -> list[str]:
    """Equations as a comment of C holds them."""
    return list(map(remark, lines))
