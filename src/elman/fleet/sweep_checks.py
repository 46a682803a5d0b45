"""Whether what the file of a sweep says goes together, as anybody may have written it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elman.checks import is_number, shown
from elman.errors import ModelFileError
from elman.untrusted import called, count, held, list_of, parsed

_ANY = (object, bool)
_ABOUT: dict[str, Any] = {"identity": dict, "shown": dict, "columns": dict, "measures": list_of(called, unique=True)}
_IDENTITY: dict[str, Any] = {
    "estimator": str,
    "data": str,
    "judged by": _ANY,
    "measure": str,
    "search": _ANY,
    "seeds": list_of(int, unique=True),
    "space": dict,
    "params": dict,
}
_SHOWN: dict[str, Any] = {
    "name": str,
    "measure": str,
    "how": str,
    "planned": count,
    "baseline": (dict, type(None)),
    "fingerprints": dict,
}
_RANGE: dict[str, Any] = {"from": (int, float), "to": (int, float), "log": bool}
_BASELINE: dict[str, Any] = {"name": str, "scores": dict}


def about_of(text: Any) -> dict[str, Any]:
    """What a file says of its sweep.

    Raises
    ------
    ModelFileError, OptionError
        If it is not what a sweep writes.
    """
    found = held(parsed(text, "what it says"), "what it says", _ABOUT)
    identity = held(found["identity"], "the identity of the sweep", _IDENTITY)
    told = held(found["shown"], "what is told of the sweep", _SHOWN)
    held(told["fingerprints"], "the fingerprints", {"data": str, "options": str})
    if told["baseline"] is not None:
        scores = held(told["baseline"], "what is to be beaten", _BASELINE)["scores"]
        held(scores, "its scores", {told["measure"]: (int, float)}, dict.fromkeys(scores, _ANY))
    held(found["columns"], "its columns", dict.fromkeys(found["columns"], str))
    if told["measure"] not in found["measures"] or set(identity["space"]) != set(found["columns"]):
        raise ModelFileError("its measures, or what was tried, are not those of its columns")
    for name, values in identity["space"].items():
        if isinstance(values, dict):
            held(values, f"the range of {shown(name)}", _RANGE)
        else:
            list_of(_ANY)(values, f"what was tried of {shown(name)}")
    return found


def settings_of(text: Any, space: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a trial, a value for each parameter of the space.

    Raises
    ------
    ModelFileError
    """
    found = held(parsed(text, "the settings of a trial"), "the settings of a trial", dict.fromkeys(space, _ANY))
    for name, values in space.items():
        if isinstance(values, dict) and not is_number(found[name]):
            raise ModelFileError(f"a trial has {shown(found[name])} as {shown(name)}; expected a number")
        if isinstance(values, list) and found[name] not in values:
            raise ModelFileError(f"a trial has {shown(found[name])} as {shown(name)}, which is not tried")
    return found
