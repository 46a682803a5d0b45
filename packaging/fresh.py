"""Installs a wheel or source distribution in a fresh environment, where there is no compiler, and uses it there.

    fresh.py FILE [--engine native|numpy]

Dependencies come by pip. The native engine's numbers are compared with those of the repository's own build, where there
is one for this Python: the same bits are wanted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
USES = ROOT / "packaging" / "uses.py"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--engine", default="native", choices=["native", "numpy"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = tried(asked.file.resolve(), Path(folder))
    here = told(Path(sys.executable), ROOT, {"PYTHONPATH": str(ROOT / "src")}) if _same_python() else None
    print(f"{asked.file.name}: {' '.join(found)}; the repository's build: {' '.join(here or ['none'])}")
    if found[0] != asked.engine:
        sys.exit(f"the engine is {found[0]}, wanted {asked.engine}")
    if here is not None and here[0] == found[0] and here != found:
        sys.exit("its numbers are not those of the repository's build")


def tried(file: Path, folder: Path) -> list[str]:
    """What `uses.py` prints of a file that was installed in a folder, after a forecast by the command line."""
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    alone = {"PATH": str(programs), "CXX": "no-compiler", "TMPDIR": str(folder)}
    python = programs / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", file], env=_environment(alone), check=True
    )
    subprocess.run([programs / "elman", "--version"], cwd=folder, env=_environment(alone), check=True)
    forecast = [programs / "elman", "forecast", "sunspots", "--horizon", "22", "--out", folder / "out"]
    subprocess.run(forecast, cwd=folder, env=_environment(alone), check=True, stdout=subprocess.DEVNULL)
    if not list((folder / "out").iterdir()):
        sys.exit("the forecast wrote nothing")
    return told(python, folder, alone)


def told(python: Path, folder: Path, extra: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [python, USES], cwd=folder, env=_environment(extra), check=True, text=True, stdout=subprocess.PIPE
    )
    return done.stdout.split()


def _environment(extra: dict[str, str]) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "ELMAN"))
    }
    return kept | extra


def _same_python() -> bool:
    return bool(list((ROOT / "src" / "elman").glob(f"_native.cpython-{sys.version_info[0]}{sys.version_info[1]}-*")))


if __name__ == "__main__":
    main()
