"""The bar of a notebook in a real kernel: one output, updated in place, kept in the file."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.parity

nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

FIRST = """
import numpy as np
import elman as el
x = np.ones((64, 5, 1))
net = el.Network(1, [el.GRU(4, return_sequences=False), el.Dense(1)])
net.fit(x, x[:, 0], epochs=3, callbacks=[el.LambdaCallback(on_epoch_end=lambda training: print(training.epoch))]);
"""
FAILS = "net.fit(x, x[:, 0], callbacks=[el.LambdaCallback(on_epoch_end=lambda training: 1 / 0)])"


def test_a_bar_below_the_cell():
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (FIRST, FAILS)])
    nbclient.NotebookClient(book, timeout=120, allow_errors=True).execute()
    (bar, *printed), (failed, error) = (cell.outputs for cell in book.cells)
    assert bar.output_type == failed.output_type == "display_data"
    assert '<progress value="1.0000" max="1"' in bar.data["text/html"]
    assert bar.data["text/plain"].startswith("epoch 3/3  after 0 s  loss ")
    assert "".join(output.text for output in printed) == "1\n2\n3\n"
    assert "failed after 0 s" in failed.data["text/html"] and error.ename == "ZeroDivisionError"
