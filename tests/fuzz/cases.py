"""Cases of Elman's own files: which one is changed how, all by a number, and how it is judged."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

from tests.fuzz.bases import Base, bases
from tests.fuzz.judge import judged
from tests.fuzz.mutate import mutated_bytes, mutated_json, mutated_model, mutated_text

__all__ = ["bases", "drawn", "judged", "write"]

SHARES = {"model": 1.0, "checkpoint": 6.0, "streams": 4.0, "sweep": 4.0}  # how often one of the kind is drawn


def drawn(number: int, bases: list[Base], seed: int = 0) -> tuple[Base, random.Random]:
    """Which file case `number` changes, and what draws how."""
    draw = random.Random(f"{seed} {number}")
    weights = [SHARES[base.kind] * (4 if "cell" not in base.name else 1) for base in bases]
    return draw.choices(bases, weights)[0], draw


def write(base: Base, draw: random.Random, path: Path) -> None:
    """The file of a case."""
    if base.kind == "sweep":
        _sweep(base.path, draw, path)
    else:
        path.write_bytes(mutated_model(base.path.read_bytes(), draw))


def _sweep(whole: Path, draw: random.Random, path: Path) -> None:
    if draw.random() < 0.3:
        path.write_bytes(mutated_bytes(whole.read_bytes(), draw))
        return
    import duckdb

    shutil.copy(whole, path)
    with duckdb.connect(str(path)) as connection:
        table, column = draw.choice(
            (("sweep", "about"), ("sweep", "about"), ("trials", "settings"), ("trials", "versions"))
        )
        for (old,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()[:1]:
            new = json.dumps(mutated_json(json.loads(old), draw)) if draw.random() < 0.85 else mutated_text(old, draw)
            new = new.encode("utf-8", "replace").decode()
            connection.execute(f"UPDATE {table} SET {column} = ?", [new])
