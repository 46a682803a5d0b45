import json
import subprocess
import sys

import numpy as np
import pytest
from elman.forecast.anchor import Anchor
from safetensors.numpy import load_file, save_file

from elman.equations import cell, tanh
from elman.errors import ModelFileError, OptionError
from elman.forecast import Forecaster
from elman.forecast.store import check_savable
from elman.network import GRU, Dense, Network
from elman.training.schedules import ConstantRate, CosineDecay, ExponentialDecay, Schedule, StepDecay, WarmUp

WAVE = 3 + np.sin(2 * np.pi * np.arange(160) / 10)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    forecaster = Forecaster(hidden=6, horizon=5, epochs=2, members=2).fit(WAVE)
    return forecaster, forecaster.save(tmp_path_factory.mktemp("model") / "model.safetensors")


def test_a_loaded_forecaster_forecasts_the_same_bit_for_bit(model):
    forecaster, path = model
    loaded = Forecaster.load(path)
    np.testing.assert_array_equal(loaded.predict(40), forecaster.predict(40))
    np.testing.assert_array_equal(loaded.predict(40, WAVE[:100]), forecaster.predict(40, WAVE[:100]))
    assert loaded.get_params() == forecaster.get_params()


def test_everything_learnt_comes_back(model):
    forecaster, path = model
    loaded = vars(Forecaster.load(path))
    for name, value in vars(forecaster).items():
        if name not in ("networks_", "tail_"):
            assert loaded[name] == value, name
    np.testing.assert_array_equal(loaded["tail_"], forecaster.tail_)


def test_a_cell_of_ones_own_loads_in_another_process_without_its_source(tmp_path):
    @cell
    def plain(p, x, h):
        return tanh(p.W @ x + p.U @ h)

    forecaster = Forecaster(cell=plain, hidden=6, horizon=5, epochs=2, members=2).fit(WAVE)
    path = forecaster.save(tmp_path / "own.safetensors")
    code = (
        "import sys; from elman.forecast import Forecaster; f = Forecaster.load(sys.argv[1]); "
        "print(f.method, f.predict(9).tobytes().hex())"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["plain", forecaster.predict(9).tobytes().hex()]


def test_a_loaded_forecaster_can_be_saved_and_trained_again(model, tmp_path):
    forecaster, path = model
    loaded = Forecaster.load(path)
    again = Forecaster.load(loaded.save(tmp_path / "again.safetensors"))
    np.testing.assert_array_equal(again.predict(9), forecaster.predict(9))
    np.testing.assert_array_equal(loaded.fit(WAVE).predict(9), forecaster.predict(9))


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


def damaged(path, folder, change):
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        header = dict(file.metadata())
    tensors, stored = load_file(path), json.loads(header["forecaster"])
    change(tensors, stored)
    header["forecaster"] = json.dumps(stored)
    save_file(tensors, folder / "damaged.safetensors", metadata=header)
    return folder / "damaged.safetensors"


DAMAGES = {
    "a newer format": lambda tensors, stored: stored.update(format=99),
    "a lost tensor": lambda tensors, stored: tensors.pop("member1/0.W_z"),
    "a tensor of another shape": lambda tensors, stored: tensors.update({"0.W_z": np.zeros((2, 2), np.float32)}),
    "a lost view": lambda tensors, stored: stored.pop("view"),
    "a view that does not fit": lambda tensors, stored: stored["view"].update(lag=7),
    "no networks": lambda tensors, stored: stored.update(best_epochs=[]),
    "an unknown parameter": lambda tensors, stored: stored["params"].update(magic=1),
    "a short end of the series": lambda tensors, stored: stored.update(tail=[1.0]),
    "text for numbers": lambda tensors, stored: stored.update(lookback="many"),
    "a season that the end does not hold": lambda tensors, stored: stored["anchor"].update(season=999),
    "a weight beyond one": lambda tensors, stored: stored["anchor"].update(weight=2.0),
    "an unknown schedule": lambda tensors, stored: stored["params"].update(learning_rate={"schedule": "Magic"}),
    "a list for an object": lambda tensors, stored: stored.update(params=[]),
}


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_damaged_files_are_refused(model, tmp_path, change):
    with pytest.raises(ModelFileError, match="does not hold a forecaster that this version"):
        Forecaster.load(damaged(model[1], tmp_path, change))


def test_a_failed_save_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    path.write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OptionError, match="model.safetensors cannot be written: disk full; choose another place"):
        model[0].save(path)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


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
    forecaster = Forecaster(hidden=np.int64(4), horizon=4, epochs=2, members=1, learning_rate=rate)
    forecaster.fit(np.sin(np.arange(80) / 3))
    loaded = Forecaster.load(forecaster.save(tmp_path / "m.safetensors"))
    assert loaded.get_params() == forecaster.get_params()
    assert np.array_equal(loaded.predict(9), forecaster.predict(9))


class Own(Schedule):
    def rate(self, step):
        return 0.01 + 0 * step


@pytest.mark.parametrize("rate", [lambda step: 0.01, Own(), WarmUp(3, lambda step: 0.01)])
def test_a_learning_rate_that_is_code_trains_and_cannot_be_saved(tmp_path, rate):
    forecaster = Forecaster(hidden=4, horizon=4, epochs=2, members=1, learning_rate=rate)
    with pytest.raises(OptionError, match="learning_rate.* is .*, which cannot be saved, as a file holds no code"):
        check_savable(forecaster)
    with pytest.raises(OptionError, match="cannot be saved"):
        forecaster.fit(np.sin(np.arange(80) / 3)).save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_files_from_before_there_was_an_anchor_forecast_with_the_networks_alone(model, tmp_path):
    def change(tensors, stored):
        stored.pop("anchor")
        stored["format"] = 1

    assert Forecaster.load(damaged(model[1], tmp_path, change)).anchor_ == Anchor(1, 1.0)
