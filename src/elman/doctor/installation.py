"""What is installed: Elman's own files, the packages that it needs, and those that its extras bring."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from elman.doctor.findings import Finding, impersonal

ELMAN = Path(__file__).parent.parent
AGAIN = "pip install --force-reinstall --no-deps elman"
LAB = ("lab/static/index.html", "lab/static/main.js", "lab/static/vendor/uPlot.iife.min.js")
PRETRAINED = "forecast/pretrained.safetensors"
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*(?:>=\s*([\d.]+))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([\w-]+)['\"]")
_MARKED = re.compile(r"(sys_platform|platform_machine)\s*(==|!=)\s*['\"](\w+)['\"]")


def where() -> Iterator[Finding]:
    """Version and place."""
    version = metadata.version("elman")
    how = "installed" if _installed() else "from its source folder"
    yield Finding("version", f"Elman {version}, {how} in {impersonal(str(ELMAN))}", value=version)


def files() -> Iterator[Finding]:
    """Whether the files of the package are those that were installed, and those of the lab are there."""
    listed = _installed()
    changed = [str(file) for file in listed if not _as_installed(file)]
    missing = [name for name in (*_of_lab(), PRETRAINED) if not _holds_something(ELMAN / name)]
    wrong = sorted({*changed, *(f"elman/{name}" for name in missing)})
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        yield Finding("files", f"missing or changed: {', '.join(wrong[:5])}{more}", "wrong", AGAIN, wrong)
    elif listed:
        yield Finding("files", f"all {len(listed)} are as they were installed")
    else:
        yield Finding("files", "the lab's and the pretrained network are there; of a source folder no more is known")


def _installed() -> list[metadata.PackagePath]:
    """The files that were installed; none where the package that runs is another, as of an editable install."""
    here = metadata.distribution("elman")
    if Path(str(here.locate_file("elman"))).resolve() != ELMAN.resolve():
        return []
    return [file for file in here.files or [] if _in_package(file) and file.hash is not None]


def _in_package(file: metadata.PackagePath) -> bool:
    return file.parts[:1] == ("elman",) and file.suffix != ".pyc"


def _as_installed(file: metadata.PackagePath) -> bool:
    assert file.hash is not None
    try:
        content = Path(str(file.locate())).read_bytes()
    except OSError:
        return False
    digest = hashlib.new(file.hash.mode, content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


def _of_lab() -> set[str]:
    """The files that the lab's page asks for, as it says itself."""
    folder = ELMAN / "lab" / "static"
    found = set(LAB)
    for file in folder.glob("*.js") if folder.is_dir() else []:
        found |= {f"lab/static/{name}" for name in re.findall(r"from \"lab/(\w+\.js)\"", file.read_text("utf-8"))}
    return found


def _holds_something(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


# --- packages -----------------------------------------------------------------------------------------------


def packages() -> Iterator[Finding]:
    """Those that Elman needs."""
    for name, least in _required().get("", []):
        yield _package(name, least)


def _package(name: str, least: str) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "is not installed", "wrong", f'pip install "{name}>={least}"' if least else "pip install")
    if least and _parts(version) < _parts(least):
        return Finding(name, f"{version}; Elman needs {least}", "wrong", f'pip install "{name}>={least}"', version)
    return Finding(name, version, value=version)


def extras() -> Iterator[Finding]:
    """What there is of each extra; none is needed for anything else."""
    for extra, needed in sorted(_required().items()):
        if extra:
            versions = {name: _version(name) for name, _ in needed}
            told = ", ".join(f"{name} {version or 'is not there'}" for name, version in versions.items())
            missing = None in versions.values()
            yield Finding(f"elman[{extra}]", told, "ok", f"pip install 'elman[{extra}]'" if missing else "", versions)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _required() -> dict[str, list[tuple[str, str]]]:
    """Names and least versions of what is needed here, by extra; "" is what is needed in any case."""
    found: dict[str, list[tuple[str, str]]] = {"": []}
    for line in metadata.requires("elman") or []:
        what, _, marker = line.partition(";")
        extra, package = _EXTRA.search(marker), _REQUIREMENT.match(what.strip())
        if package is not None and _here(marker):
            found.setdefault(extra[1] if extra else "", []).append((package[1], package[2] or ""))
    return found


def _here(marker: str) -> bool:
    """Whether what a requirement says of platforms is so of this one; it joins by "and" what excludes, by "or" else."""
    import platform
    import sys

    here = {"sys_platform": sys.platform, "platform_machine": platform.machine()}
    told = [(here[name] == value) == (sign == "==") for name, sign, value in _MARKED.findall(marker)]
    either = " or " in re.sub(_EXTRA, "", marker)
    return not told or (any(told) if either else all(told))


def _parts(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with."""
    return tuple(map(int, re.findall(r"\d+", re.split(r"[a-z+]", version, maxsplit=1)[0])))
