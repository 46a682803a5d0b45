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
from elman.data import bundled
from elman.engine import default_engine
from elman.errors import DataError, OptionError
from elman.forecast import Forecaster
from elman.training import LambdaCallback

QUICK = {"hidden": 8, "epochs": 3, "members": 2}
FILES = {"forecast.csv", "forecast.png", "metrics.json", "model.safetensors"}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "sales.csv"
    wave = 5 + np.sin(2 * np.pi * np.arange(120) / 12) + 0.1 * np.random.default_rng(0).normal(size=120)
    months = (np.datetime64("2010-01", "M") + np.arange(120)).astype("datetime64[D]")
    path.write_text("month,units\n" + "".join(f"{m},{v:.3f}\n" for m, v in zip(months, wave, strict=True)))
    return path


def test_a_forecast_leaves_its_four_files(table, tmp_path):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert set(report.files) == FILES == {p.name for p in (tmp_path / "out").iterdir()}
    with (tmp_path / "out" / "forecast.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["month", "units"]
    assert [r[0] for r in rows[1:]] == [f"2020-{m:02d}-01" for m in range(1, 7)]
    np.testing.assert_allclose([float(r[1]) for r in rows[1:]], report.values, rtol=1e-6)


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
    assert metrics["backtest"]["scores"] == report.backtest.scores
    assert metrics["backtest"]["trained_on"] == report.backtest.origins[0] < 120


def test_the_backtest_is_trained_without_its_end_and_the_forecast_with_it(table, tmp_path):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    first = int(report.backtest.origins[0])
    params = {"horizon": 6, **QUICK}
    alone = Forecaster(**params).fit(report.series.values[:first])
    rounding = 0 if default_engine() == "native" else 1e-5  # NumPy's products differ by the size of the batch
    np.testing.assert_allclose(report.backtest.forecasts["gru"][0], alone.predict(6), rtol=rounding)
    whole = Forecaster(**params).fit(report.series.values, like=alone)
    np.testing.assert_array_equal(report.values, whole.predict(6))


def test_forecasting_again_needs_no_training_and_gives_the_same(table, tmp_path):
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    again = commands.forecast_again(tmp_path / "out" / "model.safetensors", table, out=tmp_path / "again")
    np.testing.assert_array_equal(again.values, report.values)
    assert {p.name for p in (tmp_path / "again").iterdir()} == {"forecast.csv", "forecast.png", "metrics.json"}
    assert any("no training, and no backtest" in note for note in again.notes)


def test_forecasting_again_goes_on_from_the_file_it_is_given(table, tmp_path):
    commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    shorter = tmp_path / "shorter.csv"
    shorter.write_text("".join(table.read_text().splitlines(keepends=True)[:101]))
    model = tmp_path / "out" / "model.safetensors"
    again = commands.forecast_again(model, shorter, horizon=20, out=tmp_path / "out")
    assert again.times[0] == np.datetime64("2018-05-01") and len(again.values) == 20
    np.testing.assert_array_equal(again.values, Forecaster.load(model).predict(20, again.series.values))
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert found["backtest"] == metrics["backtest"] is not None and not found["trained"] and metrics["trained"]
    assert found["notes"] == list(again.notes) and found["series"]["values"] == 100


def test_the_default_folder_is_named_after_the_series(table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands.forecast("sales.csv", horizon=6, **QUICK)
    assert (tmp_path / "forecast-sales" / "forecast.csv").is_file()


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_series_can_be_forecast_by_name(name, tmp_path):
    report = commands.forecast(name, horizon=3, fill="linear", out=tmp_path / "out", hidden=4, epochs=1, members=1)
    assert np.isfinite(report.values).all()


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
    constant = "the series is constant: there is nothing to learn, and the forecast repeats its value"
    assert report.notes == ("taken: times from column 'year' and values from column 'v'", constant)
    np.testing.assert_array_equal(report.values, np.full(10, 7.5))


def test_a_series_too_short_for_a_backtest_is_forecast_and_says_so(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("year,v\n" + "".join(f"{y},{(y * 7) % 5}\n" for y in range(2000, 2020)))
    report = commands.forecast(path, horizon=6, out=tmp_path / "out", **QUICK)
    assert report.backtest is None and any(
        note.startswith("no backtest: the series has 20 values") for note in report.notes
    )
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["backtest"] is None


def test_fewer_origins_than_were_asked_for_are_noted(table, tmp_path):
    report = commands.forecast(table, horizon=6, origins=500, out=tmp_path / "out", **QUICK)
    count = len(report.backtest.origins)
    assert f"the series holds {count} of the 500 forecasts that the backtest was to make" in report.notes


def test_what_was_done_to_the_data_is_noted(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("year,v\n" + "".join(f"{y},{'' if y == 1950 else y % 7}\n" for y in range(1900, 1990)))
    report = commands.forecast(path, horizon=5, fill="forward", out=tmp_path / "out", **QUICK)
    assert "1 missing value was filled with the last value before" in report.notes
    assert report.notes == tuple(json.loads((tmp_path / "out" / "metrics.json").read_text())["notes"])


@pytest.mark.parametrize(
    "options, error",
    [
        ({"horizon": 0}, OptionError),
        ({"horizon": 6, "origins": 0}, OptionError),
        ({"horizon": 6, "cell": "lstn"}, OptionError),
        ({"horizon": 6, "learning_rate": 0.0}, OptionError),
        ({"horizon": 6, "target": "unit"}, DataError),
        ({"horizon": 6, "lookback": 118}, DataError),
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


@pytest.mark.parametrize("stage, network, epoch, networks", [("backtest", 1, 2, 1), ("forecast", 2, 2, 2)])
def test_ctrl_c_leaves_the_best_model_so_far_and_says_where(table, tmp_path, stage, network, epoch, networks):
    with pytest.raises(commands.Interrupted, match="the best model so far is .*model.safetensors") as stop:
        commands.forecast(table, horizon=6, out=tmp_path / "out", watch=stop_at(stage, network, epoch), **QUICK)
    assert stop.value.model == tmp_path / "out" / "model.safetensors"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["model.safetensors"]
    assert len(Forecaster.load(stop.value.model).networks_) == networks
    assert np.isfinite(commands.forecast_again(stop.value.model, table, out=tmp_path / "again").values).all()


def test_ctrl_c_before_the_final_model_has_an_epoch_leaves_that_of_the_backtest(table, tmp_path):
    watch = stop_at("forecast", 1, 1)
    with pytest.raises(commands.Interrupted) as stop:
        commands.forecast(table, horizon=6, out=tmp_path / "out", watch=watch, **QUICK)
    assert len(Forecaster.load(stop.value.model).networks_) == 2


def test_ctrl_c_before_any_epoch_leaves_nothing(table, tmp_path):
    with pytest.raises(commands.Interrupted, match="no epoch was finished"):
        commands.forecast(table, horizon=6, out=tmp_path / "out", watch=stop_at("backtest", 1, 1), **QUICK)
    assert not (tmp_path / "out").exists()


def test_cells_are_listed_with_their_equations():
    entries = commands.cells()
    assert [e.name for e in entries] == sorted(catalogue())
    assert all(e.about and e.equations for e in entries)
    assert any("tanh(W x + U h + b)" in line for e in entries if e.name == "simple" for line in e.equations)


def test_one_cell_by_name():
    assert [e.name for e in commands.cells("lstm")] == ["lstm"]
    with pytest.raises(OptionError, match=r"no cell 'lsmt' \(did you mean 'lstm'\?\)"):
        commands.cells("lsmt")


# --- nothing is lost ----------------------------------------------------------------------------------------


def fails(error):
    def fail(*_, **__):
        raise error

    return fail


def test_a_picture_that_cannot_be_drawn_costs_the_picture_only(table, tmp_path, monkeypatch):
    out = tmp_path / "out"
    commands.forecast(table, horizon=6, out=out, **QUICK)
    monkeypatch.setattr("elman.forecast.picture.draw", fails(ValueError("no\nfont")))
    report = commands.forecast(table, horizon=6, out=out, **QUICK)
    assert set(report.files) == FILES - {"forecast.png"} == {p.name for p in out.iterdir()}  # nor that of another
    assert "there is no picture: ValueError: no font" in report.notes
    assert json.loads((out / "metrics.json").read_text())["notes"] == list(report.notes)


@pytest.mark.parametrize("place", ["forecast.attempts.judge", "forecast.picture.draw", "forecast.results.write_csv"])
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
    monkeypatch.setattr(os, "rename", lambda a, b: fails(full)() if Path(b).name == "out" else rename(a, b))
    with pytest.raises(OptionError, match=r"out cannot be written: No space left on device.*is kept: (.*)") as error:
        commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert Forecaster.load(str(error.value).split("is kept: ")[1]).season_ == 12
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "sales.csv"]


@pytest.mark.parametrize("name", ["$\\frac{a$", "$x$ and $y$", "price in $", "a\\$b", "_hidden", "{}", "%d"])
def test_any_name_of_a_column_can_be_drawn(table, tmp_path, name):
    table.write_text(table.read_text().replace("units", name))
    report = commands.forecast(table, horizon=6, out=tmp_path / "out", **QUICK)
    assert set(report.files) == FILES


@pytest.mark.parametrize("first, days", [("9999-06-01", 120), ("0001-01-01", 120)])
def test_dates_at_the_ends_of_the_calendar(tmp_path, first, days):
    path = tmp_path / "s.csv"
    dates = np.datetime64(first) + np.arange(days)
    path.write_text("day,v\n" + "".join(f"{day},{i % 7}\n" for i, day in enumerate(dates)))
    report = commands.forecast(path, horizon=6, out=tmp_path / "out", **QUICK)
    assert {"forecast.csv", "metrics.json", "model.safetensors"} <= set(report.files)


def test_what_cannot_be_saved_is_refused_before_any_training(table, tmp_path):
    watch = fails(AssertionError("trained"))
    with pytest.raises(OptionError, match="learning_rate is .* cannot be saved"):
        commands.forecast(table, horizon=6, out=tmp_path, learning_rate=lambda step: 0.01, watch=watch)


def test_the_model_that_is_delivered_is_of_the_kind_that_was_tested(tmp_path):
    t = np.arange(96)
    values = 200 + 1.5 * t + 25 * np.sin(t * np.pi / 6) + np.cumsum(np.random.default_rng(4).normal(0, 3, 96))
    path = tmp_path / "s.csv"
    path.write_text("v\n" + "".join(f"{v:.3f}\n" for v in values))
    report = commands.forecast(path, horizon=12, out=tmp_path / "out", **QUICK)
    tested, delivered = report.backtest.forecaster, report.forecaster
    assert tested.view_.differences == delivered.view_.differences
    assert (tested.season_, tested.lookback_, tested.view_.lag) == (
        delivered.season_, delivered.lookback_, delivered.view_.lag
    )  # fmt: skip


def test_a_backtest_that_saw_a_constant_only_is_noted_as_one_of_another_model(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("v\n" + "".join(f"{5 if i > 195 else 0}\n" for i in range(200)))
    report = commands.forecast(path, horizon=6, out=tmp_path / "out", **QUICK)
    assert any(note.startswith("the values before the backtest never change") for note in report.notes)
    assert np.isfinite(report.values).all()


def test_callbacks_may_come_from_a_generator(table, tmp_path):
    heard = []

    def watch(stage, networks):
        return (LambdaCallback(on_train_begin=lambda _: heard.append(stage)) for _ in range(1))

    commands.forecast(table, horizon=6, out=tmp_path / "out", watch=watch, **QUICK)
    assert heard == ["backtest"] * 2 + ["forecast"] * 2


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
