"""Runs networks in C beside the engine, under the sanitizers of gcc where they are loaded; see test_agreement."""

import json
import os
import sys
from pathlib import Path

from elman.errors import ConversionError
from elman.interop.c.compiled import FLAGS
from elman.interop.proof import prove
from elman.interop.report import Report
from tests.interop.c import networks

SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")


def said(net, run):
    try:
        report = prove(net, run, Report("Elman", "C"))
    except ConversionError as error:
        return str(error)
    return "agrees" if len(report.trials) == (4 if net.state_sizes() else 3) else "was not tried"


if __name__ == "__main__":
    count, file, sanitized = sys.argv[1:]
    os.environ.pop("LD_PRELOAD", None)  # the compiler is not meant
    nets = networks.every(int(count))
    runs = networks.together(nets, (*FLAGS, "-O0", *(SANITIZED if sanitized == "1" else ())))
    Path(file).write_text(json.dumps({what: said(nets[what], run) for what, run in runs.items()}))
