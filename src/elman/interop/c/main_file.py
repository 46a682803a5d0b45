"""main.c: a program that reads CSV for each step and writes CSV."""

from __future__ import annotations

from string import Template

from elman.interop.c.program import Port, Program

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
_INDEX = """
/* A number as an index, -1 if it is none. */
static int32_t whole(double number) {
    return number >= 0 && number <= 2147483647 && (double)(int32_t)number >= number ? (int32_t)number : -1;
}
"""
_PRINT = """
static void print(const $real *y, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            printf("%s%.9g", c > 0 ? "," : "", (double)y[r * columns + c]);
        }
        printf("\\n");
    }
}
"""
_HEAD = """\
#include <stdio.h>
#include <stdlib.h>

#include "$name.h"

#define COLUMNS $columns
#define LONGEST (64 + 32 * COLUMNS)
"""
_ROWS = """\
/* Reads a line for each step from the standard input: $ins, separated by commas.
 * Writes $outs, $when. A first line that is no numbers is a header. */
$head
static $state state;
$arrays
static char line[LONGEST];
static double row[COLUMNS];

int main(void) {
    unsigned long read = 0;
    size_t steps = 0;
    ${name}_reset(&state);
    while (fgets(line, LONGEST, stdin) != NULL) {
        read++;
        if (numbers(line, row, COLUMNS) != COLUMNS) {
            if (read == 1) {
                fprintf(stderr, "$name: the first line is taken as a header\\n");
                continue;
            }
            fprintf(stderr, "$name: line %lu: expected %d numbers separated by commas\\n", read, COLUMNS);
            return 1;
        }
$take
        steps++;
    }
$end
    return 0;
}
"""
_STEP = """\
        if (${name}_step(&state, $call) != 0) {
            fprintf(stderr, "$name: line %lu: an index is none\\n", read);
            return 1;
        }"""
_GUARD = """\
        if (steps == $room) {
            fprintf(stderr, "$name: more than %d lines\\n", $room);
            return 1;
        }"""
_RUN = """\
    if (${name}_run(&state, $call) != 0) {
        fprintf(stderr, "$name: no line, or an index that is none\\n");
        return 1;
    }"""
_FILES = """\
/* Reads a file of numbers for each input, a line for each step: $usage.
 * Writes $outs to the standard output, a line for each step. */
$head
static $state state;
$arrays
static char line[LONGEST];
static double values[$room * COLUMNS];

/* The lines of a file, in `values`. */
static size_t rows(const char *path, size_t most, int columns) {
    FILE *const file = fopen(path, "r");
    size_t count = 0;
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while (fgets(line, LONGEST, file) != NULL) {
        if (count == most || numbers(line, values + count * (size_t)columns, columns) != columns) {
            fprintf(stderr, "%s: expected %d numbers a line, separated by commas, and at most %lu lines\\n", path,
                    columns, (unsigned long)most);
            exit(1);
        }
        count++;
    }
    fclose(file);
    return count;
}

int main(int count, char **arguments) {
    if (count != $files) {
        fprintf(stderr, "usage: $name $usage\\n");
        return 1;
    }
$take
    ${name}_reset(&state);
$run
$end
    return 0;
}
"""


def main_of(program: Program) -> str:
    """The text of main.c: of a network with several time axes it reads a file for each input."""
    several = len({p.axis for p in program.inputs if p.timed}) > 1
    return (_Files if several else _Rows)(program).text()


class _Main:
    """What both forms have in common."""

    def __init__(self, program: Program):
        self.program, self.name, self.real = program, program.choices.name, program.real
        self.room = f"{program.choices.upper}_MAX_STEPS" if program.choices.max_steps else "1"
        self.words = {
            "name": self.name,
            "real": self.real,
            "state": program.choices.state,
            "room": self.room,
            "ins": ", ".join(f"{p.name} ({p.width})" for p in program.inputs),
            "outs": ", then ".join(f"{p.name} ({p.width})" for p in program.outputs),
            "arrays": "\n".join(self._array(p) for p in (*program.inputs, *program.outputs)),
        }

    def filled(self, template: str, **more: object) -> str:
        return Template(template).substitute(self.words | more)

    def head(self, columns: int) -> str:
        indices = any(p.below for p in self.program.inputs)
        return self.filled(_HEAD, columns=columns) + _READ + _INDEX * indices + self.filled(_PRINT)

    def kind(self, port: Port) -> str:
        return "int32_t" if port.below else self.real

    def taken(self, port: Port, number: str) -> str:
        return f"whole({number})" if port.below else f"({self.real}){number}"

    def _array(self, port: Port) -> str:
        size = f"{self.room} * {port.width}" if port.timed and self.room != "1" else str(port.width)
        return f"static {self.kind(port)} {port.name}[{size}];"

    def prints(self, counts: dict[int, str]) -> list[str]:
        return [f"    print({p.name}, {counts.get(p.axis, '1')}, {p.width});" for p in self.program.outputs]


class _Rows(_Main):
    def text(self) -> str:
        program, outputs = self.program, self.program.outputs
        columns = sum(p.width for p in program.inputs)
        call = ", ".join(p.name for p in (*program.inputs, *outputs))
        if program.stepwise:
            step = [self.filled(_STEP, call=call)]
            step += [f"        print({p.name}, 1, {p.width});" for p in outputs if p.timed]
            once = [f"        print({p.name}, 1, {p.width});" for p in outputs if not p.timed]
            end = ["    if (steps > 0) {", *once, "    }"] if once else ["    (void)steps;"]
            guard = []
        else:
            step, guard = [], [self.filled(_GUARD)]
            end = [self.filled(_RUN, call=self._run_call())]
            end += self.prints({p.axis: "steps" for p in program.inputs if p.timed})
        take = "\n".join([*guard, *self._takes(), *step])
        when = "a line a step" + (
            "" if all(p.timed for p in outputs) else ", where there is no time after the last one"
        )
        return self.filled(_ROWS, head=self.head(columns), take=take, end="\n".join(end), when=when)

    def _run_call(self) -> str:
        """The arguments of `run` behind the state, with the steps behind the last input that has any."""
        last = [p for p in self.program.inputs if p.timed][-1]
        ins = [f"{p.name}, steps" if p is last else p.name for p in self.program.inputs]
        return ", ".join([*ins, *(p.name for p in self.program.outputs)])

    def _takes(self) -> list[str]:
        """The values of a line, input by input."""
        lines, at = [], 0
        for p in self.program.inputs:
            place = f"steps * {p.width} + c" if self.room != "1" and p.timed else "c"
            lines += [
                f"        for (size_t c = 0; c < {p.width}; c++) {{",
                f"            {p.name}[{place}] = {self.taken(p, f'row[{at} + c]')};",
                "        }",
            ]
            at += p.width
        return lines


class _Files(_Main):
    def text(self) -> str:
        program = self.program
        self.counts: dict[int, str] = {}
        take = [line for number, port in enumerate(program.inputs) for line in self._takes(number, port)]
        last = {p.axis: p for p in program.inputs if p.timed}
        ins = [f"{p.name}, {self.counts[p.axis]}" if last.get(p.axis) is p else p.name for p in program.inputs]
        call = ", ".join([*ins, *(p.name for p in program.outputs)])
        return self.filled(
            _FILES,
            head=self.head(max(p.width for p in program.inputs)),
            usage=" ".join(f"{p.name.upper()}.csv" for p in program.inputs),
            files=len(program.inputs) + 1,
            take="\n".join(take),
            run=self.filled(_RUN, call=call),
            end="\n".join(self.prints(self.counts)),
        )

    def _takes(self, number: int, port: Port) -> list[str]:
        """What reads a file."""
        count = f"{port.name}_lines"
        most = self.room if port.timed else "1"
        lines = [f"    const size_t {count} = rows(arguments[{number + 1}], {most}, {port.width});"]
        wanted = "1" if not port.timed else self.counts.setdefault(port.axis, count)
        if wanted != count:
            lines += [
                f"    if ({count} != {wanted}) {{",
                f'        fprintf(stderr, "{self.name}: {port.name.upper()}.csv has another number of lines\\n");',
                "        return 1;",
                "    }",
            ]
        return [
            *lines,
            f"    for (size_t i = 0; i < {count} * {port.width}; i++) {{",
            f"        {port.name}[i] = {self.taken(port, 'values[i]')};",
            "    }",
        ]
