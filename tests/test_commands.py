import csv
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from elman import commands
from elman.cells import catalogue
from elman.data import bundled, collect
from elman.data.reading import Reading
from elman.engine import default_engine
from elman.errors import DataError, OptionError
from elman.forecast import Forecaster, page, picture
from elman.plots.page import Report
from elman.training import LambdaCallback

QUICK = {"units": 4, "epochs": 2, "members": 2, "methods": ["network", "theta"]}
FILES = {"forecast.csv", "forecast.png", "report.html", "metrics.json", "model.safetensors"}


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch, request):
    """A picture and a page take longer than all else; they are made where a test asks for them."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(picture, "draw", lambda *_: None)
        monkeypatch.setattr(picture, "render", lambda _: b"")
        monkeypatch.setattr(page, "page", lambda *_: Report("", []))


@pytest.fixture
def drawn():
    """Pictures and pages are made."""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "sales.csv"
    wave = 5 + np.sin(2 * np.pi * np.arange(120) / 12) + 0.1 * np.random.default_rng(0).normal(size=120)
    months = (np.datetime64("2010-01", "M") + np.arange(120)).astype("datetime64[D]")
    path.write_text("month,units\n" + "".join(f"{m},{v:.3f}\n" for m, v in zip(months, wave, strict=True)))
    return path


def test_a_forecast_leaves_its_files(table, tmp_path, drawn):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert set(report.files) == FILES == {p.name for p in (tmp_path / "out").iterdir()}
    with (tmp_path / "out" / "forecast.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["month", "units", "lo-80", "hi-80", "lo-95", "hi-95"]
    assert [r[0] for r in rows[1:]] == [f"2020-{m:02d}-01" for m in range(1, 7)]
    np.testing.assert_allclose([float(r[1]) for r in rows[1:]], report.forecast.values[0], rtol=1e-6)


def test_a_forecast_beyond_the_calendar_is_refused_before_the_training(tmp_path):
    path = tmp_path / "last.csv"
    path.write_text("day,units\n" + "".join(f"9999-{m:02d}-{d:02d},{d}\n" for m in (11, 12) for d in range(1, 31)))
    began = []
    with pytest.raises(DataError, match="beyond the year 9999"):
        commands.forecast(
            path, horizon=6, out=tmp_path / "out", watch=lambda *stage: began.append(stage) or (), **QUICK
        )
    assert not began and not (tmp_path / "out").exists()


def test_metrics_are_those_of_the_backtest(table, tmp_path):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert list(metrics["backtest"]["scores"]) == ["elman", "naive", "seasonal naive", "drift", "theta", "ets"]
    for method, scores in metrics["backtest"]["scores"].items():
        assert scores == {metric: float(score) for metric, score in report.backtest.scores[method].items()}
    assert metrics["backtest"]["trained_on"] == 120 - report.backtest.origins[0] < 120
    assert sum(metrics["model"]["methods"].values()) == pytest.approx(1)


def test_the_backtest_is_trained_without_its_end_and_the_forecast_with_it(table, tmp_path):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    before = report.collection.without_last(int(report.backtest.origins[0]))
    params = {"horizon": 6, **QUICK}
    alone = Forecaster(**params).fit(before)
    rounding = 1e-8 if default_engine() == "native" else 1e-5  # products differ by the size of the batch
    np.testing.assert_allclose(report.backtest.forecasts["elman"][:, 0], alone.predict().values, rtol=rounding)
    whole = Forecaster(**params).fit(report.collection)
    np.testing.assert_array_equal(report.forecast.values, whole.predict().values)


def test_forecasting_again_needs_no_training_and_gives_the_same(table, tmp_path):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    again = commands.forecast_again(tmp_path / "out" / "model.safetensors", table, out=tmp_path / "again")
    np.testing.assert_array_equal(again.forecast.values, report.forecast.values)
    assert {p.name for p in (tmp_path / "again").iterdir()} == FILES - {"model.safetensors"}
    assert any("no training, and no backtest" in note for note in again.notes)


def test_forecasting_again_leaves_the_page_with_the_backtest(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = commands.forecast(table, horizon=6, **QUICK)
    (first.folder / "report.html").write_text("with the backtest")
    again = commands.forecast_again(first.folder / "model.safetensors", table)
    assert again.folder.name == f"{first.folder.name}-again" and "report.html" in again.files
    assert (first.folder / "report.html").read_text() == "with the backtest"
    assert not any("replaced" in note for note in again.notes)
    over = commands.forecast_again(first.folder / "model.safetensors", table, out=first.folder)
    assert any("report.html and forecast.png of the training, which showed its backtest" in n for n in over.notes)


def test_forecasting_again_goes_on_from_the_file_it_is_given(table, tmp_path):
    commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    shorter = tmp_path / "shorter.csv"
    shorter.write_text("".join(table.read_text().splitlines(keepends=True)[:101]))
    model = tmp_path / "out" / "model.safetensors"
    again = commands.forecast_again(model, shorter, horizon=20, out=tmp_path / "out")
    assert again.forecast.times[0, 0] == np.datetime64("2018-05-01") and again.forecast.horizon == 20
    np.testing.assert_array_equal(again.forecast.values, Forecaster.load(model).predict(20, again.collection).values)
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert found["backtest"] == metrics["backtest"] is not None and not found["trained"] and metrics["trained"]
    assert found["notes"] == list(again.notes) and found["series"]["values"] == 100


def test_the_default_folder_is_named_after_the_series(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands.forecast("sales.csv", horizon=6, **QUICK)
    assert (tmp_path / "forecast-sales" / "forecast.csv").is_file()


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_series_can_be_forecast_by_name(name, tmp_path):
    report = commands.forecast(name, horizon=3, methods=["theta"], origins=2, out=tmp_path / "out")
    assert np.isfinite(report.forecast.values).all()


def test_the_same_seed_gives_the_same_files(table, tmp_path):
    for name in "ab":
        commands.forecast(table, horizon=6, out=tmp_path / name, seed=3, **QUICK)
    for file in ("forecast.csv", "metrics.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in "ab")
    assert first.keys() == second.keys() and all((first[key] == second[key]).all() for key in first)


def test_a_constant_series_works_and_says_so(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_text("year,v\n" + "".join(f"{y},7.5\n" for y in range(1900, 1990)))
    report = commands.forecast(path, horizon=10, out=tmp_path / "out", **QUICK)
    assert "the series is constant: there is nothing to learn, and the forecast repeats its value" in report.notes
    assert any(note.startswith("no intervals: no series that changes") for note in report.notes)
    np.testing.assert_array_equal(report.forecast.values, np.full((1, 10), 7.5))


def test_a_series_too_short_for_a_backtest_is_forecast_and_says_so(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("year,v\n" + "".join(f"{y},{(y * 7) % 5}\n" for y in range(2000, 2012)))
    report = commands.forecast(path, horizon=8, out=tmp_path / "out", **QUICK)
    assert report.backtest is None and any(
        note.startswith("no backtest: the series has 12 values") for note in report.notes
    )
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["backtest"] is None


def test_fewer_origins_than_were_asked_for_are_noted(table, tmp_path):
    report = commands.forecast(table, horizon=6, origins=500, out=tmp_path / "out", **QUICK)
    count = len(report.backtest.origins)
    assert f"the series hold {count} of the 500 forecasts that the backtest was to make" in report.notes


def test_what_was_done_to_the_data_is_noted(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("year,v\n" + "".join(f"{y},{'' if y == 1950 else y % 7}\n" for y in range(1900, 1990)))
    report = commands.forecast(path, horizon=5, reading=Reading(fill="forward"), out=tmp_path / "out", **QUICK)
    assert "1 missing value was filled with the last value before" in report.notes
    report = commands.forecast(path, horizon=5, out=tmp_path / "out", **QUICK)
    assert any(note.startswith("1 of 90 values is missing: ") for note in report.notes)
    assert report.notes == tuple(json.loads((tmp_path / "out" / "metrics.json").read_text())["notes"])


@pytest.mark.parametrize(
    "options, error",
    [
        ({"horizon": 0}, OptionError),
        ({"horizon": 6, "origins": 0}, OptionError),
        ({"horizon": 6, "cell": "lstn"}, OptionError),
        ({"horizon": 6, "learning_rate": 0.0}, OptionError),
        ({"horizon": 6, "target": "unit"}, DataError),
        ({"horizon": 6, "season": 121}, DataError),
        ({"horizon": 6, "level": 100}, OptionError),
        ({"horizon": 6, "level": []}, OptionError),
        ({"horizon": 6, "methods": ["prophet"]}, OptionError),
        ({"horizon": 6, "jobs": 2}, OptionError),
        ({"horizon": 6, "refit": True, "jobs": 0}, OptionError),
        ({"horizon": 6, "hidden": 8}, OptionError),
        ({"horizon": 6, "group": "shop"}, DataError),
    ],
)
def test_what_cannot_be_done_leaves_nothing_behind(table, tmp_path, options, error):
    with pytest.raises(error):
        commands.forecast(table, out=tmp_path / "out", **{**QUICK, **options})
    assert [p.name for p in tmp_path.iterdir()] == ["sales.csv"]


def test_options_are_checked_before_anything_is_read_or_trained(tmp_path):
    with pytest.raises(OptionError, match="there is no cell 'lstn'"):
        commands.forecast(tmp_path / "no such file.csv", horizon=5, cell="lstn")


def stop_at(stage_to_stop, network, epoch):
    """A `watch` that presses Ctrl-C in an epoch of a network of a stage."""

    def watch(stage, networks):
        begun = []

        def stop(training):
            if stage == stage_to_stop and (len(begun), training.epoch) == (network, epoch):
                raise KeyboardInterrupt

        return [LambdaCallback(on_train_begin=begun.append, on_epoch_begin=stop)]

    return watch


@pytest.mark.parametrize("stage, network, epoch", [("forecast", 1, 2), ("forecast", 2, 2), ("backtest", 1, 1)])
def test_ctrl_c_leaves_what_was_learnt_and_says_where(table, tmp_path, stage, network, epoch):
    with pytest.raises(commands.Interrupted, match="what was learnt so far is in .*model.safetensors") as stop:
        commands.forecast(table, horizon=6, out=tmp_path / "out", watch=stop_at(stage, network, epoch), **QUICK)
    assert stop.value.model == tmp_path / "out" / "model.safetensors"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["model.safetensors"]
    assert Forecaster.load(stop.value.model).networks_
    again = commands.forecast_again(stop.value.model, table, out=tmp_path / "again")
    assert np.isfinite(again.forecast.values).all()


def test_ctrl_c_leaves_the_model_beside_the_file_of_a_forecast_alone(table, tmp_path):
    with pytest.raises(commands.Interrupted) as stop:
        commands.forecast(table, horizon=6, out=tmp_path / "out.json", watch=stop_at("backtest", 1, 1), **QUICK)
    assert stop.value.model == tmp_path / "out.safetensors"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.safetensors", "sales.csv"]


def test_ctrl_c_before_anything_is_learnt_leaves_nothing(table, tmp_path, monkeypatch):
    monkeypatch.setattr("elman.forecast.learning.learn", fails(KeyboardInterrupt()))
    with pytest.raises(commands.Interrupted, match="nothing was learnt"):
        commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert not (tmp_path / "out").exists()


def test_cells_are_listed_with_their_equations():
    entries = commands.cells(sort="name")
    assert [e.name for e in entries] == sorted(catalogue())
    assert all(e.about and e.equations for e in entries)
    assert any("tanh(W x + U h + b)" in line for e in entries if e.name == "simple" for line in e.equations)


def test_one_cell_by_name(tmp_path):
    assert [e.name for e in commands.cells("lstm", picture=tmp_path / "lstm.svg")] == ["lstm"]
    assert (tmp_path / "lstm.svg").read_text().startswith("<?xml")
    with pytest.raises(OptionError, match=r"no cell 'lsmt' \(did you mean 'lstm'\?\)"):
        commands.cells("lsmt")


def test_what_would_be_ignored_is_refused_of_cells(tmp_path):
    with pytest.raises(OptionError, match="a picture is of one cell"):
        commands.cells(picture=tmp_path / "all.svg")
    with pytest.raises(OptionError, match="sort is of all cells"):
        commands.cells("gru", sort="name")


# --- nothing is lost ----------------------------------------------------------------------------------------


def fails(error):
    def fail(*_, **__):
        raise error

    return fail


def test_a_picture_or_page_that_cannot_be_made_costs_no_more(table, tmp_path, monkeypatch):
    out = tmp_path / "out"
    commands.forecast(table, horizon=6, out=out, **QUICK)
    monkeypatch.setattr("elman.forecast.picture.draw", fails(ValueError("no\nfont")))
    monkeypatch.setattr("elman.forecast.page.page", fails(ValueError("no ink")))
    report = commands.forecast(table, horizon=6, out=out, **QUICK)
    left = FILES - {"forecast.png", "report.html"}
    assert set(report.files) == left == {p.name for p in out.iterdir()}  # nor those of another
    assert {"there is no picture: ValueError: no font", "there is no page: ValueError: no ink"} <= set(report.notes)
    assert json.loads((out / "metrics.json").read_text())["notes"] == list(report.notes)


@pytest.mark.parametrize(
    "place", ["forecast.results.describe_backtest", "forecast.picture.draw", "forecast.results.metrics_json"]
)
def test_ctrl_c_behind_a_training_leaves_its_model(table, tmp_path, monkeypatch, place):
    monkeypatch.setattr(f"elman.{place}", fails(KeyboardInterrupt()))
    with pytest.raises(commands.Interrupted) as stop:
        commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["model.safetensors"]
    assert len(Forecaster.load(stop.value.model).networks_) == 2


def test_an_error_behind_a_training_leaves_its_model_and_says_where(table, tmp_path, monkeypatch):
    monkeypatch.setattr(Forecaster, "predict", fails(DataError("the forecast overflows")))
    with pytest.raises(DataError, match=r"overflows. The model that was trained is kept: .*model.safetensors"):
        commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["model.safetensors"]


def test_where_the_folder_has_no_room_the_model_is_kept_elsewhere(table, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    rename = os.rename
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "rename", lambda a, b: fails(full)() if "out" in Path(b).parts[-2:] else rename(a, b))
    with pytest.raises(OptionError, match=r"out cannot be written: No space left on device.*is kept: (.*)") as error:
        commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert Forecaster.load(str(error.value).split("is kept: ")[1]).season_.tolist() == [12]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "sales.csv"]


@pytest.mark.parametrize("first, days", [("9999-06-01", 120), ("0001-01-01", 120)])
def test_dates_at_the_ends_of_the_calendar(tmp_path, first, days, drawn):
    path = tmp_path / "s.csv"
    dates = np.datetime64(first) + np.arange(days)
    path.write_text("day,v\n" + "".join(f"{day},{i % 7}\n" for i, day in enumerate(dates)))
    report = commands.forecast(path, horizon=6, out=tmp_path / "out", **QUICK)
    assert {"forecast.csv", "metrics.json", "model.safetensors"} <= set(report.files)


def test_what_cannot_be_saved_is_refused_before_any_training(table, tmp_path):
    watch = fails(AssertionError("trained"))
    with pytest.raises(OptionError, match="learning_rate is .* cannot be saved"):
        commands.forecast(table, horizon=6, out=tmp_path, learning_rate=lambda step: 0.01, watch=watch)


def test_a_season_that_the_backtest_could_not_see_is_noted(tmp_path):
    t = np.arange(60)
    values = np.where(t < 45, 100.0, 100 + 30 * np.sin(t * np.pi / 6)) + np.random.default_rng(4).normal(0, 1, 60)
    path = tmp_path / "s.csv"
    months = np.datetime64("2015-01", "M") + t
    path.write_text("month,v\n" + "".join(f"{m},{v:.3f}\n" for m, v in zip(months, values, strict=True)))
    report = commands.forecast(path, horizon=6, out=tmp_path / "out", **QUICK)
    before, after = int(report.backtest.season[0]), int(report.forecaster.season_[0])
    noted = [note for note in report.notes if note.startswith("the backtest saw")]
    assert (before == after) == (not noted)


def test_the_levels_of_intervals_can_be_given_and_are_nested(table, tmp_path):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", level=[50, 90], **QUICK)
    found = report.forecast
    assert list(found.levels) == list(report.backtest.intervals) == [50, 90]
    (low, high), (lower, higher) = found.levels.values()
    assert (lower <= low).all() and (low <= found.values).all() and (high <= higher).all() and (low < high).all()


def test_levels_that_cannot_be_known_are_refused_where_they_were_asked_for(tmp_path):
    (tmp_path / "s.csv").write_text("v\n1\n2\n3\n")
    assert commands.forecast(tmp_path / "s.csv", horizon=2, out=tmp_path / "a", **QUICK).forecast.levels == {}
    with pytest.raises(OptionError, match="no series .* is long enough .* is kept: .*model.safetensors"):
        commands.forecast(tmp_path / "s.csv", horizon=2, out=tmp_path / "b", level=80, **QUICK)


# --- many series --------------------------------------------------------------------------------------------


@pytest.fixture
def panel(tmp_path):
    """Two stores with three products each, of different lengths."""
    rng, rows = np.random.default_rng(1), []
    for k, (store, product) in enumerate([(s, p) for s in ("Leeds", "York") for p in "abc"]):
        months = np.datetime64("2015-01", "M") + np.arange(72 - 4 * k)
        season = 10 * (k + 1) * (1 + 0.3 * np.sin(np.arange(len(months)) * np.pi / 6))
        rows += [(store, product, m, v + rng.normal()) for m, v in zip(months, season, strict=True)]
    path = tmp_path / "shops.csv"
    path.write_text("store,product,month,sold\n" + "".join(f"{s},{p},{m},{v:.3f}\n" for s, p, m, v in rows))
    return path


def test_many_series_of_a_long_file_by_group(panel, tmp_path, drawn):
    report = commands.forecast(panel, horizon=6, group="store,product", out=tmp_path / "out", **QUICK)
    assert len(report.collection) == 6 and report.collection.names[0] == ("Leeds", "a")
    with (tmp_path / "out" / "forecast.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == ["store", "product", "month", "sold", "lo-80", "hi-80", "lo-95", "hi-95"]
    assert len(rows) == 36 and rows[-1][:3] == ["York", "c", "2019-10"]
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["series"]["count"] == 6 and metrics["series"]["group"] == ["store", "product"]
    assert [one["name"] for one in metrics["each"]][:2] == ["Leeds, a", "Leeds, b"]
    assert list(metrics["backtest"]["by_series"]) == [one["name"] for one in metrics["each"]]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Backtest by series" in page and "Leeds, a" in page


@pytest.mark.parametrize("ending", ["parquet", "json"])
def test_a_file_for_the_forecast_alone(panel, tmp_path, ending):
    out = tmp_path / f"found.{ending}"
    report = commands.forecast(panel, horizon=3, group=["store", "product"], target="sold", out=out, methods=["theta"])
    assert report.files == (out.name,) and sorted(p.name for p in tmp_path.iterdir()) == [out.name, "shops.csv"]
    if ending == "json":
        found = [one["values"] for one in json.loads(out.read_text())["series"]]
    else:
        again = collect(out, group="store,product", target="sold")
        assert again.names == report.collection.names
        found = [again.series(s) for s in range(6)]
    np.testing.assert_allclose(found, report.forecast.values, rtol=1e-12)


def test_one_of_many_series_by_where_is_forecast_as_if_it_were_alone(panel, tmp_path):
    one = commands.forecast(
        panel, horizon=3, reading=Reading(where={"store": "York", "product": "a"}), out=tmp_path / "o", methods="ets"
    )
    text = [line for line in panel.read_text().splitlines() if line.startswith(("store", "York,a"))]
    (tmp_path / "one.csv").write_text("\n".join(text))
    alone = commands.forecast(tmp_path / "one.csv", horizon=3, target="sold", out=tmp_path / "p", methods="ets")
    np.testing.assert_array_equal(one.forecast.values, alone.forecast.values)


@pytest.mark.parametrize("columns", [{"target": "sold"}, {"time": "month"}, {"sort": True}])
def test_columns_are_told_beside_the_reading(panel, tmp_path, columns):
    with pytest.raises(OptionError, match="within reading"):
        commands.forecast(panel, horizon=3, reading=Reading(**columns), out=tmp_path / "out", methods="ets")


def test_every_column_of_a_wide_file_is_a_series(tmp_path):
    wide = tmp_path / "wide.csv"
    wide.write_text("day,a,b\n" + "".join(f"2020-01-{d:02d},{d % 7},{3 * (d % 5)}\n" for d in range(1, 31)))
    report = commands.forecast(wide, horizon=2, out=tmp_path / "out", methods="seasonal naive")
    assert report.collection.names == ("a", "b")
    assert (tmp_path / "out" / "forecast.csv").read_text().splitlines()[0].startswith("unique_id,day,y,")


def test_series_too_short_for_the_backtest_are_named(panel, tmp_path):
    lines = panel.read_text().splitlines()
    panel.write_text("\n".join([*lines, "Hull,a,2020-11,3", "Hull,a,2020-12,4"]))
    report = commands.forecast(panel, horizon=6, group="store,product", out=tmp_path / "out", methods=["theta", "ets"])
    assert len(report.forecast) == 7 and len(report.backtest.collection) == 6
    assert any("too short for the backtest" in note and "Hull" in note for note in report.notes)


def test_a_refitted_backtest_in_two_processes_is_that_in_one(table, tmp_path):
    options = {"horizon": 6, "origins": 2, "methods": ["theta", "linear"], "refit": True}
    one, two = (commands.forecast(table, out=tmp_path / f"{n}", jobs=n, **options).backtest for n in (1, 2))
    assert one.refitted and two.refitted
    np.testing.assert_array_equal(one.forecasts["elman"], two.forecasts["elman"])


def test_jobs_are_of_a_search_too(table, tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr("elman.forecast.forecaster.search", lambda *given: heard.append(given[3]) or [])
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", jobs=2, auto=True, methods=["theta"])
    assert set(heard) == {2} and not report.backtest.refitted


def test_callbacks_may_come_from_a_generator(table, tmp_path):
    heard = []

    def watch(stage, networks):
        return (LambdaCallback(on_train_begin=lambda _: heard.append(stage)) for _ in range(1))

    commands.forecast(table, horizon=6, out=tmp_path / "out", watch=watch, **QUICK)
    assert heard[:2] == ["forecast"] * 2 and heard[-1] == "backtest" and heard.count("backtest") >= 2


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_path_is_refused_by_every_command(empty, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for call in (
        lambda: commands.forecast("co2", horizon=2, out=empty),
        lambda: commands.forecast_again(empty, "co2"),
        lambda: commands.inspect_model(empty),
        lambda: commands.inspect_model("model.safetensors", out=empty),
        lambda: commands.bench(json=empty),
    ):
        with pytest.raises(OptionError, match="is empty, expected a path"):
            call()
    assert not list(tmp_path.iterdir())
