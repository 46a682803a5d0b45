"""Groups of parameters with settings of their own, against the updates written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.errors import OptionError
from tests.training.problems import ENGINES, recurrent, sums

engines = pytest.mark.parametrize("engine", ENGINES)
GROUPS = {
    "0.W*": {"rate_factor": 0.1, "weight_decay": 0.02},
    "0.U*": {"learning_rate": el.ExponentialDecay(0.5, 1, 0.5), "l2": 0.3},
    "*.b*": {"l1": 0.05},
    "1.*": {"learning_rate": 0.25},  # of 1.b as well, which has l1
    "1.b": {"learning_rate": 0.125},  # and a later one stands before an earlier one
}


def settings_by_hand(name: str, step: int) -> dict[str, float]:
    """Rate, weight decay, l1 and l2 of a parameter, by the rules alone."""
    found = {"rate": 0.2 / (1 + step), "decay": 0.0, "l1": 0.0, "l2": 0.0}
    if name.startswith("0.W"):
        found |= {"rate": 0.02 / (1 + step), "decay": 0.02}
    if name.startswith("0.U"):
        found |= {"rate": 0.5 * 0.5**step, "l2": 0.3}
    if ".b" in name:
        found |= {"l1": 0.05}
    if name.startswith("1."):
        found |= {"rate": 0.125 if name == "1.b" else 0.25}
    return found


@engines
def test_every_setting_does_what_it_says(engine):
    (x, target), net = sums(), recurrent(engine=engine)
    optimizer = el.SGD(lambda step: 0.2 / (1 + step), groups=GROUPS)
    wanted = {name: np.array(value) for name, value in net.params.items()}
    for step in range(3):
        _, grads = net.loss_and_grads(x, target)
        net.train_on_batch(x, target, optimizer=optimizer)
        for name, w in wanted.items():
            s = settings_by_hand(name, step)
            g = grads[name] + s["l1"] * np.sign(w) + 2 * s["l2"] * w
            w[...] = (1 - s["rate"] * s["decay"]) * w - s["rate"] * g
    for name, w in wanted.items():
        np.testing.assert_allclose(net.params[name], w, rtol=0, atol=1e-13, err_msg=name)


@engines
@pytest.mark.parametrize("make", [el.SGD, el.RMSProp, el.Adam, el.AdamW])
def test_groups_that_change_nothing_change_no_bit(make, engine):
    (x, target), found = sums(dtype=np.float32), []
    for groups in (None, {}, {"0.*": {"rate_factor": 1}, "*b*": {"l1": 0.0}}, {"0.W_z": {"learning_rate": 0.01}}):
        net = recurrent(engine=engine, dtype=np.float32)
        net.fit(x, target, optimizer=make(0.01, groups=groups), epochs=2, verbose=0)
        found.append(net.arena.tobytes())
    assert len(set(found)) == 1


@engines
def test_vectors_need_not_decay(engine):
    x, target = sums()
    ends = {}
    for name, options in {
        "all": {"weight_decay": 0.5},
        "none": {"weight_decay": 0.0},
        "matrices": {"weight_decay": 0.5, "decay_vectors": False},
        "but one": {"weight_decay": 0.5, "decay_vectors": False, "groups": {"1.b": {"weight_decay": 0.5}}},
    }.items():
        net = recurrent(engine=engine)
        net.params.write(np.linspace(-1, 1, net.arena.size))
        net.train_on_batch(x, target, optimizer=el.AdamW(0.1, **options))
        ends[name] = {key: np.array(value) for key, value in net.params.items()}
    for key in net.params:
        decayed = ends["all" if net.params[key].ndim == 2 else "none"][key]
        assert (ends["matrices"][key] == decayed).all()
        assert (ends["but one"][key] == (ends["all"][key] if key == "1.b" else decayed)).all()
    assert (ends["all"]["1.b"] != ends["none"]["1.b"]).all()


@engines
def test_decay_leaves_the_moments_of_batch_normalisation(engine):
    x, _ = sums()
    net = el.Network(2, [el.BatchNorm(), el.Dense(2)], dtype=np.float64, engine=engine)
    net.params["0.mean"] = 3.0
    net.train_on_batch(x, x, optimizer=el.SGD(0.1, groups={"*": {"weight_decay": 1.0, "l2": 1.0}}))
    np.testing.assert_allclose(net.params["0.mean"], 0.9 * 3.0 + 0.1 * x.mean((0, 1)), rtol=1e-12)


def test_a_learning_rate_may_be_changed_between_epochs():
    (x, target), nets = sums(), [recurrent(), recurrent()]

    def slower(training):
        training.optimizer.learning_rate *= 0.5

    options = {"epochs": 2, "batch_size": 16, "verbose": 0}
    given = el.SGD(0.1, groups={"*": {"rate_factor": 0.5}})
    nets[0].fit(x, target, optimizer=given, callbacks=[el.LambdaCallback(on_batch_end=slower)], **options)
    rates = 0.05 * 0.5 ** np.arange(6.0)
    nets[1].fit(x, target, optimizer=el.SGD(lambda step: rates[step]), **options)
    np.testing.assert_allclose(nets[0].arena, nets[1].arena, rtol=0, atol=1e-14)


def test_an_optimiser_of_ones_own_has_groups_too():
    class Signs(el.SGD):
        def equations(self, w, g, *, rate, keep):  # a scalar called like one of the groups'
            return w - keep * rate * el.sign(g)

        def scalars(self, rate, step):
            return {"rate": rate, "keep": 0.5}

    (x, target), net = sums(), recurrent()
    before = {name: np.array(value) for name, value in net.params.items()}
    net.train_on_batch(x, target, optimizer=Signs(0.1, groups={"0.*": {"rate_factor": 0.1, "weight_decay": 1.0}}))
    for name, w in before.items():
        kept, rate = (0.99, 0.01) if name.startswith("0.") else (1.0, 0.1)
        np.testing.assert_allclose(np.abs(net.params[name] - kept * w), 0.5 * rate, rtol=1e-9)


def test_groups_are_shown_and_go_on_in_a_fresh_optimiser():
    optimizer = el.Adam(groups={"*.E": {"rate_factor": 0.1}})
    assert repr(optimizer) == repr(optimizer.fresh()) == "Adam(groups={'*.E': {'rate_factor': 0.1}})"


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        (["0.*"], "Adam: groups is"),
        ({"0.*": 0.1}, r"groups\['0.\*'\] is 0.1; expected a dict"),
        ({"0.*": {"lr": 0.1}}, "has 'lr'; there are learning_rate, rate_factor, weight_decay, l1, l2"),
        ({"0.*": {"weight_decai": 0.1}}, r"did you mean 'weight_decay'\?"),
        ({"0.*": {"l2": -1}}, r"l2 of groups\['0.\*'\] is -1; expected a number of at least 0"),
        ({"0.*": {"l1": np.nan}}, "l1 of groups"),
        ({"0.*": {"learning_rate": "fast"}}, "learning_rate of groups"),
    ],
)
def test_groups_that_make_no_sense_are_refused(groups, text):
    with pytest.raises(OptionError, match=text):
        el.Adam(groups=groups)


@pytest.mark.parametrize("pattern", ["2.*", "0.w_z", 3])
def test_a_pattern_that_fits_nothing_is_an_error(pattern):
    x, target = sums()
    with pytest.raises(OptionError, match="groups: .* fits no parameter"):
        recurrent().fit(x, target, optimizer=el.SGD(groups={pattern: {"l1": 0.1}}), verbose=0)
