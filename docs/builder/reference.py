"""The reference of Python: a page for each part of what is public, made by autodoc of docstrings."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence

from docs.builder.public import Name, names
from docs.builder.stage import Stage

# Of the root, what belongs together, by the module that a name comes from; the first that fits.
PARTS = {
    "equations": ("Equations", "elman.equations", "elman.cells"),
    "network": ("Networks and layers", "elman.network"),
    "losses": ("Losses", "elman.training.loss"),
    "optimizers": (
        "Optimisers and learning rates",
        "elman.training.optim",
        "elman.training.rate",
        "elman.training.schedules",
    ),
    "callbacks": ("Callbacks and histories", "elman.training"),
    "errors": ("Errors", "elman.errors"),
    "estimators": ("Estimators, models and sweeps", "elman"),
}


def write_reference(stage: Stage) -> None:
    parts = of_root([n for n in names() if n.package == "elman"]) | of_packages(
        [n for n in names() if n.package != "elman"]
    )
    for page, (title, about, found) in parts.items():
        stage.write(f"api/{page}.rst", part_page(title, about, found))
    stage.write("api/index.rst", index({page: title for page, (title, _, _) in parts.items()}))


Parts = dict[str, tuple[str, str, list[Name]]]


def of_root(found: Sequence[Name]) -> Parts:
    parts: Parts = {page: (title, "As ``import elman as el`` has them.", []) for page, (title, *_) in PARTS.items()}
    for name in found:
        home = getattr(name.value, "__module__", "elman") or "elman"
        page = next(page for page, (_, *homes) in PARTS.items() if home.startswith(tuple(homes)))
        parts[page][2].append(name)
    return parts


def of_packages(found: Sequence[Name]) -> Parts:
    parts: Parts = {}
    for name in found:
        about = inspect.getdoc(importlib.import_module(name.package)) or ""
        page = name.package.removeprefix("elman.").replace(".", "-")
        page = f"{page}-module" if page in PARTS else page
        parts.setdefault(page, (name.package, about, []))[2].append(name)
    return dict(sorted(parts.items()))


def index(parts: dict[str, str]) -> str:
    root, packages = [p for p in parts if p in PARTS], [p for p in parts if p not in PARTS]
    text = (
        "Every public name, from its docstring; the examples run in the tests. ``import elman as el`` is meant "
        "everywhere. The cells have :doc:`pages of their own </cells/index>`."
    )
    return "\n\n".join([heading("Python", "="), text, tree("elman", root), tree("Packages", packages)]) + "\n"


def tree(caption: str, pages: Sequence[str]) -> str:
    return "\n".join(
        [".. toctree::", f"   :caption: {caption}", "   :maxdepth: 1", "", *(f"   {page}" for page in pages)]
    )


def part_page(title: str, about: str, found: Sequence[Name]) -> str:
    """A table of what there is, then each."""
    documented = [n for n in found if described(n.value)]
    parts = [heading(title, "="), about, f".. currentmodule:: {found[0].package}", summary(documented)]
    parts += [heading("All of it", "-"), *(directive(n) for n in documented)]
    data = [f"``{n.name}``" for n in found if n not in documented]
    if data:
        parts.insert(2, f"Data, not functions: {', '.join(data)}.")
    return "\n\n".join(parts) + "\n"


def described(value: object) -> bool:
    """Whether it has a docstring of its own: a class or a function, not data or a name of a type."""
    return inspect.isclass(value) or inspect.isroutine(value)


def heading(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}"


def summary(found: Sequence[Name]) -> str:
    return "\n".join([".. autosummary::", "   :nosignatures:", "", *(f"   {n.name}" for n in found)])


def directive(name: Name) -> str:
    if inspect.isclass(name.value):
        kind = "autoexception" if issubclass(name.value, BaseException) else "autoclass"
        return f".. {kind}:: {name.name}" + (
            "" if kind == "autoexception" else "\n   :members:\n   :inherited-members:"
        )
    return f".. autofunction:: {name.name}"
