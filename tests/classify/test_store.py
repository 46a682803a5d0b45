"""An estimator of sequences in a file: what is loaded is what was saved, and what no file can hold is refused."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import save_file

import elman as el
from elman.classify.store import check_savable, labels_from_data, labels_to_data
from elman.errors import ElmanError, ModelFileError, OptionError
from elman.untrusted import read_tensors
from tests.classify.samples import classifier, regressor, sequences, with_gaps

X, Y = sequences()
NUMBERS = np.linspace(-3, 900, len(X))


@el.cell
def own(p, x, h):
    return el.tanh(p.W @ x + p.u * h + p.b)


def same(first, second):
    assert type(first) is type(second)
    assert repr(first) == repr(second) and first.notes_ == second.notes_
    for seen in (X, with_gaps(X, seed=5)):
        np.testing.assert_array_equal(first.predict(seen), second.predict(seen))
        if hasattr(first, "predict_proba"):
            np.testing.assert_array_equal(first.predict_proba(seen), second.predict_proba(seen))


OPTIONS = [
    {},
    {"members": 3, "validation": 0.25, "patience": 1},
    {"cell": own, "bidirectional": False, "pooling": ["last", "max"]},
    {"cell": "lstm", "layers": 2, "convolution": "beside", "pooling": ("attention", "mean")},
    {"convolution": None, "learning_rate": el.WarmUp(2, el.CosineDecay(0.01, 9)), "units": np.int64(3)},
    {"random_state": None, "dropout": 0.0, "batch_size": 5, "threads": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_what_is_loaded_says_the_same_bit_for_bit(tmp_path, options):
    for model, y in ((classifier(**options), Y), (regressor(**options), NUMBERS)):
        model.fit(with_gaps(X), y)
        loaded = el.load(model.save(tmp_path / "m.safetensors"))
        given, found = model.get_params(), loaded.get_params()
        given |= {"pooling": list(given["pooling"]) if isinstance(given["pooling"], tuple) else given["pooling"]}
        cells = given.pop("cell"), found.pop("cell")
        assert given == found and (cells[0] == cells[1] or cells[1].name == "own")
        np.testing.assert_array_equal(model.predict(X), loaded.predict(X))
        assert model.notes_ == loaded.notes_ and model.score(X, y) == loaded.score(X, y)
        assert [net.epochs for net in model.networks_] == [net.epochs for net in loaded.networks_]
        assert [net.seed for net in model.networks_] == [net.seed for net in loaded.networks_]
        np.testing.assert_array_equal(loaded.fit(X, y).predict(X), loaded.predict(X))  # and it can learn again
        if hasattr(model, "temperature_"):
            assert type(model).load(tmp_path / "m.safetensors").temperature_ == model.temperature_


def test_a_saved_file_is_the_same_when_it_is_saved_again(tmp_path):
    model = classifier(members=2, class_weight={"up": 2, "down": 0.5}).fit(X, Y)
    first = read_tensors(model.save(tmp_path / "a.safetensors"))
    second = read_tensors(el.load(tmp_path / "a.safetensors").save(tmp_path / "b.safetensors"))
    assert first[1] == second[1] and first[0].keys() == second[0].keys()
    assert all(np.array_equal(first[0][name], second[0][name]) for name in first[0])


@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), copy.copy])
def test_copies_and_pickles_say_the_same(how):
    for model in (classifier(members=2, validation=0.2).fit(with_gaps(X), Y), regressor().fit(X, NUMBERS)):
        same(model, how(model))


LABELS = [
    np.array(["b", "a"]),
    np.array(["ä", 'naïve\n"x"']),
    np.array([3, -7], np.int8),
    np.array([2**63 + 1, 5], np.uint64),
    np.array([True, False]),
    np.array([-0.0, 1e300]),
    np.array([2.0, 3.0], np.float32),
    np.array([b"a", b"\xff"]),
]


@pytest.mark.parametrize("labels", LABELS, ids=lambda a: a.dtype.str)
def test_classes_of_any_type_come_back(tmp_path, labels):
    y = labels[np.arange(len(X)) % 2]
    model = classifier(epochs=1, class_weight={labels[0].item(): 3.0, labels[1].item(): 1.0}).fit(X, y)
    loaded = el.load(model.save(tmp_path / "m.safetensors"))
    assert loaded.classes_.dtype == model.classes_.dtype and loaded.class_weight == model.class_weight
    np.testing.assert_array_equal(loaded.classes_, model.classes_)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(labels_from_data(json.loads(json.dumps(labels_to_data(labels)))), labels)


def test_columns_of_a_table_are_known_after_loading(tmp_path):
    table = {"id": np.repeat(np.arange(12), 5), "x": np.arange(60.0), "t": np.tile([0, 1, 2, 5, 9], 12)}
    table["kind"] = np.repeat(["a", "b"] * 6, 5)
    told = {"group": "id", "time": "t", "columns": ["x"]}
    model = classifier(epochs=1).fit(table, label="kind", **told)
    loaded = el.load(model.save(tmp_path / "m.safetensors"))
    cases = model._read({k: v for k, v in table.items() if k != "kind"})
    assert loaded.scaling_.gap == model.scaling_.gap > 0
    np.testing.assert_array_equal(loaded.predict(cases), model.predict(cases))
    assert loaded.remembered_columns == told | {"label": "kind"}


# --- what no file can hold ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, named",
    [
        ({"learning_rate": lambda step: 0.01}, "learning_rate"),
        ({"random_state": np.random.default_rng(0)}, "random_state"),
        ({"random_state": np.random.RandomState(0)}, "random_state"),
    ],
)
def test_what_is_code_is_refused_before_the_training(tmp_path, options, named):
    model = classifier(**options)
    with pytest.raises(OptionError, match=f"{named}.* is .*cannot be saved"):
        check_savable(model)
    model.fit(X, Y)
    with pytest.raises(OptionError, match="cannot be saved"):
        model.save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())
    model.set_params(learning_rate=0.01, random_state=3)
    same(model, el.load(model.save(tmp_path / "m.safetensors")))


def test_what_can_be_saved_passes():
    for options in OPTIONS:
        check_savable(classifier(**options))
    check_savable(classifier(class_weight="balanced"))
    check_savable(regressor())


def test_what_learnt_nothing_is_not_saved(tmp_path):
    for model in (classifier(), regressor()):
        with pytest.raises(OptionError, match="learnt nothing"):
            model.save(tmp_path / "m.safetensors")


# --- files that were changed --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["classifier", "regressor"])
def saved(request, tmp_path_factory):
    """The entry of the header, a model with gaps, masks and several members, and its file."""
    make, y = (classifier, Y) if request.param == "classifier" else (regressor, NUMBERS)
    model = make(members=2, epochs=1, units=2, convolution=None, bidirectional=False).fit(with_gaps(X), y)
    return request.param, model.save(tmp_path_factory.mktemp("saved") / "m.safetensors")


KINDS = {"classifier": el.SequenceClassifier, "regressor": el.SequenceRegressor}


def refused(entry, path):
    """Whether a file is refused; any other error than Elman's goes through."""
    try:
        KINDS[entry].load(path).predict(with_gaps(X))
    except ElmanError as error:
        return error
    return None


def places(part, inside=()):
    """Every value of a description, and where it is."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield (*inside, key)
        yield from places(value, (*inside, key))


def test_whatever_is_changed_in_the_header_gives_no_other_error(saved, tmp_path):
    entry, file = saved
    tensors, header = read_tensors(file)
    stored, random, told = json.loads(header[entry]), np.random.default_rng(0), 0
    values = [None, -1, 0, 1e300, 10**30, "x", [], {}, True, [1, "a"], 3.5, {"a": 1}]
    for place in places(stored):
        changed = copy.deepcopy(stored)
        *before, last = place
        part = changed
        for key in before:
            part = part[key]
        part[last] = values[random.integers(len(values))]
        save_file(tensors, tmp_path / "m.safetensors", metadata=header | {entry: json.dumps(changed)})
        told += refused(entry, tmp_path / "m.safetensors") is not None
    assert told > 20


def test_whatever_is_changed_in_its_bytes_gives_no_other_error(saved, tmp_path):
    entry, file = saved
    whole, random, told = file.read_bytes(), np.random.default_rng(0), 0
    behind = 8 + int.from_bytes(whole[:8], "little")
    for _ in range(60):
        changed = bytearray(whole)
        changed[random.integers(behind if random.random() < 0.8 else len(whole))] = random.integers(256)
        (tmp_path / "m.safetensors").write_bytes(bytes(changed))
        told += refused(entry, tmp_path / "m.safetensors") is not None
    assert told > 10


def test_a_file_without_one_of_its_arrays_is_refused(saved, tmp_path):
    entry, file = saved
    tensors, header = read_tensors(file)
    for name in tensors:
        save_file({n: a for n, a in tensors.items() if n != name}, tmp_path / "m.safetensors", metadata=header)
        assert isinstance(refused(entry, tmp_path / "m.safetensors"), ModelFileError), name
        array = np.full(3, 7.0, tensors[name].dtype)
        save_file(tensors | {name: array}, tmp_path / "m.safetensors", metadata=header)
        assert isinstance(refused(entry, tmp_path / "m.safetensors"), ModelFileError), name


def test_an_older_format_is_named(saved, tmp_path):
    entry, file = saved
    tensors, header = read_tensors(file)
    changed = json.dumps(json.loads(header[entry]) | {"format": 9})
    save_file(tensors, tmp_path / "m.safetensors", metadata=header | {entry: changed})
    with pytest.raises(ModelFileError, match="its format is 9, and this version of Elman reads 1"):
        el.load(tmp_path / "m.safetensors")
