"""Sequences to look at a model with: from a file of data, from what the model kept, or random ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from elman import checks
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.data.collecting import collect
from elman.data.decoding import decoded
from elman.data.npy import read_npy, read_npz
from elman.data.readers import read_numbers
from elman.data.reading import Reading
from elman.data.windows import windows
from elman.errors import DataError, OptionError
from elman.forecast.forecaster import Forecaster
from elman.forecast.seen import network_inputs, reading_layer
from elman.language import LanguageModel
from elman.models import load
from elman.network import Network
from elman.network.drawn import random_inputs

STEPS = 200  # of a sequence, at most
ROWS = 8


@dataclass(frozen=True)
class Sequences:
    """A model's network and inputs for it.

    Attributes
    ----------
    net : Network
    x : ndarray, shape (B, T, F)
        A dict of them by name, where the network has several inputs.
    about : str
        Where they are from.
    layer : str, optional
        The layer to look at, where the others are of no interest.
    """

    net: Network
    x: Any
    about: str
    layer: str | None = None


def sequences(model: str | Path, data: str | Path | None = None, reading: Reading | None = None) -> Sequences:
    """The network of a model file, and sequences of the kind that it works on.

    Parameters
    ----------
    model : str or Path
        A network, a forecaster, a language model, or a classifier or regressor of sequences.
    data : str or Path, optional
        For a network a ``.npy`` array (T, F) or (B, T, F), or a CSV or Parquet file with a column for each input, or
        where it has several a ``.npz`` file with an array (B, T, F), or (B, F), for each by its name; for a
        forecaster a file with its series, or the name of one that ships with Elman; for a language model a text; for
        a classifier or regressor a file with cases. By default what the forecaster kept of its series, else random
        inputs.
    reading : Reading, optional
        How a file is read: all of it for a forecaster's series, `where`, `decimal` and `thousands` for other tables.

    Raises
    ------
    ElmanError
        If a file cannot be read, or does not go with the model.
    """
    found, reading = load(model), reading or Reading()
    if data is None:
        reading.refuse_all_but([], "a model without data")
    if isinstance(found, Forecaster):
        return _of_forecaster(found, data, reading)
    if isinstance(found, SequenceClassifier | SequenceRegressor):
        return _of_cases(found, data, reading)
    net = found.network_ if isinstance(found, LanguageModel) else found
    if data is None:
        return _random(net)
    if isinstance(found, LanguageModel):
        reading.refuse_all_but([], "a text")
        return _of_text(found, Path(data))
    if len(net.doors) > 1:
        reading.refuse_all_but([], "arrays of several inputs")
        return Sequences(net, _arrays(net, Path(data)), f"sequences of {data}")
    values = _array(net, Path(data), reading)
    return Sequences(net, _pieces(values) if values.ndim == 2 else values, f"sequences of {data}")


def _of_forecaster(forecaster: Forecaster, data: str | Path | None, reading: Reading) -> Sequences:
    if not forecaster.networks_:
        raise OptionError(f"the forecaster has no network, only {', '.join(forecaster.methods_)}: nothing to look at")
    if data is not None:
        without = replace(reading, time=None, target=None)
        forecaster.update(collect(data, time=reading.time, target=reading.target, reading=without))
    about = f"series of {data}" if data is not None else "the series that it was trained on"
    net = forecaster.networks_[0]
    x = network_inputs(forecaster, ROWS, STEPS)
    return Sequences(net, x, f"{about}, as the network sees them", reading_layer(net))


def _of_cases(learner: SequenceClassifier | SequenceRegressor, data: str | Path | None, reading: Reading) -> Sequences:
    net = learner.networks_[0]
    if data is None:
        return _random(net)
    cases = learner._read(str(data), reading)
    x, lengths = learner.scaling_.inputs(cases), cases.lengths
    longest = np.argsort(-lengths, kind="stable")[: max(len(x) // 2, 1)]  # of all rows the same number of steps
    chosen = _spread(np.sort(longest))
    steps = min(int(lengths[chosen].min()), STEPS)
    return Sequences(net, x[chosen, :steps], f"cases of {data}, as the network sees them")


def _of_text(model: LanguageModel, file: Path) -> Sequences:
    if not file.is_file():
        raise DataError(f"there is no file {file}; expected a text")
    try:
        read = decoded(file.read_bytes(), str(file))
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error
    numbers = model.vocabulary_.encode(read.text)
    if len(numbers) < 2:
        raise DataError(f"{file} has {len(numbers)} characters; expected a text of two at least")
    about = f"pieces of {file}" + (f" ({read.note})" if read.note else "")
    return Sequences(model.network_, _pieces(numbers[:, None].astype(np.float64)), about)


def _array(net: Network, file: Path, reading: Reading) -> np.ndarray:
    """What a file holds, (T, F) or (B, T, F)."""
    if file.suffix == ".npy":
        reading.refuse_all_but([], "an array")
        values = checks.floats(read_npy(file), str(file))
    else:
        reading.refuse_all_but(["where", "decimal", "thousands", "missing"], "a table of inputs")
        values = np.column_stack(list(read_numbers(file, reading).values()))
    if values.ndim not in (2, 3) or values.shape[-1] != net.inputs:
        raise DataError(
            f"{file} holds shape {values.shape}; the network expects (T, {net.inputs}) or (B, T, {net.inputs})"
        )
    if not np.isfinite(values).all():
        raise DataError(f"{file} has missing or infinite values; expected numbers only")
    return values


def _arrays(net: Network, file: Path) -> dict[str, np.ndarray]:
    """An array for each input, by its name."""
    names = [given.name for given in net.structure.inputs]
    if file.suffix != ".npz":
        raise DataError(
            f"{file} cannot hold the {len(names)} inputs of the network; expected a .npz file with an array for each "
            f"of {', '.join(names)}"
        )
    found = read_npz(file)
    if set(found) != set(names):
        raise DataError(f"{file} holds {', '.join(found) or 'nothing'}; expected {', '.join(names)}")
    return {name: array[:ROWS, :STEPS] if array.ndim == 3 else array[:ROWS] for name, array in found.items()}


def _random(net: Network) -> Sequences:
    x = random_inputs(net, np.random.default_rng(0), ROWS, STEPS // 2)
    kinds = {door.whole for door in net.doors}
    what = "standard normal inputs" if kinds == {False} else "random indices" if kinds == {True} else "random inputs"
    return Sequences(net, x, f"{what}, as no data was given")


def _pieces(values: np.ndarray) -> np.ndarray:
    """Some windows of one sequence (n, F), as long as may be."""
    return _spread(windows(values, min(STEPS, max(2, len(values) // 2), len(values))))


def _spread(every: np.ndarray) -> np.ndarray:
    """At most `ROWS` of some windows, from the first to the last."""
    return every[np.unique(np.linspace(0, len(every) - 1, ROWS).astype(int))]
