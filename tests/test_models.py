"""Loading gives back what was saved, whatever it was, and says so where another kind was expected."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import elman as el
from elman import commands_text

CASES = np.random.default_rng(0).normal(size=(8, 5, 2))
SMALL = {"units": 2, "epochs": 1, "convolution": None, "members": 1}
TEXT = "tick tock goes the clock\n" * 20


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model of each kind, and its file."""
    folder = tmp_path_factory.mktemp("models")
    made = {
        "Network": el.Network(2, [el.GRU(3), el.Dense(1)], seed=4),
        "Forecaster": el.Forecaster(units=4, epochs=1, members=2, horizon=4).fit(np.sin(np.arange(80) / 3)),
        "LanguageModel": el.LanguageModel(units=4, steps=8, streams=4, epochs=1).fit(TEXT, verbose=0),
        "SequenceClassifier": el.SequenceClassifier(**SMALL).fit(CASES, ["a", "b"] * 4),
        "SequenceRegressor": el.SequenceRegressor(**SMALL).fit(CASES, np.arange(8)),
    }
    return {kind: (model, model.save(folder / f"{kind}.safetensors")) for kind, model in made.items()}


def numbers(model):
    if isinstance(model, el.Forecaster):
        return model.predict(6)
    if hasattr(model, "scaling_"):
        return model.predict(CASES)
    return np.array([model.perplexity(TEXT)]) if isinstance(model, el.LanguageModel) else model(np.ones((1, 5, 2)))


ENTRIES = {
    "Network": "elman",
    "Forecaster": "forecaster",
    "LanguageModel": "language model",
    "SequenceClassifier": "classifier",
    "SequenceRegressor": "regressor",
}
KINDS = list(ENTRIES)


@pytest.mark.parametrize("kind", KINDS)
def test_load_gives_back_what_was_saved(saved, kind):
    model, file = saved[kind]
    found = el.load(str(file))
    assert type(found) is getattr(el, kind)
    np.testing.assert_array_equal(numbers(found), numbers(model))


@pytest.mark.parametrize("reader", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_class_that_reads_another_kind_names_the_right_one(saved, kind, reader):
    read = el.network.load if reader == "Network" else getattr(el, reader).load
    if kind == reader:
        assert type(read(saved[kind][1])).__name__ == kind
        return
    right = "el.load" if kind == "Network" else f"el.{kind}.load"
    with pytest.raises(el.ModelFileError, match=f"holds a {kind}, not a {reader}: read it with {right}"):
        read(saved[kind][1])


def test_engine_and_threads_are_not_ignored(saved):
    assert el.load(saved["Network"][1], engine="numpy", threads=1).engine_name == "numpy"
    for kind in KINDS[1:]:
        with pytest.raises(el.OptionError, match=f"engine is for a Network, and .* holds a {kind}; set ELMAN_ENGINE"):
            el.load(saved[kind][1], engine="numpy")


def test_the_network_inside_can_be_saved_by_itself(saved, tmp_path):
    for kind in KINDS[1:]:
        model = el.load(saved[kind][1])
        inside = model.network_ if kind == "LanguageModel" else model.networks_[0]
        assert type(el.load(inside.save(tmp_path / "inside.safetensors"))) is el.Network


@pytest.mark.parametrize("name", list(ENTRIES.values()))
def test_metadata_cannot_pass_for_another_kind(saved, tmp_path, name):
    with pytest.raises(el.OptionError, match=f"metadata has '{name}', which is Elman's own"):
        saved["Network"][0].save(tmp_path / "net.safetensors", metadata={name: "mine"})
    assert not list(tmp_path.iterdir())


def changed(file, tmp_path, **entries):
    """A copy of a model file with other entries in its header."""
    from elman.untrusted import read_tensors

    tensors, header = read_tensors(file)
    header = {k: v for k, v in {**header, **entries}.items() if v is not None}
    save_file(tensors, tmp_path / "changed.safetensors", metadata=header or None)
    return tmp_path / "changed.safetensors"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", [".keras", ".pt", ".PTH", ".onnx", ".pkl", ".joblib"])
def test_a_name_of_another_kind_of_file_is_refused(saved, tmp_path, kind, ending):
    with pytest.raises(el.OptionError, match=rf"{ending} is a file of .*give one called .*model.safetensors"):
        saved[kind][0].save(tmp_path / f"model{ending}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "make", [lambda path: el.ModelCheckpoint(path), lambda path: commands_text.learn_to_write("text.txt", out=path)]
)
def test_a_name_of_another_kind_of_file_is_refused_before_the_training(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("to be or not to be " * 20)
    with pytest.raises(el.OptionError, match="give one called net.safetensors"):
        make("net.pt")


def test_a_folder_is_told_with_the_model_in_it(saved, tmp_path):
    saved["Network"][0].save(tmp_path / "mine.safetensors")
    with pytest.raises(el.ModelFileError, match="give the model file in it, .*mine.safetensors$"):
        el.load(tmp_path)


@pytest.mark.parametrize("reader", [el.load, el.network.load, el.Forecaster.load, el.LanguageModel.load])
def test_files_that_are_no_models(saved, tmp_path, reader):
    whole = saved["Network"][1].read_bytes()
    cases = {
        "there is no model file": tmp_path / "nothing.safetensors",
        "is a folder; give the model file in it": tmp_path,
        "its header has no equations": changed(saved["Network"][1], tmp_path, elman=None),
        "cannot be read as a safetensors file": tmp_path / "cut.safetensors",
    }
    cases["cannot be read as a safetensors file"].write_bytes(whole[: len(whole) // 2])
    for message, path in cases.items():
        with pytest.raises(el.ModelFileError, match=message):
            reader(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"format": 1}', '{"format": "new"}', '{"format": 99}'])
def test_headers_that_are_none_of_ours(saved, tmp_path, kind, text):
    entry = ENTRIES[kind]
    with pytest.raises(el.ModelFileError, match="this version of Elman can read"):
        el.load(changed(saved[kind][1], tmp_path, **{entry: text}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_with_one_value_spoilt_is_refused_or_harmless(saved, tmp_path, kind):
    """Every value of the description in turn becomes nonsense: an error of the tree, or a model that still runs."""
    from elman.untrusted import read_header

    entry = ENTRIES[kind]
    stored = json.loads(read_header(saved[kind][1])[entry])
    for key in stored:
        for nonsense in (None, -1, "x", [], {"a": 1}, 1e9):
            text = json.dumps({**stored, key: nonsense})
            try:
                numbers(el.load(changed(saved[kind][1], tmp_path, **{entry: text})))
            except el.ElmanError:
                continue


@pytest.mark.parametrize("path", [None, 3, b"model", "", " "])
def test_no_kind_of_model_is_saved_where_there_is_no_path(path):
    wave = np.sin(np.arange(60.0))
    models = [
        el.Network(1, [el.Dense(1)]),
        el.Forecaster(units=2, epochs=1, members=1).fit(wave),
        el.LanguageModel(units=2, steps=8, streams=2, epochs=1).fit("to be or not to be\n" * 8, verbose=0),
        el.SequenceClassifier(**SMALL).fit(CASES, ["a", "b"] * 4),
        el.SequenceRegressor(**SMALL).fit(CASES, np.arange(8)),
    ]
    for model in models:
        with pytest.raises(el.OptionError, match="path is"):
            model.save(path)


@pytest.mark.parametrize("like", [3, "best", el.Forecaster()])
def test_a_forecaster_is_like_a_fitted_forecaster_only(like):
    with pytest.raises(el.ElmanError):
        el.Forecaster(units=2, epochs=1, members=1).fit(np.sin(np.arange(60.0)), like=like)
