"""What makes no sense is refused with what came and what to do, and nothing is written."""

import numpy as np
import pytest

import elman as el

NET = el.Network(2, [el.GRU(3), el.Dense(1)])
BOTH = el.Network(2, [el.Bidirectional(el.GRU(3))])


def infinite():
    @el.cell
    def growing(p, x, h):
        return el.tanh(p.W @ x + el.exp(p.a) * h)

    net = el.Network(2, [el.Recurrent(growing, 3)])
    net.params["0.a"] = np.full(3, 1e30)
    return net


WRONG = {
    "a name with a space": (NET, {"name": "my net"}, "OptionError", "name is 'my net'; expected an identifier of C"),
    "a name that begins with a digit": (NET, {"name": "2net"}, "OptionError", "identifier of C"),
    "a name with an underscore first": (NET, {"name": "_net"}, "OptionError", "identifier of C"),
    "a name that is no text": (NET, {"name": 3}, "OptionError", "name is 3; expected"),
    "a name that is empty": (NET, {"name": ""}, "OptionError", "name is ''; expected"),
    "a name with a letter that C lacks": (NET, {"name": "näher"}, "OptionError", "identifier of C"),
    "a keyword": (NET, {"name": "static"}, "OptionError", "name is 'static', a word of C"),
    "a keyword of C++": (NET, {"name": "class"}, "OptionError", "a word of C or of its library"),
    "a function of the library": (NET, {"name": "exp"}, "OptionError", "a word of C or of its library"),
    "main": (NET, {"name": "main"}, "OptionError", "a word of C or of its library"),
    "a long name": (NET, {"name": "n" * 32}, "OptionError", "32 characters; .* at most 31"),
    "weights": (
        NET,
        {"weights": "int4"},
        "OptionError",
        r"weights is 'int4' \(did you mean 'int8'\?\); expected one of",
    ),
    "weights that are no text": (NET, {"weights": 8}, "OptionError", "weights is 8; expected one of float32, int8"),
    "math": (NET, {"math": "fast"}, "OptionError", "math is 'fast'; expected one of libm, own"),
    "own functions of doubles": (
        el.Network(2, [el.GRU(3)], dtype="float64"),
        {"math": "own"},
        "OptionError",
        "math='own' is for float32, and the network is of float64",
    ),
    "bytes of doubles": (
        el.Network(2, [el.GRU(3)], dtype="float64"),
        {"weights": "int8"},
        "OptionError",
        "for float32",
    ),
    "steps of a network that has a step": (
        NET,
        {"max_steps": 9},
        "OptionError",
        "this one goes step by step: leave it",
    ),
    "no steps of one that has none": (BOTH, {}, "ConversionError", "0.backward .* runs in reverse, .* max_steps="),
    "no step": (BOTH, {"max_steps": 0}, "OptionError", "max_steps is 0; expected a whole number"),
    "data without bytes": (NET, {"data": np.ones((1, 3, 2))}, "OptionError", "leave data out"),
    "data of another width": (NET, {"weights": "int8", "data": np.ones((1, 3, 5))}, "ShapeError", "has 5 features"),
    "data that is not finite": (NET, {"weights": "int8", "data": [[[1, np.inf]]]}, "DataError", "inf"),
    "a compiler that is not there": (
        NET,
        {"compiler": "no-such-cc"},
        "ConversionError",
        "'no-such-cc', which is not found",
    ),
    "a compiler that fails": (NET, {"compiler": "false"}, "ConversionError", "false refuses the C of this network"),
    "a tolerance": (NET, {"tolerance": -1}, "OptionError", "tolerance is -1"),
    "a tolerance that nothing meets": (
        NET,
        {"tolerance": 1e-12},
        "ConversionError",
        "differs by .* where 1e-12 is allowed",
    ),
    "no flag": (NET, {"main": "yes"}, "OptionError", "main is 'yes'; expected True or False"),
    "rounded products": (
        el.Network(2, [el.GRU(3)], products="bfloat16"),
        {},
        "ConversionError",
        "rounds what its products multiply to bfloat16",
    ),
    "what parameters make that is not": (infinite(), {}, "ConversionError", "is not finite: look at net.params"),
    "no network": ("net.safetensors", {}, "OptionError", "net is 'net.safetensors'; expected a Network"),
    "constants that are no dict": (NET, {"constants": [1, 2]}, "OptionError", "expected a dict of vectors by name"),
    "a constant called as a function": (NET, {"constants": {"step": [1]}}, "OptionError", "'step' is called as what"),
    "a constant that is not finite": (NET, {"constants": {"mean": [np.nan]}}, "DataError", "must be finite"),
}


@pytest.mark.parametrize("what", WRONG)
def test_is_refused_and_nothing_is_written(tmp_path, what):
    net, how, error, message = WRONG[what]
    with pytest.raises(getattr(el.errors, error), match=message):
        el.interop.to_c(net, tmp_path / "out", **how)
    assert not list(tmp_path.iterdir())


def test_two_names(tmp_path):
    with pytest.raises(el.errors.OptionError, match="leave one of them out"):
        el.interop.to_c(NET, tmp_path / "one.c", name="two")
    assert [p.name for p in el.interop.to_c(NET, tmp_path / "one.c", name="one", main=False)] == ["one.h", "one.c"]


def test_a_file_where_the_folder_would_be(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(el.errors.OptionError, match="is a file; give a folder"):
        el.interop.to_c(NET, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_folder_where_a_file_would_be(tmp_path):
    (tmp_path / "net.c").mkdir()
    with pytest.raises(el.errors.OptionError, match="is a folder, where a file is to be written"):
        el.interop.to_c(NET, tmp_path, name="net")
    assert [p.name for p in tmp_path.iterdir()] == ["net.c"]


def test_a_folder_that_cannot_be_made():
    with pytest.raises(el.errors.OptionError, match="cannot be written"):
        el.interop.to_c(NET, "/proc/elman")


def test_an_empty_path():
    with pytest.raises(el.errors.OptionError, match="path is empty"):
        el.interop.to_c(NET, " ")
