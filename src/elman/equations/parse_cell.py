"""A cell whose equations are a text."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from elman.equations.graph import Graph
from elman.equations.parse import parse
from elman.equations.parse_nodes import Program
from elman.equations.parse_run import Run
from elman.equations.trace import Cell, Option
from elman.errors import ElmanError, EquationError, OptionError, TextError


class WrittenCell(Cell):
    """A cell known by the text of its equations, which is read and never run as Python.

    Attributes
    ----------
    source : str
        The text.
    """

    source: str

    def __init__(self, program: Program, source: str, collection: Mapping[str, Cell]):
        lines = source.split("\n")

        def run(p: Any, *args: Any) -> Any:
            return Run(program, lines, p, args).result

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        names = ("p", *(argument.name for argument in program.arguments))
        run.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
        run.__name__ = run.__qualname__ = program.name
        run.__doc__ = program.doc or None
        run.__module__ = "__main__"  # so that nobody looks for it in a module
        said = program.said
        initial = said.initial
        super().__init__(
            run,
            inputs=said.inputs,
            memory=said.memory,
            initial=_like(initial, collection, program, lines).initial if isinstance(initial, str) else initial,
            frozen=said.frozen,
            valid=_like(said.valid, collection, program, lines).valid if said.valid else None,
        )
        self.source = source
        self._program: Program = program

    def _run(self, args: tuple[Any, ...]) -> tuple[Any, dict[str, Any]]:
        found = Run(self._program, self.source.split("\n"), args[0], args[1:])
        return found.result, found.values

    def _where(self) -> str:
        return self.name

    def with_options(self, **options: Option) -> Cell:
        if options:
            raise OptionError(f"{self.name} is a text, which has no options such as {sorted(options)[0]!r}: change it")
        return self

    def trace(self) -> Graph:
        """The graph of one step.

        Raises
        ------
        TextError
            Where the text makes no sense.
        """
        try:
            return super().trace()
        except TextError:
            raise
        except EquationError as error:
            raise self.placed(error) from error

    def placed(self, error: EquationError) -> TextError:
        """An error that is of no single expression, at the line that it names, or at the return."""
        text, _, last = str(error).rpartition("\n  line ")
        number = int(last.partition(":")[0]) if text and last.partition(":")[0].isdigit() else 0
        place = self._program.equations[-1].place
        line = number or place.line
        source = self.source.split("\n")[line - 1]
        column = len(source) - len(source.lstrip()) + 1
        return TextError(text if number else str(error), source, line, column, len(source.strip()))


def read_cell(source: str, collection: Mapping[str, Cell]) -> WrittenCell:
    """The cell of a text; `collection` are those whose initial values it may name.

    Raises
    ------
    TextError
        If the text is not as the grammar has it, or its equations make no sense.
    """
    program = parse(source)
    try:
        cell = WrittenCell(program, source, collection)
        cell.trace()
    except TextError:
        raise
    except ElmanError as error:
        raise _at(program.head.line, str(error), source.split("\n")) from error
    return cell


def _like(name: str, collection: Mapping[str, Cell], program: Program, lines: list[str]) -> Cell:
    if name not in collection:
        raise _at(1, f"the collection has no cell {name!r}", lines)
    return collection[name]


def _at(line: int, reason: str, lines: list[str]) -> TextError:
    source = lines[line - 1]
    return TextError(reason, source, line, 1, len(source.rstrip()))
