"""What a wheel and a source distribution must hold: in files made of the package as it lies here, or of parts of it."""

from __future__ import annotations

import importlib.util
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "packaging" / "contents.py"
spec = importlib.util.spec_from_file_location("contents", FILE)
assert spec is not None and spec.loader is not None
contents = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contents)

ABOUT = ["elman-1.dist-info/licenses/LICENSE", "elman-1.dist-info/METADATA", "elman-1.dist-info/entry_points.txt"]
MODULE = "elman/_native.cpython-313-x86_64-linux-gnu.so"


def wheel(folder: Path, names: list[str], tag: str = "cp313-cp313-manylinux_2_28_x86_64") -> Path:
    file = folder / f"elman-1-{tag}.whl"
    with zipfile.ZipFile(file, "w") as out:
        for name in names:
            out.writestr(name, "")
    return file


def test_a_wheel_of_the_package_is_well(tmp_path):
    names = [*contents.package(), *ABOUT]
    assert contents.faults(wheel(tmp_path, [*names, MODULE])) == []
    assert contents.faults(wheel(tmp_path, names, "py3-none-any")) == []


@pytest.mark.parametrize("name", ["elman/py.typed", "elman/forecast/pretrained.safetensors", "elman/cells/gru.py"])
def test_what_a_wheel_has_not_is_found(name, tmp_path):
    names = [MODULE, *contents.package() - {name}, *ABOUT]
    assert contents.faults(wheel(tmp_path, names)) == [f"missing: {name}"]


@pytest.mark.parametrize("name", ["tests/golden/cells.npz", "elman/notes.txt"])
def test_what_a_wheel_has_too_much_is_found(name, tmp_path):
    assert contents.faults(wheel(tmp_path, [MODULE, *contents.package(), *ABOUT, name])) == [f"extra: {name}"]


def test_the_native_module_is_there_once(tmp_path):
    names = [*contents.package(), *ABOUT]
    for modules in ([], [MODULE, MODULE.replace("313", "312")]):
        assert [fault for fault in contents.faults(wheel(tmp_path, [*names, *modules])) if "native modules" in fault]
    assert contents.faults(wheel(tmp_path, [*names, MODULE], "py3-none-any"))


def test_a_wheel_without_the_licence_is_found(tmp_path):
    assert contents.faults(wheel(tmp_path, [MODULE, *contents.package(), *ABOUT[1:]])) == ["missing: licenses/LICENSE"]


def test_a_source_distribution_with_a_built_module_is_found(tmp_path):
    file = tmp_path / "elman-1.tar.gz"
    with tarfile.open(file, "w:gz") as out:
        for name in ["src/elman/_native.so", "native/run.h"]:
            out.addfile(tarfile.TarInfo(f"elman-1/{name}"), io.BytesIO(b""))
    faults = contents.faults(file)
    assert "extra: src/elman/_native.so" in faults and "missing: native/run.cpp" in faults
    assert "missing: native/run.h" not in faults
