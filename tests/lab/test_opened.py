"""Models of other commands: what the page shows of them is what the library says."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import elman as el
from elman.errors import ElmanError, OptionError
from elman.insight import fixed_points, lyapunov_spectrum
from elman.insight.flow import flow_of_outputs
from elman.insight.system import System
from elman.lab import sessions
from elman.lab.asked import Asked
from elman.lab.horizon import quantised
from elman.lab.many_states import leading_exponents, settled_points
from elman.lab.opened import TOGETHER, Opened
from elman.lab.results import Results
from elman.lab.sessions import Session


def array(packed):
    return np.frombuffer(base64.b64decode(packed["float32"]), "<f4").reshape(packed["shape"])


def both(x):
    return el.Dense(2)(el.LSTM(5)(el.Bidirectional(el.GRU(4))(x)))


def two(a, b):
    return el.Dense(1)(el.GRU(3)(el.concat(a, b)))


MODELS = {
    "chain": lambda: el.Network(2, [el.GRU(4), el.LSTM(3), el.Dense(1)], seed=2),
    "graph": lambda: el.Network(both, inputs={"x": 3}, seed=1),
    "two inputs": lambda: el.Network(two, inputs={"a": 1, "b": 2}, seed=1),
    "indices": lambda: el.Network(1, [el.Embedding(5, 3), el.GRU(4), el.Dense(5)], seed=1),
}


@pytest.fixture(scope="module", params=MODELS)
def opened(request, tmp_path_factory):
    file = MODELS[request.param]().save(tmp_path_factory.mktemp("model") / "net.safetensors")
    return Opened.of(file, "net.safetensors")


def test_it_is_described(opened):
    found = opened.described()
    assert [one["name"] for one in found["layers"]] == [p.name for p in opened.net.structure.parts]
    assert found["parameters"] == opened.net.arena.size and found["kind"] == "Network"
    assert set(found["systems"]) - {TOGETHER} == {one["name"] for one in found["layers"] if one["states"]}


def test_values_are_those_of_a_trace(opened):
    row = tuple(a[1:2] for a in opened.x)
    row = row if len(row) > 1 else row[0]
    trace = opened.net.trace(row)
    for layer in [one["name"] for one in opened.described()["layers"] if one["latex"]]:
        found = opened.scrub(Asked({"layer": layer, "row": 1}))
        assert found["values"]
        for one in found["values"]:
            np.testing.assert_allclose(array(one), trace[f"{layer}.{one['name']}"][0], rtol=1e-6)
    np.testing.assert_allclose(array(found["output"]), opened.net(row)[0], rtol=1e-6)


def test_every_layer_with_states_has_dynamics_and_a_horizon(opened):
    for name in opened.systems():
        asked = Asked({"layer": name, "input": "mean"})
        found, layer = opened.dynamics(asked), None if name == TOGETHER else name
        assert found["n"] == System(opened.net, layer).n and len(found["lyapunov"]["exponents"]) == found["n"]
        assert (
            opened.horizon(asked)["triangle"]["bytes"]
            == quantised(flow_of_outputs(opened.net, opened.given, layer).pairs)["bytes"]
        )


def test_what_is_not_there_is_told(opened):
    for wrong in ({"layer": "no"}, {"layer": 3}, {"row": 99}, {"row": -1}):
        with pytest.raises(OptionError):
            opened.scrub(Asked(wrong))
    with pytest.raises(OptionError):
        opened.dynamics(Asked({"layer": "no"}))


def test_a_network_without_states_has_values_only(tmp_path):
    file = el.Network(2, [el.Dense(3)]).save(tmp_path / "net.safetensors")
    found = Opened.of(file, "net")
    assert found.described()["systems"] == [] and found.scrub(Asked({}))["values"]
    for look in (found.dynamics, found.horizon):
        with pytest.raises(OptionError, match="no layer with states"):
            look(Asked({}))


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x02\0\0\0\0\0\0\0{}"])
def test_files_that_are_no_models_are_told(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)
    results = Results(tmp_path)
    assert results.file("x.safetensors") is None
    with pytest.raises(ElmanError):
        Opened.of(results.model("x.safetensors"), "x")


def test_one_model_is_results_too(tmp_path):
    file = el.Network(2, [el.GRU(3)]).save(tmp_path / "net.safetensors")
    (tmp_path / "other.json").write_text("{}")
    assert [one["name"] for one in Results(file).listed()["files"]] == ["net.safetensors"]
    assert [one["kind"] for one in Results(tmp_path).listed()["files"]] == ["model", "data"]


# --- many states ------------------------------------------------------------------------------------------------


def system_of(U):
    return System(el.Network(1, [el.SimpleRNN(len(U), initial={"U": U}), el.Dense(1)], seed=3))


def test_the_first_exponents_are_those_of_eigenvalues_at_rest():
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(20, 20)))[0]
    rates = 0.9 * 0.8 ** np.arange(20)
    found = leading_exponents(system_of(axes @ np.diag(rates) @ axes.T), np.zeros(1))
    np.testing.assert_allclose(found.exponents, np.log(rates[:8]), rtol=1e-3)


def test_the_first_exponents_are_those_of_the_whole_spectrum_in_chaos():
    random = np.random.default_rng(0)
    system = system_of(4 * random.normal(size=(60, 60)) / np.sqrt(60))
    found, expected = leading_exponents(system, np.zeros(1)), lyapunov_spectrum(system.whole, steps=1500, burn_in=200)
    assert expected.exponents[0] > 0.3 and "chaotic" in found.verdict
    assert (np.abs(found.exponents - expected.exponents[:8]) < 4 * (found.error + expected.error[:8]) + 0.02).all()


def test_runs_settle_in_the_stable_points():
    random = np.random.default_rng(1)
    weights = {"U": np.diag(random.uniform(1.5, 2.0, 4))}
    system = System(el.Network(1, [el.SimpleRNN(4, initial=weights), el.Dense(1)], seed=3))
    states = random.uniform(-1, 1, (7, 4))
    found = settled_points(system, states, np.zeros(1))
    expected = fixed_points(system.whole, states, 0.0)
    stable = expected.points[expected.stable]
    settled = found.points[found.stable]
    assert len(settled) and not found.slow.any()
    assert all(np.linalg.norm(stable - point, axis=1).min() < 1e-5 for point in settled)


def test_many_states_are_looked_at_in_part_and_very_many_are_told(tmp_path):
    found = Opened.of(el.Network(1, [el.GRU(260), el.Dense(1)]).save(tmp_path / "a.safetensors"), "a")
    looked = found.dynamics(Asked({}))
    assert looked["n"] == 260 and not looked["few"] and len(looked["lyapunov"]["exponents"]) == 8
    wide = Opened.of(el.Network(1, [el.GRU(1100), el.Dense(1)]).save(tmp_path / "b.safetensors"), "b")
    with pytest.raises(OptionError, match="1,100 numbers; dynamics are looked at up to 1,024"):
        wide.dynamics(Asked({}))
    with pytest.raises(OptionError, match="gradients are followed up to 512"):
        wide.horizon(Asked({}))


def test_looks_that_come_together_wait_for_one_another(tmp_path, monkeypatch):
    session = Session()
    session.open(el.Network(1, [el.GRU(4), el.Dense(1)]).save(tmp_path / "a.safetensors"), "a")
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda what: session.look_at_opened(what, Asked({})), ("horizon", "dynamics", "scrub")))
    assert all(found)
    monkeypatch.setattr(sessions, "PATIENCE", 0.01)
    with session._looking, pytest.raises(OptionError, match="wait for it"):
        session.look_at_opened("scrub", Asked({}))


def opened_of(net, tmp_path):
    return Opened.of(net.save(tmp_path / "a.safetensors"), "a")


POKE = {"step": 3, "state": "h", "unit": 1, "amount": 0.25}


def test_a_poke_goes_through_all_layers_behind(tmp_path):
    found = opened_of(el.Network(2, [el.GRU(4), el.LSTM(3), el.Dense(1)], seed=1), tmp_path)
    poke = found.scrub(Asked({"layer": "0", "row": 1, "poke": POKE}))["poke"]
    x = found.x[0][1:2]
    _, states = found.net(x[:, :4], return_state=True)
    changed = [tuple(a.copy() for a in layer) for layer in states]
    changed[0][0][0, 1] += 0.25
    plain, poked = (found.net.trace(x[:, 4:], state=one) for one in (states, changed))
    np.testing.assert_allclose(array(poke["values"]["z"])[4:], (poked["0.z"] - plain["0.z"])[0], atol=1e-6)
    apart = [poked[name] - plain[name] for name in ("0.h", "1.h", "1.c")]
    np.testing.assert_allclose(
        array(poke["size"])[4:], np.linalg.norm(np.concatenate(apart, axis=2)[0], axis=1), atol=1e-6
    )
    assert (array(poke["size"])[:3] == 0).all() and array(poke["size"])[3] == 0.25


def test_a_poke_of_a_layer_that_runs_backwards_goes_backwards(tmp_path):
    found = opened_of(el.Network(2, [el.Bidirectional(el.GRU(4)), el.Dense(1)], seed=1), tmp_path)
    said = found.scrub(Asked({"layer": "0.backward", "poke": POKE}))
    alone = el.Network(2, [el.GRU(4)])
    for name in alone.params:
        alone.params[name] = found.net.params[name.replace("0.", "0.backward.")]
    x = found.x[0][:1, ::-1]
    at = said["steps"] - 1 - 3
    before = alone.trace(x[:, : at + 1])["h"][:, -1].copy()
    before[0, 1] += 0.25
    poked, plain = alone.trace(x[:, at + 1 :], state=[(before,)])["h"], alone.trace(x)["h"][:, at + 1 :]
    np.testing.assert_allclose(array(said["poke"]["values"]["h"])[:3], (poked - plain)[0, ::-1], atol=1e-6)
    assert said["reverse"] and "within this layer" in said["reach"] and (array(said["poke"]["size"])[4:] == 0).all()
    with pytest.raises(OptionError, match="step"):
        found.scrub(Asked({"layer": "0.backward", "poke": {**POKE, "step": 0}}))


def test_where_nothing_can_be_poked_it_is_said_why(tmp_path):
    found = opened_of(el.Network(2, [el.GRU(4), el.Dense(1)]), tmp_path)
    said = found.scrub(Asked({"layer": "1"}))
    assert said["unpoked"] == "this layer has no state that could be poked"
    for wrong in (
        {"layer": "1", "poke": POKE},
        {"layer": "0", "poke": {**POKE, "state": "c"}},
        {"layer": "0", "poke": {**POKE, "unit": 4}},
    ):
        with pytest.raises(OptionError):
            found.scrub(Asked(wrong))


def test_states_are_those_of_the_layer_though_moves_stand_before_it(tmp_path):
    def late(x):
        return el.Dense(1)(el.GRU(3)(el.shift(x, 1)))

    found = opened_of(el.Network(late, inputs={"x": 2}), tmp_path)
    said = found.scrub(Asked({"layer": "gru"}))
    assert said["states"] == ["h"] and [one["name"] for one in said["values"] if one["state"]] == ["h"]
