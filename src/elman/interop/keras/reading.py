"""`from_keras`: a model of Keras as a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from elman.checks import flag, nearest, path, shown
from elman.errors import ConversionError, OptionError
from elman.interop.keras.files import opened
from elman.interop.keras.proving import proven
from elman.interop.keras.walk import Walk
from elman.interop.peers import OURS, called, peer
from elman.interop.report import Report
from elman.network import Network

MASKS = ("exact", "lengths")


@overload
def from_keras(
    model: Any,
    *,
    weights: str | Path | None = ...,
    masks: str = ...,
    tolerance: float | None = ...,
    return_report: Literal[False] = ...,
) -> Network: ...
@overload
def from_keras(
    model: Any,
    *,
    weights: str | Path | None = ...,
    masks: str = ...,
    tolerance: float | None = ...,
    return_report: Literal[True],
) -> tuple[Network, Report]: ...
def from_keras(
    model: Any,
    *,
    weights: str | Path | None = None,
    masks: str = "exact",
    tolerance: float | None = None,
    return_report: bool = False,
) -> Any:
    """A model of Keras as a network, with its weights.

    Parameters
    ----------
    model : keras.Model, str or Path
        `Sequential` or functional, built; or a ``.keras`` file or an ``.h5`` file of one. Files are looked at before
        Keras reads them: what is code in them (a Lambda layer, classes that are not Keras') is refused and never run.
    weights : str or Path, optional
        A ``.weights.h5`` file, or an ``.h5`` one, of weights that the model gets first.
    masks : {"exact", "lengths"}, default "exact"
        What becomes of `Masking` and of embeddings with ``mask_zero``. "exact": the network finds masked steps itself,
        wherever they lie (before the values, as ``pad_sequences`` pads, or between them), as Keras does. "lengths": it
        has no masks, and is called with ``lengths``; rows have to be padded at their ends.
    tolerance : float, optional
        The largest difference that is allowed; by default 1e-5, in float64 1e-10.
    return_report : bool, default False
        Also return the `Report`.

    Returns
    -------
    net : Network
        A chain where the model is one and nothing is masked; its dtype is the model's.
    report : Report
        With `return_report` only.

    Raises
    ------
    ConversionError
        If Keras is not installed, the model has a layer that cannot be said here (which, and what to do), or the two do
        not agree.

    Examples
    --------
    >>> import elman as el
    >>> net = el.interop.from_keras("model.keras")  # doctest: +SKIP
    """
    flag(return_report, "return_report")
    if not isinstance(masks, str) or masks not in MASKS:
        raise OptionError(f"masks is {shown(masks)}{nearest(masks, MASKS)}; expected one of {', '.join(MASKS)}")
    found, notes = opened(model) if isinstance(model, str | Path) else (model, [])
    _check_model(found)
    if weights is not None:
        _load(found, weights)
    walk = Walk(found, masks == "lengths")
    net = walk.network(dtype=_dtype(found))
    noted = (*notes, *dict.fromkeys(walk.notes), *_paces(walk))
    report = Report(called("keras", "Keras"), OURS, tuple(walk.mapped), notes=noted)
    report = proven(net, walk, found, report, tolerance)
    return (net, report) if return_report else net


def _check_model(model: Any) -> None:
    keras = peer("keras")
    if isinstance(model, keras.layers.Layer) and not isinstance(model, keras.Model):
        raise ConversionError(
            f"{model.name} is a layer: give a model of it, as keras.Sequential([keras.Input((None, 3)), layer])"
        )
    if not isinstance(model, keras.Model):
        raise ConversionError(
            f"expected a model of Keras 3, or a file, got {type(model).__name__}; a model of tf_keras is saved as an "
            ".h5 file and read from there"
        )
    if type(model).__name__ not in ("Sequential", "Functional", "Model"):
        raise ConversionError(
            f"{type(model).__name__} is a class of its own, whose call() is code, which is not read: build "
            "a functional model of its layers, inputs = keras.Input(...); keras.Model(inputs, model.call(inputs)), and "
            "give that"
        )
    if not model.built or not getattr(model, "inputs", None):
        raise ConversionError(
            "the model is not built, so that its sizes are not known: begin it with keras.Input((steps, features)), or "
            "call it once, model(x)"
        )


def _load(model: Any, weights: Any) -> None:
    if not path(weights, "weights").is_file():
        raise ConversionError(f"there is no file of weights {weights}")
    try:
        model.load_weights(str(weights))
    except Exception as error:  # whatever Keras and h5py raise
        said = " ".join(str(error).split()).partition(" Target variable:")[0][:400]
        raise ConversionError(
            f"the weights {weights} do not fit the model: {said}. Make the model as it was when they were saved"
        ) from error


def _dtype(model: Any) -> np.dtype:
    """That of the weights; half precision computes in float32 here."""
    names = {w.dtype for w in model.weights if "float" in str(w.dtype)}
    if len(names) > 1:
        raise ConversionError(f"the model has weights of {' and '.join(sorted(names))}; expected one kind")
    return np.dtype(np.float64) if names == {"float64"} else np.dtype(np.float32)


def _paces(walk: Walk) -> list[str]:
    return [
        f"{name} is an input more, whose steps alone count: give zeros (B, {steps}, 1) for what Keras repeats {steps} "
        "times, or another number of steps"
        for name, steps in walk.paces.items()
    ]
