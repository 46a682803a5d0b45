"""Weights of steps and classes, and targets that are missing, against weighted means written out."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, OptionError, ShapeError
from elman.training import LOSSES
from tests.training.problems import ENGINES, recurrent, sums

engines = pytest.mark.parametrize("engine", ENGINES)
N, T = 24, 7
LENGTHS = np.random.default_rng(5).integers(1, T + 1, N)
USED = np.arange(T) < LENGTHS[:, None]


def series(outputs: int = 2):
    """Inputs, targets for every step, and weights of steps, with a row of zeros and zeros inside rows."""
    random = np.random.default_rng(3)
    x, target = random.normal(size=(N, T, 2)), random.normal(size=(N, T, outputs))
    weights = random.uniform(0, 2, (N, T))
    weights[:, 1::3], weights[4] = 0, 0
    return x, target, weights


def classes(net, every_step: bool = True):
    """Inputs and class indices, of which some are rare; the last class does not come."""
    random = np.random.default_rng(4)
    x = random.normal(size=(N, T, 2))
    shape = (N, T) if every_step else N
    return x, random.choice(net.outputs - 1, shape, p=[0.7, 0.2, 0.1])


def cross_entropy(y: np.ndarray, index: np.ndarray) -> np.ndarray:
    shifted = y - y.max(-1, keepdims=True)
    log = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -np.take_along_axis(log, index[..., None], -1)[..., 0]


# ---- weights of steps


@engines
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_the_loss_is_the_weighted_mean_over_steps(lengths, engine):
    x, target, weights = series()
    net, options = recurrent(sequences=True, engine=engine), {"lengths": lengths, "sample_weight": weights}
    share = weights if lengths is None else weights * USED
    each = np.mean((net(x, lengths=lengths) - target) ** 2, -1)
    wanted = (each * share).sum() / share.sum()
    assert net.evaluate(x, target, **options) == pytest.approx(wanted, rel=1e-12)
    assert net.loss_and_grads(x, target, **options)[0] == pytest.approx(wanted, rel=1e-12)
    history = net.fit(x, target, batch_size=5, optimizer=el.SGD(0.0), epochs=1, verbose=0, **options)
    assert history["loss"] == pytest.approx([wanted], rel=1e-12)
    assert net.train_on_batch(x, target, optimizer=el.SGD(0.0), **options) == pytest.approx(wanted, rel=1e-12)


@engines
@pytest.mark.parametrize("how", [{}, {"memory": "low"}, {"truncate": 3}])
def test_weights_of_0_behind_the_last_step_are_shorter_rows(how, engine):
    x, target, _ = series()
    nets = [recurrent(sequences=True, engine=engine) for _ in range(2)]
    options = {"epochs": 2, "batch_size": N, "verbose": 0, **how}
    if "truncate" in how:  # whose pieces are counted from each row's end
        options |= {"truncate": T}
    nets[0].fit(x, target, lengths=LENGTHS, **options)
    nets[1].fit(x, target, sample_weight=USED, **options)
    np.testing.assert_allclose(nets[0].arena, nets[1].arena, rtol=0, atol=1e-9)


@engines
def test_rows_without_any_weight_are_left_out_of_batches(engine):
    x, target, weights = series()
    nets, kept = [recurrent(sequences=True, engine=engine) for _ in range(2)], weights.any(1)
    options = {"epochs": 2, "batch_size": 5, "verbose": 0, "shuffle": False}
    nets[0].fit(x, target, sample_weight=weights, **options)
    nets[1].fit(x[kept], target[kept], sample_weight=weights[kept], **options)
    assert nets[0].arena.tobytes() == nets[1].arena.tobytes()


def test_metrics_count_what_has_a_weight():
    net = recurrent(4, sequences=True)
    x, index = classes(net)
    _, _, weights = series()
    found = net.evaluate(
        x, index, "softmax_cross_entropy", metrics=["accuracy"], sample_weight=weights, lengths=LENGTHS, batch_size=5
    )
    share = weights * USED
    right = net(x, lengths=LENGTHS).argmax(-1) == index
    assert found["accuracy"] == pytest.approx((right * share).sum() / share.sum(), rel=1e-12)


def test_what_lies_behind_a_rows_end_is_not_looked_at():
    x, target, weights = series()
    net, spoilt = recurrent(sequences=True), np.where(USED, weights, np.nan)
    given = [net.loss_and_grads(x, target, lengths=LENGTHS, sample_weight=w)[0] for w in (weights, spoilt)]
    assert given[0] == given[1]


@pytest.mark.parametrize(
    ("weights", "kind", "text"),
    [
        (np.ones((N, T + 1)), ShapeError, r"expected \(24,\), one for each row of x, or \(24, 7\), one for each step"),
        (np.ones((N, 1)), ShapeError, "expected"),
        (np.where(np.arange(T) == 2, -1, np.ones((N, T))), DataError, r"sample_weight\[0, 2\] is -1"),
        (np.where(USED, 0, 1), DataError, "0 for every row or step"),
    ],
)
def test_wrong_weights_of_steps_are_refused(weights, kind, text):
    x, target, _ = series()
    for call in ("fit", "evaluate", "loss_and_grads"):
        options = {"verbose": 0} if call == "fit" else {}
        with pytest.raises(kind, match=text):
            getattr(recurrent(sequences=True), call)(x, target, lengths=LENGTHS, sample_weight=weights, **options)


def test_the_last_step_has_no_weights_of_steps():
    x, target, weights = series()
    with pytest.raises(ShapeError, match="single steps have no weights where the network returns the last one"):
        recurrent().fit(x, target[:, -1], sample_weight=weights, verbose=0)


def test_values_of_a_step_have_no_weights_of_their_own():
    x, target, weights = series()
    with pytest.raises(ShapeError, match="one for each step$"):
        recurrent(sequences=True).fit(x, target, sample_weight=weights[..., None], verbose=0)


# ---- targets that are missing


@pytest.mark.parametrize("shape", [(N, 0), (N, T, 0)])
def test_no_targets_at_all_are_refused(shape):
    x, _, _ = series()
    for how in ("refuse", "skip"):
        with pytest.raises(ShapeError, match="target"):
            recurrent(sequences=True).fit(x, np.zeros(shape), missing=how, verbose=0)


def test_a_missing_target_is_refused_with_what_may_be_done():
    x, target, _ = series()
    with pytest.raises(DataError, match="missing='skip'"):
        recurrent(sequences=True).fit(x, np.full_like(target, np.nan), verbose=0)
    with pytest.raises(DataError, match="`lengths`$"):
        recurrent(sequences=True).fit(x, np.full_like(target, np.inf), verbose=0)


@engines
@pytest.mark.parametrize("loss", ["mse", "rmse", "huber", "softmax_cross_entropy"])
def test_missing_targets_are_steps_of_weight_0(loss, engine):
    x, target, weights = series(3)
    target = np.abs(target) / np.abs(target).sum(-1, keepdims=True)
    gone = np.random.default_rng(8).random((N, T)) < 0.3
    spoilt = target.copy()
    spoilt[gone, np.random.default_rng(9).integers(0, 3, gone.sum())] = np.nan
    net, options = recurrent(3, sequences=True, engine=engine), {"lengths": LENGTHS}
    for given in (None, weights):
        share = ~gone * (1.0 if given is None else given)
        found = net.loss_and_grads(x, spoilt, loss, sample_weight=given, missing="skip", **options)
        wanted = net.loss_and_grads(x, target, loss, sample_weight=share, **options)
        assert found[0] == pytest.approx(wanted[0], rel=1e-12)
        for name in wanted[1]:
            np.testing.assert_allclose(found[1][name], wanted[1][name], rtol=0, atol=1e-12)
        judged = net.evaluate(x, spoilt, loss, sample_weight=given, missing="skip", metrics=["mae"], **options)
        assert judged == pytest.approx(net.evaluate(x, target, loss, sample_weight=share, metrics=["mae"], **options))


@engines
def test_missing_classes_of_steps_and_of_rows(engine):
    for every_step in (True, False):
        net = recurrent(4, sequences=every_step, engine=engine)
        x, index = classes(net, every_step)
        gone = np.random.default_rng(8).random(index.shape) < 0.3
        options = {"loss": "softmax_cross_entropy", "epochs": 2, "verbose": 0, "metrics": ["accuracy"]}
        options["validation_data"] = (x, np.where(gone, np.nan, index))
        history = net.fit(x, np.where(gone, np.nan, index), missing="skip", **options)
        right = net(x).argmax(-1) == index
        assert history["accuracy"][-1] == history["val_accuracy"][-1] == pytest.approx(right[~gone].mean(), rel=1e-12)


def test_a_loss_that_no_number_suits_stays_finite_at_missing_steps():
    def relative(y, target):
        return el.mean(el.abs(y - target) / target) + el.mean(el.log(target))

    x, target, _ = series()
    target = np.abs(target) + 0.5
    target[:, ::2] = np.nan
    loss, grads = recurrent(sequences=True).loss_and_grads(x, target, relative, missing="skip")
    assert np.isfinite(loss) and all(np.isfinite(g).all() for g in grads.values())


def test_what_fills_the_gaps_is_a_target_in_use():
    net = recurrent(4, sequences=True)
    x, index = classes(net)
    spoilt = np.where(USED, index, 99).astype(float)  # no class, and not looked at
    spoilt[0] = np.nan
    assert np.isfinite(net.evaluate(x, spoilt, "softmax_cross_entropy", lengths=LENGTHS, missing="skip"))


def test_without_a_word_missing_targets_are_refused():
    x, target, _ = series()
    target[3, 2, 1] = np.nan
    net = recurrent(sequences=True)
    with pytest.raises(DataError, match=r"target\[3, 2, 1\] is nan"):
        net.fit(x, target, verbose=0)
    with pytest.raises(
        OptionError, match=r"missing is 'skipp' \(did you mean 'skip'\?\); expected one of refuse, skip"
    ):
        net.fit(x, target, missing="skipp", verbose=0)
    with pytest.raises(DataError, match="every target is missing"):
        net.fit(x, np.full_like(target, np.nan), missing="skip", verbose=0)
    target[3, 2, 1] = np.inf
    with pytest.raises(DataError, match=r"target\[3, 2, 1\] is inf"):
        net.fit(x, target, missing="skip", verbose=0)


def test_the_users_target_stays_as_it_is():
    x, target, _ = series()
    target[3, 2, 1] = np.nan
    before = target.copy()
    recurrent(sequences=True).fit(x, target, missing="skip", epochs=1, verbose=0)
    np.testing.assert_array_equal(target, before)


@engines
def test_stateful_training_runs_on_through_missing_steps(engine):
    x, target, _ = series()
    target[::5, 3] = np.nan
    net = recurrent(sequences=True, engine=engine)
    options = {"stateful": True, "shuffle": False, "batch_size": 4, "epochs": 1, "missing": "skip", "verbose": 0}
    assert np.isfinite(net.fit(x, target, **options)["loss"][0])
    target[4:8] = np.nan
    with pytest.raises(OptionError, match="batch 2 has no step with a target"):
        net.fit(x, target, **options)


# ---- weights of classes


@engines
@pytest.mark.parametrize("every_step", [True, False])
@pytest.mark.parametrize("given", [{0: 0.5, 2: 3.0}, {np.int64(1): 0}, "balanced"])
def test_classes_weigh_what_they_shall(given, every_step, engine):
    net = recurrent(4, sequences=every_step, engine=engine)
    x, index = classes(net, every_step)
    used = USED if every_step else np.ones(N, bool)
    if given == "balanced":
        found = np.bincount(index[used], minlength=4)
        table = used.sum() / (3 * np.maximum(found, 1))
    else:
        table = np.array([given.get(k, 1.0) for k in range(4)], float)
    options = {"lengths": LENGTHS, "class_weight": given}
    each, share = cross_entropy(net(x, lengths=LENGTHS), index), table[index] * used
    wanted = (each * share).sum() / share.sum()
    loss = "softmax_cross_entropy"
    assert net.evaluate(x, index, loss, **options) == pytest.approx(wanted, rel=1e-12)
    assert net.evaluate(x, np.eye(4)[index], loss, **options) == pytest.approx(wanted, rel=1e-12)
    assert net.loss_and_grads(x, index, loss, **options)[0] == pytest.approx(wanted, rel=1e-12)
    rate = {"loss": loss, "optimizer": el.SGD(0.0), **options}
    assert net.fit(x, index, epochs=1, batch_size=7, verbose=0, **rate)["loss"] == pytest.approx([wanted], rel=1e-12)
    assert net.train_on_batch(x, index, **rate) == pytest.approx(wanted, rel=1e-12)


def test_balanced_is_scikit_learns():
    compute = pytest.importorskip("sklearn.utils.class_weight").compute_class_weight
    net = recurrent(4)
    x, index = classes(net, every_step=False)
    there = np.unique(index)
    by_hand = dict(zip(there.tolist(), compute("balanced", classes=there, y=index), strict=True))
    losses = [net.evaluate(x, index, "softmax_cross_entropy", class_weight=w) for w in (by_hand, "balanced")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-14)


def test_they_multiply_the_weights_of_samples_and_leave_out_what_is_missing():
    net = recurrent(4, sequences=True)
    x, index = classes(net)
    _, _, weights = series()
    gone = np.random.default_rng(8).random((N, T)) < 0.3
    table = np.array([1.0, 2.0, 0.25, 1.0])
    found = net.evaluate(
        x,
        np.where(gone, np.nan, index),
        "softmax_cross_entropy",
        sample_weight=weights,
        class_weight=dict(enumerate(table)),
        missing="skip",
    )
    wanted = net.evaluate(x, index, "softmax_cross_entropy", sample_weight=weights * table[index] * ~gone)
    assert found == pytest.approx(wanted, rel=1e-12)


def test_balanced_classes_count_the_steps_that_count():
    net = recurrent(4, sequences=True)
    x, index = classes(net)
    _, _, weights = series()
    counts = USED & (weights > 0)
    table = counts.sum() / (3 * np.maximum(np.bincount(index[counts], minlength=4), 1))
    options = {"sample_weight": weights, "lengths": LENGTHS}
    found, wanted = (
        net.evaluate(x, index, "softmax_cross_entropy", class_weight=w, **options)
        for w in ("balanced", dict(enumerate(table)))
    )
    assert found == pytest.approx(wanted, rel=1e-12)


def test_a_lone_output_has_classes_0_and_1():
    net = recurrent(1, sequences=True)
    x, _, _ = series()
    yes = (x.sum(-1) > 1).astype(float)
    each = LOSSES["binary_cross_entropy"].values(net(x), yes[..., None])
    share = np.where(yes == 1, 5.0, 1.0)
    found = net.evaluate(x, yes, "binary_cross_entropy", class_weight={1: 5})
    assert found == pytest.approx((each * share).sum() / share.sum(), rel=1e-12)


def test_validation_is_judged_without_them():
    net = recurrent(4)
    x, index = classes(net, every_step=False)
    options = {"loss": "softmax_cross_entropy", "optimizer": el.SGD(0.0), "epochs": 1, "verbose": 0}
    history = net.fit(x, index, validation_data=(x, index), class_weight={0: 9}, **options)
    assert history["val_loss"][0] == net.evaluate(x, index, "softmax_cross_entropy") != history["loss"][0]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("balance", "class_weight is 'balance'; expected a dict of weights by class, or 'balanced'"),
        ([1, 2], "class_weight is"),
        ({4: 1}, "a class of class_weight is 4; expected a whole number from 0 to 3"),
        ({"0": 1}, "a class of class_weight is '0'"),
        ({0: -1}, r"class_weight\[0\] is -1"),
        ({0: np.nan}, r"class_weight\[0\] is nan"),
        ({0: 0, 1: 0, 2: 0}, "0 for every class"),
    ],
)
def test_weights_of_classes_that_make_no_sense_are_refused(given, text):
    net = recurrent(4)
    x, index = classes(net, every_step=False)
    with pytest.raises(el.ElmanError, match=text):
        net.fit(x, index, loss="softmax_cross_entropy", class_weight=given, verbose=0)


def test_targets_that_are_no_classes_have_no_weights_of_classes():
    x, target = sums()
    with pytest.raises(OptionError, match="class_weight goes with targets that are classes"):
        recurrent().fit(x, target, class_weight="balanced", verbose=0)
    with pytest.raises(OptionError, match=r"class_weight goes with classes 0..1, and target\[0\] is"):
        recurrent(1).fit(x, target[:, 0], class_weight="balanced", verbose=0)
