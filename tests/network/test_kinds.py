"""Arguments of the wrong kind, or of an unusual one: each works or is refused in the user's terms."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest

import elman as el
from elman.training.protocol import Aim
from elman.untrusted import read_tensors
from tests.network.model_files import rewritten


def network(**options):
    return el.Network(1, [el.GRU(4), el.Dense(1)], **options)


X, Y = np.zeros((4, 5, 1)), np.zeros((4, 5, 1))


# --- sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [int, np.int64, np.int32, np.uint8, lambda n: np.array([n])[0]])
def test_numpy_integers_are_sizes(kind):
    net = el.Network(kind(2), [el.GRU(kind(3)), el.Dense(kind(1))], seed=kind(4), threads=kind(1))
    x = np.zeros((4, 5, 2))
    net.fit(x, Y, batch_size=kind(2), epochs=kind(1), truncate=kind(3), verbose=0)
    assert net.evaluate(x, Y, batch_size=kind(3)) >= 0 and net.stream(kind(2))(x[:2, 0]).shape == (2, 1)
    assert el.Network(kind(1), [el.Embedding(kind(7), kind(2))]).indices == 7
    assert network().generate(np.zeros(3), kind(2)).shape == (2,)
    assert type(net.layers[0].units) is type(net.inputs) is type(net.seed) is int
    json.dumps([net.inputs, net.seed, net.updates, net.epochs])
    el.EarlyStopping(patience=kind(3))


def sizes_of_batches(wrong):
    return [lambda: network().fit(X, Y, batch_size=wrong), lambda: network().evaluate(X, Y, batch_size=wrong)]


@pytest.mark.parametrize("wrong", [0, -3, 2.0, 2.5, "3", None, True, [3], np.nan, 3j, np.float32(3)])
def test_what_is_no_size_is_refused(wrong):
    for call in [
        lambda: el.Network(wrong, [el.GRU(3)]),
        lambda: el.GRU(wrong),
        lambda: el.LSTM(wrong),
        lambda: el.SimpleRNN(wrong),
        lambda: el.Dense(wrong),
        lambda: el.Embedding(wrong, 3),
        lambda: el.Embedding(3, wrong),
        lambda: el.Recurrent(el.cells.gru, wrong),
        lambda: network().stream(wrong),
        lambda: network().generate(np.zeros(3), wrong),
        lambda: network().fit(X, Y, epochs=wrong),
        lambda: el.EarlyStopping(patience=wrong),
        *([] if wrong is None else sizes_of_batches(wrong)),  # None leaves them open
    ]:
        with pytest.raises(el.OptionError, match=r"expected a whole number( of at least 1|, the features at a step)"):
            call()
    if wrong is not None:
        with pytest.raises(el.OptionError):
            network(threads=wrong)
        with pytest.raises(el.OptionError):
            network().loss_and_grads(X, Y, truncate=wrong)
    if wrong != 0:
        with pytest.raises(el.OptionError, match="seed is"):
            network(seed=wrong)


# --- layers -------------------------------------------------------------------------------------------------


def test_one_layer_is_no_list_of_layers():
    with pytest.raises(el.OptionError, match="layers is one layer; expected a list"):
        el.Network(3, el.GRU(3))
    for wrong in (3, None, "GRU", [el.cells.gru], [el.GRU], []):
        with pytest.raises(el.OptionError, match="layer"):
            el.Network(3, wrong)


def test_states_behind_a_last_step_are_refused():
    last = el.GRU(3, return_sequences=False)
    with pytest.raises(el.OptionError, match=r"layers\[2\] \(lstm\) has states, .* return_sequences=True"):
        el.Network(1, [last, el.Dropout(0.1), el.LSTM(2), el.Dense(1)])
    assert el.Network(1, [last, el.Dense(2), el.Dense(1)])(X).shape == (4, 1)


def test_a_summary_knows_what_is_behind_a_last_step():
    shapes = [line.split("(")[1].split(")")[0] for line in _summary().splitlines()[:4]]
    assert shapes == ["B, T, 3", "B, 2", "B, 2", "B, 5"]


def _summary():
    return el.Network(1, [el.GRU(3), el.LSTM(2, return_sequences=False), el.Dropout(0.1), el.Dense(5)]).summary()


@pytest.mark.parametrize(
    "make",
    [
        lambda: el.GRU(3, return_sequences="no"),
        lambda: el.GRU(3, reverse=1),
        lambda: el.GRU(3, reset_after=None),
        lambda: el.GRU(3, initial=[1]),
        lambda: el.Dense(3, bias="no"),
        lambda: el.Dropout("a"),
        lambda: el.Dropout(np.nan),
        lambda: el.LayerNorm(epsilon=0),
        lambda: el.LayerNorm(epsilon="a"),
        lambda: el.BatchNorm(momentum="a"),
        lambda: el.BatchNorm(epsilon=np.inf),
        lambda: el.Stateless(3),
        lambda: el.Recurrent(el.cells.gru, 3, sizes={"h": -1}),
        lambda: el.Network(1, [el.Dense(1)], dtype="int32"),
        lambda: el.Network(1, [el.Dense(1)], dtype="floaty"),
        lambda: el.Network(1, [el.Dense(1)], dtype=None),
        lambda: el.Network(1, [el.Dense(1)], engine=3),
        lambda: el.Network(1, [el.Dense(1)], engine="nativ"),
    ],
)
def test_options_of_layers_and_networks_of_the_wrong_kind(make):
    with pytest.raises(el.OptionError):
        make()


def test_every_option_has_a_name_in_the_signature():
    """Editors complete what users call; only a cell's own options are open."""
    calls = [el.Network, el.Network.fit, el.Network.train_on_batch, el.Network.evaluate, el.Network.generate]
    calls += [el.GRU, el.LSTM, el.SimpleRNN, el.Dense, el.Embedding, el.Dropout, el.LayerNorm, el.BatchNorm]
    calls += [el.EarlyStopping, el.ModelCheckpoint, el.CSVLogger]
    for call in calls:
        kinds = {p.kind for p in inspect.signature(call).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds, call


# --- data ---------------------------------------------------------------------------------------------------

RAGGED = [
    [[1.0], [1.0, 2.0]],
    [np.zeros((3, 1)), np.zeros((4, 1))],
    [[[1.0], [2.0]], [[1.0]]],
    [np.zeros(3), np.zeros((3, 1))],
]
NO_NUMBERS = [
    None,
    "abc",
    [["a", "b"]],
    {"a": 1},
    object(),
    [[None, 1.0]],
    [[1j, 2]],
    np.array([["2020-01-01"]], "M8[D]"),
]


@pytest.mark.parametrize("wrong", RAGGED)
def test_ragged_lists_are_refused_with_what_to_do(wrong):
    net = network()
    for call in (lambda: net(wrong), lambda: net.fit(X, wrong, verbose=0)):
        with pytest.raises(el.ShapeError, match=r"unequal length; pad them .* `lengths`"):
            call()
    with pytest.raises(el.ShapeError, match=r"each sequence needs its own|unequal length"):  # fit takes lists of them
        net.fit(wrong, Y, verbose=0)


@pytest.mark.parametrize("wrong", NO_NUMBERS, ids=lambda wrong: type(wrong).__name__)
def test_what_holds_no_numbers_is_refused(wrong):
    net = network()
    for call in (
        lambda: net(wrong),
        lambda: net.step(wrong),
        lambda: net.stream()(wrong),
        lambda: net.generate(wrong, 2),
        lambda: net.fit(X, wrong, verbose=0),
        lambda: net.backward(X, wrong),
        lambda: net.evaluate(X, wrong),
        lambda: net.params.__setitem__("1.b", wrong),
    ):
        with pytest.raises(el.ElmanError, match="holds|no array of numbers|the inputs are x|target is missing"):
            call()


def test_steps_are_of_two_axes():
    for wrong in (np.zeros(3), np.zeros((1, 1, 1)), 3.0):
        with pytest.raises(el.ShapeError, match=r"expected \(B, F\)"):
            network().step(wrong)


def test_masked_arrays_are_refused_where_something_is_masked():
    x = np.ma.masked_array(X, mask=np.zeros_like(X, bool))
    assert network()(x).shape == (4, 5, 1)
    x[1, 2] = np.ma.masked
    for call in (lambda: network()(x), lambda: network().fit(X, x), lambda: network().fit(x, Y)):
        with pytest.raises(el.DataError, match="1 masked values"):
            call()


def test_tables_of_pandas_are_taken_where_their_rows_go_together():
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(np.arange(20.0).reshape(4, 5), index=list("abcd"))
    y = pandas.Series(np.arange(4.0), index=list("abcd"))
    net = el.Network(1, [el.GRU(2, return_sequences=False), el.Dense(1)])
    assert net.evaluate(x, y) == net.evaluate(x.to_numpy(), y.to_numpy())
    for other in (y.iloc[::-1], y.reset_index(drop=True)):
        with pytest.raises(el.DataError, match="different indexes"):
            net.fit(x, other, verbose=0)
    with pytest.raises(el.DataError, match="holds objects"):
        net(x.astype(object).assign(a="b"))


def test_a_context_is_read_as_it_stands():
    net = network()
    many = net.generate(np.arange(80.0).reshape(4, 20) / 80, 5)
    assert many.shape == (4, 5)
    one = net.generate(np.arange(20, 40) / 80, 5)
    np.testing.assert_array_equal(many[1], one)
    np.testing.assert_array_equal(net.generate(np.arange(20, 40)[:, None] / 80, 5)[:, 0], one)
    np.testing.assert_array_equal(net.generate(np.arange(20, 40)[None, :, None] / 80, 5)[0, :, 0], one)
    two = el.Network(2, [el.GRU(3), el.Dense(2)])
    assert two.generate(np.zeros((7, 2)), 5).shape == (5, 2)
    for wrong in (np.zeros(8), np.zeros((2, 7)), 3.0):
        with pytest.raises(el.ShapeError, match=r"context has shape .*; expected \(T, 2\) or \(B, T, 2\)"):
            two.generate(wrong, 5)


def test_states_of_the_wrong_kind():
    for wrong in (3, "h", [3], [None], {"h": 1}, [("a",)], [(np.zeros((4, 9)),)], [(np.zeros((4, 4)), 3)]):
        with pytest.raises(el.ElmanError, match="state"):
            network()(X, state=wrong)


def test_parameters_are_assigned_by_name_and_shape():
    net = network()
    for name in (3, None, ("0", "b"), ["0.b"], "0.B"):
        with pytest.raises(el.OptionError, match="there is no parameter"):
            net.params[name]
        assert name not in net.params and net.params.get(name) is None
    for wrong in (np.zeros(9), "a", [[1, 2], [3]], None):
        with pytest.raises(el.ElmanError):
            net.params["0.b_z"] = wrong


# --- lengths and weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        ([1, 2, 3, -1], el.DataError, r"lengths\[3\] is -1: expected whole numbers 0..5"),
        ([1, 2, 3, 6], el.DataError, r"lengths\[3\] is 6"),
        ([1, -2, 3, 4], el.DataError, r"lengths\[1\] is -2"),
        ([1, 2.5, 3, 4], el.DataError, r"lengths\[1\] is 2.5"),
        ([1, np.nan, 3, 4], el.DataError, r"lengths\[1\] is nan"),
        ([True] * 4, el.DataError, "lengths holds yes and no"),
        ([1, 2, 3], el.ShapeError, r"lengths has shape \(3,\), expected \(4,\)"),
        (3, el.ShapeError, r"lengths has shape \(\)"),
        (["a"] * 4, el.DataError, "lengths holds"),
    ],
)
def test_lengths_are_checked_alike_wherever_they_are_given(wrong, kind, said):
    net = network()
    for call in (
        lambda: net(X, lengths=wrong),
        lambda: net.loss_and_grads(X, Y, lengths=wrong),
        lambda: net.evaluate(X, Y, lengths=wrong),
        lambda: net.fit(X, Y, lengths=wrong, verbose=0),
        lambda: net.train_on_batch(X, Y, lengths=wrong, optimizer=el.SGD()),
    ):
        with pytest.raises(kind, match=said):
            call()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([0, 0, 0, 0], "0 for every row"),
        ([1, -1, 1, 1], r"sample_weight\[1\] is -1"),
        ([1, np.nan, 1, 1], r"sample_weight\[1\] is nan"),
        ([1, 1e300, 1, 1], r"sample_weight\[1\] is inf"),
        ([1, 1, 1], r"expected \(4,\)"),
        (np.ones((4, 6)), r"expected \(4,\), one for each row of x, or \(4, 5\), one for each step"),
        (["a"] * 4, "sample_weight holds"),
    ],
)
def test_weights_are_checked_alike_wherever_they_are_given(wrong, said):
    net = network()
    for call in (
        lambda: net.loss_and_grads(X, Y, sample_weight=wrong),
        lambda: net.evaluate(X, Y, sample_weight=wrong),
        lambda: net.fit(X, Y, sample_weight=wrong, verbose=0),
        lambda: net.fit(X, Y, validation_data=(X, Y, wrong), verbose=0),
        lambda: net.train_on_batch(X, Y, sample_weight=wrong, optimizer=el.SGD()),
    ):
        with pytest.raises(el.ElmanError, match=said):
            call()


# --- files --------------------------------------------------------------------------------------------------


def test_metadata_is_text(tmp_path):
    net = network()
    for wrong, said in [
        ({"seed": 7}, r"metadata\['seed'\] is 7; expected a text"),
        ({7: "seed"}, "the name 7"),
        ({"elman": "x"}, "'elman', which is Elman's own entry"),
        ("seed", "expected a dict"),
    ]:
        with pytest.raises(el.OptionError, match=said):
            net.save(tmp_path / "net", metadata=wrong)
    assert not list(tmp_path.iterdir())
    assert el.load(net.save(tmp_path / "net", metadata={"seed": "7"})).metadata == {"seed": "7"}


ABSURD = [10**12, 10**30, -1, 0, "64", None, 2.5, True, [3], {}]


@pytest.mark.parametrize("value", ABSURD, ids=str)
@pytest.mark.parametrize(
    "place",
    [("inputs",), ("layers", 0, "units"), ("layers", 0, "sizes"), ("seed",), ("dtype",), ("layers",), ("updates",)]
    + [("layers", 0, "cell"), ("layers", 0, "return_sequences"), ("format",), ("layers", 0, "batch"), ("epochs",)],
    ids=str,
)
def test_absurd_descriptions_are_refused_at_once(tmp_path, place, value):
    file = rewritten(network().save(tmp_path / "net"), place, value)
    try:
        net = el.load(file)
    except el.ModelFileError:
        return
    assert net.arena.size == network().arena.size  # what was changed makes no difference, or a harmless one


def test_a_description_without_an_end_is_refused(tmp_path):
    file = rewritten(network().save(tmp_path / "net"), ("layers",), None, text="[" * 100_000)
    with pytest.raises(el.ModelFileError):
        el.load(file)


def test_a_loaded_network_is_not_initialised_in_vain(tmp_path, monkeypatch):
    net = network(seed=5)
    file = net.save(tmp_path / "net")
    monkeypatch.setattr("elman.network.network.initialise", None)
    assert np.array_equal(el.load(file).arena, net.arena) and read_tensors(file)[0]


# --- engines ------------------------------------------------------------------------------------------------


def test_losses_of_equal_equations_share_an_engine():
    net = network()
    for _ in range(3):
        net.loss_and_grads(X, Y, loss=lambda y, t: el.sum(el.square(y - t)))
        net.loss_and_grads(X, Y, loss=lambda p, y, target: el.sum(el.square(y - target)))
    assert len(net._engines) == 1
    net.loss_and_grads(X, Y, loss=lambda y, t: el.sum(el.square(t - y)))
    assert len(net._engines) == 2


def test_engines_do_not_pile_up_and_their_memory_is_given_back():
    import weakref

    net = network(engine="numpy")
    first = weakref.ref(net.trainer([Aim(el.training.LOSSES["mse"], 1)]))
    losses = [lambda y, t, k=k: el.sum(el.square(y - t)) * float(k + 2) for k in range(20)]
    found = [net.loss_and_grads(X + 1, Y, loss=loss)[0] / (k + 2) for k, loss in enumerate(losses)]
    assert len(net._engines) <= 8 and first() is None
    np.testing.assert_allclose(found, found[0], rtol=1e-5)
