"""Runs Python tests, and the processes that they start, with the native module of another build.

run_with.py BUILD [pytest's arguments]
"""

import os
import sys
from pathlib import Path

root, build = Path(__file__).parents[2], Path(sys.argv[1]).resolve()
package = build / "package" / "elman"  # the package as it would be installed, with that module in it
package.mkdir(parents=True, exist_ok=True)
for file in [*(root / "src" / "elman").iterdir(), *build.glob("_native*.so")]:
    link = package / file.name
    link.unlink(missing_ok=True)
    link.symlink_to(file)
FORGET = """import sys

sys.meta_path = [f for f in sys.meta_path if "ScikitBuild" not in type(f).__name__]  # the editable install
"""
(package.parent / "sitecustomize.py").write_text(FORGET)  # what the processes that tests start begin with
exec(FORGET)
sys.path[0] = str(package.parent)
sys.path.insert(1, str(root))
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])

import elman._native  # noqa: E402
import pytest  # noqa: E402

print(elman._native.__file__, elman._native.info()["isa"])
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[2:]]))
