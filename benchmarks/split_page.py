"""The section of docs/performance.md on float32 products from bfloat16 parts, an experiment that has ended."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.comparisons import AMX
from benchmarks.machine_files import title
from benchmarks.markdown import markdown, paragraph
from benchmarks.split_products import DISTRIBUTIONS, RESULTS, SIZES, WAYS

WANTED = 1.3  # times faster than float32, in W5 or W8
OUTSIDE = {"W5 LSTM": 0.13, "W8": 0.09}  # what is no product, as a share of the time in float32 (notes.md)
DRAWN = {
    "normal": "normal",
    "uniform": "uniform, 0 to 1",
    "wide": "exponents over 40 powers of two",
    "cancelling": "sums that cancel to a millionth",
    "tiny": "numbers of 1e-36",
}


def section(machines: dict[str, dict[str, Any]]) -> str:
    """What was found, and what follows from it on every machine that was measured."""
    found = json.loads(RESULTS.read_text())
    what = f"""
        A float32 number is the sum of three bfloat16 numbers, and a product of such numbers is exact in float32: so
        matrix registers, which multiply bfloat16 only, could make float32 products of the three or six largest
        products of parts. It would be kept as `products="float32x3"` if W5 or W8 gained {WANTED} times over float32.
        They would not on any machine measured, so it is not."""
    errors = f"""
        Errors beside float64, in float32 roundings (2^-24) of the sum of all |a b|: root mean square (largest) of
        {SIZES[0]} and of {SIZES[-1]:,} terms, by NumPy in the order in which AMX sums, {found["date"]}
        (`python -m benchmarks.split_products`). Six products are at least as good as plain float32, as AMX sums even
        and odd terms of 32 apart; three are not, where sums are short. Neither holds where parts become denormal, which
        the instructions take as zeros; above 3.39e38 the first part is infinite."""
    heading = ("numbers", "terms", *WAYS)
    rows = [error_row(found["errors"][name], name, K) for name in DISTRIBUTIONS for K in (SIZES[0], SIZES[-1])]
    parts = ("## Float32 from bfloat16 parts", paragraph(what), paragraph(errors), markdown(heading, rows))
    return "\n\n".join((*parts, paragraph(speed_text(found)), gains(machines)))


def error_row(errors: dict[str, Any], name: str, K: int) -> tuple[str, ...]:
    shown = [f"{each['rms']:.2g} ({each['most']:.2g})" for each in (errors[str(K)][way] for way in WAYS)]
    return (DRAWN[name], f"{K:,}", *shown)


def speed_text(found: dict[str, Any]) -> str:
    speeds = found["speeds"]
    return f"""
        Products of 1024 x 1024 by the engine's kernels on {title(found["machine"])}, {speeds["threads"]} threads:
        {speeds["float32"]:.0f} GFLOP/s in float32 and {speeds["bfloat16"]:.0f} in bfloat16 ({found["kernels"]}),
        {speeds["ratio"]:.2f} times as many. Three products take {3 / speeds["ratio"]:.2f} times as long as one in
        float32, six {6 / speeds["ratio"]:.2f} times, without what splitting costs. For whole workloads on paper, from
        what they took in both kinds of numbers: what is no product, {OUTSIDE["W5 LSTM"]:.0%} of W5 and
        {OUTSIDE["W8"]:.0%} of W8 in float32 (see below), would stay as it is, products would take as often as long as
        in bfloat16 as there are of them, and splitting nothing."""


def gains(machines: dict[str, dict[str, Any]]) -> str:
    """What each workload would gain on each machine, and the rate that would be needed to gain enough."""
    rows = [
        (title(results["machine"]), *(gain_words(results, name) for name in OUTSIDE), needed(results))
        for results in machines.values()
    ]
    faster = f"{WANTED} times the fastest float32 product needs in bfloat16; W5 and W8 reach"
    heading = ("", *(f"{name}, times faster" for name in OUTSIDE), faster)
    return markdown(heading, rows)


def gain_words(results: dict[str, Any], name: str) -> str:
    """As "1.05 with three, 0.49 with six"."""
    rates = rates_of(results, name)
    if rates is None:
        return "not measured"
    of_bfloat16, rest = rates[0] / rates[1], OUTSIDE[name]  # of the time in float32
    gains = {words: 1 / (count * of_bfloat16 - (count - 1) * rest) for words, count in (("three", 3), ("six", 6))}
    return ", ".join(f"{gain:.2f} with {words}" for words, gain in gains.items())


def rates_of(results: dict[str, Any], name: str) -> tuple[float, float] | None:
    """Elman's operations a second in float32 and in bfloat16, in turns."""
    for workload in results["workloads"]:
        if workload["name"] == f"{name} bfloat16":
            rate = {
                each["variant"]: each.get("gflops") for each in workload["contenders"] if each["library"] == "elman"
            }
            if rate.get("fit") and rate.get("fit in bfloat16"):
                return rate["fit"], rate["fit in bfloat16"]
    return None


def needed(results: dict[str, Any]) -> str:
    product = max(each["gflops"] for each in results["products"] if each.get("numbers", "float32") == "float32")
    reached = [rates[1] for rates in (rates_of(results, name) for name in OUTSIDE) if rates]
    of_registers = "with matrix registers" if AMX in results["machine"]["instructions"] else "with vectors"
    return f"{3 * WANTED * product:.0f} GFLOP/s; {max(reached):.0f} {of_registers}" if reached else ""
