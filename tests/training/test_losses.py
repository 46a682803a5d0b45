"""Losses: closed forms, gradients, and targets of every shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.errors import DataError, EquationError, OptionError, ShapeError
from elman.training.losses import LOSSES, equations_key, resolve_loss
from elman.training.targets import prepare_target
from tests.training.problems import ENGINES, linear, recurrent

RANDOM = np.random.default_rng(5)
Y, TARGET = RANDOM.normal(0, 2, (6, 3)), RANDOM.normal(0, 2, (6, 3))
LABELS, CLASSES = RANDOM.integers(0, 2, (6, 3)).astype(float), RANDOM.integers(0, 3, 6)
SIGMOID = 1 / (1 + np.exp(-Y))
PROBABILITIES = np.exp(Y) / np.exp(Y).sum(1, keepdims=True)
ERROR = np.abs(Y - TARGET)

CLOSED_FORMS = {
    "mse": (TARGET, (ERROR**2).mean(1)),
    "mae": (TARGET, ERROR.mean(1)),
    "huber": (TARGET, np.where(ERROR < 1, ERROR**2 / 2, ERROR - 0.5).mean(1)),
    "softmax_cross_entropy": (np.eye(3)[CLASSES], -np.log(PROBABILITIES[np.arange(6), CLASSES])),
    "binary_cross_entropy": (LABELS, -np.where(LABELS, np.log(SIGMOID), np.log(1 - SIGMOID)).mean(1)),
}
DISTRIBUTION = PROBABILITIES[::-1].copy()


def outputs_as_parameters(y: np.ndarray, engine: str = "numpy") -> tuple[el.Network, np.ndarray]:
    """A network whose outputs for the returned x are its parameters, and these are y."""
    net = el.Network(inputs=len(y), layers=[el.Dense(y.shape[1], bias=False)], dtype=np.float64, engine=engine)
    net.params["0.W"] = y.T
    return net, np.eye(len(y))[:, None, :]


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_value_of_a_row(name):
    target, expected = CLOSED_FORMS[name]
    np.testing.assert_allclose(LOSSES[name].values(Y, target), expected, rtol=1e-13)


def test_huber_delta():
    expected = np.where(ERROR < 0.3, ERROR**2 / 2, 0.3 * (ERROR - 0.15)).mean(1)
    np.testing.assert_allclose(LOSSES["huber"].with_options(delta=0.3).values(Y, TARGET), expected, rtol=1e-13)


def test_class_indices_and_one_hot_are_the_same_loss():
    one_hot = LOSSES["softmax_cross_entropy"].values(Y, np.eye(3)[CLASSES])
    indices = LOSSES["softmax_cross_entropy"].for_classes().values(Y, CLASSES[:, None])
    np.testing.assert_allclose(indices, one_hot, rtol=1e-14)


def test_binary_cross_entropy_of_saturated_logits_is_finite_and_exact():
    y, label = np.array([[800.0], [-800.0], [800.0]]), np.array([[1.0], [0.0], [0.0]])
    np.testing.assert_array_equal(LOSSES["binary_cross_entropy"].values(y, label), [0, 0, 800])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("loss", "target"),
    [
        ("mse", TARGET),
        ("rmse", TARGET),
        ("mae", TARGET),
        ("huber", TARGET),
        ("softmax_cross_entropy", CLASSES),
        ("softmax_cross_entropy", DISTRIBUTION),
        ("binary_cross_entropy", LABELS),
        (lambda y, target: el.mean((y - target) ** 4), TARGET),
    ],
    ids=["mse", "rmse", "mae", "huber", "classes", "distribution", "binary", "custom"],
)
def test_gradient_against_central_differences(loss, target, engine):
    net, x = outputs_as_parameters(Y, engine)
    target, step = target[:, None], 1e-5
    _, gradients = net.loss_and_grads(x, target, loss)
    analytic, numerical = gradients["0.W"].ravel(), np.empty(Y.size)
    for k in range(Y.size):
        away = step * (np.arange(Y.size) == k)
        there = [outputs_as_parameters(Y, engine)[0] for _ in range(2)]
        there[0].params.write(there[0].arena + away)
        there[1].params.write(there[1].arena - away)
        up, down = (n.loss_and_grads(x, target, loss)[0] for n in there)
        numerical[k] = (up - down) / (2 * step)
    np.testing.assert_allclose(analytic, numerical, rtol=1e-7, atol=1e-9 * np.abs(analytic).max())


@pytest.mark.parametrize("engine", ENGINES)
def test_gradient_of_a_logit_at_zero(engine):
    net, x = outputs_as_parameters(np.zeros((1, 1)), engine)
    _, gradients = net.loss_and_grads(x, np.array([[[1.0]]]), "binary_cross_entropy")
    assert gradients["0.W"] == -0.5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_engine_computes_the_mean_over_rows_and_steps(name, engine):
    target, expected = CLOSED_FORMS[name]
    net = linear(3, 6, engine=engine)
    net.params["0.W"], net.params["0.b"] = Y.T, 0
    loss, _ = net.loss_and_grads(np.eye(6)[None], target[None], name)
    assert loss == pytest.approx(expected.mean(), rel=1e-13)


# --- targets ------------------------------------------------------------------------------------------------

LAST, EVERY = recurrent(3), recurrent(3, sequences=True)
ONE, ONE_EVERY = recurrent(1), recurrent(1, sequences=True)


@pytest.mark.parametrize(
    ("net", "loss", "shape", "width"),
    [
        (LAST, "mse", (4, 3), 3),
        (EVERY, "mse", (4, 7, 3), 3),
        (ONE, "mse", (4,), 1),
        (ONE, "mse", (4, 1), 1),
        (ONE_EVERY, "mae", (4, 7), 1),
        (LAST, "softmax_cross_entropy", (4,), 1),
        (LAST, "softmax_cross_entropy", (4, 1), 1),
        (LAST, "softmax_cross_entropy", (4, 3), 3),
        (EVERY, "softmax_cross_entropy", (4, 7), 1),
        (EVERY, "softmax_cross_entropy", (4, 7, 3), 3),
    ],
)
def test_target_shapes(net, loss, shape, width):
    _, target, found = prepare_target(net, loss, np.ones(shape, int))
    steps = (7,) if net.sequence_output else ()
    classes = loss == "softmax_cross_entropy" and width == 1
    kind = np.int64 if classes else np.float64
    assert (target.shape, found, target.dtype) == ((4, *steps, width), width, kind)


@pytest.mark.parametrize(
    ("net", "loss", "shape", "said"),
    [
        (LAST, "mse", (4, 2), "target has 2 features, the network outputs 3"),
        (LAST, "mse", (4,), "target has 1 feature, the network outputs 3"),
        (EVERY, "mse", (4, 3), "returns every time step"),
        (LAST, "mse", (4, 7, 3), "returns the last time step only"),
        (LAST, "softmax_cross_entropy", (4, 5), r"expected \(N, 3\) or class indices \(N,\)"),
        (EVERY, "mse", (4, 7, 3, 1), r"its shape is \(4, 7, 3, 1\), mse expected \(N, T, 3\)"),
    ],
)
def test_target_that_does_not_fit(net, loss, shape, said):
    with pytest.raises(ShapeError, match=said):
        prepare_target(net, loss, np.ones(shape))


@given(row=st.integers(0, 3), step=st.integers(0, 6), value=st.sampled_from([-1, 3, 100, 0.5, np.nan]))
def test_class_out_of_range_is_named(row, step, value):
    target = np.zeros((4, 7))
    target[row, step] = value
    with pytest.raises(DataError, match=rf"target\[{row}, {step}\] is {float(value)}: .* 0\.\.2"):
        prepare_target(EVERY, "softmax_cross_entropy", target)


def test_classes_behind_the_end_of_a_row_are_not_looked_at():
    target = np.array([[0, 1, -1], [2, -1, -1]])
    prepare_target(EVERY, "softmax_cross_entropy", target, lengths=np.array([2, 1]))
    with pytest.raises(DataError, match=r"target\[1, 1\] is -1"):
        prepare_target(EVERY, "softmax_cross_entropy", target, lengths=np.array([2, 2]))


def test_labels_outside_0_to_1_are_named():
    with pytest.raises(DataError, match=r"target\[1, 0\] is -1: binary_cross_entropy expects values in 0\.\.1"):
        prepare_target(ONE, "binary_cross_entropy", [1, -1, 1])


def test_text_is_no_target():
    with pytest.raises(DataError, match="give classes as 0, 1, 2"):
        prepare_target(LAST, "softmax_cross_entropy", ["yes", "no"])


def test_softmax_of_one_output_is_refused():
    with pytest.raises(OptionError, match="binary_cross_entropy"):
        prepare_target(ONE, "softmax_cross_entropy", [0, 0])


# --- losses by name and of equations ------------------------------------------------------------------------


def test_unknown_name_has_a_suggestion():
    with pytest.raises(OptionError, match=r"unknown loss 'hubber' \(did you mean 'huber'"):
        resolve_loss("hubber")


def test_function_cell_and_name_agree():
    def squared(y, target):
        return el.mean((y - target) ** 2)

    @el.cell(inputs=2)
    def squared_cell(p, y, target):
        return el.mean((y - target) ** 2)

    net, x = outputs_as_parameters(Y)
    values = [net.loss_and_grads(x, TARGET[:, None], loss)[0] for loss in ("mse", squared, squared_cell)]
    assert values[0] == values[1] == values[2]


def test_a_function_is_the_same_loss_each_time():
    def quartic(y, target):
        return el.mean((y - target) ** 4)

    assert resolve_loss(quartic) == resolve_loss(quartic)


def test_a_loss_may_take_a_target_of_another_width():
    def gaussian(y, target):
        mean, log_variance = el.pick(y, 0.0), el.pick(y, 1.0)
        return log_variance + (target - mean) ** 2 * el.exp(-log_variance)

    y, target = Y[:, :2].copy(), TARGET[:, :1]
    net, x = outputs_as_parameters(y)
    expected = np.mean(y[:, 1] + (target[:, 0] - y[:, 0]) ** 2 * np.exp(-y[:, 1]))
    assert net.loss_and_grads(x, target[:, None], gaussian)[0] == pytest.approx(expected, rel=1e-13)


def wide(y, target):
    return y - target


def with_parameter(p, y, target):
    return el.mean(p.scale * (y - target))


def without_return(y, target):
    el.mean(y - target)


def of_one(y):
    return el.mean(y)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (wide, r"3 values a row; a loss returns one: use el\.mean"),
        (with_parameter, r"uses p\.scale: a loss has no parameters"),
        (without_return, "without_return returned nothing"),
        (of_one, r"takes \(y, target\) or \(p, y, target\)"),
    ],
)
def test_equations_that_are_no_loss(loss, said):
    with pytest.raises(EquationError, match=said):
        prepare_target(LAST, loss, TARGET)


# --- outputs that are no logits -----------------------------------------------------------------------------


def test_a_default_argument_is_none_of_a_losss():
    values = [resolve_loss(lambda y, t, k=k: el.sum(y - t) * float(k)).values(np.ones(2), np.zeros(2)) for k in (2, 3)]
    assert values == [4, 6]


LABELS = {"binary_cross_entropy": np.zeros((4, 2)), "softmax_cross_entropy": np.zeros(4)}


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        ("binary_cross_entropy", "sigmoid"),
        ("binary_cross_entropy", "softmax"),
        ("binary_cross_entropy", "relu"),
        ("softmax_cross_entropy", "softmax"),
        ("softmax_cross_entropy", "sigmoid"),
    ],
)
def test_a_loss_of_logits_refuses_squashed_outputs(loss, activation):
    head = [el.Dense(2, activation=activation)], [el.Dense(2), el.Activation(activation)]
    x, y = np.zeros((4, 3, 1)), LABELS[loss]
    for layers in head:
        net = el.Network(1, [el.GRU(2, return_sequences=False), *layers])
        for call in (net.fit, net.evaluate, net.loss_and_grads):
            with pytest.raises(OptionError, match=f"takes logits, and the network ends with {activation}"):
                call(x, y, loss=loss)
        assert net.evaluate(x, np.zeros((4, 2))) >= 0
    net = el.Network(1, [el.GRU(2, return_sequences=False), el.Dense(2)])
    assert net.evaluate(x, y, loss=loss) > 0


def test_the_accuracy_of_a_lone_output_needs_a_logit():
    x, y = np.zeros((4, 3, 1)), np.zeros((4, 1))
    net = el.Network(1, [el.GRU(2, return_sequences=False), el.Dense(1, activation="sigmoid")])
    for call in (net.fit, net.evaluate):
        with pytest.raises(OptionError, match="accuracy takes the sign of a lone output"):
            call(x, y, metrics=["accuracy"])
    soft = el.Network(1, [el.GRU(2, return_sequences=False), el.Dense(2, activation="softmax")])
    assert soft.evaluate(x, np.zeros((4, 2)), metrics=["accuracy"])["accuracy"] in (0, 1)


@pytest.mark.parametrize("wrong", [3, None, ["mse"], {}, "MSE loss", lambda: 3, lambda y: y, 2.5])
def test_what_is_no_loss_is_refused(wrong):
    net = el.Network(1, [el.Dense(1)])
    with pytest.raises(el.ElmanError):
        net.fit(np.zeros((2, 3, 1)), np.zeros((2, 3, 1)), loss=wrong)


@pytest.mark.parametrize(
    "target", [[0.5] * 4, [0, 1, 2, 3], [0, -1, 0, 1], [0, 1, np.nan, 1], np.zeros((4, 3)), [["a"]] * 4]
)
def test_targets_that_are_no_classes_are_refused(target):
    net = el.Network(1, [el.GRU(2, return_sequences=False), el.Dense(2)])
    with pytest.raises(el.ElmanError, match="target"):
        net.fit(np.zeros((4, 3, 1)), target, loss="softmax_cross_entropy", verbose=0)


# --- label smoothing ----------------------------------------------------------------------------------------


LOGITS = np.random.default_rng(11).normal(0, 2, (6, 4))
CHOSEN = np.array([0, 3, 1, 1, 2, 0])


def smoothed_by_hand(smoothing: float) -> np.ndarray:
    """The cross entropy with the mixed distribution, row by row."""
    mixed = (1 - smoothing) * np.eye(4)[CHOSEN] + smoothing / 4
    return -(mixed * np.log(np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True))).sum(-1)


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_smoothing_spreads_a_share_of_the_target_over_all_classes(smoothing):
    loss, wanted = LOSSES["softmax_cross_entropy"].with_options(smoothing=smoothing), smoothed_by_hand(smoothing)
    np.testing.assert_allclose(loss.values(LOGITS, np.eye(4)[CHOSEN]), wanted, rtol=1e-12)
    np.testing.assert_allclose(loss.for_classes().values(LOGITS, CHOSEN[:, None]), wanted, rtol=1e-12)


def test_smoothed_labels_of_yes_and_no():
    labels = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 1.0]])
    y = LOGITS[:3, :2]
    plain, smooth = LOSSES["binary_cross_entropy"], LOSSES["binary_cross_entropy"].with_options(smoothing=0.2)
    np.testing.assert_allclose(smooth.values(y, labels), plain.values(y, 0.8 * labels + 0.1), rtol=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("smooth", [LOSSES["softmax_cross_entropy"], LOSSES["softmax_cross_entropy"].cell])
def test_smoothing_reaches_class_indices_and_one_hot_rows_however_it_is_given(smooth, engine):
    net = recurrent(4, engine=engine, dtype=np.float64)
    x, loss = np.random.default_rng(0).normal(size=(6, 5, 2)), smooth.with_options(smoothing=0.3)
    found = [net.loss_and_grads(x, target, loss) for target in (CHOSEN, np.eye(4)[CHOSEN])]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    for name in found[0][1]:
        np.testing.assert_allclose(found[0][1][name], found[1][1][name], rtol=0, atol=1e-12)
    assert found[0][0] != net.loss_and_grads(x, CHOSEN, "softmax_cross_entropy")[0]
    assert el.check_gradients(net, x, CHOSEN, loss=loss, samples=4).worst < 1e-6


def test_without_smoothing_the_equations_are_what_they_were():
    for name in ("softmax_cross_entropy", "binary_cross_entropy"):
        assert equations_key(LOSSES[name]) == equations_key(LOSSES[name].with_options(smoothing=0))
        assert equations_key(LOSSES[name]) != equations_key(LOSSES[name].with_options(smoothing=0.1))


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, "much", np.nan, True])
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "binary_cross_entropy"])
def test_smoothing_that_makes_no_sense_is_refused(name, smoothing):
    loss = LOSSES[name].with_options(smoothing=smoothing)
    with pytest.raises(OptionError, match=f"{name}: smoothing is"):
        recurrent(2).evaluate(np.zeros((2, 3, 2)), np.zeros((2, 2)), loss)
