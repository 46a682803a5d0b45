"""What the page shows of a typed text is what the library says of the cell."""

from __future__ import annotations

import pytest

import elman as el
from elman.lab.reading import collection, of_collection, read


@pytest.mark.parametrize("name", ["gru", "lstm", "lru", "antisymmetric_rnn", "clockwork_rnn", "mlstm", "lif"])
def test_a_text_is_described_as_its_cell_is(name):
    found = read(of_collection(name)["text"], 2, 6)
    cell = el.cell_from_text(el.cell_text(name))
    graph = cell.trace().bind([2], 6)
    assert found["latex"] == cell.latex() and found["plain"] == cell.equations()
    for one in found["parameters"]:
        assert tuple(one["shape"]) == graph.shape(one["name"])
        assert one["recurrent"] == graph.recurrent(one["name"])
    assert [state["name"] for state in found["states"]] == [state.name for state in graph.states]
    places = found["drawing"]["places"]
    assert all(block["name"] in places for block in found["drawing"]["blocks"])


def test_the_collection_is_there_from_the_oldest_on():
    found = collection()
    years = [one["year"] for one in found]
    assert years == sorted(years) and {"simple", "gru", "lstm"} <= {one["name"] for one in found}
    assert all(not read(of_collection(one["name"])["text"], 2, 8).get("error") for one in found)


def test_sizes_that_do_not_fit_are_told():
    error = read("def f(p, x, h):\n    return tanh(x + h)", 3, 8)["error"]
    assert "sizes do not match" in error["message"] and (error["line"], error["column"]) == (2, 5)
