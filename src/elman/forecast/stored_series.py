"""Series and their covariates as plain data and arrays, for a forecaster's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from elman.data.collection import Ahead, Collection, Form
from elman.data.covariates import Covariate
from elman.data.dates.zones import Zone
from elman.data.read_times import Notation
from elman.data.steps import Step
from elman.errors import OptionError
from elman.forecast.inputs import Code, Encoder

ROLES = ("past", "future", "static")
Arrays = Mapping[str, np.ndarray]


def arrays_of(collection: Collection) -> dict[str, np.ndarray]:
    """Values, times and covariates, by name."""
    found = {"values": collection.values, "borders": collection.borders.astype(np.int64)}
    if collection.times is not None:
        times = collection.times
        found["times"] = times.astype("datetime64[us]").astype(np.int64) if times.dtype.kind == "M" else times
    for role in ROLES:
        found |= {f"{role}{k}": c.values for k, c in enumerate(getattr(collection, role).values())}
    if collection.ahead is not None:
        found["ahead_borders"] = collection.ahead.borders.astype(np.int64)
        found |= {f"ahead{k}": c.values for k, c in enumerate(collection.ahead.future.values())}
    return found


def described(collection: Collection) -> dict[str, Any]:
    """All that is no array."""
    return {
        "names": [_plain(name) for name in collection.names],
        "times": None if collection.times is None else collection.times.dtype.kind,
        "step": None if collection.step is None else asdict(collection.step),
        "form": asdict(collection.form) | {"group": [_plain(g) for g in collection.form.group]},
        "notation": asdict(collection.notation),
        "notes": list(collection.notes),
        "covariates": {role: _tables(getattr(collection, role)) for role in ROLES},
        "ahead": None if collection.ahead is None else _tables(collection.ahead.future),
    }


def _tables(covariates: Mapping[str, Covariate]) -> list[list[Any]]:
    """Name and categories of each."""
    return [[_plain(name), _plain(c.categories)] for name, c in covariates.items()]


def restored(told: dict[str, Any], arrays: Arrays) -> Collection:
    """The collection again."""
    times = arrays.get("times")
    if times is not None and told["times"] == "M":
        times = times.view("datetime64[us]")
    zone, months = told["notation"]["zone"], told["notation"]["months"]
    notation = told["notation"] | {"zone": None if zone is None else Zone(**zone), "months": tuple(months)}
    ahead = None
    if told["ahead"] is not None:
        ahead = Ahead(arrays["ahead_borders"], _covariates(told["ahead"], arrays, "ahead"))
    return Collection(
        tuple(_named(name) for name in told["names"]),
        arrays["values"],
        arrays["borders"],
        times,
        None if told["step"] is None else Step(**told["step"]),
        **{role: _covariates(told["covariates"][role], arrays, role) for role in ROLES},
        ahead=ahead,
        form=Form(**told["form"] | {"group": tuple(_named(g) for g in told["form"]["group"])}),
        notation=Notation(**notation),
        notes=tuple(told["notes"]),
    )


def _covariates(tables: list[list[Any]], arrays: Arrays, role: str) -> dict[Any, Covariate]:
    return {
        _named(name): Covariate(arrays[f"{role}{k}"], _named(categories)) for k, (name, categories) in enumerate(tables)
    }


def described_encoder(encoder: Encoder) -> dict[str, Any]:
    """How covariates become numbers, as plain data.

    Raises
    ------
    OptionError
        If holidays are dates of the user's own, which a file does not hold.
    """
    if encoder.holidays is not None and not isinstance(encoder.holidays, str):
        raise OptionError("holidays are given as dates, which no file holds; give a country, as 'DE', to save it")
    codes = {role: [[_plain(n), _plain(asdict(c))] for n, c in getattr(encoder, role).items()] for role in ROLES}
    return codes | {"holidays": encoder.holidays, "dates": encoder.dates, "gaps": encoder.gaps}


def restored_encoder(told: dict[str, Any]) -> Encoder:
    """The encoder again."""
    codes = {
        role: {
            _named(name): Code(float(c["mean"]), float(c["deviation"]), _named(c["categories"]))
            for name, c in told[role]
        }
        for role in ROLES
    }
    return Encoder(**codes, holidays=told["holidays"], dates=bool(told["dates"]), gaps=bool(told["gaps"]))


def _plain(value: Any) -> Any:
    """A name, or what holds some, as JSON has it; a tuple as a list."""
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _named(stored: Any) -> Any:
    return tuple(map(_named, stored)) if isinstance(stored, list) else stored
