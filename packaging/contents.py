"""What a wheel and a source distribution hold, and what they must: contents.py FILE ... prints it, or fails."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
DATA = {
    "py.typed",
    "data/bundled/README.md",  # where the series come from, and that they are in the public domain
    "data/bundled/co2.csv",
    "data/bundled/sunspots.csv",
    "forecast/pretrained.safetensors",
}
MOST_BYTES = 5_000_000


def names_of(file: Path) -> list[str]:
    """Files by their paths inside; without the folder of name and version that a source distribution begins with."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            return [name for name in wheel.namelist() if not name.endswith("/")]
    with tarfile.open(file) as source:
        return [str(PurePosixPath(*PurePosixPath(m.name).parts[1:])) for m in source if m.isfile()]


def package() -> set[str]:
    """What there is to be packed of `elman`, from the repository's own folder."""
    folder = ROOT / "src" / "elman"
    page = [f for f in (folder / "lab" / "static").rglob("*") if f.is_file()]  # with others' work and its licences
    files = [*folder.rglob("*.py"), *page, *(folder / name for name in DATA)]
    return {str(PurePosixPath("elman", *f.relative_to(folder).parts)) for f in files}


def faults(file: Path) -> list[str]:
    """What is missing in a file, or too much; nothing where all is well."""
    return [*_size(file), *(_of_wheel(file) if file.suffix == ".whl" else _of_source(file))]


def _size(file: Path) -> list[str]:
    size = file.stat().st_size
    return [f"{size} bytes, more than {MOST_BYTES}"] if size > MOST_BYTES else []


def _of_wheel(file: Path) -> list[str]:
    names = names_of(file)
    found = [name for name in names if ".dist-info/" not in name]
    modules = [name for name in found if name.endswith((".so", ".pyd"))]
    pure = file.name.endswith("-none-any.whl")
    return [
        *_compared(set(found) - set(modules), package()),
        *([] if len(modules) == (not pure) else [f"native modules: {modules}"]),
        *_without(names, ["licenses/LICENSE", "METADATA", "entry_points.txt"]),
    ]


def _of_source(file: Path) -> list[str]:
    names = names_of(file)
    native = {str(f.relative_to(ROOT)) for ending in ("*.cpp", "*.h") for f in (ROOT / "native").glob(ending)}
    about = {"CMakeLists.txt", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO"}
    return _compared(set(names), {f"src/{name}" for name in package()} | native | about)


def _compared(found: set[str], wanted: set[str]) -> list[str]:
    return [f"missing: {name}" for name in sorted(wanted - found)] + [
        f"extra: {name}" for name in sorted(found - wanted)
    ]


def _without(names: list[str], endings: list[str]) -> list[str]:
    return [f"missing: {ending}" for ending in endings if not any(name.endswith(ending) for name in names)]


def main() -> None:
    wrong = False
    for file in map(Path, sys.argv[1:]):
        found = faults(file)
        wrong |= bool(found)
        print(f"{file.name}: {len(names_of(file))} files, {file.stat().st_size / 1e6:.2f} MB", *found, sep="\n  ")
    sys.exit(wrong)


if __name__ == "__main__":
    main()
