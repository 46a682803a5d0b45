"""What is kept of a machine: its name, and of many rounds as much as the pages show."""

from __future__ import annotations

import json

import pytest
from benchmarks.machine_files import MACHINES, name_of, rounded, store, stored, title, trimmed

from benchmarks import machine_files
from elman.machine import machine, microarchitecture

INTEL = {"processor": "Intel(R) Xeon(R) Processor @ 2.10GHz", "cores": 2, "instructions": "avx2, amx_bf16"}


@pytest.mark.parametrize(
    "more, words, name",
    [
        ({}, "Intel Xeon, AMX, 2 cores", "intel-xeon-amx-2-cores"),
        ({"microarchitecture": "Emerald Rapids"}, "Intel Xeon, Emerald Rapids, 2 cores", None),
        ({"instructions": "avx2"}, "Intel Xeon, 2 cores", "intel-xeon-2-cores"),
        ({"processor": "Neoverse-N1", "instructions": "asimd", "cores": 64}, "Neoverse-N1, 64 cores", None),
    ],
)
def test_machines_have_names(more, words, name):
    assert title(INTEL | more) == words
    assert name is None or name_of(INTEL | more) == name


@pytest.mark.parametrize(
    "vendor, family, model, name",
    [
        ("AuthenticAMD", 25, 17, "Zen 4"),
        ("AuthenticAMD", 25, 1, "Zen 3"),
        ("AuthenticAMD", 26, 2, "Zen 5"),
        ("AuthenticAMD", 99, 2, ""),
        ("GenuineIntel", 6, 143, "Sapphire Rapids"),
        ("GenuineIntel", 6, 1, ""),
    ],
)
def test_processors_are_told_apart_by_family_and_model(vendor, family, model, name):
    assert microarchitecture({"vendor_id": vendor, "cpu family": str(family), "model": str(model)}) == name


def test_a_processor_that_says_nothing_has_no_microarchitecture():
    assert microarchitecture({}) == ""


def test_this_machine_has_a_name():
    assert name_of(machine()) and title(machine()).endswith("cores")


def measured() -> dict:
    turns = {"rounds_ms": [3.0, 1.0, 2.00004], "ratios": [1.5, 1.25, 1.0], "loss_agrees": True}
    contenders = [{"library": "elman", "variant": "fit", "ms": 2.00004, **turns}, {"library": "keras", "missing": "no"}]
    product = {"library": "elman", "numbers": "float32", "gflops": [100.0, 300.0, 200.0, 250.0, 260.0]}
    workload = {"name": "W1", "contenders": contenders, "product": product, "goals": [{"factor": 4}]}
    held = {"ms": 1.0, "rounds_ms": [1.0] * 5, "peak_mib": 123.456}
    return {
        "time": "2030-01-02T03:04:05", "machine": INTEL, "imports": [{"library": "elman", "rounds_s": [0.1, 0.3, 0.2]}],
        "memory": [{"steps": 1000, "normal": held, "low": held}], "workloads": [workload],
    }  # fmt: skip


def test_of_the_rounds_the_lowest_the_median_and_the_highest_are_kept():
    kept = trimmed(measured())
    (workload,) = kept["workloads"]
    assert workload["contenders"][0]["rounds_ms"] == [1.0, 2.0, 3.0] and "goals" not in workload
    assert workload["contenders"][0]["ratios"] == [1.0, 1.25, 1.5]
    assert workload["contenders"][0]["loss_agrees"] is True
    assert workload["contenders"][1] == {"library": "keras", "missing": "no"}
    assert workload["product"]["gflops"] == [100.0, 250.0, 300.0]
    assert kept["memory"][0]["low"]["peak_mib"] == 123.5
    assert measured()["workloads"][0]["contenders"][0]["rounds_ms"] == [3.0, 1.0, 2.00004]


def test_products_of_older_results_are_of_float32():
    old = measured()
    old["workloads"][0]["sgemm"] = {"library": "numpy", "gflops": [1.0]}
    del old["workloads"][0]["product"]
    assert trimmed(old)["workloads"][0]["product"] == {"library": "numpy", "numbers": "float32", "gflops": [1.0] * 3}


def test_numbers_keep_four_digits_and_words_all():
    assert rounded({"a": [1234567.0, 0.00012345678], "b": "1234567", "c": 1234567, "d": None, "e": True}) == {
        "a": [1235000.0, 0.0001235], "b": "1234567", "c": 1234567, "d": None, "e": True,
    }  # fmt: skip


def test_a_new_measurement_takes_the_place_of_its_machines_old_one(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_files, "MACHINES", tmp_path)
    store(measured())
    file = store(measured() | {"time": "2031-01-01T00:00:00"})
    other = store(measured() | {"time": "2030-06-01T00:00:00", "machine": INTEL | {"cores": 4}})
    assert list(stored()) == [file.stem, other.stem] == ["intel-xeon-amx-2-cores", "intel-xeon-amx-4-cores"]
    assert stored()[file.stem] == json.loads(file.read_text()) == trimmed(measured() | {"time": "2031-01-01T00:00:00"})


def test_files_are_of_the_machines_that_they_are_called_by():
    assert {file.stem for file in MACHINES.glob("*.json")} == {name_of(each["machine"]) for each in stored().values()}
    assert all(file.stat().st_size < 100_000 for file in MACHINES.glob("*.json"))
