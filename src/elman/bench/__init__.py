"""The benchmark: what is timed, Elman's way of running it, and how turns are timed.

`elman bench` measures Elman alone on the machine it runs on; the repository's `benchmarks/` has the peers do the same
workloads, from the same weights and data, beside it.
"""
