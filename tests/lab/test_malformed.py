"""Equations that a generator has spoilt: each is read, or told, and nothing else happens."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

import elman as el
from elman.cells import catalogue
from elman.lab.reading import read

TEXTS = {name: el.cell_text(name) for name in list(catalogue())[::5] + ["gru_d", "mc_lstm", "mlstm"]}
PIECES = re.compile(r"\w+|\s+|[^\w\s]")
MORE = [
    "(",
    ")",
    "[",
    "]",
    "@",
    "**",
    "p.",
    "p",
    "h",
    "x",
    "return",
    "\n",
    "    ",
    "\t",
    '"',
    "'''",
    ",",
    "=",
    "1e400",
    "-1",
    "é",
    "\0",
]
CHANGES = ("drop", "twice", "swap", "put", "cut")


def spoilt(text: str, changes: list[tuple[str, int, int, str]]) -> str:
    """A text whose pieces were dropped, doubled, exchanged, put in, or which ends somewhere."""
    pieces = PIECES.findall(text)
    for what, at, other, new in changes:
        if not pieces:
            break
        k, j = at % len(pieces), other % len(pieces)
        if what == "drop":
            del pieces[k]
        elif what == "twice":
            pieces.insert(k, pieces[k])
        elif what == "swap":
            pieces[k], pieces[j] = pieces[j], pieces[k]
        elif what == "put":
            pieces.insert(k, new)
        else:
            del pieces[k + len(pieces) // 2 :]
    return "".join(pieces)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(sorted(TEXTS)),
    st.lists(
        st.tuples(st.sampled_from(CHANGES), st.integers(0, 999), st.integers(0, 999), st.sampled_from(MORE)),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 4),
)
def test_spoilt_cells_are_read_or_told(name, changes, features):
    text = spoilt(TEXTS[name], changes)
    found = read(text, features, 5)
    if "error" not in found:
        assert found["latex"] and found["drawing"]["blocks"] is not None
        return
    error, lines = found["error"], text.split("\n")
    assert error["message"] and 0 <= error["line"] <= len(lines)
    assert error["column"] >= (1 if error["line"] else 0)
