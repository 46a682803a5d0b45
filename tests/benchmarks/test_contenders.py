"""Contenders run in processes of their own; one that cannot is named with its reason, and trials take the fastest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.adapters.allocator import keep_memory
from benchmarks.adapters.trials import fastest
from benchmarks.imports import import_times
from benchmarks.processes import measure
from benchmarks.run import entry

from elman.bench.turns import Options, Run
from elman.bench.workloads import choose


@pytest.fixture(scope="module")
def contenders():
    """Elman twice, beside a library that there is not."""
    workload = replace(choose(["W2"])[0], hidden=4, updates=10)
    pairs = (("elman", "fit"), ("nobody", "fit"), ("elman", "sgemm"))
    return workload, measure(workload, pairs, Options(threads=1, rounds=1, patience_s=0), limit_s=300)


def test_a_contender_is_timed_in_a_process_of_its_own(contenders):
    workload, (elman, _, product) = contenders
    found = entry(elman, elman, product, workload)
    assert found["ms"] > 0 and found["loss_agrees"] and found["ratios"] == [1.0]
    assert found["memory_mib"] > 10 and 0 < found["fraction_of_sgemm"] < 1
    assert elman.process.exitcode == 0


def test_a_library_that_is_not_there_is_named_as_missing(contenders):
    workload, (elman, nobody, product) = contenders
    found = entry(nobody, elman, product, workload)
    assert found["missing"].startswith("not installed") and "nobody" in found["missing"]


def test_a_trial_takes_the_fastest_and_begins_anew(monkeypatch):
    begun, clock = [], [0.0]
    monkeypatch.setattr("benchmarks.adapters.trials.time.perf_counter", lambda: clock[0])

    def begin(name: str, seconds: float) -> Run:
        begun.append(name)

        def epoch() -> str:
            clock[0] += seconds
            return name

        return Run(epoch, loss=lambda _: 0.0)

    run = fastest([lambda: begin("slow", 0.005), lambda: begin("fast", 0.0), lambda: begin("slower", 0.01)])
    assert run.epoch() == "fast" and begun == ["slow", "fast", "slower", "fast"]


def test_a_single_setting_needs_no_trial():
    begun = []
    fastest([lambda: begun.append(1) or Run(lambda: 0.0)])
    assert begun == [1]


def test_arrays_are_as_ever_where_memory_is_kept():
    keep_memory()
    assert float(np.ones(1 << 20).sum()) == 1 << 20


def test_imports_are_timed_or_their_lack_is_told(monkeypatch):
    monkeypatch.setattr("benchmarks.imports.MODULES", {"elman": "elman", "nobody": "a_library_of_nobody"})
    elman, nobody = import_times(times=1)
    assert 0 < elman["seconds"] < 60 and elman["first_use_s"] > 0 and len(elman["rounds_s"]) == 1
    assert "a_library_of_nobody" in nobody["missing"]
