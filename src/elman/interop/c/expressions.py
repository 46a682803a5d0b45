"""Expressions: an op of the table as C writes it, with as many brackets as it needs."""

from __future__ import annotations

from collections.abc import Sequence

from elman.interop.c.functions import Functions

ADD, MUL, UNARY, ATOM = 1, 2, 3, 9  # how tightly a text binds
Text = tuple[str, int]

_INFIX = {"add": ("+", ADD), "sub": ("-", ADD), "mul": ("*", MUL), "div": ("/", MUL), "outer": ("*", MUL)}
_COMPARED = {"lt": "<", "le": "<=", "eq": "=="}
_NUMBERS = {"leaky_relu": 1, "elu": 1, "clip": 2}  # how many of the op's numbers its function takes


def expression(op: str, operands: Sequence[Text], first: float, second: float, functions: Functions) -> Text:
    """The text of one op on the texts of its operands."""
    texts = [text for text, _ in operands]
    one = functions.literal(1.0)
    if op in _INFIX:
        sign, binds = _INFIX[op]
        left, right = bracketed(operands[0], binds), bracketed(operands[1], binds + (op in ("sub", "div")))
        return f"{left} {sign} {right}", binds
    if op == "neg":
        return f"-{bracketed(operands[0], ATOM)}", UNARY
    if op == "reciprocal":
        return f"{one} / {bracketed(operands[0], MUL + 1)}", MUL
    if op in _COMPARED:
        left, right = (bracketed(o, ADD) for o in operands)
        return f"({left} {_COMPARED[op]} {right} ? {one} : {functions.literal(0.0)})", ATOM
    if op == "where":
        compared, zero = f" ? {one} : {functions.literal(0.0)})", functions.literal(0.0)
        is_comparison = texts[0].startswith("(") and texts[0].endswith(compared) and texts[0].count("?") == 1
        condition = texts[0][1:].removesuffix(compared) if is_comparison else f"{bracketed(operands[0], ADD)} != {zero}"
        return f"({condition} ? {texts[1]} : {texts[2]})", ATOM
    if op == "expand":
        return operands[0]
    numbers = [functions.number(n) for n in (first, second)[: _NUMBERS.get(op, 0)]]
    return f"{functions.name('fabs' if op == 'abs' else op)}({', '.join([*texts, *numbers])})", ATOM


def bracketed(text: Text, needed: int) -> str:
    return text[0] if text[1] >= needed else f"({text[0]})"
