"""Engines that are there, and those that are not."""

from __future__ import annotations

import shutil

import pytest

from elman.engine import make_engine, native_available
from elman.errors import EngineError, OptionError
from tests.engine.zoo import make_plan


@pytest.mark.skipif(not shutil.which("c++"), reason="there is no C++ compiler here")
def test_where_there_is_a_compiler_the_native_engine_is_built():
    assert native_available()


def test_without_a_native_build_the_numpy_engine_serves_with_one_warning(monkeypatch):
    from elman import engine

    monkeypatch.delenv("ELMAN_ENGINE", raising=False)
    monkeypatch.setattr(engine, "native_available", lambda: False)
    monkeypatch.setattr(engine, "_warned", False)
    with pytest.warns(RuntimeWarning, match="Install a C\\+\\+ compiler") as record:
        assert engine.default_engine() == engine.default_engine() == "numpy"
    assert len(record) == 1
    with pytest.raises(EngineError, match="not built"):
        engine.make_engine(make_plan("gru", 1, 2, 1), "float32", "native")


def test_an_unknown_engine_is_refused():
    with pytest.raises(OptionError, match="native, numpy"):
        make_engine(make_plan("gru", 1, 2, 1), "float32", "abacus")
