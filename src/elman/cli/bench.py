"""`elman bench`: how fast Elman is on this machine."""

from __future__ import annotations

import os

import click

from elman.cli.document import tell, wants_document
from elman.cli.once import command
from elman.cli.terminal import say


@command()
@click.option("--only", multiple=True, metavar="TEXT", help="Only workloads with TEXT in their name; may be repeated.")
@click.option("--quick", is_flag=True, help="The small workloads in few rounds: half a minute.")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="[default: ELMAN_THREADS, or the cores]")
@click.option("--rounds", type=click.IntRange(1), metavar="N", help="Turns of each; times are medians. [default: 9]")
@click.option("--json-file", metavar="FILE", help="Write the figures to FILE too.")
def bench(only: tuple[str, ...], quick: bool, threads: int | None, rounds: int | None, json_file: str | None) -> None:
    """Time Elman on this machine: training, inference and streaming.

    A row a workload: the time of a unit (an update, a call, a step), the fastest and the slowest round beside it, the
    arithmetic of its matrix products a second, and that as a share of the fastest float32 matrix product here, which
    is timed in turns with it. All of it takes about two minutes.

    \b
    elman bench --quick
    elman bench --only W6 --threads 1
    elman bench --quick --json > bench.json
    """
    wanted = threads or os.environ.get("ELMAN_THREADS", "")
    if wanted:
        from elman.bench import blas

        blas.limit_threads(wanted)  # before NumPy is loaded
    from elman import commands
    from elman.cli.bench_output import Lines

    with Lines() as lines:
        found = commands.bench(only=only, quick=quick, threads=threads, rounds=rounds, json=json_file, watcher=lines)
        tell(found.plain() | {"files": [json_file] if json_file else []}, lambda: lines.end(found))
    if json_file and not wants_document():
        say(f"Written to {json_file}")
