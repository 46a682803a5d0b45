import copy
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import elman as el
from elman.equations import cell, tanh
from elman.errors import ElmanError, ModelFileError, OptionError
from elman.forecast import Forecaster
from elman.forecast.store import check_savable
from elman.network import GRU, Dense, Network
from elman.training.schedules import ConstantRate, CosineDecay, ExponentialDecay, Schedule, StepDecay, WarmUp

WAVE = 3 + np.sin(2 * np.pi * np.arange(60) / 10) + 0.1 * np.random.default_rng(0).normal(size=60)
DAYS = pd.date_range("2024-03-01", periods=60)


def small(**params):
    return Forecaster(**{"units": 4, "horizon": 5, "epochs": 1, "members": 1, "methods": ["network", "theta"]} | params)


def long_frame(names, columns, times=DAYS):
    parts = [dict(zip(columns, name, strict=True)) | {"day": times, "sales": WAVE + k} for k, name in enumerate(names)]
    return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Of two series with dates, zones, names of two parts and a covariate."""
    frame = long_frame([("a", 1), ("b", 2)], ("store", "product"), DAYS.tz_localize("Europe/Berlin"))
    frame["price"] = np.random.default_rng(1).normal(size=len(frame))
    forecaster = small(members=2, learning_rate=CosineDecay(0.01, 9)).fit(
        frame, group=["store", "product"], past="price"
    )
    return forecaster, forecaster.save(tmp_path_factory.mktemp("model") / "model.safetensors")


FORMS = {
    "an array": (WAVE, {}),
    "arrays": ([WAVE, WAVE[:40]], {}),
    "a matrix": (np.stack([WAVE, WAVE + 1]), {}),
    "names": ({"a": WAVE, "b": WAVE[:30]}, {}),
    "numbers for names": ({3: WAVE, 1: WAVE[:30]}, {}),
    "gaps": (np.where(np.arange(60) % 7 == 3, np.nan, WAVE), {}),
    "a column of days": (pd.Series(WAVE, DAYS, name="sales"), {}),
    "a column of quarters": (pd.Series(WAVE, pd.period_range("2001Q1", periods=60, freq="Q")), {}),
    "hours of a zone": (pd.Series(WAVE, pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin")), {}),
    "month ends": (pd.Series(WAVE, pd.date_range("2001-01-31", periods=60, freq="ME")), {}),
    "weekdays": (pd.Series(WAVE, pd.bdate_range("2024-01-01", periods=60)), {}),
    "years": (pd.Series(WAVE, range(1950, 2010), name="sales"), {}),
    "a wide frame": (pd.DataFrame({"x": WAVE, "y": WAVE + 1}, DAYS), {}),
    "tuples for names": (long_frame([("a", 1), ("b", 2)], ("store", "product")), {"group": ["store", "product"]}),
    "one name in a long frame": (long_frame([(7,), (4,)], ("store",)), {"group": "store"}),
    "polars": (pl.from_pandas(long_frame([("a",), ("b",)], ("store",))), {"group": "store"}),
    "texts of dates": (long_frame([("a",)], ("store",), DAYS.strftime("%d.%m.%Y")), {"group": "store"}),
}


def tables(found):
    """A forecast as a table; an array as itself."""
    return found if isinstance(found, np.ndarray) else found.to_pandas()


@pytest.mark.parametrize("kind", FORMS)
def test_a_loaded_forecaster_forecasts_the_same_bit_for_bit(kind, tmp_path):
    data, columns = FORMS[kind]
    forecaster = small().fit(data, **columns)
    loaded = el.load(forecaster.save(tmp_path / "m.safetensors"))
    assert type(loaded) is Forecaster and loaded.get_params() == forecaster.get_params()
    for ask in (lambda f: f.predict(30), lambda f: f.predict(level=[80]), lambda f: f.predict(quantiles=[0.1, 0.9])):
        first, second = tables(ask(forecaster)), tables(ask(loaded))
        if isinstance(first, np.ndarray):
            np.testing.assert_array_equal(first, second)
        else:
            pd.testing.assert_frame_equal(first, second, check_exact=True)
    found = forecaster.predict(level=80), loaded.predict(level=80)
    assert found[0].names == found[1].names and found[0].labels() == found[1].labels()
    for learnt in ("season_", "seasons_", "notes_", "epochs_", "methods_"):
        np.testing.assert_array_equal(getattr(loaded, learnt), getattr(forecaster, learnt))


def test_it_goes_on_from_other_data_as_before(model):
    forecaster, path = model
    loaded = Forecaster.load(path)
    frame = long_frame([("c", 5)], ("store", "product"), DAYS.tz_localize("Europe/Berlin")).assign(price=1.0)
    first, second = (tables(f.predict(9, frame)) for f in (forecaster, loaded))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert first["product"].tolist() == [5] * 9


def test_a_cell_of_ones_own_loads_in_another_process_without_its_source(tmp_path):
    @cell
    def plain(p, x, h):
        return tanh(p.W @ x + p.U @ h)

    forecaster = small(cell=plain).fit(WAVE)
    path = forecaster.save(tmp_path / "own.safetensors")
    code = (
        "import sys; from elman.forecast import Forecaster; f = Forecaster.load(sys.argv[1]); "
        "print(f.cell.name, f.predict(9).tobytes().hex())"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["plain", forecaster.predict(9).tobytes().hex()]


def test_a_loaded_forecaster_can_be_saved_and_trained_again(tmp_path):
    forecaster = small().fit(WAVE)
    loaded = Forecaster.load(forecaster.save(tmp_path / "first.safetensors"))
    again = Forecaster.load(loaded.save(tmp_path / "again.safetensors"))
    np.testing.assert_array_equal(again.predict(9), forecaster.predict(9))
    np.testing.assert_array_equal(loaded.fit(WAVE).predict(9), forecaster.predict(9))


def test_what_was_updated_is_saved(tmp_path):
    forecaster = small().fit(WAVE[:40]).update(WAVE)
    loaded = Forecaster.load(forecaster.save(tmp_path / "m.safetensors"))
    np.testing.assert_array_equal(loaded.predict(9), forecaster.predict(9))


def test_without_networks_there_is_a_file_too(tmp_path):
    forecaster = small(methods="theta").fit(WAVE)
    loaded = Forecaster.load(forecaster.save(tmp_path / "m.safetensors"))
    np.testing.assert_array_equal(loaded.predict(9), forecaster.predict(9))


def test_a_series_that_no_method_can_forecast_is_told_and_saved(tmp_path):
    forecaster = Forecaster(5, methods="linear").fit({"long": np.tile(WAVE, 3), "short": WAVE[:20]})
    assert any("1 of the 2 series are too short for the methods" in note for note in forecaster.notes_)
    forecaster.save(tmp_path / "model.elman")
    loaded = Forecaster.load(tmp_path / "model.elman")
    assert loaded.notes_ == forecaster.notes_
    np.testing.assert_array_equal(loaded.predict().values, forecaster.predict().values)


def test_pretrained_networks_are_saved_with_all_members(tmp_path):
    forecaster = Forecaster(members=2, methods=["network"]).fit(WAVE)
    loaded = Forecaster.load(forecaster.save(tmp_path / "m.safetensors"))
    np.testing.assert_array_equal(loaded.predict(40), forecaster.predict(40))


# --- files that are none ------------------------------------------------------------------------------------


def test_no_such_file(tmp_path):
    with pytest.raises(ModelFileError, match="there is no model file"):
        Forecaster.load(tmp_path / "none.safetensors")


def test_a_file_that_is_no_safetensors(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_text("year,v\n1,2\n")
    with pytest.raises(ModelFileError, match="cannot be read as a safetensors file"):
        Forecaster.load(path)


def test_a_network_is_no_forecaster(tmp_path):
    path = Network(1, [GRU(3), Dense(1)]).save(tmp_path / "net.safetensors")
    with pytest.raises(ModelFileError, match="holds a Network, not a Forecaster: read it with el.load"):
        Forecaster.load(path)


def read(path):
    with safe_open(path, framework="numpy") as file:
        header = dict(file.metadata())
    return load_file(path), json.loads(header["forecaster"]), header


def refused(path):
    """Nothing if the file is read and used, or refused in Elman's words."""
    try:
        loaded = el.load(path)
        loaded.predict(3, level=80).labels()
        loaded.predict(2).to_pandas()
    except ElmanError as error:
        return str(error)
    return None


DAMAGES = {
    "a newer format": lambda tensors, stored: stored.update(format=99),
    "a lost tensor": lambda tensors, stored: tensors.pop("member1/gru.W_z"),
    "a tensor of another shape": lambda tensors, stored: tensors.update({"gru.W_z": np.zeros((2, 2), np.float32)}),
    "errors of one series less": lambda tensors, stored: tensors.update(
        {"series/errors": tensors["series/errors"][:1]}
    ),
    "infinite errors": lambda tensors, stored: tensors.update(
        {"series/errors": np.full_like(tensors["series/errors"], np.inf)}
    ),
    "lost values": lambda tensors, stored: tensors.pop("series/values"),
    "one value less": lambda tensors, stored: tensors.update({"series/values": tensors["series/values"][:-1]}),
    "infinite values": lambda tensors, stored: tensors.update({"series/values": tensors["series/values"] + np.inf}),
    "borders that overlap": lambda tensors, stored: tensors.update({"series/borders": np.array([0, 130, 120])}),
    "no networks": lambda tensors, stored: stored.update(epochs=[]),
    "an unknown parameter": lambda tensors, stored: stored["params"].update(magic=1),
    "text for a number": lambda tensors, stored: stored["params"].update(horizon="many"),
    "an unknown schedule": lambda tensors, stored: stored["params"].update(learning_rate={"schedule": "Magic"}),
    "a list for an object": lambda tensors, stored: stored.update(params=[]),
    "one name less": lambda tensors, stored: stored["collection"]["names"].pop(),
    "one name twice": lambda tensors, stored: stored["collection"].update(names=[["a", 1], ["a", 1]]),
    "names of one part": lambda tensors, stored: stored["collection"].update(names=[1, 2]),
    "no step": lambda tensors, stored: stored["collection"].update(step=None),
    "an unknown step": lambda tensors, stored: stored["collection"]["step"].update(unit="moons"),
    "an unknown zone": lambda tensors, stored: stored["collection"]["notation"]["zone"].update(name="Mars/Olympus"),
    "weights of another method": lambda tensors, stored: stored["params"].update(methods=["network"]),
    "weights that are none": lambda tensors, stored: tensors.update({"series/weights": -tensors["series/weights"]}),
    "a season of 0": lambda tensors, stored: tensors.update({"series/season": np.zeros(2, np.int64)}),
    "a width that is missing": lambda tensors, stored: tensors.update({"series/sigma": np.full(2, np.nan)}),
    "a covariate without deviation": lambda tensors, stored: stored["inputs"]["past"][0][1].update(deviation=0.0),
    "a lost covariate": lambda tensors, stored: tensors.pop("series/past0"),
}


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_damaged_files_are_refused(model, tmp_path, change):
    tensors, stored, header = read(model[1])
    change(tensors, stored)
    save_file(tensors, tmp_path / "m.safetensors", metadata=header | {"forecaster": json.dumps(stored)})
    with pytest.raises(ModelFileError, match="does not hold a forecaster that this version"):
        Forecaster.load(tmp_path / "m.safetensors")


def places(stored, path=()):
    if path:
        yield path
    parts = stored.items() if isinstance(stored, dict) else enumerate(stored) if isinstance(stored, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def test_a_file_of_before_forecasts_carried_errors_is_read(model, tmp_path):
    tensors, _, header = read(model[1])
    assert el.load(model[1]).predict().errors is not None
    del tensors["series/errors"]
    save_file(tensors, tmp_path / "m.safetensors", metadata=header)
    loaded = el.load(tmp_path / "m.safetensors").predict()
    assert loaded.errors is None
    np.testing.assert_array_equal(loaded.values, model[0].predict().values)


def test_whatever_is_changed_in_the_header_gives_no_other_error(model, tmp_path):
    """A new value, drawn by chance, in many places; `refused` fails with any other error than Elman's."""
    tensors, stored, header = read(model[1])
    random, told = np.random.default_rng(0), 0
    values = [None, -1, 0, 1e300, 10**30, "x", [], {}, True, [1, "a"], 3.5, {"a": 1}]
    every = list(places(stored))
    for number in random.permutation(len(every))[:40]:
        changed = copy.deepcopy(stored)
        *inside, last = every[number]
        part = changed
        for key in inside:
            part = part[key]
        part[last] = values[random.integers(len(values))]
        save_file(tensors, tmp_path / "m.safetensors", metadata=header | {"forecaster": json.dumps(changed)})
        told += refused(tmp_path / "m.safetensors") is not None
    assert told > 10


def test_whatever_is_changed_in_its_bytes_gives_no_other_error(model, tmp_path):
    whole, random, told = model[1].read_bytes(), np.random.default_rng(0), 0
    behind = 8 + int.from_bytes(whole[:8], "little")
    for _ in range(60):
        changed = bytearray(whole)
        changed[random.integers(behind if random.random() < 0.8 else len(whole))] = random.integers(256)
        (tmp_path / "m.safetensors").write_bytes(bytes(changed))
        told += refused(tmp_path / "m.safetensors") is not None
    assert told > 10


# --- writing ------------------------------------------------------------------------------------------------


def test_a_failed_save_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    path.write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OptionError, match="model.safetensors cannot be written: disk full; choose another place"):
        model[0].save(path)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_what_learnt_nothing_is_not_saved(tmp_path):
    with pytest.raises(OptionError, match="not fitted"):
        small().save(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    "rate",
    [
        np.float32(0.01),
        1,
        CosineDecay(0.01, steps=10),
        ConstantRate(0.01),
        StepDecay(0.01, 5),
        ExponentialDecay(np.float64(0.01), np.int64(5)),
        WarmUp(3, WarmUp(2, CosineDecay(0.01, 9))),
    ],
)
def test_any_learning_rate_that_is_no_code_comes_back(tmp_path, rate):
    forecaster = small(units=np.int64(4), learning_rate=rate).fit(WAVE)
    loaded = Forecaster.load(forecaster.save(tmp_path / "m.safetensors"))
    assert loaded.get_params() == forecaster.get_params()
    assert np.array_equal(loaded.predict(9), forecaster.predict(9))


class Own(Schedule):
    def rate(self, step):
        return 0.01 + 0 * step


@pytest.mark.parametrize("rate", [lambda step: 0.01, Own(), WarmUp(3, lambda step: 0.01)])
def test_a_learning_rate_that_is_code_trains_and_cannot_be_saved(tmp_path, rate):
    forecaster = small(learning_rate=rate)
    with pytest.raises(OptionError, match="learning_rate.* is .*, which cannot be saved, as a file holds no code"):
        check_savable(forecaster)
    with pytest.raises(OptionError, match="cannot be saved"):
        forecaster.fit(WAVE).save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())
