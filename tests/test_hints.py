"""Names of Keras and PyTorch are told what they are called here."""

from __future__ import annotations

import inspect
import pickle
import pydoc

import numpy as np
import pytest

import elman as el
from elman import attributes, hints

X = np.zeros((4, 5, 3))


def net() -> el.Network:
    return el.Network(3, [el.GRU(4), el.Dense(1)])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: net().fit(X, X[..., :1], validation_split=0.1),
            r"fit has no argument 'validation_split': give valida",
        ),
        (lambda: net().fit(X, X[..., :1], epoch=3), r"fit has no argument 'epoch' \(did you mean 'epochs'\?\); there"),
        (
            lambda: net().fit(X, X[..., :1], ckpt_path="run"),
            "fit has no argument 'ckpt_path': give checkpoint, a folder",
        ),
        (lambda: net().fit(X, X[..., :1], clip_norm=1.0), r"'clip_norm': give optimizer=el.Adam\(clip_norm=1.0\)"),
        (lambda: el.TensorBoard(log_dir="runs"), "TensorBoard has no argument 'log_dir': give folder"),
        (lambda: el.TensorBoard("runs", evry=2), r"TensorBoard has no argument 'evry' \(did you mean 'every'\?\)"),
        (lambda: el.EarlyStopping(restore_best_weights=True), "EarlyStopping has no argument .*: give restore_best"),
        (
            lambda: el.ModelCheckpoint("x", save_best_only=True),
            "ModelCheckpoint has no argument 'save_best_only': with",
        ),
        (lambda: el.GRU(4, frozen=True), "GRU has no argument 'frozen': give trainable=False"),
        (lambda: el.Recurrent("gru", 4, frozen=True), "no option 'frozen' .give trainable=False"),
        (lambda: el.LSTM(units=4, dropout=0.2), "LSTM has no argument 'dropout': el.Dropout"),
        (lambda: el.Dense(4, use_bias=False), "Dense has no argument 'use_bias': give bias"),
        (lambda: el.Dropout(p=0.1), "Dropout has no argument 'p': give rate"),
        (lambda: el.Conv1D(4, kernel_size=3), "Conv1D has no argument 'kernel_size': give kernel"),
        (lambda: el.Bidirectional(el.GRU(4), merge_mode="sum"), "no argument 'merge_mode': give merge"),
        (lambda: el.Embedding(9, embedding_dim=3), "no argument 'embedding_dim': give units"),
        (lambda: el.Adam(clipnorm=1.0), "'clipnorm': give clip_norm, which is of the whole gradient and not of each"),
        (lambda: net().freeze("0"), r"did you mean '0\.\*', all of that layer\?"),
        (lambda: el.GRU(4, activation="tahn") and el.Network(3, [el.GRU(4, activation="tahn")]), "did you mean 'tanh'"),
        (lambda: el.Network(3, [el.GRU(4, activation=[1])]), "is .1.; expected"),
    ],
)
def test_arguments(call, said):
    with pytest.raises((el.OptionError, el.EquationError), match=said):
        call()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cross_entropy", "'cross_entropy': give 'softmax_cross_entropy'"),
        ("nn.CrossEntropyLoss", "give 'softmax_cross_entropy'"),
        ("sparse_categorical_crossentropy", "give 'softmax_cross_entropy'"),
        ("binary_crossentropy", "give 'binary_cross_entropy'"),
        ("BCEWithLogitsLoss", "give 'binary_cross_entropy'"),
        ("l1_loss", "give 'mae'"),
        ("MSELoss", "give 'mse'"),
        ("hubr", r"did you mean 'huber'"),
    ],
)
@pytest.mark.parametrize("ragged", [False, True])
def test_losses_by_other_names(name, said, ragged):
    x, target = (list(X), list(X[..., :1])) if ragged else (X, X[..., :1])
    with pytest.raises(el.OptionError, match=rf"^unknown loss .*{said}"):
        net().fit(x, target, loss=name, epochs=1, verbose=0)


def test_what_is_given_for_losses_and_metrics_is_there():
    from elman.training import LOSSES
    from elman.training.metrics import METRICS

    for names, there in ((hints.LOSSES, LOSSES), (hints.METRICS, METRICS)):
        assert all(hint.split("'")[1] in there for hint in names.values())


def test_metrics_by_other_names():
    with pytest.raises(el.OptionError, match="unknown metric 'sparse_categorical_accuracy': give 'accuracy'"):
        net().fit(X, X[..., :1], metrics=["sparse_categorical_accuracy"], epochs=1, verbose=0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: el.LSTM(3, 8),
            r"LSTM takes 1 argument without a name \(units\), and was given 2: el.Network\(features",
        ),
        (lambda: el.Dense(3, 8), "Dense takes 1 argument without a name .*el.Network"),
        (lambda: el.Network(3, el.GRU(4), el.Dense(1)), "Network takes 2 arguments without a name .*in a list"),
        (lambda: el.Network(input_size=3, layers=[el.GRU(4)]), "Network has no argument 'input_size': give inputs"),
    ],
)
def test_arguments_without_names(call, said):
    with pytest.raises(el.OptionError, match=said):
        call()


@pytest.mark.parametrize("name", attributes.NETWORK)
def test_what_a_network_of_another_package_has(name):
    with pytest.raises(AttributeError, match=f"Network has no '{name}': ") as found:
        getattr(net(), name)
    assert found.value.name == name and not hasattr(el.Network, name)


def test_a_network_has_no_other_names_either():
    with pytest.raises(AttributeError, match=r"Network has no 'colour'$"):
        getattr(net(), "colour")  # noqa: B009
    assert not hasattr(net(), "__deepcopy__") and pickle.loads(pickle.dumps(net()))(X).shape == (4, 5, 1)


@pytest.mark.parametrize("name", hints.ELSEWHERE)
def test_what_a_package_of_another_kind_has(name):
    with pytest.raises(AttributeError, match=f"elman has no '{name}': "):
        getattr(el, name)
    for word in hints.ELSEWHERE[name].replace("(", " ").split():
        if word.startswith("el."):
            eval(word.split(",")[0], {"el": el})  # what it names is there


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("xavier_uniform_", "give 'glorot_uniform'"),
        ("HeNormal", "give lambda"),
        ("kaiming_uniform", "'fan_in_uniform'"),
    ],
)
def test_initialisers_by_other_names(name, said):
    with pytest.raises(el.OptionError, match=said):
        el.Network(3, [el.GRU(4, initial={"W_z": name})])
    with pytest.raises(AttributeError, match=said):
        getattr(el.initialisers, name)


@pytest.mark.parametrize("name", ["GlorotNormal", "he_normal", "he_uniform", "lecun_uniform"])
def test_what_is_given_for_them_has_their_variance(name):
    from elman.network.initialisers import hint_of

    given = eval(hint_of(name).removeprefix(": give "))
    random, shape = np.random.default_rng(0), (300, 200)
    wanted = {"GlorotNormal": 2 / 500, "he_normal": 2 / 200, "he_uniform": 2 / 200, "lecun_uniform": 1 / 200}[name]
    assert abs(given(random, shape).var() / wanted - 1) < 0.02


def test_help_shows_options_with_their_values():
    cell = el.cells.ctrnn.with_options(dt=5.0)
    said = "(p, x, v, *, dt=5.0, tau=100.0, activation='sigmoid', bias=True)"
    assert str(inspect.signature(cell)) == said and repr(cell) == f"<cell ctrnn{said}>"
    assert said in pydoc.plain(pydoc.render_doc(cell))
    assert "options" in str(inspect.signature(el.Cell))
    assert "*, epochs" not in str(inspect.signature(el.Network.fit)) and "epochs: int = 10" in str(
        inspect.signature(el.Network.fit)
    ).replace("'", "")
