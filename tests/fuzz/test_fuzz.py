"""A few seconds of what `make fuzz` does at length, always the same: changed files are refused, or sane."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.bases import bases
from tests.fuzz.cases import drawn, write
from tests.fuzz.judge import judged
from tests.fuzz.mutate import mutated_bytes
from tests.fuzz.readers import READERS, read_one

BASES = (
    "model-chain", "model-graph", "model-layers", "model-made", "model-forecaster-plain", "model-classifier",
    "model-language-characters", "checkpoint-chain", "streams",
)  # fmt: skip
CASES = 10
FILES = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return bases(tmp_path_factory.mktemp("bases"), BASES)


@pytest.mark.parametrize("name", BASES)
def test_models(made, tmp_path, name):
    mine = [base for base in made if base.name == name]
    assert judged(name, mine[0].kind, mine[0].path) == "sane"
    found = set()
    for number in range(CASES):
        base, draw = drawn(number, mine, seed=1)
        write(base, draw, tmp_path / "case.file")
        found.add(judged(name, base.kind, tmp_path / "case.file"))
    assert "refused" in found


@pytest.mark.parametrize("name", READERS)
def test_readers(name, tmp_path):
    seeds, draw = READERS[name][2](), random.Random(name)
    read = [read_one(name, seed, tmp_path) for seed in seeds]
    assert any(read) or name in ("mnist", "parquet-cases")  # whose seeds are near misses
    for _ in range(FILES):
        read_one(name, mutated_bytes(draw.choice(seeds), draw), tmp_path)
