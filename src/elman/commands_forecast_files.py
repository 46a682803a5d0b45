"""What a forecast command found, and where it puts it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.data.collection import Collection
from elman.errors import OptionError
from elman.files import check_alone, check_file, check_writable, write_folder
from elman.forecast import attempts, page, picture, results
from elman.forecast.backtest import Backtest
from elman.forecast.forecaster import Forecaster
from elman.forecast.forecasts import Forecast
from elman.keeping import MODEL, attempted
from elman.saved import BESIDE, RUN

FORECAST, PICTURE, PAGE = "forecast.csv", "forecast.png", "report.html"
ENDINGS = (".parquet", ".json")  # of a file with nothing but the forecast; a folder holds forecast.csv


@dataclass(frozen=True)
class ForecastReport:
    """What a forecast command found and where it put it.

    Attributes
    ----------
    name : str
        Of the data.
    collection : Collection
        The series that were recorded.
    forecaster : Forecaster
        Trained on all of them, or read from a file.
    forecast : Forecast
        What follows, with its intervals.
    backtest : Backtest or None
        None where the series are too short for one, or the model was read from a file.
    notes : tuple of str
        What the user should know.
    folder : Path
        Where the files are.
    files : tuple of str
        Their names.

    Examples
    --------
    >>> import elman as el
    >>> found = el.commands.forecast("sunspots", horizon=3, methods=["theta"], out="sunspots")
    >>> found.name, found.forecast.values.shape, "report.html" in found.files
    ('sunspots', (1, 3), True)
    """

    name: str
    collection: Collection
    forecaster: Forecaster
    forecast: Forecast
    backtest: Backtest | None
    notes: tuple[str, ...]
    folder: Path
    files: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """In terms of JSON.

        Returns
        -------
        dict
        """
        return {
            "series": results.describe_series(self.name, self.collection),
            "horizon": self.forecast.horizon,
            "forecast": self.forecast.to_dict()["series"],
            "model": results.describe_model(self.forecaster),
            "each": results.describe_each(self.forecaster),
            "backtest": results.describe_backtest(self.backtest),
            "notes": list(self.notes),
            "files": [self.folder / file for file in self.files],
        }


@dataclass(frozen=True)
class Place:
    """Where results go: a folder, or a file of the forecast alone."""

    folder: Path
    file: str | None
    model: Path

    @property
    def run(self) -> Path:
        """Where trainings are saved while they last."""
        return self.folder / (RUN if self.file is None else self.file + BESIDE)

    @classmethod
    def of(cls, out: Path | None, usual: str, source: str | Path, *, trained: bool = True) -> Place:
        """What `out` says, else the usual folder, checked to be writable."""
        if out is None or out.suffix.lower() not in ENDINGS or out.is_dir():
            folder = Path(usual) if out is None else out
            check_writable(folder, (FORECAST, PICTURE, PAGE, results.METRICS, *((MODEL,) if trained else ())))
            check_alone(folder, "elman forecast")
            return cls(folder, None, folder / MODEL)
        check_file(out)
        if out.exists() and Path(source).exists() and out.samefile(source):
            raise OptionError(f"the output {out} is the file that is read; give another with --out (out=... in Python)")
        return cls(out.parent, out.name, out.with_suffix(".safetensors"))


def finish(
    name: str,
    forecaster: Forecaster,
    horizon: int,
    levels: Sequence[float] | None,
    test: Backtest | None,
    tested: dict[str, Any] | None,
    notes: tuple[str, ...],
    place: Place,
    later: Path | None,
    *,
    trained: bool,
) -> ForecastReport:
    """Forecast, and write everything to its place."""
    collection = forecaster.fitted_basis.collection
    found, why_none = attempts.forecast_with_intervals(forecaster, horizon, levels, later)
    notes = (*forecaster.notes_, *attempts.notes_of(collection), *notes, *why_none, *found.notes)
    if place.file is not None:
        found.write(place.folder / place.file)
        return ForecastReport(name, collection, forecaster, found, test, notes, place.folder, (place.file,))
    drawn, why_not = attempted("picture", lambda: picture.render(picture.draw(name, found, test)))
    notes = (*notes, *why_not)
    written, why_not = attempted("page", lambda: page.page(name, forecaster, found, test, notes).html().encode())
    notes = (*notes, *why_not)
    files: dict[str, Callable[[Path], Any] | None] = {
        FORECAST: found.write,
        PICTURE: None if drawn is None else lambda path: path.write_bytes(drawn),
        PAGE: None if written is None else lambda path: path.write_bytes(written),
        results.METRICS: lambda path: path.write_bytes(
            results.metrics_json(name, forecaster, horizon, tested, notes, trained=trained)
        ),
    }
    if trained:
        files[MODEL] = forecaster.save
    write_folder(place.folder, files)
    names = tuple(file for file, write in files.items() if write is not None)
    return ForecastReport(name, collection, forecaster, found, test, notes, place.folder, names)
