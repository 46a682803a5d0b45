"""Compiled: the C of a network, compiled and run beside the network, as far as there is a compiler."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import numpy as np

from elman.engine.slots import ONCE
from elman.errors import ConversionError
from elman.files import temporary, temporary_folder
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


def library_of(programs: Sequence[tuple[Program, Files]], cc: str, flags: Sequence[str] = FLAGS) -> ctypes.CDLL:
    """The C of some networks, of different names, as one library in this process.

    Raises
    ------
    ConversionError
        If the compiler refuses it, or warns of anything.
    """
    with temporary_folder(what := "the C of a network, which is compiled to be compared,") as place:
        sources = []
        for program, files in programs:
            name = program.choices.name
            with temporary(what):
                (place / f"{name}.h").write_text(files.header)
                (place / f"{name}.c").write_text(f"{files.code}\n{_beside(program)}")
            sources.append(f"{name}.c")
        library = place / "networks.so"
        command = [cc, *flags, *sources, "-lm", "-o", str(library)]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True)
        if done.returncode:
            raise ConversionError(f"{cc} refuses the C of this network, please report it: {done.stderr[:2000]}")
        return ctypes.CDLL(str(library))


def _beside(program: Program) -> str:
    """What tells the size of the state, and sets and reads the states that are a caller's."""
    get, put, at = [], [], 0
    for field, size, _ in program.free_fields():
        get.append(f"    memcpy(to + {at}, s->{field}, sizeof s->{field});")
        put.append(f"    memcpy(s->{field}, from + {at}, sizeof s->{field});")
        at += size
    choices, real = program.choices, program.real
    takes = {
        "size": "size_t {}_size(void)",
        "get": f"void {{}}_get(const {choices.state} *s, {real} *to)",
        "put": f"void {{}}_put({choices.state} *s, const {real} *from)",
    }
    heads = {key: head.format(f"beside_{choices.name}") for key, head in takes.items()}
    lines = ["#include <string.h>", "", *(f"{head};" for head in heads.values())]
    lines += [f"{heads['size']} {{", f"    return sizeof({choices.state});", "}"]
    lines += [f"{heads['get']} {{", "    (void)s, (void)to;", *get, "}"]
    return "\n".join([*lines, f"{heads['put']} {{", "    (void)s, (void)from;", *put, "}", ""])


class Compiled:
    """A network's C in this process; see `library_of`."""

    def __init__(self, program: Program, library: ctypes.CDLL):
        self.program = program
        name = program.choices.name
        functions: Any = library
        self._reset, self._run = (functions[f"{name}_{what}"] for what in ("reset", "run"))
        self._size, self._get, self._put = (functions[f"beside_{name}_{what}"] for what in ("size", "get", "put"))
        self._size.restype = ctypes.c_size_t

    @classmethod
    def alone(cls, program: Program, files: Files, cc: str) -> Compiled:
        return cls(program, library_of([(program, files)], cc))

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
        state = ctypes.create_string_buffer(b"\xa5" * self._size())
        self._reset(state)
        sizes = [size for _, size, _ in program.free_fields()]
        if trial.states is not None:
            values = np.concatenate([s[row] for s in trial.states]).astype(dtype)
            self._put(state, _pointer(values))
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
        error = self._run(*self._arguments(state, inputs, steps, outputs))
        if error:
            raise ConversionError(
                f"{program.choices.name}_run returned {error} of {trial.what}: please report the model"
            )
        final = np.zeros(sum(sizes), dtype)
        self._get(state, _pointer(final))
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
