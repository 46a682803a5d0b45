"""The command line: what a newcomer does, and everything that may be wrong with it."""

import json
import os
import subprocess
import sys

import click
import numpy as np
import pytest

from elman import __version__
from elman.cli import elman, main
from elman.data import bundled

QUICK = ["--units", "4", "--epochs", "2", "--members", "1", "--methods", "network,theta"]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `elman ...` in an empty folder: exit code, stdout, stderr."""

    def call(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["elman", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return call


@pytest.fixture
def short_bench(monkeypatch):
    """Turns of a few milliseconds, and the environment as it was."""
    from elman.bench import blas, sgemm, turns

    for name in blas.VARIABLES:
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setattr(sgemm, "PRODUCTS", 1)
    monkeypatch.setattr(turns, "TURN_S", 0.004)
    monkeypatch.setattr(turns, "PAUSE_S", 0.0)
    monkeypatch.setattr(turns, "_busy_seconds", lambda: 0.0)


def write(tmp_path, text, name="series.csv"):
    (tmp_path / name).write_text(text)
    return name


def years(first, last, value=lambda y: y % 11):
    return "year,v\n" + "".join(f"{y},{value(y)}\n" for y in range(first, last))


# --- what a newcomer does -----------------------------------------------------------------------------------


def test_forecast_sunspots(run, tmp_path):
    code, out, _ = run("forecast", "sunspots", "--horizon", 22, *QUICK)
    assert code == 0
    for words in ("MASE", "sMAPE", "RMSE", "elman", "naive", "drift", "theta", "ets", "before 1943", "Methods: "):
        assert words in out
    assert "The 80 % intervals held" in out and "about as good as" in out or "beat" in out
    assert "2009 to 2030" in out and "(80 %: at first " in out and "Written to forecast-sunspots" in out
    names = {p.name for p in (tmp_path / "forecast-sunspots").iterdir()}
    assert names == {"forecast.csv", "forecast.png", "report.html", "metrics.json", "model.safetensors"}


def test_forecast_a_file_and_again_with_the_model(run, tmp_path):
    name = write(tmp_path, years(1900, 2000), "sales.csv")
    code, first, _ = run("forecast", name, "--time", "year", "--target", "v", "--horizon", 5, "--out", "o/deep", *QUICK)
    assert code == 0
    code, again, _ = run("forecast", "--model", "o/deep/model.safetensors", name, "--out", "again")
    assert code == 0 and "no training" in again
    assert (tmp_path / "o/deep/forecast.csv").read_text() == (tmp_path / "again/forecast.csv").read_text()
    line = next(line for line in first.splitlines() if line.startswith("Forecast of v"))
    assert line in again


def test_progress_shows_the_loss(run):
    _, _, err = run("forecast", "sunspots", "--horizon", 5, *QUICK)
    assert "backtest" in err and "network 1/2" in err and " loss " in err


def test_cells(run, tmp_path):
    code, out, _ = run("cells")
    rows = out.splitlines()
    assert code == 0 and rows[0].split() == ["cell", "year", "states", "parameters", "multiply-adds", "when"]
    assert rows[1].startswith("simple ") and "8,256" in rows[1] and "H = 64 units" in rows[-1]
    code, out, _ = run("cells", "--sort", "parameters")
    assert code == 0 and out.splitlines()[1].startswith("ind_rnn ")
    code, out, _ = run("cells", "gru", "--picture", tmp_path / "gru.png")
    assert code == 0 and "z = σ(W_z x + U_z h + b_z)" in out and "reset_after=True" in out and "EMNLP 2014" in out
    assert (tmp_path / "gru.png").stat().st_size > 5000
    code, _, err = run("cells", "lsmt")
    assert code == 2 and "did you mean 'lstm'?" in err


def test_compare(run, tmp_path):
    files = [tmp_path / f"compared.{ending}" for ending in ("json", "csv", "png")]
    how = ("--updates", 10, "--seeds", 2, "--batch-size", 4, "--parameters", 100, "--steps", 6)
    written = ("--json-file", files[0], "--csv", files[1], "--picture", files[2])
    code, out, err = run("compare", "--cells", "gru, simple", "--task", "adding", *how, *written)
    lines = out.splitlines()
    assert code == 0 and lines[0].split()[:4] == ["cell", "units", "parameters", "mse"]
    assert {line.split()[0] for line in lines[1:3]} == {"gru", "simple"} and "±" in lines[1]
    assert "10 updates with 4 new sequences each" in out and "about 100 parameters" in " ".join(out.split())
    assert "gru, seed 1: " in err and all(file.stat().st_size for file in files)
    code, out, _ = run("compare", "--cells", "gru", "--task", "sunspots", *how[:-1], 20, "--target", "sunspots")
    assert code == 0 and "rmse" in out and "The last value again" in out


def test_compare_refuses_before_it_trains(run, tmp_path):
    for wrong, said in (
        (("--cells", "gur2", "--task", "adding"), "there is no cell"),
        (("--cells", "gru", "--task", "ading"), "did you mean 'adding'"),
        (("--cells", "gru", "--task", "adding", "--updates", "20", "--seconds", "1"), "not both"),
        (("--cells", "gru", "--task", "adding", "--picture", tmp_path / "a.jpg"), "must end in .png"),
        (("--cells", "gru", "--task", "copy", "--target", "x"), "reads no file"),
        (("--cells", "gru", "--task", "sunspots", "--group", "x"), "--where COL=VALUE"),
        (("--cells", "gru", "--task", tmp_path / "none.csv"), "none.csv"),
    ):
        code, _, err = run("compare", *wrong)
        assert code == 2 and said in err and "seed 0" not in err


def test_version(run):
    assert run("--version")[1].strip() == f"elman, version {__version__}"


def test_python_dash_m():
    told = subprocess.run([sys.executable, "-m", "elman", "--version"], capture_output=True, text=True, check=True)
    assert __version__ in told.stdout


def test_bench_shows_a_row_and_writes_the_figures(run, tmp_path, short_bench):
    code, out, _ = run("bench", "--only", "W6 GRU", "--rounds", "2", "--threads", "1", "--json-file", "bench.json")
    found = json.loads((tmp_path / "bench.json").read_text())
    assert code == 0 and "\x1b" not in out
    stream, step = (next(line for line in out.splitlines() if f" {way} " in line) for way in ("stream", "step"))
    assert "W6 GRU" in stream and "/step" in stream and "%" in stream and "/step" in step
    assert found["threads"] == 1 and [t["way"] for t in found["timings"]] == ["stream", "step"]
    assert f"{found['timings'][0]['ms'] * 1e3:.3g} us/step" in stream
    assert {p.name for p in tmp_path.iterdir()} == {"bench.json"}


BAD_BENCH = {
    "an unknown workload": (("--only", "W77"), "no workload is called 'w77'; there are W1, W2"),
    "a folder for a file": (("--json-file", "."), "is a folder; give a file"),
    "a file nobody can write": (("--json-file", "/proc/bench.json"), "/proc/bench.json cannot be written"),
    "a file in a folder that is not there": (("--json-file", "no/bench.json"), "no/bench.json cannot be written"),
    "a large workload in a quick run": (("--quick", "--only", "W8"), "a quick measurement leaves out W8"),
}


@pytest.mark.parametrize("options, message", BAD_BENCH.values(), ids=BAD_BENCH)
def test_bad_options_of_bench_are_told_before_anything_is_measured(run, tmp_path, options, message):
    code, out, err = run("bench", *options)
    assert code == 2 and message in err and len(err.splitlines()) == 1 and out == ""
    assert not list(tmp_path.iterdir())


def test_bench_refuses_threads_that_are_no_number(run, monkeypatch, short_bench):
    monkeypatch.setenv("ELMAN_THREADS", "many")
    code, _, err = run("bench")
    assert code == 2 and "ELMAN_THREADS is 'many'" in err


# --- help ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(elman.commands))
def test_every_command_has_help(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0 and elman.commands[name].help.splitlines()[0] in out.replace("\n  ", " ")
    assert elman.commands[name].short_help or elman.commands[name].help


@pytest.mark.parametrize(
    "option",
    [o for c in elman.commands.values() for o in c.params if isinstance(o, click.Option)],
    ids=lambda o: o.opts[0],
)
def test_every_option_has_help(option):
    assert option.help


def test_the_help_of_forecast_names_the_series_that_ship():
    assert all(name in elman.commands["forecast"].help for name in bundled())


def test_the_defaults_that_help_names_are_those_of_the_forecaster():
    from elman.forecast import Forecaster

    for option in elman.commands["forecast"].params:
        default = getattr(Forecaster(), option.name or "", None)
        if default is not None and default is not False and option.name not in ("horizon", "methods"):
            assert f"[default: {default}]" in option.help


def test_the_methods_that_help_names_are_those_of_the_forecaster():
    from elman.forecast.methods import NAMES

    (option,) = (one for one in elman.commands["forecast"].params if one.name == "methods")
    assert f"all of {', '.join(NAMES)}]" in option.help


def test_help_loads_nothing_slow():
    code = (
        "import sys; from elman.cli import main\n"
        "sys.argv = ['elman', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "slow = {'duckdb', 'matplotlib', 'rich', 'safetensors', 'elman.network', 'elman.forecast'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


# --- bad input ----------------------------------------------------------------------------------------------

FORECAST = ("forecast", "series.csv", "--horizon", "5")
TIMES = "".join(f"{y},{y % 7}\n" for y in range(1900, 1980))

BAD = {
    "no such file": (None, (), r"there is no file series.csv"),
    "an empty file": ("", (), "series.csv is empty; expected a table with a header"),
    "a header only": ("year,v\n", (), "series.csv has no rows"),
    "a missing target": (years(1900, 1990), ("--target", "w"), "has no column 'w'"),
    "a misspelt time": (years(1900, 1990), ("--time", "yaer"), "has no column 'yaer' (did you mean 'year'?)"),
    "text for a number": (f"year,v\n{TIMES}1980,lots\n", (), "holds 'lots' in row 81"),
    "text for a time": (f"day,v\n2001-01-01,1\n{'2001-01-02,2' * 1}\nsoon,3\n", (), "holds 'soon' in row 3"),
    "several columns of numbers": ("item_id,year,a,b\n1,1,2,3\n", (), "several columns of numbers: a, b; name the one"),
    "no value at all": ("year,v\n1900,\n1901,\n1902,\n", (), "the data holds no value at all"),
    "duplicate times": (f"year,v\n{TIMES}1979,5\n", (), "has the time 1979 2 times"),
    "infinite values": (f"year,v\n{TIMES}1980,inf\n", (), "infinite"),
    "an option that is no more": (
        years(1900, 1990),
        ("--hidden", "8"),
        "no option --hidden any more: it is called --units",
    ),
    "another one": (
        years(1900, 1990),
        ("--lookback", "8"),
        "no option --lookback any more: the networks read each series",
    ),
    "a level of words": (
        years(1900, 1990),
        ("--level", "80,most"),
        "--level is '80,most'; expected numbers, as --level",
    ),
    "a level of all": (years(1900, 1990), ("--level", "100"), "level is 100.0; expected a number in per cent"),
    "an unknown method": (years(1900, 1990), ("--methods", "prophet"), "there is no method 'prophet'; there are"),
    "processes without work": (years(1900, 1990), ("--jobs", "2"), "give refit too"),
    "an unknown group": (years(1900, 1990), ("--group", "shop"), "has no column 'shop'"),
    "a season longer than the series": (years(1900, 1990), ("--season", "91"), "the season is 91 steps"),
    "horizon 0": (years(1900, 1990), ("--horizon", "0"), "horizon is 0; expected a whole number of at least 1"),
    "a negative horizon": (years(1900, 1990), ("--horizon", "-3"), "horizon is -3"),
    "a horizon beyond all": (
        years(1900, 1990),
        ("--horizon", "99999999999999999999"),
        "expected a whole number from 1 to 10000000",
    ),
    "absurdly many units": (
        years(1900, 1990),
        ("--units", "99999999999999999999"),
        "expected a whole number from 1 to 10000000",
    ),
    "absurdly many origins": (
        years(1900, 1990),
        ("--origins", "99999999999999999999"),
        "expected a whole number from 1 to 10000000",
    ),
    "season 0": (years(1900, 1990), ("--season", "0"), "season is 0"),
    "an unknown cell": (years(1900, 1990), ("--cell", "lsmt"), "there is no cell 'lsmt' (did you mean 'lstm'?)"),
    "a negative seed": (years(1900, 1990), ("--seed", "-1"), "seed"),
    "a learning rate of 0": (years(1900, 1990), ("--learning-rate", "0"), "learning_rate"),
    "an output folder below a file": (years(1900, 1990), ("--out", "series.csv/x"), "cannot be written"),
    "an output folder that is a file": (years(1900, 1990), ("--out", "/proc/version"), "is a file; give a folder"),
    "an output that is the input": (years(1900, 1990), ("--out", "series.csv"), "is a file; give a folder"),
    "an output folder nobody can write": (years(1900, 1990), ("--out", "/proc/elman"), "cannot be written"),
    "no such model": (years(1900, 1990), ("--model", "m.safetensors"), "there is no model file m.safetensors"),
    "a model that is none": (years(1900, 1990), ("--model", "series.csv"), "cannot be read as a safetensors file"),
    "an output file below a file": (years(1900, 1990), ("--out", "series.csv/x.json"), "cannot be written"),
    "an output file of another kind": (years(1900, 1990), ("--out", "/proc/x.json"), "cannot be written"),
    "intervals beside training with a model": (
        years(1900, 1990),
        ("--model", "m.safetensors", "--level", "80", "--refit"),
        "--refit is for training",
    ),
    "training with a model": (
        years(1900, 1990),
        ("--model", "m.safetensors", "--learning-rate", "1"),
        "--learning-rate is for training",
    ),
}


@pytest.mark.parametrize("text, options, message", BAD.values(), ids=BAD)
def test_bad_input_gets_a_message_exit_code_2_and_leaves_nothing(run, tmp_path, text, options, message):
    if text is not None:
        write(tmp_path, text)
    words = [*FORECAST[2:], *([] if "--model" in options else QUICK)]
    pairs = zip(words[::2], words[1::2], strict=True)
    quick = [word for pair in pairs for word in pair if pair[0] not in options]
    code, out, err = run(*FORECAST[:2], *quick, *options)
    assert code == 2 and len(err.strip().splitlines()) == 1, err  # no bar of a training either
    assert message in err
    assert "Traceback" not in err and out == ""
    assert {p.name for p in tmp_path.iterdir()} <= {"series.csv"}


def test_gaps_stay_open_with_a_note_or_are_filled(run):
    code, out, _ = run("forecast", "co2", "--horizon", 5, "--origins", 1, "--methods", "seasonal naive")
    assert code == 0 and "59 of 2284 values are missing" in out
    code, out, _ = run("forecast", "co2", "--horizon", 5, "--origins", 1, "--methods", "theta", "--fill", "linear")
    assert code == 0 and "59 missing values were filled with a straight line" in out and "are missing" not in out


def test_unsorted_rows_are_sorted_with_a_note(run, tmp_path):
    write(tmp_path, f"year,v\n{TIMES}1899,5\n")
    for option in ([], ["--sort"]):
        code, out, _ = run(*FORECAST, *option, *QUICK)
        assert code == 0 and "were sorted" in out


def test_the_horizon_is_asked_for(run):
    code, _, err = run("forecast", "sunspots")
    assert code == 2 and "--horizon 12" in err


def test_many_series_are_told_in_short(run, tmp_path):
    rows = "".join(f"{shop},{y},{y % 7 + k}\n" for k, shop in enumerate("abcde") for y in range(1900, 1940))
    write(tmp_path, f"shop,year,v\n{rows}")
    code, out, _ = run(*FORECAST, "--group", "shop", "--level", "90", "--level", "50", *QUICK)
    assert code == 0 and "Backtest on series, 5 series: " in out and "of 5 series" in out
    assert "Forecast of a, 1940 to 1944: " in out and "... and of 2 series more" in out and "(50 %: at first " in out
    header = (tmp_path / "forecast-series" / "forecast.csv").read_text().splitlines()[0]
    assert header == "shop,year,v,lo-50,hi-50,lo-90,hi-90"


def test_a_file_for_the_forecast_alone(run, tmp_path):
    write(tmp_path, years(1900, 1990))
    for out in ("deep.d/x.parquet", "x.json"):
        (tmp_path / "deep.d").mkdir(exist_ok=True)
        code, said, _ = run(*FORECAST, "--out", out, *QUICK)
        assert code == 0 and said.endswith(f"Written to {out}\n")
        assert (tmp_path / out).is_file()
    assert {p.name for p in tmp_path.iterdir()} == {"series.csv", "deep.d", "x.json"}


@pytest.mark.parametrize(
    "arguments", [("forecast", "--horizon", "5"), ("forecast", "x", "--horizon", "many"), ("fly",)]
)
def test_usage_errors_have_exit_code_2_too(run, arguments):
    code, _, err = run(*arguments)
    assert code == 2 and "Error" in err and "Traceback" not in err


def test_a_constant_series_works_and_says_so(run, tmp_path):
    write(tmp_path, years(1900, 1990, lambda y: 4))
    code, out, _ = run(*FORECAST, *QUICK)
    assert code == 0 and "the series is constant" in out
    forecast = np.loadtxt(tmp_path / "forecast-series" / "forecast.csv", delimiter=",", skiprows=1)
    assert "no intervals" in out
    np.testing.assert_array_equal(forecast[:, 1], 4)


def test_an_output_folder_keeps_what_is_not_ours(run, tmp_path):
    write(tmp_path, years(1900, 1990))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert run(*FORECAST, "--out", "out", *QUICK)[0] == 0
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


# --- Ctrl-C -------------------------------------------------------------------------------------------------

PRESS_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
from elman.cli import main
from elman.cli.bars import Bars
from elman.training import LambdaCallback

def press(training):
    if training.epoch == {epoch}:
        os.kill(os.getpid(), signal.SIGINT)

shown = Bars.watch
Bars.watch = lambda self, *stage: [*shown(self, *stage), LambdaCallback({event}=press)]
sys.argv = [
    "elman", "forecast", "sunspots", "--horizon", "22", "--out", "out",
    "--members", "1", "--units", "4", "--epochs", "5", "--methods", "network,theta",
]
main()
"""


def test_ctrl_c_in_training_leaves_the_best_model_so_far_and_says_where(tmp_path, run):
    code = PRESS_CTRL_C.format(event="on_epoch_begin", epoch=4)
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 130 and "Traceback" not in ended.stderr
    assert "stopped: what was learnt so far is in out/model.safetensors" in ended.stderr
    assert ended.stderr.rstrip().endswith("`elman resume out/run` goes on from where it stood")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["model.safetensors", "run"]
    assert run("forecast", "--model", "out/model.safetensors", "sunspots", "--out", "again")[0] == 0


def test_where_ctrl_c_is_ignored_it_is_no_error(tmp_path):
    """As in a job that a shell has put in the background."""
    code = PRESS_CTRL_C.format(event="on_epoch_begin", epoch=1).replace("signal.default_int_handler", "signal.SIG_IGN")
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr


def test_a_closed_pipe_is_no_error():
    listing = subprocess.Popen([sys.executable, "-m", "elman", "cells"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    listing.stdout.close()
    assert b"Traceback" not in listing.stderr.read()
    listing.wait()


def test_seconds_without_a_search_are_refused_by_the_option_that_lacks(run, tmp_path):
    code, _, err = run("forecast", "sunspots", "--horizon", 5, "--seconds", 5, "--out", tmp_path / "out")
    assert code == 2 and "--seconds 5 is for a search; give --auto as well" in err


def test_several_rows_of_a_time_are_combined(run, tmp_path):
    file = tmp_path / "till.csv"
    file.write_text(
        "date,price\n" + "".join(f"2024-01-{day:02},{day % 7 + k}\n" for day in range(1, 32) for k in (0, 1))
    )
    code, _, err = run("forecast", file, "--horizon", 5, "--out", tmp_path / "out", *QUICK)
    assert code and "--combine sum" in err
    code, out, _ = run("forecast", file, "--horizon", 5, "--combine", "sum", "--out", tmp_path / "out", *QUICK)
    assert code == 0 and "62 values whose times repeat were combined into 31, of each the sum" in out


def test_of_a_constant_series_nothing_beats_anything(run, tmp_path):
    code, out, _ = run("forecast", write(tmp_path, years(1900, 1990, lambda y: 7)), "--horizon", 5, *QUICK)
    assert code == 0 and "elman is about as good as naive: MAE 0 and 0" in out


def test_small_errors_are_not_shown_as_zero(run, tmp_path):
    noise = np.random.default_rng(0).normal(size=99)
    table = years(1900, 1999, lambda y: 1e-9 * noise[y - 1900])
    code, out, _ = run("forecast", write(tmp_path, table), "--horizon", 5, *QUICK)
    rmse = next(line for line in out.splitlines() if "naive" in line and "e-" in line)
    assert code == 0 and "0.00" not in rmse
