"""What may be broken, tried in a process of its own: a crash, or no answer, is a finding like any other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from elman.doctor.findings import REPORT, Finding, impersonal

PATIENCE = 120.0  # seconds; ten are usual
TESTS = {
    "engines": "native and NumPy on networks that are drawn",
    "gradients": "beside central differences",
    "threads": "the same bits for any number",
    "products": "matrix products",
    "files": "a model saved and loaded",
    "resuming": "a training that was ended and goes on",
}
_CODE = "import sys; sys.path[:] = {path!r}; from elman.doctor.selftest import main; main({what!r})"


@dataclass(frozen=True)
class Tried:
    """What a process said, line by line, and how it ended."""

    lines: list[dict[str, Any]]
    ended: str
    error: str


def engine() -> Iterator[Finding]:
    """Which engine computes, with which instruction set and how many threads."""
    tried = _tried("engine", 30.0)
    if tried.ended or not tried.lines:
        yield Finding("native", _how(tried), "wrong", _advice(tried))
        return
    said = tried.lines[-1]
    yield _native(said)
    if said["isas"]:
        used = said["isa"] or "none"
        yield Finding("instruction sets", f"{used}, of {', '.join(said['isas'])}", value=said["isas"])
    if said["isa_error"]:
        yield Finding("ELMAN_ISA", said["isa_error"], "wrong", f"give one of {', '.join(said['isas'])}, or none")
    if said["threads_error"]:
        yield Finding("threads", said["threads_error"], "wrong", "see Settings")
    else:
        yield Finding("threads", f"{said['threads']} for a network that is not told", value=said["threads"])
    yield Finding("NumPy", said["blas"])


def _native(said: dict[str, Any]) -> Finding:
    if said["native"]:
        return Finding("native", f"the {said['default']} engine computes", value=True)
    if said["built"]:
        again = "pip install --force-reinstall --no-deps elman"
        return Finding("native", f"cannot be loaded: {impersonal(said['why'])}", "wrong", again, False)
    advice = "install a C++ compiler, then: pip install --force-reinstall --no-deps --no-binary elman elman"
    return Finding("native", "was not built: all runs on NumPy, many times slower", "note", advice, False)


def self_test() -> Iterator[Finding]:
    """What each test found."""
    tried = _tried("test", PATIENCE)
    done = {line["name"]: line for line in tried.lines if "text" in line}
    for name, about in TESTS.items():
        if name in done:
            line = done[name]
            advice = REPORT if line["state"] == "wrong" else ""
            yield Finding(name, f"{about}: {impersonal(line['text'])}", line["state"], advice, line.get("value"))
        elif any(line["name"] == name for line in tried.lines):
            yield Finding(name, f"{about}: {_how(tried)}", "wrong", _advice(tried))
        else:
            how = "could not be begun" if not tried.lines else "was not reached"
            yield Finding(name, f"{about}: {how}{'' if tried.lines else ': ' + _how(tried)}", "wrong", _advice(tried))


def _tried(what: str, patience: float) -> Tried:
    """Run what `elman.doctor.selftest` does under a name."""
    command = [sys.executable, "-c", _CODE.format(path=sys.path, what=what)]
    told = {"env": {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "ignore"}, "stdin": subprocess.DEVNULL}
    try:
        ended = subprocess.run(command, capture_output=True, timeout=patience, check=False, **told)  # type: ignore[call-overload]
    except subprocess.TimeoutExpired as late:
        return Tried(_lines(late.stdout or b""), f"no answer within {patience:g} s", "")
    return Tried(_lines(ended.stdout), _end(ended.returncode), _last(ended.stderr))


def _lines(output: bytes) -> list[dict[str, Any]]:
    """The lines of JSON in what a process wrote."""
    found = []
    for line in output.decode("utf-8", "replace").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        found += [said] if isinstance(said, dict) else []
    return found


def _end(code: int) -> str:
    """How a process ended that did not end well."""
    if code >= 0:
        return f"ended with code {code}" if code else ""
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


def _last(error: bytes) -> str:
    """The last line of what a process wrote to its error stream."""
    lines = error.decode("utf-8", "replace").strip().splitlines()
    return impersonal(lines[-1]) if lines else ""


def _how(tried: Tried) -> str:
    return ": ".join(part for part in (tried.ended or "said nothing", tried.error) if part)


def _advice(tried: Tried) -> str:
    if "SIGILL" in tried.ended:
        return f"try ELMAN_ISA=generic, and {REPORT}"
    if "SIGKILL" in tried.ended:
        return "the system ended it, as it does where memory is short"
    return REPORT
