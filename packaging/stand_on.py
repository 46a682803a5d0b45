"""Have this virtual environment find, behind its own, what another one has installed: stand_on.py OTHER/bin/python."""

import subprocess
import sys
import sysconfig
from pathlib import Path

SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def main() -> None:
    other = subprocess.run([sys.argv[1], "-c", SITE], check=True, capture_output=True, text=True).stdout.strip()
    own = Path(sysconfig.get_path("purelib"))
    own.joinpath("stand_on.pth").write_text(f"import site; site.addsitedir({other!r})\n")


if __name__ == "__main__":
    main()
