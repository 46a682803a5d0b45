"""Float32 products from bfloat16 parts: exact parts, the instruction's sums, and figures that are the file's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from benchmarks.machine_files import stored
from benchmarks.split_page import gain_words, section
from benchmarks.split_products import DISTRIBUTIONS, RESULTS, SIZES, WAYS, errors, instruction, parts, plain_product

from elman.engine.bfloat16 import rounded

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("scale", [1.0, 1e30, 1e-20, 3e38])
def test_three_parts_are_all_of_a_number(scale):
    x = np.float32(scale) * RANDOM.uniform(-1, 1, 1000).astype(np.float32)
    x = x[np.abs(x) > scale / 1000]
    found = parts(x)
    np.testing.assert_array_equal(sum(part.astype(np.float64) for part in found), x)
    for part in found:
        np.testing.assert_array_equal(rounded(part), part)


def test_parts_that_would_be_denormal_are_lost():
    x = np.float32(1.0078126e-36)
    assert parts(x)[1] == 0 and parts(x)[0] != x
    assert np.array(parts(np.float32(1e-39))).sum() == 0


def test_the_instruction_sums_even_and_odd_terms_apart():
    """Even terms alone lose the small ones, odd terms are added to what they come to, the total at last."""
    a, b = np.ones((1, 32), np.float32), np.ones((32, 1), np.float32)
    b[0], b[1], b[2:, 0] = 2.0**24, -(2.0**24), 1.0
    assert instruction(np.float32([[0.5]]), a, b)[0, 0] == 15.5  # -2^24 + 15 is exact, 2^24 + 1 + 1 ... is 2^24
    assert plain_product(a, b)[0, 0] == 30.0


def test_a_plain_product_rounds_once_for_each_term():
    a, b = RANDOM.normal(size=(3, 1)).astype(np.float32), RANDOM.normal(size=(1, 4)).astype(np.float32)
    np.testing.assert_array_equal(plain_product(a, b), a * b)


@pytest.mark.parametrize("name", ["normal", "uniform", "wide", "cancelling"])
def test_six_products_are_as_good_as_float32_and_one_is_not(name):
    found = errors(DISTRIBUTIONS[name], 128)
    assert found["6 products"]["rms"] <= found["float32"]["rms"] < found["3 products"]["rms"]
    assert found["bfloat16"]["rms"] > 2 * found["float32"]["rms"]


def test_the_file_holds_what_is_computed():
    kept = json.loads(RESULTS.read_text())["errors"]
    assert set(kept) == set(DISTRIBUTIONS) and set(kept["wide"]) == {str(K) for K in SIZES}
    for name, draw in DISTRIBUTIONS.items():
        for way, figures in errors(draw, SIZES[0]).items():
            assert kept[name][str(SIZES[0])][way] == pytest.approx(figures, rel=1e-6)
    assert set(kept["wide"]["64"]) == set(WAYS)


def test_gains_follow_from_what_a_workload_takes_in_both_kinds_of_numbers():
    rates = (("fit", 100.0), ("fit in bfloat16", 400.0))
    contenders = [{"library": "elman", "variant": way, "gflops": rate} for way, rate in rates]
    workload = {"name": "W8 bfloat16", "contenders": contenders}
    words = gain_words({"workloads": [workload]}, "W8")
    assert words == f"{1 / (0.75 - 0.18):.2f} with three, {1 / (1.5 - 0.45):.2f} with six"
    assert gain_words({"workloads": []}, "W8") == "not measured"


def test_no_machine_gains_what_is_wanted():
    """Else the section is wrong to say that none does."""
    lines = [line for line in section(stored()).splitlines() if " with three" in line]
    gains = [float(cell.split()[0]) for line in lines for cell in line.split(" | ") if " with three" in cell]
    assert lines and max(gains) < 1.3
