"""What is wrong with a text is said in the user's terms, with its place."""

from __future__ import annotations

import pytest

import elman as el

HEAD = "def f(p, x, h):\n"
WRONG = [  # the text, what is said, and where
    ("", "a cell begins with its name", 1, 1),
    ("h = tanh(x)", "a cell begins with its name", 1, 1),
    ("def f(x, h):\n  return x", "the first argument is p", 1, 1),
    ("def f(p):\n  return p.b", "behind p stand the inputs", 1, 1),
    ("def f(p, x, x):\n  return x", "two arguments have one name", 1, 1),
    ("def f(p, x, h, *, bias=True):\n  return x", "no options behind a star", 1, 16),
    ("def f(p, x, h=0):\n  return x", "no value beforehand", 1, 14),
    ("def f(p, x, tanh):\n  return x", "tanh is a function here", 1, 13),
    (HEAD, "the last line must return the new states: return h", 1, 1),
    (HEAD + "  a = x\n", "the last line must return", 1, 1),
    (HEAD + "  return tanh(x", "is not closed", 2, 14),
    (HEAD + "  return tanh(x]", r"this \] closes the \( of line 2", 2, 16),
    (HEAD + "  return x)", "closes nothing", 2, 11),
    (HEAD + "  return W @ x", r"W is no argument and no value .* written p\.W", 2, 10),
    (HEAD + "  return sigmod(x)", r"no function sigmod \(did you mean 'sigmoid'\?\)", 2, 10),
    (HEAD + "  return min(x, h)", r"write minimum\(a, b\)", 2, 10),
    (HEAD + "  return np.tanh(x)", "functions stand by themselves here: tanh, not np.tanh", 2, 10),
    (HEAD + "  return torch.relu(x)", "functions stand by themselves here: relu, not torch.relu", 2, 10),
    (HEAD + "  return os.system('ls')", "os is no argument", 2, 10),
    (HEAD + "  return x.real", "a value has no .real", 2, 12),
    (HEAD + "  return p.__class__", "not with an underscore", 2, 12),
    (HEAD + "  return tanh.__globals__", "tanh is a function", 2, 10),
    (HEAD + "  import os", "no `import` in equations", 2, 3),
    (HEAD + "  if x:\n    return h", "no `if` in equations: a choice is where", 2, 3),
    (HEAD + "  return x if h else h", "no `if` in equations: a choice is where", 2, 12),
    (HEAD + "  for i in x:\n    h = h", "equations state one step", 2, 3),
    (HEAD + "  return lambda: x", "no `lambda`", 2, 10),
    (HEAD + "  return x and h", "no `and` in equations", 2, 12),
    (HEAD + "  return not x", "no `not` in equations", 2, 10),
    (HEAD + "  return a < x < h".replace("a", "x", 1), "comparisons do not chain", 2, 16),
    (HEAD + "  h += x\n  return h", r"\+= is no sign of equations", 2, 5),
    (HEAD + "  return x // 2", "whole division", 2, 12),
    (HEAD + "  return x ^ 2", r"a power is a \*\* b", 2, 12),
    (HEAD + "  return x − 1", "another character", 2, 12),
    (HEAD + "  return x & h", "comparisons are 1 or 0", 2, 12),
    (HEAD + "  return 2x", "a product is written 2 \\*", 2, 11),
    (HEAD + "  return x h", r"a product is written a \* b", 2, 12),
    (HEAD + "  return x +", "expected an expression behind \\+, and the line ends", 2, 13),
    (HEAD + "  return", "expected what is returned, and the line ends", 2, 9),
    (HEAD + "  retrun x", r"expected = behind retrun, .*did you mean 'return'", 2, 10),
    (HEAD + "  tanh = x\n  return h", "tanh is a function here", 2, 3),
    (HEAD + "  p.W = x\n  return h", "parameters are learnt", 2, 3),
    (HEAD + "  return x\n  h = x", "behind the return", 3, 3),
    (HEAD + "  return x(1 + h)", "x is a value, not a function", 2, 10),
    (HEAD + "  return tanh(x, h)", r"tanh takes 1 argument \(x\), and 2 came", 2, 10),
    (HEAD + "  return where(x, h)", r"where takes 3 arguments \(condition, a, b\)", 2, 10),
    (HEAD + "  return dropout(x, speed=1)", "no argument 'speed'", 2, 27),
    (HEAD + "  return leaky_relu(x, x=2)", "given twice", 2, 10),
    (HEAD + "  return x['a']", "no texts in equations", 2, 12),
    (HEAD + "  return x[1]", "of a symbol a range can be taken", 2, 10),
    (HEAD + "  return x[::2]", "no step", 2, 13),
    (HEAD + "  return x[1:0.5]", "whole numbers", 2, 14),
    (HEAD + "  return 1 / 0 + x", "this is no number", 2, 10),
    (HEAD + "  return (2 ** 4000) * x", "this is no number", 2, 11),
    (HEAD + "  return 1 < 2", "two numbers are compared", 2, 10),
    (HEAD + "  return x @ h", "multiplies a parameter matrix with a vector", 2, 10),
    (HEAD + "  a, b = x\n  return h", "2 names, and one value", 2, 3),
    (HEAD + "  a = x, h\n  return a", "one name, and 2 values", 2, 3),
    (HEAD + "  return x, h, x", "returned 3 values", 2, 3),
    (HEAD + "  return tanh((x, h))", "takes vectors, each as an argument", 2, 10),
    (HEAD + "  return x + (x, h)", "expected one value, and 2 came", 2, 14),
    (HEAD + "  return dropout(x, h)", "must be a number", 2, 10),
    (HEAD + "  return x + 'a'", "no texts in equations", 2, 14),
    (HEAD + "  return x + 'a", "not closed on its line", 2, 14),
    (HEAD + "  return x + $", "no sign of equations|equations are text here", 2, 14),
    (HEAD + "  b = p.b * 2\n  return x", "uses p.b for nothing", 3, 3),
    (HEAD + "  return split(x, 65)[0]", "at most 64", 2, 10),
    (HEAD + "  return roll(x, 99999999)", "at most", 2, 10),
    (HEAD + "  return constant(1) * x", "takes numbers in brackets", 2, 10),
    (HEAD + "  return constant([[1], [1, 2]]) @ x", "rows of one length", 2, 19),
    ("@cell(initial={'b': x})\n" + HEAD + "  return x", "expected a number", 1, 21),
    ("@cell(units=3)\n" + HEAD + "  return x", "here stand initial=", 1, 7),
    ("@cell(initial=cells.nothing.initial)\n" + HEAD + "  return x", "no cell 'nothing'", 1, 1),
    ("@cell(frozen=['W'])\n" + HEAD + "  return x", "no parameter 'W' to freeze", 3, 3),
    ("@dataclass\n" + HEAD + "  return x", "expected @cell", 1, 2),
]


@pytest.mark.parametrize(("text", "said", "line", "column"), WRONG, ids=[f"{k}" for k in range(len(WRONG))])
def test_what_is_wrong_is_said_where_it_is(text, said, line, column):
    with pytest.raises(el.TextError, match=said) as found:
        el.cell_from_text(text)
    assert (found.value.line, found.value.column) == (line, column)


def test_the_message_shows_the_line_with_a_mark_below():
    with pytest.raises(el.TextError) as found:
        el.cell_from_text(HEAD + "    z = sigmod(p.W @ x)\n    return z")
    reason, line, mark = str(found.value).split("\n")
    assert reason.startswith("line 2, column 9: there is no function sigmod")
    assert line[2:] == "    z = sigmod(p.W @ x)" and mark[2:] == "        ^^^^^^"


BEYOND = [
    (HEAD + "  return x\n" + "#" * 20_000, "characters"),
    (HEAD + "  return " + "(" * 200 + "x" + ")" * 200, "deep"),
    (HEAD + "  return " + "-" * 200 + "x", "deep"),
    (HEAD + "  return " + "2 ** " * 200 + "x", "deep"),
    (HEAD + "  return x" + "[:1]" * 70, "deep"),
    (HEAD + "  return x" + ".T" * 70, "deep"),
    (HEAD + "  a = x\n" * 201 + "  return a", "at most 200 equations"),
    (HEAD + "  return " + "+".join(["x"] * 5000), "names and signs"),
    ("\n" * 600, "lines"),
    (HEAD + "  return " + "1" * 50 + " * x", "40 digits"),
    (HEAD + "  return p." + "W" * 61 + " @ x", "letters"),
    (HEAD + "  a = " + " + ".join(["split(x, 64)[0]"] * 330) + "\n  return a", "values at a step"),
    ("def f(p, " + ", ".join(f"x{k}" for k in range(25)) + "):\n  return x0", "at most 20 arguments"),
]


@pytest.mark.parametrize(("text", "said"), BEYOND, ids=[said for _, said in BEYOND])
def test_texts_beyond_all_bounds_are_refused(text, said):
    with pytest.raises(el.TextError, match=said):
        el.cell_from_text(text)
