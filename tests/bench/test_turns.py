"""Turns: fair order, disturbed ones repeated while there is patience, and figures that follow from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elman.bench import blas, sgemm, turns
from elman.bench.figures import figures
from elman.bench.measure import measure
from elman.bench.turns import Options, Run, Turn, take_turns, warmed_up
from elman.bench.workloads import choose


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    monkeypatch.setattr(turns, "TURN_S", 0.004)
    monkeypatch.setattr(turns, "PAUSE_S", 0.0)
    monkeypatch.setattr(turns, "_busy_seconds", lambda: 0.0)


def test_everyone_has_a_turn_in_each_round():
    order = []

    def player(name):
        return lambda: order.append(name) or Turn(len(order), 0.0)

    found = take_turns([player("a"), player("b")], Options(threads=1, rounds=3, patience_s=1))
    assert order == ["a", "b"] * 3
    assert [[turn.ms for turn in each] for each in found] == [[1, 3, 5], [2, 4, 6]]


def test_a_disturbed_turn_is_repeated_and_the_least_disturbed_one_kept():
    given = iter([Turn(9.0, 0.5), Turn(7.0, 0.2), Turn(5.0, 0.01), Turn(4.0, 0.0)])
    found = take_turns([lambda: next(given)], Options(threads=1, rounds=2, patience_s=1))
    assert found == [[Turn(5.0, 0.01), Turn(4.0, 0.0)]]


def test_without_patience_a_disturbed_turn_stays_and_is_counted():
    found = take_turns([lambda: Turn(9.0, 0.5)], Options(threads=1, rounds=3, patience_s=0))
    assert figures(found[0], found[0], 1.0).disturbed_rounds == 3


def test_a_turn_is_as_many_epochs_as_fill_its_time(monkeypatch):
    clock = [0.0]

    def epoch():
        clock[0] += 2**-10

    monkeypatch.setattr(turns.time, "perf_counter", lambda: clock[0])
    player = warmed_up(Run(epoch, lambda _: 2.5), units=10)
    assert player.loss == 2.5 and player.epochs == 5
    assert player.turn().ms == 2**-10 * 1e3 / 10  # a tenth of an epoch


def test_figures_are_medians_and_shares_of_the_product_in_the_same_round():
    own, product = [Turn(ms, 0.0) for ms in (1.0, 2.0, 4.0)], [Turn(ms, 0.0) for ms in (1.0, 1.0, 3.0)]
    found = figures(own, product, flops=sgemm.FLOPS / 2)
    assert found.ms == 2.0 and found.gflops == sgemm.FLOPS / 2 / 2e6
    assert found.fraction_of_sgemm == 0.375  # of 0.5, 0.25, 0.375


def test_a_measurement_holds_what_it_says(monkeypatch):
    monkeypatch.setattr(blas, "threads", lambda: 1)
    monkeypatch.setattr(sgemm, "PRODUCTS", 1)
    workload = replace(choose(["W6 GRU"])[0], hidden=8, steps=20)
    found = measure([workload], Options(threads=1, rounds=2, patience_s=0))
    assert [timing.way for timing in found.timings] == ["stream", "step"]
    assert {product.library for product in found.products} == {"elman", "numpy"}
    assert found.products[0].gflops >= found.products[1].gflops
    plain = found.plain()["timings"][0]
    assert plain["workload"] == "W6 GRU" and plain["unit"] == "step" and len(plain["rounds_ms"]) == 2
    assert plain["gflops"] == pytest.approx(workload.flops() / (plain["ms"] * 1e6))


def test_numpys_product_does_not_count_with_other_threads(monkeypatch):
    monkeypatch.setattr(blas, "threads", lambda: 7)
    monkeypatch.setattr(sgemm, "PRODUCTS", 1)
    found = measure([], Options(threads=1, rounds=1, patience_s=0))
    assert [product.library for product in found.products] == ["elman"]


def test_the_threads_of_the_blas_are_those_of_the_environment(monkeypatch):
    for name in blas.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    cores = blas.threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert cores >= 1 and blas.threads() == 5
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert blas.threads() == 3
