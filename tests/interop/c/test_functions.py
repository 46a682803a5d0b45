"""The functions that are written out: their errors are what the header says, over a part of all floats."""

import re
import subprocess

import numpy as np
import pytest

from elman.interop.c.compiled import compiler
from elman.interop.c.functions import OWN, Functions

STEP = 4001  # of all floats, every such one; the errors that are stated are those of every 17th
NAMES = ("exp", "log", "log1p", "tanh", "sigmoid", "sin", "cos", "erf", "gelu", "softplus", "silu", "elu")
TRUE = {
    "sigmoid": "1 / (1 + exp(-x))",
    "gelu": "0.5 * x * erfc(-x * 0.70710678118654752440)",
    "softplus": "(x > 0 ? x : 0) + log1p(exp(-fabs(x)))",
    "silu": "x / (1 + exp(-x))",
    "elu": "x > 0 ? x : 1.5 * expm1(x)",
}
WITHIN = {"log": "x > 0", "log1p": "x > -1", "sin": "fabs(x) <= 8192", "cos": "fabs(x) <= 8192"}

PROGRAM = """
#include <stdint.h>
#include <string.h>
#include <math.h>
#include <stdio.h>
{functions}
#define CHECK(name, call, truth, within) \\
    {{ \\
        double units = 0, most = 0, scaled = 0; \\
        unsigned long wrong = 0; \\
        for (uint64_t bits = 0; bits < 4294967296u; bits += {step}) {{ \\
            const float f = float_of((uint32_t)bits); \\
            const double x = f; \\
            if (x != x) {{ wrong += call == call; continue; }} \\
            if (!(within)) continue; \\
            const double t = truth; \\
            const float y = call, nearest = (float)t, size = fabsf(nearest); \\
            if (isinf(nearest)) {{ wrong += y != nearest; continue; }} \\
            const double error = fabs((double)y - t); \\
            const double unit = size < 1.17549435e-38f ? 1.4012985e-45 : (double)(nextafterf(size, INFINITY) - size); \\
            if (!(error < 1e30) && size < 1e30f) wrong++; \\
            if (error / unit > units) units = error / unit; \\
            if (error > most) most = error; \\
            if (error / fmax(1, fabs(x)) > scaled) scaled = error / fmax(1, fabs(x)); \\
        }} \\
        printf("%s %.9g %.9g %.9g %lu\\n", name, units, most, scaled, wrong); \\
    }}
int main(void) {{
{checks}
    return 0;
}}
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    cc = compiler()
    if cc is None:
        pytest.skip("needs a compiler of C")
    functions = Functions(np.dtype(np.float32), own=True)
    called = {name: functions.name(name) for name in NAMES}
    checks = [
        f'    CHECK("{name}", {called[name]}(f{", 1.5f" if name == "elu" else ""}), '
        f"({TRUE.get(name, f'{name}(x)')}), {WITHIN.get(name, '1')})"
        for name in NAMES
    ]
    folder = tmp_path_factory.mktemp("functions")
    text = PROGRAM.format(functions=functions.written(), step=STEP, checks="\n".join(checks))
    (folder / "check.c").write_text(text)
    subprocess.run([cc, "-std=c99", "-O2", "check.c", "-lm", "-o", "check"], cwd=folder, check=True)
    lines = subprocess.run(["./check"], cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0]: [float(n) for n in line.split()[1:]] for line in lines}


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_what_is_stated(measured, name):
    units, most, scaled, wrong = measured[name]
    stated = OWN[f"own_{name}" if f"own_{name}" in OWN else name]
    bound = float(re.match(r"[\d.e-]+", stated).group())
    found = units if "units" in stated else scaled if "larger" in stated else most
    assert wrong == 0  # NaN of NaN, and infinities
    assert 0.3 * bound < found <= bound


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_literal_has_every_bit(dtype):
    functions = Functions(np.dtype(dtype), own=False)
    info = np.finfo(dtype)
    values = np.random.default_rng(0).normal(size=2000).astype(dtype) * dtype(10.0) ** np.arange(-20, 20).repeat(50)
    for value in [
        *values.astype(dtype),
        info.tiny,
        info.max,
        -info.max,
        info.smallest_subnormal,
        dtype(-0.0),
        dtype(1),
    ]:
        text = functions.number(value)
        back = dtype(text.removesuffix("f"))
        assert back == value and np.signbit(back) == np.signbit(value)


@pytest.mark.parametrize("own", [False, True])
def test_each_function_brings_what_it_calls_and_no_more(own):
    functions = Functions(np.dtype(np.float32), own)
    for name in functions.text:
        alone = Functions(np.dtype(np.float32), own)
        alone.use(name)
        text = alone.written()
        others = [used for used in alone.used if used != name]
        assert all(len(re.findall(rf"\b{used}\(", text)) > 1 for used in others if used != "bits"), name
