"""A contender in a fresh process: it imports, then the clock starts; it fits and forecasts problem by problem."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from benchmarks.forecasting.contenders import Contender
from benchmarks.forecasting.problems import Problem
from benchmarks.forecasting.scores import judged
from benchmarks.processes import PROCESSES, keep_to_cores


def measured(contender: Contender, problems: list[Problem], threads: int, limit_s: float) -> Iterator[dict[str, Any]]:
    """What came of each problem: scores and times, or why there are none. None has more than `limit_s` seconds."""
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_serve, args=(there, contender, problems, threads))
    process.start()
    there.close()
    try:
        for number, problem in enumerate(problems):
            found = _received(here, limit_s + (60 if number == 0 else 0))  # importing takes time too
            yield {"problem": problem.name, "series": len(problem.series), "contender": contender.name, **found}
            if found.get("last"):
                break
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that it started
        process.kill()
        process.join()


def _received(connection: Connection, limit_s: float) -> dict[str, Any]:
    if not connection.poll(limit_s):
        return {"missing": f"did not finish in {limit_s:.0f} s", "last": True}
    try:
        return connection.recv()
    except EOFError:
        return {"missing": "its process ended", "last": True}


def _serve(connection: Connection, contender: Contender, problems: list[Problem], threads: int) -> None:
    os.setpgrp()
    keep_to_cores(threads)
    for problem in problems:
        try:
            connection.send({"version": contender.version(), **_tried(contender, problem)})
        except ModuleNotFoundError as error:
            connection.send({"missing": f"not installed ({error})", "last": True})
            return
        except Exception as error:  # a peer that cannot do the work is named in the results, with its reason
            connection.send({"missing": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"})


def _tried(contender: Contender, problem: Problem) -> dict[str, Any]:
    model = contender.model(problem)
    start = _clocks()
    model.fit()
    fitted = _clocks()
    values, bands = model.predict()
    done = _clocks()
    return {
        **judged(problem, values, bands),
        "fit_s": fitted[0] - start[0],
        "fit_cpu_s": fitted[1] - start[1],
        "predict_s": done[0] - fitted[0],
        "predict_cpu_s": done[1] - fitted[1],
        "load": os.getloadavg()[0],
    }


def _clocks() -> tuple[float, float]:
    """Seconds that passed, and that processors spent on this process and those that it started."""
    used = [getrusage(which) for which in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)
