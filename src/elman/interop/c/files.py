"""Files: NAME.h, NAME.c and main.c, whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from elman.interop.c.functions import OWN
from elman.interop.c.program import Port, Program
from elman.interop.c.source import Stepwise, Whole


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
    source: Stepwise | Whole = Stepwise(program) if program.stepwise else Whole(program)
    functions = source.functions()
    size = _size(program, source)
    header = _header(program, source, size, about)
    return Files(header, _code(program, functions), _main(program), size)


def _size(program: Program, source: Stepwise | Whole) -> Size:
    most = program.choices.max_steps or 1
    products = 0
    for layer in program.layers:
        if layer.written is not None:
            attended = layer.written.per_memory * most * bool(layer.spec.memories)
            products += (layer.written.products + attended) * (most if layer.runs >= 0 else 1)
    return Size(program.weights.bytes, source.ram, source.stack, products)


# --- the header -----------------------------------------------------------------------------------------------


def _header(program: Program, source: Stepwise | Whole, size: Size, about: str) -> str:
    choices, upper = program.choices, program.choices.upper
    ports = [*program.inputs, *program.outputs]
    widths = [f"#define {upper}_{p.name.upper()}_FEATURES {p.width}" for p in ports]
    if choices.max_steps:
        widths.append(f"#define {upper}_MAX_STEPS {choices.max_steps} /* of a sequence */")
    fields = [f"    {field.text}" for field in source.fields] or [f"    {program.real} nothing;"]
    integers = any("int32_t" in text for text in [*map(source.kind, program.inputs), *fields]) or choices.weights == "int8"
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
        f"#define {upper}_BAD_STEPS 1 /* no step" + (", or more than there is room for */" if choices.max_steps else " */"),
        f"#define {upper}_BAD_INDEX 2 /* an index that no row of a table has */",
        "",
        "typedef struct {",
        *fields,
        f"}} {choices.state};",
        "",
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


def _declarations(program: Program, source: Stepwise | Whole) -> list[str]:
    name, state = program.choices.name, program.choices.state
    lines = [
        "/* Before each sequence: the states that a network begins with. */",
        f"void {name}_reset({state} *state);",
        "",
    ]
    if program.stepwise:
        lines += [
            "/* One step, which goes on from the state: " + "; ".join(map(_shape_of_step, [*program.inputs, *program.outputs])) + ".",
            " * Arrays must not overlap. */",
            f"int {name}_step({source.step_arguments()});",
            "",
        ]
    said = "; ".join(_shape(p, source) for p in [*program.inputs, *program.outputs])
    lines += [f"/* All steps of a sequence: {said}.", " * Arrays must not overlap. */"]
    return [*lines, f"int {name}_run({source.run_arguments()});"]


def _shape_of_step(port: Port) -> str:
    return f"{port.name} has {port.width} value{'s' * (port.width != 1)}" + (" (an index)" if port.below else "")


def _shape(port: Port, source: Stepwise | Whole) -> str:
    steps = f"{source.count(port.axis)} x " if port.timed else ""
    return f"{port.name} {steps}{port.width}"


def _comment(program: Program, size: Size, about: str) -> str:
    choices = program.choices
    of = f"a sequence of {choices.max_steps} steps" if choices.max_steps else "a step"
    lines = [
        f"{choices.name}: {about}",
        "",
        f"Flash: {size.flash:,} bytes of weights ({_kept(program)}), and the code.",
        f"RAM: {size.ram:,} bytes of state; arrays on the stack {size.stack:,} bytes at most. No heap.",
        f"Work: {size.products:,} multiply-adds for {of}, in products with matrices.",
        "C99; of the library the functions of math.h" + (" that are named in the file only." if choices.own else " only."),
    ]
    if choices.own:
        lines.append("Largest errors of the functions that are written here in place of the library's:")
        lines += [f"  {n.removeprefix('own_')}: {OWN[n]}" for n in program.functions.used if n in OWN]
    lines += [
        "What goes in is not looked at: a NaN or an infinity comes out as one and stays in the state until a reset."
        if program.real
        else "",
    ]
    return "\n".join(f" * {line}".rstrip() for line in lines)


def _kept(program: Program) -> str:
    kind = program.choices.weights
    return program.real if kind == "float32" else "matrices and tables in bytes with a scale for each row" if kind == "int8" else kind


# --- the code -------------------------------------------------------------------------------------------------


def _code(program: Program, functions: list[str]) -> str:
    called = "\n".join(functions)
    layers = [w.written.text for w in program.layers if w.written is not None and f"{w.name}(" in called]
    helpers = program.functions.written()
    body = "\n\n".join([*layers, *functions])
    parts = [helpers, "\n\n".join(program.weights.text), body]
    text = "\n\n".join(part for part in parts if part)
    heads = [f'#include "{program.choices.name}.h"', ""]
    if re.search(r"\b(exp|log|log1p|expm1|sin|cos|erfc?|tanh|sqrt|fabs|floor|pow|lgamma)f?\(|INFINITY|NAN", text):
        heads.append("#include <math.h>")
    heads += ["#include <stdint.h>", "#include <string.h>"] if "memcpy" in text else []
    return "\n".join([*heads, "", text, ""]).replace("\n\n\n", "\n\n")


# --- main.c ---------------------------------------------------------------------------------------------------


def _main(program: Program) -> str:
    timed = [p for p in program.inputs if p.timed]
    several = len({p.axis for p in timed}) > 1
    return _main_of_files(program) if several else _main_of_rows(program)


_READ = """
/* The numbers of a line, separated by commas; how many, -1 if there is anything else. */
static int numbers(const char *line, double *found, int most) {
    int count = 0;
    for (;;) {
        char *end;
        const double number = strtod(line, &end);
        if (end == line || count == most) {
            return -1;
        }
        found[count++] = number;
        while (*end == ' ' || *end == '\\r' || *end == '\\n') {
            end++;
        }
        if (*end == '\\0') {
            return count;
        }
        if (*end != ',') {
            return -1;
        }
        line = end + 1;
    }
}
"""

_PRINT = """
static void print(const @R *y, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            printf("%s%.9g", c > 0 ? "," : "", (double)y[r * columns + c]);
        }
        printf("\\n");
    }
}
"""


def _main_of_rows(program: Program) -> str:
    """A main that reads a row of all inputs for each step."""
    name, upper, real = program.choices.name, program.choices.upper, program.real
    total = sum(p.width for p in program.inputs)
    names = ", ".join(f"{p.name} ({p.width})" for p in program.inputs)
    outs = ", ".join(f"{p.name} ({p.width})" for p in program.outputs)
    room = "1" if program.stepwise else f"{upper}_MAX_STEPS"
    static = [
        f"static {'int32_t' if p.below else real} {p.name}[{f'{room} * {p.width}' if p.timed and room != '1' else p.width}];"
        for p in program.inputs
    ]
    static += [
        f"static {real} {p.name}[{f'{room} * {p.width}' if p.timed and room != '1' else p.width}];" for p in program.outputs
    ]
    at, taken = 0, []
    row = "" if room == "1" else "steps"
    for p in program.inputs:
        index = f"{row} * {p.width} + c" if row and p.timed else "c"
        kind = "int32_t" if p.below else real
        taken += [
            f"        for (size_t c = 0; c < {p.width}; c++) {{",
            f"            {p.name}[{index}] = ({kind})row[{f'{at} + ' if at else ''}c];",
            "        }",
        ]
        at += p.width
    timed = [p for p in program.outputs if p.timed]
    once = [p for p in program.outputs if not p.timed]
    ins = ", ".join(p.name for p in program.inputs)
    several = ", ".join(p.name for p in program.outputs)
    fail = f'fprintf(stderr, "{name}: line %lu: %s\\n", line_number, error == {upper}_BAD_INDEX ? "an index is none" : "too many steps");'
    if program.stepwise:
        body = [f"        error = {name}_step(&state, {ins}, {several});", "        if (error != 0) {", f"            {fail}", "            return 1;", "        }"]
        body += [f"        print({p.name}, 1, {p.width});" for p in timed]
        end = [f"    if (steps > 0) {{\n        print({p.name}, 1, {p.width});\n    }}" for p in once]
    else:
        body = []
        args = _run_call(program)
        end = [f"    error = {name}_run(&state, {args});", "    if (error != 0) {", f"        {fail}", "        return 1;", "    }"]
        end += [f"    print({p.name}, steps, {p.width});" for p in timed]
        end += [f"    print({p.name}, 1, {p.width});" for p in once]
    guard = []
    if room != "1":
        guard = [f"        if (steps == {room}) {{", f'            fprintf(stderr, "{name}: more than %d lines\\n", {room});', "            return 1;", "        }"]
    lines = [
        f"/* Reads a line for each step from the standard input, {names}, separated by commas;",
        f" * writes {outs}, {'each a line' if len(program.outputs) > 1 else 'a line'} a step" + (", after the last one where it has no time." if once else ".") + " A first line that is no numbers is a header. */",
        "#include <stdio.h>",
        "#include <stdlib.h>",
        "",
        f'#include "{name}.h"',
        "",
        f"#define COLUMNS {total}",
        "#define LONGEST (64 + 32 * COLUMNS)",
        _READ.rstrip(),
        _PRINT.replace("@R", real).rstrip(),
        "",
        f"static {program.choices.state} state;",
        *static,
        "static char line[LONGEST];",
        "static double row[COLUMNS];",
        "",
        "int main(void) {",
        "    unsigned long line_number = 0;",
        "    size_t steps = 0;",
        "    int error;",
        f"    {name}_reset(&state);",
        "    while (fgets(line, LONGEST, stdin) != NULL) {",
        "        line_number++;",
        "        if (numbers(line, row, COLUMNS) != COLUMNS) {",
        "            if (line_number == 1) {",
        f'                fprintf(stderr, "{name}: the first line is taken as a header\\n");',
        "                continue;",
        "            }",
        f'            fprintf(stderr, "{name}: line %lu: expected %d numbers separated by commas\\n", line_number, COLUMNS);',
        "            return 1;",
        "        }",
        *guard,
        *taken,
        *body,
        "        steps++;",
        "    }",
        *end,
        "    return 0;",
        "}",
        "",
    ]
    return "\n".join(lines).replace("    int error;\n", "    int error = 0;\n")


def _run_call(program: Program) -> str:
    """The arguments of `run` behind the state, with `steps` of the only axis."""
    texts = []
    timed = [p for p in program.inputs if p.timed]
    for p in program.inputs:
        texts.append(p.name)
        if p is timed[-1]:
            texts.append("steps")
    return ", ".join([*texts, *(p.name for p in program.outputs)])


def _main_of_files(program: Program) -> str:
    """A main that reads a file for each input, as these have steps of their own."""
    name, upper, real = program.choices.name, program.choices.upper, program.real
    room = f"{upper}_MAX_STEPS"
    arrays, reads, texts = [], [], []
    last = {p.axis: p for p in program.inputs if p.timed}
    count = {axis: next(p for p in program.inputs if p.axis == axis).name + "_steps" for axis in last}
    for number, p in enumerate(program.inputs):
        size = f"{room} * {p.width}" if p.timed else str(p.width)
        arrays.append(f"static {'int32_t' if p.below else real} {p.name}[{size}];")
        most = room if p.timed else "1"
        steps = f"const size_t {p.name}_lines" if p.axis not in count or f"{p.name}_steps" != count[p.axis] else f"const size_t {p.name}_steps"
        reads.append(f"    {steps} = rows(arguments[{number + 1}], {most}, {p.width});")
        kind = "int32_t" if p.below else real
        counted = steps.rsplit(" ", 1)[1]
        if p.axis in count and counted != count[p.axis]:
            reads += [f"    if ({counted} != {count[p.axis]}) {{", f'        fprintf(stderr, "{name}: the files differ in their lines\\n");', "        return 1;", "    }"]
        reads += [
            f"    for (size_t i = 0; i < {counted} * {p.width}; i++) {{",
            f"        {p.name}[i] = ({kind})values[i];",
            "    }",
        ]
        texts.append(p.name)
        if last.get(p.axis) is p:
            texts.append(count[p.axis])
    prints = []
    for p in program.outputs:
        size = f"{room} * {p.width}" if p.timed else str(p.width)
        arrays.append(f"static {real} {p.name}[{size}];")
        prints.append(f"    print({p.name}, {count[p.axis] if p.timed else 1}, {p.width});")
    wide = max(p.width for p in program.inputs)
    names = " ".join(f"{p.name.upper()}.csv" for p in program.inputs)
    call = ", ".join([*texts, *(p.name for p in program.outputs)])
    lines = [
        f"/* Reads a file of numbers for each input, a line for each step: {names}; writes",
        f" * {', then '.join(p.name for p in program.outputs)} to the standard output, a line for each step. */",
        "#include <stdio.h>",
        "#include <stdlib.h>",
        "",
        f'#include "{name}.h"',
        "",
        f"#define COLUMNS {wide}",
        "#define LONGEST (64 + 32 * COLUMNS)",
        _READ.rstrip(),
        _PRINT.replace("@R", real).rstrip(),
        "",
        f"static {program.choices.state} state;",
        *arrays,
        "static char line[LONGEST];",
        f"static double values[{room} * COLUMNS];",
        "",
        "/* The lines of a file, in `values`. */",
        "static size_t rows(const char *path, size_t most, int columns) {",
        '    FILE *const file = fopen(path, "r");',
        "    size_t count = 0;",
        "    if (file == NULL) {",
        "        perror(path);",
        "        exit(1);",
        "    }",
        "    while (fgets(line, LONGEST, file) != NULL) {",
        "        if (count == most || numbers(line, values + count * (size_t)columns, columns) != columns) {",
        '            fprintf(stderr, "%s: expected %d numbers a line, separated by commas, and at most %lu lines\\n", path, columns,',
        "                    (unsigned long)most);",
        "            exit(1);",
        "        }",
        "        count++;",
        "    }",
        "    fclose(file);",
        "    return count;",
        "}",
        "",
        "int main(int count, char **arguments) {",
        f"    if (count != {len(program.inputs) + 1}) {{",
        f'        fprintf(stderr, "usage: {name} {names}\\n");',
        "        return 1;",
        "    }",
        *reads,
        f"    {name}_reset(&state);",
        f"    if ({name}_run(&state, {call}) != 0) {{",
        f'        fprintf(stderr, "{name}: no step, or an index that is none\\n");',
        "        return 1;",
        "    }",
        *prints,
        "    return 0;",
        "}",
        "",
    ]
    return "\n".join(lines)
