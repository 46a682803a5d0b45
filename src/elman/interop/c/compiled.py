"""Compiled: the C of a network, compiled and run beside the network, as far as there is a compiler."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from elman.engine.slots import ONCE
from elman.errors import ConversionError
from elman.interop.c.files import Files
from elman.interop.c.program import Program
from elman.interop.proof import Trial

COMPILERS = ("cc", "gcc", "clang")
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Werror")
FLAGS = ("-std=c99", "-O2", "-fPIC", "-shared", *WARNINGS)


def compiler(wanted: str | None = None) -> str | None:
    """The compiler of C that is used; None if there is none.

    Raises
    ------
    ConversionError
        If the wanted one is not found.
    """
    if wanted is not None:
        found = shutil.which(wanted)
        if found is None:
            raise ConversionError(
                f"compiler is {wanted!r}, which is not found: give one of {', '.join(COMPILERS)}, or its path"
            )
        return found
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


class Compiled:
    """A network's C as a library in this process.

    Raises
    ------
    ConversionError
        If the compiler refuses it, or warns of anything.
    """

    def __init__(self, program: Program, files: Files, cc: str):
        self.program = program
        name = program.choices.name
        with tempfile.TemporaryDirectory(prefix="elman-c-") as folder:
            place = Path(folder)
            (place / f"{name}.h").write_text(files.header)
            (place / f"{name}.c").write_text(files.code)
            (place / "beside.c").write_text(self._beside())
            library = place / "network.so"
            command = [cc, *FLAGS, f"{name}.c", "beside.c", "-lm", "-o", str(library)]
            done = subprocess.run(command, cwd=place, capture_output=True, text=True)
            if done.returncode:
                raise ConversionError(f"{cc} refuses the C of this network, please report it: {done.stderr[:2000]}")
            self.library = ctypes.CDLL(str(library))
        self.library.beside_size.restype = ctypes.c_size_t

    def _beside(self) -> str:
        """What tells the size of the state, and sets and reads the states that are a caller's."""
        choices = self.program.choices
        get, put, at = [], [], 0
        for field, size, _ in self.program.free_fields():
            get.append(f"    memcpy(to + {at}, s->{field}, sizeof s->{field});")
            put.append(f"    memcpy(s->{field}, from + {at}, sizeof s->{field});")
            at += size
        state, real = choices.state, self.program.real
        return "\n".join(
            [
                f'#include <string.h>\n#include "{choices.name}.h"',
                "size_t beside_size(void);",
                f"void beside_get(const {state} *s, {real} *to);",
                f"void beside_put({state} *s, const {real} *from);",
                f"size_t beside_size(void) {{\n    return sizeof({state});\n}}",
                f"void beside_get(const {state} *s, {real} *to) {{\n    (void)s, (void)to;",
                *get,
                "}",
                f"void beside_put({state} *s, const {real} *from) {{\n    (void)s, (void)from;",
                *put,
                "}\n",
            ]
        )

    def __call__(self, trial: Trial) -> list[np.ndarray]:
        """What the C makes of a trial: outputs, then final states, as `proof.ours`."""
        rows = len(trial.inputs[0])
        found = [self._row(trial, row) for row in range(rows)]
        steps = {p.axis: x.shape[1] for p, x in zip(self.program.inputs, trial.inputs, strict=True) if p.timed}
        outputs = []
        for k, port in enumerate(self.program.outputs):
            if not port.timed:
                outputs.append(np.stack([outs[k] for outs, _ in found]))
                continue
            whole = np.zeros((rows, steps[port.axis], port.width), self.program.net.dtype)
            for row, (outs, _) in enumerate(found):
                whole[row, : len(outs[k])] = outs[k]
            outputs.append(whole)
        states = [np.stack([f[k] for _, f in found]) for k in range(len(found[0][1]))]
        return [*outputs, *states]

    def _row(self, trial: Trial, row: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Outputs and final states of one row."""
        program, dtype = self.program, self.program.net.dtype
        library: Any = self.library
        state = ctypes.create_string_buffer(b"\xa5" * library.beside_size())
        getattr(library, f"{program.choices.name}_reset")(state)
        sizes = [size for _, size, _ in program.free_fields()]
        if trial.states is not None:
            values = np.concatenate([s[row] for s in trial.states]).astype(dtype)
            library.beside_put(state, _pointer(values))
        inputs, steps = [], {}
        for port, x in zip(program.inputs, trial.inputs, strict=True):
            used = x[row]
            if port.timed and trial.lengths is not None:
                used = used[: trial.lengths[row]]
            inputs.append(np.ascontiguousarray(used, np.int32 if port.below else dtype))
            steps[port.axis] = len(used) if port.timed else 1
        outputs = [
            np.full((steps[p.axis], p.width) if p.axis != ONCE else (p.width,), np.nan, dtype) for p in program.outputs
        ]
        error = getattr(library, f"{program.choices.name}_run")(*self._arguments(state, inputs, steps, outputs))
        if error:
            raise ConversionError(
                f"{program.choices.name}_run returned {error} of {trial.what}: please report the model"
            )
        final = np.zeros(sum(sizes), dtype)
        library.beside_get(state, _pointer(final))
        return outputs, np.split(final, np.cumsum(sizes)[:-1]) if sizes else []

    def _arguments(
        self, state: Any, inputs: Sequence[np.ndarray], steps: dict[int, int], outputs: Sequence[np.ndarray]
    ) -> list[Any]:
        found: list[Any] = [state]
        last = {p.axis: p for p in self.program.inputs if p.timed}
        for port, x in zip(self.program.inputs, inputs, strict=True):
            found.append(_pointer(x))
            if last.get(port.axis) is port:
                found.append(ctypes.c_size_t(steps[port.axis]))
        return [*found, *map(_pointer, outputs)]


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
