"""Environment variables that change what Elman does: which are set, and what that means."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator

from elman.doctor.findings import Finding, State, impersonal

ENGINES = ("native", "numpy")
OURS: dict[str, str] = {
    "ELMAN_ENGINE": "the engine that computes",
    "ELMAN_ISA": "the instruction set of the native engine, instead of the best one of this processor",
    "ELMAN_THREADS": "how many threads a network has at most",
    "ELMAN_DATA": "where data sets such as MNIST are looked for first",
}
OTHERS: dict[str, str] = {
    "OMP_NUM_THREADS": "how many threads NumPy's products have, and a network at most where ELMAN_THREADS says nothing",
    "OPENBLAS_NUM_THREADS": "how many threads NumPy's products have",
    "MKL_NUM_THREADS": "how many threads NumPy's products have",
    "TMPDIR": "where temporary files lie",
    "XDG_CACHE_HOME": "where downloads lie",
    "NO_COLOR": "no colours in a terminal",
    "PYTHONPATH": "other folders may stand before the installed packages",
    "LD_PRELOAD": "other libraries are loaded into the process",
}
PRIVATE = ("ELMAN_DATA", "TMPDIR", "XDG_CACHE_HOME", "PYTHONPATH", "LD_PRELOAD")  # whose values are people's folders


def settings() -> Iterator[Finding]:
    """A finding for each variable that is set."""
    found = [name for name in (*OURS, *OTHERS) if os.environ.get(name)]
    yield from (_told(name) for name in found)
    unknown = sorted(name for name in os.environ if name.startswith("ELMAN_") and name not in OURS)
    yield from (_unknown(name) for name in unknown)
    if not found and not unknown:
        yield Finding("variables", "none is set that changes anything")


def _told(name: str) -> Finding:
    value = "set" if name in PRIVATE else impersonal(os.environ[name])
    state, advice = CHECKS.get(name, lambda text: ("ok", ""))(os.environ[name])
    return Finding(name, f"{value}: {(OURS | OTHERS)[name]}", state, advice, value)


def _unknown(name: str) -> Finding:
    near = difflib.get_close_matches(name, OURS, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(OURS)}"
    return Finding(name, "is no variable of Elman, and changes nothing", "note", hint)


def _engine(text: str) -> tuple[State, str]:
    if text not in ENGINES:
        return "wrong", f"expected {' or '.join(ENGINES)}: every network is refused"
    return ("note", "many times slower than native") if text == "numpy" else ("ok", "")


def _threads(text: str) -> tuple[State, str]:
    good = text.isdecimal() and int(text) > 0
    return ("ok", "") if good else ("wrong", "expected a whole number from 1 on: every network is refused")


def _folder(text: str) -> tuple[State, str]:
    return ("ok", "") if os.path.isdir(text) else ("note", "there is no such folder")


CHECKS: dict[str, Callable[[str], tuple[State, str]]] = {
    "ELMAN_ENGINE": _engine,
    "ELMAN_THREADS": _threads,
    "ELMAN_DATA": _folder,
    "TMPDIR": _folder,
}
