"""Files: NAME.h, NAME.c and main.c, whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from elman.interop.c.functions import OWN
from elman.interop.c.main_file import main_of
from elman.interop.c.names import remark
from elman.interop.c.program import Port, Program
from elman.interop.c.runs import Runs
from elman.interop.c.stepwise import Stepwise
from elman.interop.c.whole import Whole


@dataclass(frozen=True)
class Size:
    """What the code takes of a machine.

    Attributes
    ----------
    flash : int
        Bytes of weights and tables; code comes on top.
    ram : int
        Bytes of the state.
    stack : int
        Bytes of arrays on the stack at most; what a compiler adds comes on top.
    products : int
        Multiply-adds a step in products with matrices; of a network that needs whole sequences, of one of MAX_STEPS
        steps.
    """

    flash: int
    ram: int
    stack: int
    products: int


@dataclass(frozen=True)
class Files:
    """The texts of the files, and what the code takes."""

    header: str
    code: str
    main: str
    size: Size


def files_of(program: Program, about: str) -> Files:
    """The files of a program; `about` says in a line which network it is."""
    source: Runs = Stepwise(program) if program.stepwise else Whole(program)
    functions = source.functions()
    size = _size(program, source)
    header = _header(program, source, size, about)
    return Files(header, _code(program, functions), main_of(program), size)


def _size(program: Program, source: Runs) -> Size:
    most = program.choices.max_steps or 1
    products = 0
    for layer in program.layers:
        if layer.written is not None:
            attended = layer.written.per_memory * most * bool(layer.spec.memories)
            products += (layer.written.products + attended) * (most if layer.runs >= 0 else 1)
    return Size(program.weights.bytes, source.ram, source.stack, products)


# --- the header -----------------------------------------------------------------------------------------------


def _header(program: Program, source: Runs, size: Size, about: str) -> str:
    choices, upper = program.choices, program.choices.upper
    ports = [*program.inputs, *program.outputs]
    widths = [f"#define {upper}_{p.name.upper()}_FEATURES {p.width}" for p in ports]
    if choices.max_steps:
        widths.append(f"#define {upper}_MAX_STEPS {choices.max_steps} /* of a sequence */")
    fields = [f"    {field.text}" for field in source.fields] or [f"    {program.real} nothing;"]
    integers = (
        any("int32_t" in text for text in [*map(source.kind, program.inputs), *fields]) or choices.weights == "int8"
    )
    lines = [
        f"/*\n{_comment(program, size, about)}\n */",
        f"#ifndef {upper}_H",
        f"#define {upper}_H",
        "",
        "#include <stddef.h>",
        *(["#include <stdint.h>"] if integers else []),
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        *widths,
        "",
        "/* What a function returns where it cannot go on; 0 else. */",
        f"#define {upper}_BAD_STEPS 1 /* no step"
        + (", or more than there is room for */" if choices.max_steps else " */"),
        f"#define {upper}_BAD_INDEX 2 /* an index that no row of a table has */",
        "",
        "typedef struct {",
        *fields,
        f"}} {choices.state};",
        "",
        *_constants(program),
        *_declarations(program, source),
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def _constants(program: Program) -> list[str]:
    name, real = program.choices.name, program.real
    lines = []
    for called, values, what in program.choices.constants:
        lines += [f"/* {remark(what)} */", f"extern const {real} {name}_{called}[{len(values)}];", ""]
    return lines


def _definitions(program: Program) -> str:
    name, functions = program.choices.name, program.functions
    texts = []
    for called, values, _ in program.choices.constants:
        numbers = ", ".join(functions.number(v) for v in values)
        texts.append(f"const {program.real} {name}_{called}[{len(values)}] = {{{numbers}}};")
    return "\n".join(texts)


def _declarations(program: Program, source: Runs) -> list[str]:
    name, state = program.choices.name, program.choices.state
    lines = [
        "/* Before each sequence: the states that a network begins with. */",
        f"void {name}_reset({state} *state);",
        "",
    ]
    if program.stepwise:
        lines += [
            "/* One step, which goes on from the state: "
            + "; ".join(map(_shape_of_step, [*program.inputs, *program.outputs]))
            + ".",
            " * Arrays must not overlap. */",
            f"int {name}_step({source.step_arguments()});",
            "",
        ]
    said = "; ".join(_shape(p, source) for p in [*program.inputs, *program.outputs])
    lines += [f"/* All steps of a sequence: {said}.", " * Arrays must not overlap. */"]
    return [*lines, f"int {name}_run({source.run_arguments()});"]


def _shape_of_step(port: Port) -> str:
    return f"{port.name} has {port.width} value{'s' * (port.width != 1)}" + (" (an index)" if port.below else "")


def _shape(port: Port, source: Runs) -> str:
    steps = f"{source.count(port.axis)} x " if port.timed else ""
    return f"{port.name} {steps}{port.width}"


def _comment(program: Program, size: Size, about: str) -> str:
    choices = program.choices
    of = f"a sequence of {choices.max_steps} steps" if choices.max_steps else "a step"
    lines = [
        *f"{choices.name}: {about}".splitlines(),
        "",
        f"Flash: {size.flash:,} bytes of weights ({_kept(program)}), and the code.",
        f"RAM: {size.ram:,} bytes of state; arrays on the stack {size.stack:,} bytes at most. No heap.",
        f"Work: {size.products:,} multiply-adds for {of}, in products with matrices.",
        "C99; of the library the functions of math.h"
        + (" that are named in the file only." if choices.own else " only."),
    ]
    if choices.own:
        lines.append("Largest errors of the functions that are written here in place of the library's:")
        lines += [f"  {n.removeprefix('own_')}: {OWN[n]}" for n in program.functions.used if n in OWN]
    lines.append(
        "What goes in is not looked at: a NaN or an infinity comes out as one and stays in the state until a reset."
    )
    return "\n".join(f" * {line}".rstrip() for line in lines)


def _kept(program: Program) -> str:
    kind = program.choices.weights
    return (
        program.real
        if kind == "float32"
        else "matrices and tables in bytes with a scale for each row"
        if kind == "int8"
        else kind
    )


# --- the code -------------------------------------------------------------------------------------------------


def _code(program: Program, functions: list[str]) -> str:
    called = "\n".join(functions)
    layers = [w.written.text for w in program.layers if w.written is not None and f"{w.name}(" in called]
    helpers = program.functions.written()
    body = "\n\n".join([*layers, *functions])
    parts = [helpers, _definitions(program), "\n\n".join(program.weights.text), body]
    text = "\n\n".join(part for part in parts if part)
    heads = [f'#include "{program.choices.name}.h"', ""]
    if re.search(r"\b(exp|log|log1p|expm1|sin|cos|erfc?|tanh|sqrt|fabs|floor|pow|lgamma)f?\(|INFINITY|NAN", text):
        heads.append("#include <math.h>")
    heads += ["#include <stdint.h>", "#include <string.h>"] if "memcpy" in text else []
    return "\n".join([*heads, "", text, ""]).replace("\n\n\n", "\n\n")
