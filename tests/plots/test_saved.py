"""Pictures as files."""

from __future__ import annotations

import pytest

from elman.errors import OptionError
from elman.plots import unrolled
from elman.plots.saved import write_picture

HEADS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("ending", HEADS)
def test_the_name_says_the_form(ending, tmp_path):
    from elman.cells import gru

    write_picture(tmp_path / f"gru{ending}", lambda: unrolled(gru, 1).figure)
    assert (tmp_path / f"gru{ending}").read_bytes().startswith(HEADS[ending])


@pytest.mark.parametrize("name", ["gru.jpg", "gru", "there/../"])
def test_nothing_is_drawn_where_it_cannot_be_written(name, tmp_path):
    def draw():
        raise AssertionError

    with pytest.raises(OptionError, match="must end in .png, .svg or .pdf"):
        write_picture(tmp_path / name, draw)
