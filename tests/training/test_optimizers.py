"""Optimisers against plain NumPy, and what their state survives; tests/network/test_golden.py has PyTorch and Keras."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

import elman as el
from elman.engine.updates import run_optimizer
from elman.errors import EquationError, OptionError
from elman.training.optimizer import Optimizer
from elman.training.optimizers import resolve_optimizer
from tests.training.problems import ENGINES, copied_network, linear, recurrent, sums, train

UPDATES, SIZE = 12, 7


class OracleSGD:
    def __init__(self, momentum=0.0, nesterov=False):
        self.momentum, self.nesterov, self.v = momentum, nesterov, 0.0

    def step(self, w, g, rate, t):
        self.v = self.momentum * self.v + g
        return w - rate * (g + self.momentum * self.v if self.nesterov else self.v)


class OracleRMSProp:
    def __init__(self, rho=0.9, epsilon=1e-7):
        self.rho, self.epsilon, self.v = rho, epsilon, 0.0

    def step(self, w, g, rate, t):
        self.v = self.rho * self.v + (1 - self.rho) * g**2
        return w - rate * g / np.sqrt(self.v + self.epsilon)


class OracleAdam:
    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=0.0):
        self.beta_1, self.beta_2, self.epsilon, self.decay = beta_1, beta_2, epsilon, weight_decay
        self.m = self.v = 0.0

    def step(self, w, g, rate, t):
        w = w - rate * self.decay * w
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * g
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * g**2
        m, v = self.m / (1 - self.beta_1**t), self.v / (1 - self.beta_2**t)
        return w - rate * m / (np.sqrt(v) + self.epsilon)


PAIRS = {
    "sgd": (el.SGD, OracleSGD, {}),
    "momentum": (el.SGD, OracleSGD, {"momentum": 0.9}),
    "nesterov": (el.SGD, OracleSGD, {"momentum": 0.8, "nesterov": True}),
    "rmsprop": (el.RMSProp, OracleRMSProp, {"rho": 0.7}),
    "adam": (el.Adam, OracleAdam, {"beta_1": 0.8, "epsilon": 1e-3}),
    "adamw": (el.AdamW, OracleAdam, {"weight_decay": 0.1}),
}
RATES = {"constant": 0.05, "cosine": el.CosineDecay(0.1, steps=8, final=0.01)}


@pytest.mark.parametrize("bound", [None, 0.5], ids=["free", "clip_value"])
@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_against_oracle(pair, rate, bound):
    make, oracle, options = pair
    optimizer, truth = make(rate, **options, clip_value=bound), oracle(**options)
    random = np.random.default_rng(3)
    w = expected = random.normal(size=SIZE)
    states = [np.zeros(SIZE) for _ in optimizer.state_names]
    table, rates = optimizer.table(UPDATES), rate if callable(rate) else lambda step: rate
    for t in range(UPDATES):
        g = random.normal(size=SIZE)
        run_optimizer(optimizer.program(), [w := w.copy(), g, *states], table[t])
        expected = truth.step(expected, g if bound is None else np.clip(g, -bound, bound), rates(t), t + 1)
        np.testing.assert_allclose(w, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.skipif(len(ENGINES) < 2, reason="no native engine")
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_engines_agree(pair):
    make, _, options = pair
    nets = [recurrent(engine=engine) for engine in ENGINES]
    for net in nets:
        train(net, *sums(), optimizer=make(0.01, **options, clip_norm=0.5, clip_value=0.1), epochs=3)
    np.testing.assert_allclose(nets[0].arena, nets[1].arena, rtol=1e-9, atol=1e-12)


def test_the_table_goes_on_where_it_ended():
    optimizer = el.AdamW(el.CosineDecay(0.1, steps=9))
    whole = optimizer.table(7)
    optimizer.updates = 3
    np.testing.assert_array_equal(optimizer.table(4), whole[3:])


# --- clipping -----------------------------------------------------------------------------------------------


def one_update(engine: str, **clipping) -> tuple[np.ndarray, np.ndarray]:
    """The gradient, and the change of the parameters by an update of rate 1."""
    net, (x, target) = recurrent(engine=engine), sums()
    before = net.arena.copy()
    gradient = np.concatenate([g.ravel() for g in net.loss_and_grads(x, 9 * target)[1].values()])
    train(net, x, 9 * target, optimizer=el.SGD(1.0, **clipping), batch_size=len(x), epochs=1)
    return gradient, net.arena - before


@pytest.mark.parametrize("engine", ENGINES)
def test_clip_norm_scales_the_whole_gradient(engine):
    gradient, change = one_update(engine, clip_norm=0.5)
    assert np.linalg.norm(gradient) > 0.5
    np.testing.assert_allclose(change, -0.5 * gradient / np.linalg.norm(gradient), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_clip_norm_leaves_a_small_gradient(engine):
    gradient, change = one_update(engine, clip_norm=1e6)
    np.testing.assert_allclose(change, -gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_norm_is_clipped_before_the_values(engine):
    gradient, change = one_update(engine, clip_norm=2.0, clip_value=0.5)
    scaled = 2.0 * gradient / np.linalg.norm(gradient)
    assert np.abs(scaled).max() > 0.5
    np.testing.assert_allclose(change, -np.clip(scaled, -0.5, 0.5), rtol=1e-9, atol=1e-12)


# --- optimisers of one's own --------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class SignSGD(Optimizer):
    def equations(self, w, g, *, rate):
        return w - rate * el.sign(g)


@dataclass(eq=False, repr=False)
class Juggler(Optimizer):
    """Every new state is another old one, so that the order of writing matters."""

    def equations(self, w, g, a, b, c, *, rate):
        return w - rate * (a + g), b, c, a + g


@pytest.mark.parametrize("engine", ENGINES)
def test_equations_of_ones_own(engine):
    net, (x, target) = linear(engine=engine), sums(steps=1)
    before = net.arena.copy()
    gradient = np.concatenate([g.ravel() for g in net.loss_and_grads(x, target[:, None])[1].values()])
    train(net, x, target[:, None], optimizer=SignSGD(0.25), batch_size=len(x), epochs=1)
    np.testing.assert_allclose(net.arena, before - 0.25 * np.sign(gradient), rtol=1e-14)


@dataclass(eq=False, repr=False)
class Listed(Optimizer):
    factors: tuple = (1.0,)

    def equations(self, w, g, *, rate):
        return w - rate * sum(self.factors) * g


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hyperparameter_changed_between_two_trainings_works(engine):
    (x, target), optimizer, net = sums(steps=1), Listed(0.1), linear(engine=engine)
    for factors in ((1.0,), (1.0, 0.5)):
        optimizer.factors, by_hand = factors, copied_network(net)
        train(net, x, target[:, None], optimizer=optimizer, epochs=1)
        train(by_hand, x, target[:, None], optimizer=el.SGD(0.1 * sum(factors)), epochs=1)
        np.testing.assert_allclose(net.arena, by_hand.arena, rtol=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_plan_serves_an_optimizer_whose_momentum_changed(engine):
    (x, target), optimizer, net = sums(steps=1), el.SGD(0.1, momentum=0.9), linear(engine=engine)
    train(net, x, target[:, None], optimizer=optimizer, epochs=2)
    again, by_hand = el.SGD(0.1, momentum=0.5), copied_network(net)
    again.load_state_dict(optimizer.state_dict())
    optimizer.momentum = 0.5
    train(net, x, target[:, None], optimizer=optimizer, epochs=1)
    train(by_hand, x, target[:, None], optimizer=again, epochs=1)
    np.testing.assert_array_equal(net.arena, by_hand.arena)


@pytest.mark.parametrize("engine", ENGINES)
def test_states_are_written_when_nothing_needs_the_old_ones(engine):
    net, (x, target) = linear(engine=engine), sums(steps=1)
    optimizer, oracle = Juggler(0.1), linear(engine="numpy")
    a = b = c = np.zeros(oracle.arena.size)
    for _ in range(5):
        train(net, x, target[:, None], optimizer=optimizer, batch_size=len(x), epochs=1)
        gradient = np.concatenate([g.ravel() for g in oracle.loss_and_grads(x, target[:, None])[1].values()])
        oracle.params.write(oracle.arena - 0.1 * (a + gradient))
        a, b, c = b, c, a + gradient
    np.testing.assert_allclose(net.arena, oracle.arena, rtol=1e-12)
    np.testing.assert_allclose(list(optimizer.state.values()), [a, b, c], rtol=1e-12)


class Joining(Optimizer):
    def equations(self, w, g, *, rate):
        return w - rate * g / el.sqrt(el.sum(g * g))


class Forgetting(Optimizer):
    def equations(self, w, g, v, *, rate):
        return w - rate * v


class Nameless(Optimizer):
    def equations(self, w, g, *, size):
        return w - size * g


@pytest.mark.parametrize(
    ("optimizer", "error", "said"),
    [
        (Joining(), EquationError, "Joining.equations uses sum, but an optimiser works value by value"),
        (Forgetting(), EquationError, "returned 1 values, expected 2: the new w, v"),
        (Nameless(), OptionError, "Nameless.scalars gives no 'size'"),
    ],
)
def test_equations_that_are_no_optimizer(optimizer, error, said):
    with pytest.raises(error, match=said):
        train(linear(), *(a[:, :1] for a in sums(steps=1)[:1] * 2), optimizer=optimizer)


# --- state --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["copy", "pickle"])
def test_a_copy_goes_on_alike_with_a_copy_of_the_network(copied):
    x, target = sums()
    net, optimizer = recurrent(), el.Adam(0.01)
    train(net, x, target, optimizer=optimizer, epochs=2)
    twin, other = copied_network(net), copied(optimizer)
    for n, o in ((net, optimizer), (twin, other)):
        train(n, x, target, optimizer=o, epochs=2)
    np.testing.assert_array_equal(net.arena, twin.arena)


def test_state_dict_does_not_change_later():
    net, optimizer = recurrent(), el.Adam(0.01)
    train(net, *sums(), optimizer=optimizer, epochs=1)
    stored = optimizer.state_dict()
    before = stored["m"].copy()
    train(net, *sums(), optimizer=optimizer, epochs=1)
    np.testing.assert_array_equal(stored["m"], before)


def test_state_of_another_optimizer_is_refused():
    with pytest.raises(OptionError, match=r"\['updates', 'v'\].* a SGD expects \['updates'\]"):
        el.SGD().load_state_dict({"updates": 3, "v": np.zeros(4)})


def test_another_network_does_not_inherit_momentum():
    optimizer, (x, target) = el.Adam(), sums()
    train(recurrent(), x, target, optimizer=optimizer, epochs=1)
    with pytest.raises(OptionError, match=r"2 updates of another network: .* reset\(\)"):
        train(recurrent(), x, target, optimizer=optimizer)
    optimizer.reset()
    one, other = recurrent(), recurrent()
    train(one, x, target, optimizer=optimizer, epochs=1)
    train(other, x, target, optimizer=optimizer.fresh(), epochs=1)
    np.testing.assert_array_equal(one.arena, other.arena)


# --- options ------------------------------------------------------------------------------------------------


def test_repr_tells_what_differs_from_the_defaults():
    assert repr(el.Adam(1e-3, clip_norm=1.0)) == "Adam(clip_norm=1.0)"
    assert repr(el.SGD(0.1, momentum=0.9)) == "SGD(learning_rate=0.1, momentum=0.9)"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: el.SGD(-0.1), "learning_rate is -0.1; expected a number of at least 0, or a schedule"),
        (lambda: el.SGD(np.nan), "learning_rate is nan"),
        (lambda: el.SGD(momentum=1.0), r"momentum is 1.0; expected a number in \[0, 1\)"),
        (lambda: el.SGD(nesterov=True), "nesterov needs a momentum"),
        (lambda: el.Adam(beta_2=-0.1), r"beta_2 is -0.1; expected a number in \[0, 1\)"),
        (lambda: el.RMSProp(epsilon=0), "epsilon is 0; expected a number above 0"),
        (lambda: el.AdamW(weight_decay=-1), "weight_decay is -1; expected a number of at least 0"),
        (lambda: el.SGD(momentum=0.9, nesterov="yes"), "nesterov is 'yes'; expected True or False"),
        (lambda: el.Adam(clip_norm=0), "clip_norm is 0; expected a number above 0"),
        (lambda: el.Adam(clip_value="1"), "clip_value is '1'; expected a number above 0"),
        (lambda: resolve_optimizer("adm"), r"unknown optimizer 'adm' \(did you mean 'adam'"),
        (lambda: resolve_optimizer(el.Adam), r"give an object: Adam\(\)"),
    ],
)
def test_options_that_make_no_sense(make, said):
    with pytest.raises(OptionError, match=said):
        make()


@pytest.mark.parametrize(
    "wrong",
    [None, 3, {"updates": "x"}, {"updates": -3}, {"updates": 2.7}, {"m": ["a"] * 4}, {"v": np.full(4, np.nan)}],
)
def test_a_state_that_makes_no_sense_is_refused_and_the_old_one_kept(wrong):
    adam = el.Adam()
    good = {"updates": np.array(2), "m": np.ones(4), "v": np.ones(4)}
    adam.load_state_dict(good)
    with pytest.raises(el.ElmanError, match="state"):
        adam.load_state_dict(good | wrong if isinstance(wrong, dict) else wrong)
    assert adam.updates == 2


def test_the_state_of_an_unused_optimiser_is_taken_back():
    unused, used = el.Adam(), el.Adam()
    used.load_state_dict({"updates": 2, "m": np.ones(4), "v": np.ones(4)})
    used.load_state_dict(unused.state_dict())
    assert (used.updates, used.state) == (0, {})
