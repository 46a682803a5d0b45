"""What a user can do to take a model to where it runs: its network as C. The command line is a thin shell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman import checks
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.data.reading import Reading
from elman.errors import ConversionError, ModelFileError, OptionError
from elman.forecast import Forecaster
from elman.interop.c.export import to_c
from elman.interop.c.names import identifier
from elman.interop.report import Report
from elman.language import LanguageModel
from elman.models import load
from elman.network import Network
from elman.sequences import sequences


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
    report : Report
        What the code takes of a machine, and how far it is from the network.
    """

    files: tuple[Path, ...]
    report: Report

    def plain(self) -> dict[str, Any]:
        """In terms of JSON."""
        return {"report": self.report.plain(), "files": list(self.files)}


@dataclass(frozen=True)
class _Inside:
    """A model's network, and what else the code that calls it must know."""

    net: Network
    about: str = ""
    constants: dict[str, Any] | None = None


def export_c(
    model: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    data: str | Path | None = None,
    reading: Reading | None = None,
    **how: Any,
) -> Exported:
    """Write the network of a saved model as C.

    Parameters
    ----------
    model : str or Path
        A network; a language model, whose network takes numbers of tokens and returns logits; a classifier or regressor
        of sequences with one network, whose means and spreads of channels are written too.
    out : str or Path
        A folder, or the file NAME.c in one.
    name : str, optional
        What everything in the files begins with; by default that of the model's file, or of the file in `out`.
    data : str or Path, optional
        With int8 weights, a file of the kind that the model works on, to measure their loss in accuracy on; see
        `elman.sequences.sequences`.
    reading : Reading, optional
        How that is read.
    **how
        As for `elman.interop.to_c`: ``weights``, ``math``, ``max_steps``, ``main``, ``compiler``, ``tolerance``.

    Returns
    -------
    Exported

    Raises
    ------
    ElmanError
        If the model cannot be read, or not be said in C; nothing is written then.
    """
    file, place = checks.path(model, "model"), checks.path(out, "out")
    inside = _inside(_opened(file), file)
    if name is None and place.suffix not in (".c", ".h"):
        name = identifier(file.stem, "net")[:31]
    if data is not None and how.get("weights") != "int8":
        raise OptionError(
            "data is for weights='int8' (--weights int8), whose loss in accuracy it measures: leave it out"
        )
    if data is not None:
        how["data"] = sequences(file, data, reading).x
    constants = inside.constants
    files, report = to_c(
        inside.net, place, name=name, about=inside.about, constants=constants, return_report=True, **how
    )
    return Exported(files, report.noting(*inside.about.splitlines()))


def _opened(file: Path) -> Any:
    try:
        return load(file)
    except ModelFileError as error:
        if file.is_file():
            raise ModelFileError(
                f"{error}. If another framework wrote it, make a network of it first: elman convert {file} "
                "net.safetensors"
            ) from error
        raise


def _inside(model: Any, file: Path) -> _Inside:
    if isinstance(model, Network):
        return _Inside(model)
    if isinstance(model, LanguageModel):
        size = len(model.vocabulary_)
        return _Inside(model.network_, f"It takes the number of a token and returns the logits of the next, of {size}.")
    if isinstance(model, Forecaster):
        raise ConversionError(
            f"{file} is a forecaster, which prepares each series before its network sees it: C of the network alone "
            "foretells nothing. If that is wanted, elman.interop.to_c(forecaster.networks_[0], ...) writes it"
        )
    assert isinstance(model, SequenceClassifier | SequenceRegressor)
    return _of_sequences(model, file)


def _of_sequences(model: Any, file: Path) -> _Inside:
    """Of a classifier or regressor, the network with what scales its channels."""
    kind, scaling = type(model).__name__, model.scaling_
    if len(model.networks_) > 1:
        raise ConversionError(
            f"{file} is a {kind} of {len(model.networks_)} networks, whose mean it says: learn one with members=1, or "
            "write each by elman.interop.to_c(model.networks_[k], ...)"
        )
    if scaling.masked or scaling.gap > 0:
        raise ConversionError(
            f"{file} is a {kind} of cases with missing values or uneven steps, which its network reads beside the "
            "channels: write the network by elman.interop.to_c(model.networks_[0], ...) and prepare these yourself"
        )
    about = [
        f"It reads channels ({', '.join(map(str, scaling.channels))}) as (value - mean) / spread, which are beside it.",
        *_outcome(model),
    ]
    return _Inside(model.networks_[0], "\n".join(about), {"mean": scaling.mean, "spread": scaling.spread})


def _outcome(model: Any) -> list[str]:
    if isinstance(model, SequenceClassifier):
        return [f"It returns the logits of the classes {', '.join(map(str, model.classes_))}."]
    return ["It returns scaled targets."]
