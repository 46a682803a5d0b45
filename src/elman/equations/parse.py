"""Parse: from a text of equations to what it says. The text is read by this grammar and never run as Python.

cell       : ["@" ["el" "."] "cell" ["(" said ")"]] "def" NAME "(" "p" ("," NAME)* ")" ":" [STRING] equation+
equation   : NAME ("," NAME)* "=" several | "return" several
several    : expression ("," expression)*
expression : sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
sum        : product (("+" | "-") product)*
product    : signed (("*" | "/" | "@") signed)*
signed     : ("+" | "-") signed | power
power      : part ["**" signed]
part       : atom ("[" key ("," key)* "]" | ".T")*
atom       : NUMBER | NAME | "p" "." NAME | FUNCTION "(" arguments ")" | "(" several ")" | "[" numbers "]"

Of the arguments of functions one is a STRING: what ``within(x, "mass")`` says of an input.
"""

from __future__ import annotations

from elman.checks import nearest
from elman.equations.parse_expressions import INSTEAD, Expressions
from elman.equations.parse_functions import FUNCTIONS
from elman.equations.parse_head import Head
from elman.equations.parse_nodes import Equation, Name, Program
from elman.equations.parse_tokens import Text

MOST_EQUATIONS = 200


def parse(source: str) -> Program:
    """What a text says.

    Raises
    ------
    TextError
        Where it is not as the grammar has it, or too long.
    """
    return _Parser(Text(source)).program()


class _Parser(Expressions):
    """Reads tokens from left to right."""

    def program(self) -> Program:
        self.skip_lines()
        head = Head(self)
        self.depth = 0
        self.known = {argument.name for argument in head.arguments}
        equations: list[Equation] = []
        self.skip_lines()
        while self.token.kind != "end":
            if equations and equations[-1].returns:
                self.refuse("this stands behind the return, where nothing is computed any more")
            equations.append(self.equation())
            self.skip_lines()
            if len(equations) > MOST_EQUATIONS:
                self.refuse(f"a cell has at most {MOST_EQUATIONS} equations")
        if not equations or not equations[-1].returns:
            states = ", ".join(a.name for a in head.arguments[1 + head.said.inputs + head.said.memory :]) or "the value"
            self.text.refuse(f"the last line must return the new states: return {states}", head.place)
        return Program(head.name, head.arguments[1:], head.said, head.doc, tuple(equations), head.place)

    # --- equations --------------------------------------------------------------------------------------------

    def equation(self) -> Equation:
        first = self.token
        if self.takes("name", "return"):
            value = self.several("what is returned")
            self.end_of_line()
            return Equation((), value, first.place.to(value.place))
        if first.kind == "name" and first.text in INSTEAD:
            self.refuse(f"there is no `{first.text}` in equations: {INSTEAD[first.text]}")
        names = [self.assigned()]
        while self.takes("sign", ","):
            names.append(self.assigned())
        self.equals(names[-1])
        value = self.several(f"a value for {names[0].name}")
        self.end_of_line()
        self.known |= {name.name for name in names}
        return Equation(tuple(names), value, first.place.to(value.place))

    def assigned(self) -> Name:
        token = self.token
        if token.kind == "name" and token.text == "p" and self.tokens[self.at + 1].text == ".":
            self.refuse("parameters are learnt, not computed: give what is computed a name without p.")
        name = self.new_name("an equation begins with a name, as in `h = ...`, or with `return`")
        if name in FUNCTIONS:
            self.text.refuse(f"{name} is a function here; give the value another name", token.place)
        return Name(token.place, name)

    def equals(self, before: Name) -> None:
        if self.token.text == "(":
            self.text.refuse(self.no_function(before.name), before.place)
        if not self.takes("sign", "="):
            self.refuse(f"expected = behind {before.name}, or `return` before it{nearest(before.name, ['return'])}")
