"""Runs networks in C under the sanitizers of gcc, which the environment has loaded; see test_agreement."""

import sys

from elman.interop.c.compiled import FLAGS
from elman.interop.proof import prove
from elman.interop.report import Report
from tests.interop.c import networks

FOUND = ("-O1", *FLAGS[:1], *FLAGS[2:4], "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")

if __name__ == "__main__":
    nets = networks.every(int(sys.argv[1]))
    for what, run in networks.together(nets, FOUND).items():
        prove(nets[what], run, Report("Elman", "C"))
    print(f"{len(nets)} networks agree")
