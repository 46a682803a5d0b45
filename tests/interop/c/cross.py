"""C on other machines: networks compiled for an ARM Cortex-M4, run by qemu, and for WebAssembly, run by node.

``make test-c-cross``, or ``python -m tests.interop.c.cross [arm] [wasm]``. It needs arm-none-eabi-gcc with newlib and
qemu-system-arm (of Debian: gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm); zig (of PyPI: ziglang) and
node. Each network runs on drawn sequences, whose outputs by the engine are in the program; it says how far it is from
these.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import elman as el
from elman.engine.slots import ONCE
from elman.interop.c.compiled import WARNINGS
from elman.interop.proof import TOLERANCE, Trial, ours, trials
from tests.interop.c import networks

NAMES = (
    *("gru", "lstm", "hyper_lstm", "mlstm", "lmu", "phased_lstm", "layer_norm_lstm", "lru", "co_rnn", "slstm"),
    *("causal convolution", "attention pool", "bidirectional", "embedding", "tied", "normalised", "two ways", "wide"),
)
FLAGS = ("-std=c99", "-O2", *WARNINGS)
CORTEX = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")

START = """
/* What a Cortex-M4 begins with: the stack, and a reset that allows floating-point numbers. */
void _start(void);
extern char stack_end[];
void reset(void);
void reset(void) {
    *(volatile unsigned *)0xE000ED88u |= 0xFu << 20;
    __asm volatile("dsb\\n isb");
    _start();
    for (;;) {
    }
}
__attribute__((section(".vectors"), used)) void *const vectors[2] = {stack_end, (void *)reset};
"""
LINKED = """
MEMORY { code (rx) : ORIGIN = 0x0, LENGTH = 4M  data (rwx) : ORIGIN = 0x20000000, LENGTH = 4M }
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) KEEP(*(.init)) KEEP(*(.fini)) } > code
  .ARM.exidx : { *(.ARM.exidx*) } > code
  .data : { *(.data*) } > data
  .bss : { __bss_start__ = .; *(.bss*) *(COMMON) . = ALIGN(8); __bss_end__ = .; } > data
  end = .; __end__ = .;
  stack_end = ORIGIN(data) + LENGTH(data);
}
"""
NODE = """
const { WASI } = require("wasi");
const fs = require("fs");
const wasi = new WASI({ version: "preview1", args: ["run"], env: {}, returnOnExit: true });
WebAssembly.instantiate(fs.readFileSync(process.argv[2]), { wasi_snapshot_preview1: wasi.wasiImport }).then((found) => {
  process.exitCode = wasi.start(found.instance);
});
"""


def written(folder: Path) -> list[str]:
    """Networks and a program that runs them, in a folder; the names of the sources."""
    every, sources, calls = networks.every(), ["main.c"], []
    heads = ["#include <math.h>", "#include <stdint.h>", "#include <stdio.h>"]
    for number, (name, how) in enumerate(_drawn()):
        called = f"n{number}"
        program, files = networks.in_c(every[name], called, **how)
        (folder / f"{called}.h").write_text(files.header)
        (folder / f"{called}.c").write_text(files.code)
        sources.append(f"{called}.c")
        heads.append(f'#include "{called}.h"')
        allowed = 0.1 if how.get("weights") == "int8" else TOLERANCE[every[name].dtype]
        calls.append(_call(program, every[name], f"{name} {' '.join(how.values())}".strip(), allowed))
    functions = [text for text, _ in calls]
    body = "\n".join(f"    failed += {called}();" for _, called in calls)
    main = "\n".join(
        [*heads, *functions, f"int main(void) {{\n    int failed = 0;\n{body}\n    return failed != 0;\n}}\n"]
    )
    (folder / "main.c").write_text(main)
    return sources


def _drawn() -> list[tuple[str, dict[str, str]]]:
    own = [(name, {"math": "own"}) for name in ("gru", "lmu", "normalised")]
    return [*((name, {}) for name in NAMES), *own, ("wide", {"weights": "int8"})]


def _call(program: Any, net: el.Network, what: str, allowed: float) -> tuple[str, str]:
    """A function that runs a network on the first row of a trial, and its name."""
    trial: Trial = next(trials(net, most=networks.MOST_STEPS, seed=3))
    expected, called = ours(net, trial), program.choices.name
    lines, arguments = [f"    static {called}_state state;"], ["&state"]
    last = {p.axis: p for p in program.inputs if p.timed}
    for k, (port, x) in enumerate(zip(program.inputs, trial.inputs, strict=True)):
        kind = "int32_t" if port.below else program.real
        lines.append(f"    static const {kind} x{k}[] = {{{_numbers(x[0], program)}}};")
        arguments += [f"x{k}", *([str(x.shape[1])] if last.get(port.axis) is port else [])]
    sizes = []
    for k, port in enumerate(program.outputs):
        y = expected[k][0]
        sizes.append(y.size)
        lines += [f"    static const {program.real} t{k}[] = {{{_numbers(y, program)}}};"]
        lines += [f"    static {program.real} y{k}[{y.size}];"]
        arguments.append(f"y{k}")
        assert port.axis != ONCE or y.ndim == 1
    lines += [
        "    double most = 0;",
        f"    {called}_reset(&state);",
        f"    if ({called}_run({', '.join(arguments)}) != 0) {{",
    ]
    lines += ["        most = (double)INFINITY;", "    }"]
    for k, size in enumerate(sizes):
        lines += [
            f"    for (int i = 0; i < {size}; i++) {{",
            f"        const double apart = fabs((double)y{k}[i] - (double)t{k}[i]);",
        ]
        lines += ["        most = apart <= most ? most : apart;", "    }"]
    lines.append(f'    printf("%-28s %.2g\\n", "{what}", most);')
    lines.append(f"    return !(most <= {allowed!r});")
    text = "\n".join([f"static int run_{called}(void);", f"static int run_{called}(void) {{", *lines, "}"])
    return text, f"run_{called}"


def _numbers(values: np.ndarray, program: Any) -> str:
    if values.dtype.kind == "i":
        return ", ".join(map(str, values.reshape(-1)))
    return ", ".join(program.functions.number(v) for v in values.reshape(-1))


def arm(folder: Path, sources: list[str]) -> int:
    """On a Cortex-M4 of qemu's board mps2-an386, whose output goes through semihosting."""
    (folder / "start.c").write_text(START)
    (folder / "board.ld").write_text(LINKED)
    linked = ["-T", "board.ld", "--specs=rdimon.specs", "-Wl,--gc-sections", "-lm"]
    subprocess.run(["arm-none-eabi-gcc", *CORTEX, "-O2", "-c", "start.c"], cwd=folder, check=True)
    subprocess.run(
        ["arm-none-eabi-gcc", *CORTEX, *FLAGS, *sources, "start.o", *linked, "-o", "run.elf"], cwd=folder, check=True
    )
    sizes = subprocess.run(["arm-none-eabi-size", "run.elf"], cwd=folder, capture_output=True, text=True).stdout
    print(sizes.rstrip())
    board = ["-M", "mps2-an386", "-nographic", "-semihosting-config", "enable=on,target=native", "-kernel", "run.elf"]
    return subprocess.run(["qemu-system-arm", *board], cwd=folder, stdin=subprocess.DEVNULL, timeout=300).returncode


def wasm(folder: Path, sources: list[str]) -> int:
    """In node."""
    zig = [sys.executable, "-m", "ziglang"] if importlib.util.find_spec("ziglang") else ["zig"]
    subprocess.run(
        [*zig, "cc", "-target", "wasm32-wasi", *FLAGS, *sources, "-lm", "-o", "run.wasm"], cwd=folder, check=True
    )
    (folder / "run.js").write_text(NODE)
    return subprocess.run(["node", "--no-warnings", "run.js", "run.wasm"], cwd=folder, timeout=300).returncode


TARGETS = {"arm": (arm, ("arm-none-eabi-gcc", "qemu-system-arm")), "wasm": (wasm, ("node",))}


def main(wanted: list[str]) -> int:
    failed = 0
    with tempfile.TemporaryDirectory(prefix="elman-cross-") as place:
        folder = Path(place)
        sources = written(folder)
        for name in wanted or TARGETS:
            run, tools = TARGETS[name]
            missing = [tool for tool in tools if shutil.which(tool) is None]
            if name == "wasm" and not (importlib.util.find_spec("ziglang") or shutil.which("zig")):
                missing.append("zig")
            if missing:
                print(f"{name}: left out, for {', '.join(missing)} is not there")
                continue
            print(f"{name}:", flush=True)
            code = run(folder, sources)
            print(f"{name}: {'failed' if code else 'all agree'}", flush=True)
            failed += code != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
