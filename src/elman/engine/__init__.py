"""Engines: the scheduler, the NumPy reference, the native engine."""

from __future__ import annotations

import os
import warnings

import numpy as np

from elman.engine.interface import Engine
from elman.engine.plan import Plan
from elman.engine.reference import NumpyEngine
from elman.errors import EngineError, OptionError

ENGINES = ("native", "numpy")


def native_available() -> bool:
    """Whether the compiled engine is there.

    Returns
    -------
    bool

    Examples
    --------
    >>> from elman.engine import native_available
    >>> native_available() in (True, False)
    True
    """
    try:
        import elman._native  # noqa: F401
    except ImportError:
        return False
    return True


_warned = False


def default_engine() -> str:
    """The engine of ``ELMAN_ENGINE``, else native, else NumPy with one warning.

    Returns
    -------
    str
        ``"native"`` or ``"numpy"``.

    Examples
    --------
    >>> from elman.engine import default_engine
    >>> default_engine() in ("native", "numpy")
    True
    """
    chosen = os.environ.get("ELMAN_ENGINE", "")
    if chosen:
        return chosen
    if native_available():
        return "native"
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            "Elman's native engine is not built, so everything runs on NumPy: correct, but many times slower. "
            "Install a C++ compiler and reinstall elman to have it; set ELMAN_ENGINE=numpy to silence this.",
            RuntimeWarning,
            stacklevel=3,
        )
    return "numpy"


def make_engine(
    plan: Plan,
    dtype: np.typing.DTypeLike,
    which: str | None = None,
    threads: int | None = None,
    products: str | None = None,
) -> Engine:
    """An engine for a plan.

    Parameters
    ----------
    plan : Plan
        What is run.
    dtype : dtype
        Of all numbers.
    which : {"native", "numpy"}, optional
        `default_engine` by default.
    threads : int, optional
        How many threads it may use; all cores by default.
    products : {"bfloat16"}, optional
        As for `Network`.

    Returns
    -------
    Engine

    Raises
    ------
    OptionError
        If there is no such engine, or its products cannot be made so.
    EngineError
        If the native engine is asked for and not built.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(1, [el.GRU(4)])
    >>> type(el.engine.make_engine(net.engine().plan, "float32", "numpy")).__name__
    'NumpyEngine'
    """
    which = which or default_engine()
    if which not in ENGINES:
        raise OptionError(f"unknown engine {which!r}; there are {', '.join(ENGINES)}")
    if which == "numpy":
        return NumpyEngine(plan, dtype, threads, products)
    if not native_available():
        raise EngineError(
            "the native engine is not built: install a C++ compiler and reinstall elman, or use engine='numpy'"
        )
    from elman.engine.native import NativeEngine

    return NativeEngine(plan, dtype, threads, products)
