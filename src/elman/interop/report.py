"""What a conversion did: which parameter became which, by which convention, and how far both sides differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Mapped:
    """One step of a conversion.

    Attributes
    ----------
    theirs, ours : str
        What it is called there and here: ``lstm.weight_ih_l0`` and ``0.W_i, 0.W_f, 0.W_g, 0.W_o``.
    how : str
        The convention, where there is one: "gates i f g o", "reset before the product", "biases summed".

    Examples
    --------
    >>> import elman as el
    >>> el.interop.Mapped("lstm.weight_ih_l0", "0.W_i, 0.W_f, 0.W_g, 0.W_o", "gates i f g o").ours
    '0.W_i, 0.W_f, 0.W_g, 0.W_o'
    """

    theirs: str
    ours: str
    how: str = ""


@dataclass(frozen=True)
class Report:
    """What a conversion did, and the proof that both sides are the same map.

    Attributes
    ----------
    source, target : str
        From what to what, with versions: "PyTorch 2.13.0", "Elman 0.1.0".
    mapped : tuple of Mapped
        What became what.
    differences : dict of str to float
        By output, and by final state, the largest difference over all trials: absolute, and of values beyond 1 relative
        to the largest of the array. Empty where nothing was run.
    tolerance : float
        What was allowed.
    trials : tuple of str
        What was run: "3 rows of 7 steps", "ragged rows of 9, 1, 4 steps" ...
    notes : tuple of str
        What was assumed, left out or cannot be said there.

    Examples
    --------
    >>> import elman as el
    >>> report = el.interop.Report("PyTorch", "Elman", notes=("biases are summed",))
    >>> report.noting("dropout is left out").notes
    ('biases are summed', 'dropout is left out')
    """

    source: str
    target: str
    mapped: tuple[Mapped, ...] = ()
    differences: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = 0.0
    trials: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def largest(self) -> float:
        """The largest of the differences."""
        return max(self.differences.values(), default=0.0)

    def noting(self, *notes: str) -> Report:
        """The same with more notes.

        Parameters
        ----------
        *notes : str
            Sentences.

        Returns
        -------
        Report
        """
        return replace(self, notes=(*self.notes, *notes))

    def plain(self) -> dict[str, Any]:
        """In terms of JSON.

        Returns
        -------
        dict
        """
        return asdict(self) | {"differences": dict(self.differences), "largest": self.largest}

    def __str__(self) -> str:
        lines = [f"{self.source} -> {self.target}"]
        rows = [(m.theirs, _brief(m.ours), m.how) for m in self.mapped]
        lines += _columns(rows)
        if self.trials:
            lines += ["", f"largest differences over {'; '.join(self.trials)} (allowed: {self.tolerance:g})"]
            lines += _columns([(name, f"{found:.2g}") for name, found in self.differences.items()])
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def _brief(names: str) -> str:
    """Names that share what stands before their last dot, with it once: ``lstm: W_i, W_f``."""
    several = [name.rpartition(".") for name in names.split(", ")]
    stem = several[0][0]
    if len(several) == 1 or not stem or any(one[0] != stem for one in several):
        return names
    return f"{stem}: {', '.join(one[2] for one in several)}"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of texts below one another."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(f"{text:<{w}}" for text, w in zip(row, wide, strict=True)).rstrip() for row in rows]
