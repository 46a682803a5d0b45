"""What a sweep tries: values of parameters, all combinations of them, or ranges that proposals are drawn from."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.checks import is_number, listed, nearest, shown
from elman.errors import ElmanError, OptionError
from elman.estimator import Estimator
from elman.fleet.sweep_values import as_data, as_label, kinds_of, read_value

MOST = 100_000  # combinations of a grid
DRAWN = 100  # combinations that a value is tried in before it is refused

Settings = dict[str, Any]

_ELSEWHERE = {
    "seed": "give seeds",
    "random_state": "give seeds",
    "threads": "the results are the same for any number of them",
    "verbose": "it changes no result",
    "channels": "it says how the data are read",
    "horizon": "errors of other horizons cannot be compared; sweep each horizon on its own",
    "auto": "a sweep is the search; give what it is to try",
    "seconds": "what is found within a time depends on the machine; give a budget to the sweep",
    "tokens": "the scores would be of other tokens; sweep each kind on its own",
    "vocabulary": "the scores would be of other tokens; sweep each vocabulary on its own",
}
_JUDGED_BY = "it says which part of the text judges, and scores of other parts cannot be compared"


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included, of which Optuna proposes some.

    Parameters
    ----------
    low, high : float
    log : bool, default False
        Whether factors count rather than differences, as of learning rates.

    Examples
    --------
    >>> Range(1e-4, 1e-2, log=True)
    Range(low=0.0001, high=0.01, log=True)
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            value = getattr(self, name)
            if not is_number(value) or not math.isfinite(value):
                raise OptionError(f"{name} of a range is {shown(value)}; expected a number")
        if not self.low < self.high:
            raise OptionError(f"a range goes from {self.low:g} to {self.high:g}; expected the lower number first")
        if self.log and self.low <= 0:
            raise OptionError(f"a range with log begins at {self.low:g}; expected a number above 0")


@dataclass(frozen=True)
class Space:
    """Checked values and ranges by parameter, in the order that the user gave.

    Attributes
    ----------
    of : dict of str to list or Range
    whole : frozenset of str
        Parameters whose range holds whole numbers only.
    """

    of: Mapping[str, list[Any] | Range]
    whole: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        return list(self.of)

    @property
    def ranges(self) -> list[str]:
        return [name for name, values in self.of.items() if isinstance(values, Range)]

    def grid(self) -> list[Settings]:
        """All combinations, the last parameter changing first."""
        lists = [values for values in self.of.values() if not isinstance(values, Range)]
        return [dict(zip(self.of, chosen, strict=True)) for chosen in itertools.product(*lists)]

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        return {
            name: [as_data(value, name) for value in values]
            if isinstance(values, list)
            else {"from": values.low, "to": values.high, "log": values.log}
            for name, values in self.of.items()
        }

    def columns(self) -> dict[str, str]:
        """The type in SQL of each parameter's values."""
        return {name: self._column(name) for name in self.of}

    def _column(self, name: str) -> str:
        values = self.of[name]
        if isinstance(values, Range):
            return "BIGINT" if name in self.whole else "DOUBLE"
        kinds = {type(as_data(value, name)) for value in values if value is not None}
        for column, of in (("BOOLEAN", {bool}), ("BIGINT", {int}), ("DOUBLE", {int, float})):
            if kinds and kinds <= of:
                return column
        return "VARCHAR"

    def values(self, settings: Settings) -> Settings:
        """Settings in the types of their columns."""
        found = {name: as_data(settings[name], name) for name in self.of}
        texts = [name for name, column in self.columns().items() if column == "VARCHAR" and found[name] is not None]
        return found | {name: as_label(found[name]) for name in texts}

    def key(self, settings: Settings) -> str:
        """Settings as JSON, the same text for the same settings."""
        return json.dumps({name: as_data(settings[name], name) for name in self.of})

    def settings(self, key: str) -> Settings:
        """The settings of such a text: values as the user gave them."""
        return self.settings_of(json.loads(key))

    def settings_of(self, data: Mapping[str, Any]) -> Settings:
        """The settings that are such in terms of JSON."""
        return {name: self._given(name, data[name]) for name in self.of}

    def _given(self, name: str, data: Any) -> Any:
        values = self.of[name]
        if isinstance(values, Range):
            return data
        for value in values:
            if as_data(value, name) == data:
                return value
        raise OptionError(f"a trial of the file has {name}={as_label(data)}, which is none of the values to try")


def space_of(estimator: Estimator, given: Mapping[str, Any], *, grid: bool) -> Space:
    """What a user wants to be tried, checked against the parameters of an estimator.

    Parameters
    ----------
    estimator : Estimator
        Whose other parameters stay as they are.
    given : mapping of str to list or Range
    grid : bool
        Whether all combinations are tried, which ranges have none of.

    Raises
    ------
    OptionError
        Naming a parameter that there is not, or a value that is refused in every combination.
    """
    if not isinstance(given, Mapping) or not given:
        raise OptionError(f"space is {shown(given)}; expected lists or ranges of parameters, as {{'units': [16, 32]}}")
    kinds = kinds_of(estimator)
    of = {name: _values(name, values, kinds, estimator) for name, values in given.items()}
    whole = frozenset(n for n, r in of.items() if isinstance(r, Range) and int in kinds[n] and float not in kinds[n])
    space = Space(of, whole)
    _check_ranges(space, kinds, grid=grid)
    if grid and (many := math.prod(len(values) for values in of.values() if isinstance(values, list))) > MOST:
        raise OptionError(f"the grid has {many:,} combinations, more than {MOST:,}; give fewer values, or trials")
    _check_values(estimator, space)
    return space


def _values(name: Any, values: Any, kinds: Mapping[str, Any], estimator: Estimator) -> list[Any] | Range:
    _check_name(name, kinds, estimator)
    language = type(estimator).__name__ == "LanguageModel"
    why = _JUDGED_BY if language and name == "validation" else _ELSEWHERE.get(name)
    if why is not None:
        raise OptionError(f"{name} cannot be swept: {why}")
    if isinstance(values, Range):
        return values
    found = listed(values, name, "values to try")
    if not found:
        raise OptionError(f"{name} has no values to try")
    data = [as_data(value, name) for value in found]
    twice = next((value for place, value in enumerate(data) if value in data[:place]), ...)
    if twice is not ...:
        raise OptionError(f"{name} lists {as_label(twice)} twice; leave one out")
    labels = [as_label(value) for value in data]
    alike = next((label for label in labels if labels.count(label) > 1 and not _numbers(data)), None)
    if alike is not None:
        raise OptionError(f"{name} lists two different values that are both called {alike!r}; rename one")
    return found


def _check_name(name: Any, kinds: Mapping[str, Any], estimator: Estimator) -> None:
    if name not in kinds:
        what = type(estimator).__name__
        raise OptionError(f"{what} has no parameter {name!r}{nearest(name, kinds)}; it has {', '.join(kinds)}")


def _numbers(data: list[Any]) -> bool:
    return all(is_number(value) for value in data)


def _check_ranges(space: Space, kinds: Mapping[str, Any], *, grid: bool) -> None:
    for name in space.ranges:
        values = space.of[name]
        if grid:
            raise OptionError(f"{name} has a range, which has no end of values: say how many to try with trials")
        if not {int, float} & set(kinds[name]):
            raise OptionError(f"{name} takes no numbers, so that there is no range of it; list its values")
        if name in space.whole and not all(float(end).is_integer() for end in (values.low, values.high)):  # type: ignore[union-attr]
            raise OptionError(f"{name} goes from {values.low:g} to {values.high:g}; expected whole numbers")  # type: ignore[union-attr]


# --- values that make no sense ------------------------------------------------------------------------------


def _check_values(estimator: Estimator, space: Space) -> None:
    """Refuse a value that the estimator refuses, whatever stands beside it; what may go well with others is tried."""
    ends = {name: _ends(space, name) for name in space.names}
    for name, values in ends.items():
        for value in values:
            _check_value(estimator, ends, name, value)


def _ends(space: Space, name: str) -> list[Any]:
    values = space.of[name]
    if isinstance(values, list):
        return values
    return [int(end) if name in space.whole else end for end in (values.low, values.high)]


def _check_value(estimator: Estimator, ends: Mapping[str, list[Any]], name: str, value: Any) -> None:
    first = None
    for settings in _around(ends, name, value):
        try:
            checked(estimator, settings)
            return
        except ElmanError as error:
            first = first or error
    assert first is not None
    raise first


def _around(ends: Mapping[str, list[Any]], name: str, value: Any) -> Iterator[Settings]:
    """The value alone, and with values of the others."""
    yield {name: value}
    draw = random.Random(0)
    for _ in range(DRAWN if len(ends) > 1 else 0):
        yield {n: value if n == name else draw.choice(values) for n, values in ends.items()}


def checked(estimator: Estimator, settings: Settings) -> Any:
    """A new estimator with some settings in place of its own.

    Raises
    ------
    ElmanError
        If it refuses them.
    """
    made: Any = type(estimator)(**estimator.get_params() | settings)
    made.check_params()
    return made


# --- as the command line has it -----------------------------------------------------------------------------


def read_space(estimator: Estimator, lists: Sequence[str], ranges: Sequence[str]) -> dict[str, Any]:
    """What the texts ``units=16,32`` and ``learning_rate=1e-4..1e-2:log`` say.

    Examples
    --------
    >>> from elman.forecast import Forecaster
    >>> read_space(Forecaster(), ["cell=gru,lstm"], ["learning_rate=1e-4..1e-2:log"])
    {'cell': ['gru', 'lstm'], 'learning_rate': Range(low=0.0001, high=0.01, log=True)}
    """
    kinds, found = kinds_of(estimator), dict[str, Any]()
    for text, read in [*((one, _read_list) for one in lists), *((one, _read_range) for one in ranges)]:
        name, values = _parts(text, kinds, estimator)
        if name in found:
            raise OptionError(f"{name} is given twice; list all of its values in one place")
        found[name] = read(name, values, kinds[name])
    return found


def read_settings(estimator: Estimator, texts: Sequence[str]) -> Settings:
    """What texts such as ``epochs=5`` say."""
    kinds, found = kinds_of(estimator), dict[str, Any]()
    for text in texts:
        name, value = _parts(text, kinds, estimator)
        if name in found:
            raise OptionError(f"{name} is given twice; leave one out")
        found[name] = read_value(value, name, kinds[name])
    return found


def _parts(text: str, kinds: Mapping[str, Any], estimator: Estimator) -> tuple[str, str]:
    name, equals, values = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or not name or not values.strip():
        raise OptionError(f"{text!r} names no parameter with a value; expected one as units=16,32")
    _check_name(name, kinds, estimator)
    return name, values


def _read_list(name: str, text: str, kinds: tuple[type, ...]) -> list[Any]:
    return [read_value(part, name, kinds) for part in text.split(",")]


def _read_range(name: str, text: str, kinds: tuple[type, ...]) -> Range:
    ends, colon, scale = text.partition(":")
    low, dots, high = ends.partition("..")
    numbers = tuple(kind for kind in (int, float) if kind in kinds)
    if not numbers:
        raise OptionError(f"{name} takes no numbers, so that there is no range of it; list its values")
    if not dots or (colon and scale.strip() != "log"):
        raise OptionError(f"the range of {name} is {text!r}; expected one as 1e-4..1e-2 or 1e-4..1e-2:log")
    return Range(read_value(low, name, numbers), read_value(high, name, numbers), bool(colon))
