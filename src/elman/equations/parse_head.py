"""The head of a cell's text: ``@cell(...)``, ``def name(p, x, h):`` and the docstring."""

from __future__ import annotations

from typing import NoReturn

from elman.equations.parse_functions import FUNCTIONS
from elman.equations.parse_nodes import Name, Said
from elman.equations.parse_reader import Reader
from elman.equations.parse_tokens import Place

MOST_ARGUMENTS = 20
EXAMPLE = "def my_cell(p, x, h):"


class Head:
    """Reads the lines before the equations."""

    def __init__(self, reader: Reader):
        self.reader: Reader = reader
        self._initial: dict[str, float | str] | str = {}
        self._frozen: tuple[str, ...] = ()
        self._counts: dict[str, int] = {"inputs": 1, "memory": 0}
        self._valid: str = ""
        if reader.token.text == "@":
            self._decorator()
        reader.skip_lines()
        self.place: Place = reader.token.place
        self.name: str = ""
        self.arguments: tuple[Name, ...] = self._signature()
        self.said: Said = Said(self._initial, self._frozen, self._valid, self._counts["inputs"], self._counts["memory"])
        self._check_count()
        reader.skip_lines()
        self.doc: str = self._docstring()

    def _signature(self) -> tuple[Name, ...]:
        reader = self.reader
        if not reader.takes("name", "def"):
            reader.refuse(f"a cell begins with its name, inputs and states: {EXAMPLE}")
        self.name = reader.new_name(f"behind def stands the name of the cell: {EXAMPLE}")
        reader.expect("(", f"the arguments of {self.name}")
        found = reader.separated(self._argument, ")")
        self.place = self.place.to(reader.tokens[reader.at - 1].place)
        reader.expect(":", "the colon behind the arguments")
        return tuple(found)

    def _argument(self) -> Name:
        reader, place = self.reader, self.reader.token.place
        if reader.token.text == "*":
            reader.refuse("a text has no options behind a star: write the number where it is used")
        name = reader.new_name("an argument is a name")
        if reader.token.text == "=":
            reader.refuse(
                f"{name} is an input or a state, which has no value beforehand: write the number where it is used"
            )
        if name in FUNCTIONS:
            reader.text.refuse(f"{name} is a function here; give the argument another name", place)
        return Name(place, name)

    def _check_count(self) -> None:
        names = [argument.name for argument in self.arguments]
        if not names or names[0] != "p":
            self._refuse(f"the first argument is p, which stands for the parameters: {EXAMPLE}")
        if "p" in names[1:] or len(set(names)) < len(names):
            self._refuse("two arguments have one name")
        if len(names) > MOST_ARGUMENTS:
            self._refuse(f"a cell has at most {MOST_ARGUMENTS} arguments")
        if len(names) < 1 + self.said.inputs + self.said.memory:
            self._refuse(f"behind p stand the inputs, then the states: {EXAMPLE}")

    def _refuse(self, reason: str) -> NoReturn:
        self.reader.text.refuse(reason, self.place)

    def _docstring(self) -> str:
        reader = self.reader
        if reader.token.kind != "string":
            return ""
        text = reader.next().text
        reader.end_of_line()
        return text[3:-3] if text[:3] in ('"""', "'''") else text[1:-1]

    # --- what is said of parameters -----------------------------------------------------------------------------

    def _decorator(self) -> None:
        reader = self.reader
        reader.next()
        if reader.takes("name", "el"):
            reader.expect(".", "a point behind el")
        if not reader.takes("name", "cell"):
            reader.refuse("expected @cell or @el.cell")
        if reader.takes("sign", "("):
            reader.separated(self._option, ")")
        reader.end_of_line()

    def _option(self) -> None:
        reader, token = self.reader, self.reader.next()
        if token.text not in ("initial", "frozen", "valid", "inputs", "memory"):
            reader.text.refuse("here stand initial=, frozen=, valid=, inputs= or memory=", token.place)
        reader.expect("=", f"a value for {token.text}")
        if token.text in self._counts:
            self._counts[token.text] = self._count(token.text)
        elif token.text == "frozen":
            reader.expect("[", "names of parameters, as in frozen=['W']")
            self._frozen = tuple(reader.separated(self._string, "]"))
        elif token.text == "valid":
            self._valid = self._of_collection("valid")
            if not self._valid:
                reader.refuse("valid= is that of a cell of the collection: valid=cells.lif.valid")
        else:
            self._initial = self._of_collection("initial") or self._pairs()

    def _count(self, what: str) -> int:
        place, value = self.reader.token.place, self.reader.number()
        if not value.is_integer() or not 0 <= value <= MOST_ARGUMENTS:
            self.reader.text.refuse(f"{what} is a whole number from 0 to {MOST_ARGUMENTS}", place)
        return int(value)

    def _of_collection(self, option: str) -> str:
        """The name in ``cells.NAME.initial``, or nothing."""
        reader = self.reader
        if reader.takes("name", "el"):
            reader.expect(".", "a point behind el")
        if not reader.takes("name", "cells"):
            return ""
        reader.expect(".", "a point behind cells")
        name = reader.new_name("behind cells. stands a cell of the collection")
        reader.expect(".", f"a point: cells.{name}.{option}")
        if not reader.takes("name", option):
            reader.refuse(f"expected cells.{name}.{option}")
        return name

    def _pairs(self) -> dict[str, float | str]:
        self.reader.expect("{", "values by parameter, as in initial={'b_f': 1}")
        return dict(self.reader.separated(self._pair, "}"))

    def _pair(self) -> tuple[str, float | str]:
        name = self._string()
        self.reader.expect(":", f"a colon behind {name!r}")
        return name, self._string() if self.reader.token.kind == "string" else self.reader.number()

    def _string(self) -> str:
        token = self.reader.token
        if token.kind != "string" or len(token.text) > 80:
            self.reader.refuse("expected a name between quotation marks")
        return self.reader.next().text.strip("'\"")
