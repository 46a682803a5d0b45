"""Runs Python tests, and the processes that they start, with the native module of another build.

run_with.py BUILD [pytest's arguments]
"""

import os
import sys
from pathlib import Path

FORGET = """import sys

sys.meta_path = [f for f in sys.meta_path if "ScikitBuild" not in type(f).__name__]  # the editable install
"""


def package_with(root: Path, build: Path) -> Path:
    """A folder with the package as it would be installed, with that module in it."""
    package = build / "package" / "elman"
    package.mkdir(parents=True, exist_ok=True)
    for file in [*(root / "src" / "elman").iterdir(), *build.glob("_native*.so")]:
        link = package / file.name
        link.unlink(missing_ok=True)
        link.symlink_to(file)
    (package.parent / "sitecustomize.py").write_text(FORGET)  # what the processes that tests start begin with
    return package.parent


def main() -> int:
    """Run the tests."""
    root = Path(__file__).parents[2]
    sys.path[0] = str(package_with(root, Path(sys.argv[1]).resolve()))
    sys.path.insert(1, str(root))
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
    exec(FORGET)
    import elman._native
    import pytest

    print(elman._native.__file__, elman._native.info()["isa"])
    return pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[2:]])


if __name__ == "__main__":  # the processes of a pool import what their parent began with
    sys.exit(main())
