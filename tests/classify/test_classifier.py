"""`SequenceClassifier`: what it learns, and what users say of it."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import elman as el
from elman.classify.calibration import log_softmax, temperature_of
from elman.errors import DataError, OptionError, ShapeError
from tests.classify.problems import small, waves

X, Y = waves()


def fitted(**options):
    return small(el.SequenceClassifier, **options).fit(X, Y)


@pytest.mark.parametrize("convolution", [None, "front", "beside"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention", ["mean", "max"]])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_every_design_learns_to_tell_waves(convolution, pooling, bidirectional):
    options = {"convolution": convolution, "pooling": pooling, "bidirectional": bidirectional}
    model = fitted(**options, epochs=60)
    new, labels = waves(40, seed=1)
    assert model.score(new, labels) >= 0.9


@pytest.mark.parametrize("cell", ["lstm", "simple", "min_gru", el.cells.light_ru])
def test_any_cell_of_one_input(cell):
    assert fitted(cell=cell, epochs=40).score(X, Y) > 0.8


def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads():
    models = [fitted(members=2, threads=n, random_state=3) for n in (1, 2)]
    assert np.array_equal(*[m.predict_proba(X) for m in models])
    assert not np.array_equal(models[0].predict_proba(X), fitted(members=2, random_state=4).predict_proba(X))


def test_members_are_averaged():
    model = fitted(members=3)
    alone = []
    for net in model.networks_:
        one = copy.copy(model)
        one.networks_ = [net]
        alone.append(one.predict_proba(X))
    assert np.allclose(model.predict_proba(X), np.mean(alone, axis=0), atol=1e-12)


def test_a_case_alone_equals_the_case_among_others():
    model = fitted()
    assert np.array_equal(model.predict_proba(X)[4], model.predict_proba([X[4]])[0])


@pytest.mark.parametrize(
    "labels",
    [
        np.array([True, False]),
        np.array([7, -3]),
        np.array([2.0, 1.0]),
        np.array(["b", "a"], object),
        np.array(["b", "a"]),
    ],
)
def test_labels_of_any_type_come_back_as_they_are(labels):
    y = labels[np.arange(len(X)) % 2]
    model = small(el.SequenceClassifier, epochs=60).fit(X, y)
    assert model.classes_.tolist() == sorted(set(y.tolist()))
    assert type(model.predict(X).tolist()[0]) is type(y.tolist()[0])
    assert (model.predict(X) == y).mean() > 0.9
    assert np.allclose(model.predict_proba(X).sum(1), 1)


def test_a_continuous_target_is_no_class():
    with pytest.raises(DataError, match="continuous.*SequenceRegressor"):
        small(el.SequenceClassifier).fit(X, np.linspace(0, 1, len(X)))


def test_one_class_is_refused():
    with pytest.raises(DataError, match="of one class, 'a'"):
        small(el.SequenceClassifier).fit(X, ["a"] * len(X))


def test_a_class_weight_moves_what_is_unsure():
    rng = np.random.default_rng(0)
    noise, labels = [rng.normal(size=(10, 1)) for _ in range(40)], np.repeat(["a", "b"], 20)
    means = [
        small(el.SequenceClassifier, class_weight=w, epochs=10).fit(noise, labels).predict_proba(noise)[:, 1].mean()
        for w in ({"a": 5.0}, None, {"b": 5.0})
    ]
    assert means[0] < 0.35 < means[1] < 0.65 < means[2]


def test_balanced_counts_the_classes():
    many = np.array(["a"] * 10 + ["b"] * 20)
    one = small(el.SequenceClassifier, class_weight="balanced").fit(X, many).predict_proba(X)
    other = small(el.SequenceClassifier, class_weight={"a": 30 / 20, "b": 30 / 40}).fit(X, many).predict_proba(X)
    assert np.allclose(one, other, atol=1e-5)


def test_a_case_of_weight_zero_teaches_nothing():
    wrong = Y.copy()
    wrong[:6] = Y[:6][::-1]
    weights = np.r_[np.zeros(6), np.ones(len(Y) - 6)]
    a = small(el.SequenceClassifier).fit(X, wrong, sample_weight=weights)
    b = small(el.SequenceClassifier).fit(X, Y, sample_weight=weights)
    assert np.array_equal(a.predict_proba(X), b.predict_proba(X))


def test_label_smoothing_keeps_probabilities_from_the_ends():
    sure, smooth = (fitted(label_smoothing=s, epochs=60).predict_proba(X).max(1).mean() for s in (0.0, 0.3))
    assert smooth < 0.92 < sure


def test_cases_held_out_choose_the_epoch_and_the_temperature():
    rng = np.random.default_rng(0)
    chance = rng.permutation(Y)  # nothing to learn, so that what is held out gets worse
    model = small(el.SequenceClassifier, validation=0.3, epochs=200, patience=5).fit(X, chance)
    assert len(model.networks_[0].history["val_loss"]) < 200 and model.temperature_ != 1
    assert any("8 cases of 30 are held out" in note for note in model.notes_)


def test_cases_held_out_that_are_all_right_make_nothing_impossible():
    model = small(el.SequenceClassifier, validation=0.3, epochs=60).fit(X, Y)
    assert model.temperature_ == 1
    assert any("no case that is held out is mistaken" in note for note in model.notes_)


@pytest.mark.parametrize("seed", range(8))
def test_the_temperature_is_that_of_the_lowest_cross_entropy(seed):
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(seed)
    count, classes = rng.integers(5, 60), rng.integers(2, 8)
    logits = 10 ** rng.uniform(-1, 1.5) * rng.normal(size=(count, classes))
    came, weights = rng.integers(0, classes, count), rng.integers(0, 4, count) + (np.arange(count) == 0)

    def loss(log_temperature):
        return -(weights * log_softmax(logits / np.exp(log_temperature))[np.arange(count), came]).sum()

    found = temperature_of(logits, came, weights)
    lowest = optimize.minimize_scalar(loss, bounds=np.log([0.05, 20]), method="bounded", options={"xatol": 1e-9}).fun
    assert loss(np.log(found)) <= lowest + 1e-9


def test_missing_values_and_gaps_in_time_go_in():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frames = []
    for k, case in enumerate(X):
        kept = np.sort(rng.permutation(len(case))[: len(case) - 3])
        frames.append(pandas.DataFrame({"id": k, "hour": kept, "v": case[kept, 0], "kind": Y[k]}))
    long = pandas.concat(frames)
    long.loc[long.sample(30, random_state=0).index, "v"] = np.nan
    model = small(el.SequenceClassifier, epochs=80).fit(long, group="id", time="hour", label="kind")
    assert (
        model.scaling_.width == 3
        and model.score(long.sample(frac=1, random_state=1), long.groupby("id").kind.first()) > 0.8
    )


def test_it_copies_and_pickles():
    model = fitted(members=2)
    expected = model.predict_proba(X)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert np.array_equal(other.predict_proba(X), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "transformer"}, "no cell"),
        ({"units": 0}, "units is 0"),
        ({"layers": 1.5}, "layers is 1.5"),
        ({"bidirectional": "yes"}, "bidirectional is 'yes'"),
        ({"pooling": "median"}, "pooling is 'median'"),
        ({"pooling": []}, "pooling is"),
        ({"pooling": ["mean", "mean"]}, "several different"),
        ({"pooling": [["mean"]]}, "pooling is"),
        ({"convolution": "behind"}, "convolution is 'behind'"),
        ({"convolution": True}, "convolution is True"),
        ({"dropout": 1}, "dropout is 1"),
        ({"members": 0}, "members is 0"),
        ({"class_weight": "even"}, "class_weight"),
        ({"class_weight": {"nothing": 2}}, "none of the classes 'fast', 'slow'"),
        ({"class_weight": {"slow": -1}}, r"class_weight\['slow'\] is -1"),
        ({"label_smoothing": -0.1}, "label_smoothing is -0.1"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": "all"}, "batch_size is 'all'"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"weight_decay": -1}, "weight_decay is -1"),
        ({"validation": 1}, "validation is 1"),
        ({"patience": 3}, "patience needs cases"),
        ({"channels": "middle"}, "channels is 'middle'"),
        ({"random_state": "seed"}, "random_state is 'seed'"),
        ({"random_state": -1}, "random_state is -1"),
        ({"threads": 0}, "threads is 0"),
        ({"verbose": 7}, "verbose is 7"),
    ],
)
def test_parameters_that_make_no_sense_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        fitted(**options)


@pytest.mark.parametrize(
    ("data", "labels", "error", "message"),
    [
        (X, Y[:-1], DataError, "29 labels and X 30 cases"),
        (X, None, DataError, "label for each case"),
        ([], [], DataError, "no case"),
        (X[:2], ["a", None], DataError, "None for case 1"),
        ([*X[:3], np.zeros((0, 1))], list("aabb"), DataError, "case 3"),
        ([*X[:3], np.full((4, 1), np.inf)], list("aabb"), DataError, "infinite"),
        ([*X[:3], np.zeros((4, 2))], list("aabb"), DataError, "case 3"),
        (np.zeros((4, 5, 0)), list("aabb"), DataError, "0 feature"),
        (np.zeros((4, 0)), list("aabb"), DataError, "0 feature"),
        (np.zeros(4), list("aabb"), DataError, "Reshape your data"),
        (np.zeros((4, 5)) * 1j, list("aabb"), DataError, "Complex data not supported"),
        (np.full((4, 5), np.nan), list("aabb"), DataError, "without any value"),
        ("nowhere.csv", None, DataError, "nowhere.csv"),
    ],
)
def test_data_that_make_no_sense_are_named(data, labels, error, message):
    with pytest.raises(error, match=message):
        small(el.SequenceClassifier).fit(data, labels)


def test_what_is_asked_of_a_model_must_be_of_its_kind():
    model = fitted()
    with pytest.raises(ShapeError, match="2 channels"):
        model.predict([np.zeros((5, 2))])
    with pytest.raises(OptionError, match="learnt nothing"):
        small(el.SequenceClassifier).predict(X)
    with pytest.raises(DataError, match="label for each case"):
        model.score(X)


def test_ctrl_c_leaves_what_was_learnt():
    class Stop(el.Callback):
        def on_epoch_end(self, training):
            if training.epoch == 3:
                raise KeyboardInterrupt

    model = small(el.SequenceClassifier, members=2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, callbacks=[Stop()])
    assert model.predict_proba(X).shape == (30, 2)


# --- what was learnt from a table, and what comes without one -------------------------------------------------


def table(cases=X, labels=Y):
    """A row for each case and step; a person and a label call a case together."""
    rows = [
        {"person": k // 2, "kind": label, "t": t, "x": float(value)}
        for k, (case, label) in enumerate(zip(cases, labels, strict=True))
        for t, value in enumerate(case[:, 0])
    ]
    return pd.DataFrame(rows)


NAMED = {"group": ["person", "kind"], "time": "t", "label": "kind"}


def test_a_label_may_be_one_of_the_columns_that_name_cases():
    model = small(el.SequenceClassifier).fit(table(), **NAMED)
    assert model.predict(table()).tolist() == fitted().predict(X).tolist()
    assert model.score(table()) == model.score(X, Y)
    alone = table()[lambda rows: rows["kind"] == "fast"].drop(columns="kind")
    assert np.array_equal(model.predict_proba(alone), model.predict_proba(X[1::2]))


def test_a_label_that_names_the_cases_alone_is_refused():
    with pytest.raises(OptionError, match="both group and label; a column is one thing, and each case would be a cl"):
        small(el.SequenceClassifier).fit(table(), group="kind", time="t", label="kind")


def test_arrays_are_judged_by_what_learnt_from_a_table():
    model = small(el.SequenceClassifier).fit(table(), **NAMED)
    assert np.array_equal(model.predict_proba(X), model.predict_proba(table()))
    assert model.score(X, Y) == model.score(table())
    with pytest.raises(DataError, match="nothing to judge by"):
        model.score(X)


def test_tables_are_judged_by_what_learnt_from_arrays_with_channels_first():
    cases = [case.T for case in X]
    model = small(el.SequenceClassifier, channels="first").fit(cases, Y)
    nested = pd.DataFrame({"x": [pd.Series(case[:, 0]) for case in X]})
    assert np.array_equal(model.predict_proba(nested), model.predict_proba(cases))


def test_labels_of_another_type_are_not_called_wrong():
    model = small(el.SequenceClassifier).fit(X, np.where(Y == "fast", "1", "2"))
    numbers = np.where(Y == "fast", 1, 2)
    with pytest.raises(DataError, match=r"the labels are numbers, such as 2, .* y\.astype\(str\)"):
        model.score(X, numbers)
    assert model.score(X, numbers.astype(str)) > 0.9
    with pytest.raises(DataError, match=r"the labels are texts, such as 'slow', .* y\.astype\(int\)"):
        small(el.SequenceClassifier).fit(X, numbers).score(X, Y)


def test_weights_of_classes_of_another_type_are_told_apart():
    with pytest.raises(OptionError, match=r"names 1, which is none of the classes '1', '2'"):
        small(el.SequenceClassifier, class_weight={1: 2.0}).fit(X, np.where(Y == "fast", "1", "2"))


def test_history_of_each_network():
    model = fitted(members=2, validation=0.2, epochs=4)
    assert [len(history["val_loss"]) for history in model.history_] == [4, 4]
    assert model.history_[0]["loss"] != model.history_[1]["loss"]
    assert not hasattr(pickle.loads(pickle.dumps(el.SequenceClassifier())), "history_")


def test_cases_held_out_that_are_all_right_calibrate_nothing():
    """The likelihood of a temperature has no maximum then: it rises until each probability is 1."""
    model = fitted(validation=0.3, epochs=60)
    assert model.temperature_ == 1 and any("not calibrated" in note for note in model.notes_)
    assert temperature_of(np.array([[2.0, 1], [0, 3]]), np.array([0, 1])) is None
    assert temperature_of(np.array([[2.0, 1], [0, 3]]), np.array([0, 0])) > 1
    assert temperature_of(np.array([[2.0, 1], [0, 3]]), np.array([0, 0]), np.array([1.0, 0])) is None


def test_axes_that_may_be_the_other_way_round_are_warned_of():
    x = np.random.default_rng(0).normal(size=(8, 2, 30))
    with pytest.warns(UserWarning, match=r"read as \(N, T, F\): 2 steps of 30 channels.*channels='first'"):
        small(el.SequenceClassifier, epochs=1).fit(x, list("ab") * 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(el.SequenceClassifier, epochs=1, channels="first").fit(x, list("ab") * 4)


@pytest.mark.parametrize("state", [None, np.random.RandomState(0), np.random.default_rng(0)])
@pytest.mark.parametrize("kind", [el.SequenceClassifier, el.SequenceRegressor])
def test_what_is_saved_needs_seeds_that_come_again(kind, state, tmp_path):
    x, target = np.zeros((8, 5, 1)), np.arange(8) % 2
    with pytest.raises(OptionError, match="random_state is .*, and checkpoint is given"):
        kind(random_state=state, epochs=1).fit(x, target, checkpoint=tmp_path / "run")
    assert not (tmp_path / "run").exists()
