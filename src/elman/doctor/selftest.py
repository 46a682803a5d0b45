"""The self-test: what Elman promises, on small things, in the process that `elman.doctor.trying` starts for it.

Each test gives a sentence, or raises `Wrong` with one; a line of JSON goes to the standard output before and after it.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from elman.doctor.trying import TESTS
from elman.engine import native
from elman.engine.products import Weights
from elman.engine.threads import default_threads
from elman.network import GRU, LSTM, Dense, Network, Recurrent, SimpleRNN, check_gradients

Said = tuple[str, Any]
FLOAT64, FLOAT32 = 1e-10, 1e-4  # the largest differences of both engines, relative to the largest number
CENTRAL = 1e-7
SIZE, SECONDS = 1024, 0.6  # of the products


class Wrong(Exception):
    """What a test found is not as it must be."""


def main(what: str) -> None:
    """Do what is asked for, and say it in lines of JSON."""
    if what == "engine":
        _say(facts())
        return
    tests: dict[str, Callable[[], Said]] = {
        "engines": engines,
        "gradients": gradients,
        "threads": threads,
        "products": products,
        "files": files,
        "resuming": resuming,
    }
    assert list(tests) == list(TESTS)
    for name, test in tests.items():
        _say({"name": name})
        _say({"name": name, **_outcome(test)})


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _outcome(test: Callable[[], Said]) -> dict[str, Any]:
    try:
        text, value = test()
    except Wrong as wrong:
        return {"text": str(wrong), "state": "wrong"}
    except Exception as error:  # whatever it is, the tests behind it are made
        return {"text": f"{type(error).__name__}: {error}", "state": "wrong"}
    return {"text": text, "state": "ok", "value": value}


# --- the engine ---------------------------------------------------------------------------------------------


def facts() -> dict[str, Any]:
    """What there is to say of the engine, without computing anything."""
    from importlib.util import find_spec

    built, why = find_spec("elman._native") is not None, ""
    try:
        import elman._native  # noqa: F401
    except ImportError as error:
        why = str(error)
    found: dict[str, Any] = {"native": native.available(), "built": built, "why": why}
    found |= {"isas": native.instruction_sets(), "blas": _blas()}
    found["isa"], found["isa_error"] = _tried(lambda: native.instruction_set() if native.available() else "")
    found["threads"], found["threads_error"] = _tried(default_threads)
    found["default"] = _tried(_default)[0]
    return found


def _default() -> str:
    from elman.engine import default_engine

    return default_engine()


def _tried(ask: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return ask(), ""
    except Exception as error:
        return None, str(error)


def _blas() -> str:
    """NumPy's version, and what multiplies its matrices."""
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    libraries = [
        f"{one['internal_api']} {one['version'] or ''}".strip()
        for one in threadpool_info()
        if one["user_api"] == "blas"
    ]
    return f"{np.__version__} with {', '.join(libraries) or 'a BLAS that is not known'}"


# --- tests --------------------------------------------------------------------------------------------------


def _both() -> list[str]:
    return ["numpy", *(["native"] if native.available() else [])]


def _drawn(rng: np.random.Generator) -> tuple[Callable[..., Network], np.ndarray, np.ndarray]:
    """A network of one or two layers, and data for it."""
    kinds = [
        GRU,
        LSTM,
        SimpleRNN,
        lambda units: Recurrent("lem", units),
        lambda units: Recurrent("layer_norm_lstm", units),
    ]
    layers = [kinds[rng.integers(len(kinds))](int(rng.integers(1, 70))) for _ in range(rng.integers(1, 3))]
    rows, steps, features = rng.integers(1, 20), rng.integers(1, 30), int(rng.integers(1, 9))
    x, target = rng.normal(size=(rows, steps, features)), rng.normal(size=(rows, steps, 2))

    def made(**how: Any) -> Network:
        return Network(features, [*layers, Dense(2)], seed=1, **how)

    return made, x, target


def engines() -> Said:
    """Outputs, losses and gradients of both engines."""
    if len(_both()) < 2:
        return "there is only NumPy's", None
    worst, rng = 0.0, np.random.default_rng(0)
    for number in range(12):
        made, x, target = _drawn(rng)
        dtype, most = ((np.float64, FLOAT64), (np.float32, FLOAT32))[number % 2]
        ours, oracle = (
            _values(made(dtype=dtype, engine=name), x.astype(dtype), target.astype(dtype)) for name in _both()[::-1]
        )
        apart = max(float(np.abs(a - b).max() / max(1.0, np.abs(b).max())) for a, b in zip(ours, oracle, strict=True))
        if not apart <= most:
            raise Wrong(f"network {number} differs by {apart:.2g} in {np.dtype(dtype)}, more than {most:g}")
        worst = max(worst, apart / most)
    return f"12 alike, at most {worst:.0%} of what is allowed apart", worst


def _values(net: Network, x: np.ndarray, target: np.ndarray) -> Iterator[np.ndarray]:
    yield np.asarray(net(x))
    loss, grads = net.loss_and_grads(x, target)
    yield np.asarray(loss)
    yield from (np.asarray(grads[name]) for name in sorted(grads))


def gradients() -> Said:
    """Derivatives of cells, of each engine."""
    worst = {str(layer): check_gradients(layer, samples=10).worst for layer in (GRU(4), LSTM(3))}
    largest = max(worst.values())
    if not largest <= CENTRAL:
        raise Wrong(f"differ by {largest:.2g}, more than {CENTRAL:g}")
    return f"at most {largest:.1g} apart", largest


def threads() -> Said:
    """A training with one thread and with several."""
    many = max(2, default_threads())
    one, other = (_trained(_network(threads=number)) for number in (1, many))
    if not (one.arena == other.arena).all():
        raise Wrong(f"a training with 1 thread and one with {many} end with other bits")
    return f"a training with 1 and with {many}", many


def products() -> Said:
    """How fast float32 matrices are multiplied: a figure, which nothing is judged by."""
    a, b = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(np.float32)
    speeds = {"NumPy": _gflops(lambda: a @ b)}
    if native.available():
        weights, out = Weights(b, default_threads()), np.empty_like(a)
        speeds["Elman"] = _gflops(lambda: weights.multiply(a, out))
        if not np.allclose(out, a @ b.T, atol=1e-2):
            raise Wrong("a product differs from NumPy's")
    told = ", ".join(f"{name} {speed:.0f}" for name, speed in speeds.items())
    return f"{told} GFLOP/s ({SIZE} x {SIZE}, float32; other work on the machine slows them)", speeds


def _gflops(multiply: Callable[[], object]) -> float:
    multiply()
    best, end = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        began = time.perf_counter()
        multiply()
        best = min(best, time.perf_counter() - began)
    return round(2 * SIZE**3 / best / 1e9, 1)


def files() -> Said:
    """A network as a file."""
    from elman.models import load

    net, (x, _) = _trained(_network()), _data()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.safetensors"
        net.save(path)
        size, again = path.stat().st_size, load(path)
    assert isinstance(again, Network)
    if not (np.asarray(again(x)) == np.asarray(net(x))).all():
        raise Wrong("the network that was loaded gives other outputs than the one that was saved")
    return f"the same bits, from {size:,} bytes", size


def resuming() -> Said:
    """A training in two parts, beside one in one."""
    with tempfile.TemporaryDirectory() as folder:
        run = str(Path(folder) / "run")
        _trained(_network(), epochs=2, checkpoint=run)
        again = _trained(_network(), epochs=4, checkpoint=run, resume=True)
    if not (again.arena == _trained(_network(), epochs=4).arena).all():
        raise Wrong("a training that went on ends with other bits than one that was not ended")
    return "the same bits as without a break", None


def _data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(64, 20, 3)).astype(np.float32)
    return x, x.cumsum(axis=1)


def _network(**how: Any) -> Network:
    return Network(3, [GRU(24), Dense(3)], seed=0, **how)


def _trained(net: Network, epochs: int = 3, **how: Any) -> Network:
    x, target = _data()
    net.fit(x, target, epochs=epochs, batch_size=16, verbose=0, **how)
    return net
