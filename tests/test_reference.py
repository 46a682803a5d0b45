"""Every public name is in the reference: its docstring says all that its signature has, and shows an example.

That the examples hold is tested in `tests/test_docs.py`.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from docs.builder.public import members, names
from docs.builder.reference import described

SECTION = re.compile(r"(?m)^(\w[\w ]*)\n-{3,}\n")
NOTHING = (None, "None", "NoReturn", inspect.Signature.empty)
PUBLIC = [pytest.param(name.value, id=name.path) for name in names() if described(name.value)]
CLASSES = [param for param in PUBLIC if inspect.isclass(param.values[0])]


def sections(value: Any) -> dict[str, str]:
    """Of a docstring, by their headings; what stands before them is the summary."""
    parts = SECTION.split(inspect.getdoc(value) or "")
    return {"summary": parts[0].strip()} | dict(zip(parts[1::2], parts[2::2], strict=True))


def described_names(said: dict[str, str]) -> set[str]:
    """The names that parameters, or the attributes of a class that only holds them, are described by."""
    lines = (said.get("Parameters", "") + said.get("Attributes", "")).splitlines()
    heads = [line.partition(":")[0] for line in lines if line and not line[0].isspace()]
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def arguments(value: Any) -> set[str]:
    """The names of a signature; an interface, and an error of one message, have none of their own."""
    if getattr(value, "_is_protocol", False) or (isinstance(value, type) and not inspect.isfunction(value.__init__)):
        return set()
    return set(inspect.signature(value).parameters)


def gives_something(function: Any) -> bool:
    return inspect.signature(function).return_annotation not in NOTHING


@pytest.mark.parametrize("value", PUBLIC)
def test_a_public_name_is_described_with_its_arguments_and_an_example(value):
    said = sections(value)
    assert said["summary"] and ">>> " in said.get("Examples", "")
    assert arguments(value) - described_names(said) == set()
    if inspect.isroutine(value):
        assert described_names(said) - arguments(value) == set()
        assert not gives_something(value) or said.keys() & {"Returns", "Yields"}


@pytest.mark.parametrize("kind", CLASSES)
def test_what_a_class_has_is_described(kind):
    lacking = {name: lacks for name, member in members(kind) if (lacks := what_lacks(kind, name, member))}
    assert lacking == {}


def what_lacks(kind: type, name: str, member: Any) -> set[str]:
    """Of a member, what neither it nor the one of a base that it stands for says."""
    versions = [sections(version) for base in kind.__mro__ if (version := vars(base).get(name)) is not None]
    said = {"summary": any(v["summary"] for v in versions)}
    if not inspect.isfunction(member):
        return set() if said["summary"] else {"summary"}
    wanted = set(list(inspect.signature(member).parameters)[not isinstance(vars_of(kind, name), staticmethod) :])
    lacks = wanted - set().union(*map(described_names, versions))
    if gives_something(member) and not any(v.keys() & {"Returns", "Yields"} for v in versions):
        lacks.add("Returns")
    return lacks if said["summary"] else lacks | {"summary"}


def vars_of(kind: type, name: str) -> Any:
    return inspect.getattr_static(kind, name)


def test_a_docstring_that_lacks_something_is_found():
    def half(first: int, second: int) -> int:
        """Half.

        Parameters
        ----------
        first : int
            One.
        """
        return first + second

    assert arguments(half) - described_names(sections(half)) == {"second"} and "Returns" not in sections(half)
