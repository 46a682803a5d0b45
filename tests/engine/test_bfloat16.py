"""Products in bfloat16: rounding against arithmetic, kernels against the NumPy engine, training against float32."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elman as el
from elman.engine import make_engine
from elman.engine.bfloat16 import rounded
from elman.engine.native import instruction_sets
from elman.engine.plan import Plan
from elman.errors import OptionError
from tests.draws import draws
from tests.engine.calls import gradients
from tests.engine.zoo import CELLS, batch, make_plan

ISAS = instruction_sets()


def nearest(x: np.ndarray) -> np.ndarray:
    """8 significant bits, ties to even, by arithmetic; zero below the smallest normal number."""
    with np.errstate(over="ignore", invalid="ignore"):
        fraction, exponent = np.frexp(x.astype(np.float64))
        value = np.ldexp(np.rint(np.ldexp(fraction, 8)), exponent - 8).astype(np.float32)
    return np.where(np.abs(x) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), x), value)


def test_rounding_is_to_the_nearest_for_every_upper_half():
    upper, lower = np.arange(1 << 16, dtype=np.uint32) << 16, [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF]
    x = (upper[:, None] | np.array(lower, np.uint32)).view(np.float32)
    np.testing.assert_array_equal(rounded(x), nearest(x))  # which takes NaN for NaN
    assert np.array_equal(np.signbit(rounded(x)), np.signbit(x))


def test_what_is_rounded_is_seen_through_a_view():
    x = np.arange(24, dtype=np.float32).reshape(4, 6) / 7
    np.testing.assert_array_equal(rounded(x[::2, 1::3]), rounded(x)[::2, 1::3])
    assert rounded(rounded(x)).tolist() == rounded(x).tolist()


def whole_numbers(plan: Plan, B: int, T: int, seed: int) -> dict:
    """Data whose sums are exact in float32 up to the gradients of parameters, and often too long for bfloat16."""
    random = np.random.default_rng(seed)
    data = batch(plan, B, T, seed, np.float32)
    for name, most in {"x": 300, "target": 40}.items():
        data[name] = random.integers(-most, most + 1, data[name].shape).astype(np.float32)
    data["parameters"] = random.integers(-1, 2, plan.parameters).astype(np.float32)
    data["states"] = [random.integers(-9, 10, s.shape).astype(np.float32) for s in data["states"]]
    return data | {"weights": None, "lengths": None}


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("sizes", [(4, 2, 2, 3, 2), (8, 2, 3, 33, 1), (32, 1, 17, 20, 4), (2, 2, 70, 5, 2)])
def test_whole_numbers_are_rounded_where_the_numpy_engine_rounds_them(isa, sizes, monkeypatch):
    """So that no sum in another order is rounded apart afterwards."""
    monkeypatch.setenv("ELMAN_ISA", isa)
    B, T, F, H, O = sizes
    plan = make_plan("linear", F, H, O)
    data = whole_numbers(plan, B, T, seed=sum(sizes))
    ours, oracle, in_float32 = (
        gradients(make_engine(plan, np.float32, engine, products=products), **data, want_input=True)
        for engine, products in (("native", "bfloat16"), ("numpy", "bfloat16"), ("numpy", None))
    )
    np.testing.assert_array_equal(ours.output, oracle.output)
    np.testing.assert_array_equal(ours.input, oracle.input)
    scale = np.abs(oracle.parameters).max()
    np.testing.assert_allclose(ours.parameters / scale, oracle.parameters / scale, atol=1e-6, rtol=0)
    for name in ("output", "input", "parameters"):
        a, b = getattr(oracle, name), getattr(in_float32, name)
        assert np.abs(a - b).max() > 1e-4 * np.abs(b).max()  # there was something to round


@pytest.mark.parametrize("isa", ISAS)
@draws(12)
@given(
    name=st.sampled_from(sorted(CELLS)),
    sizes=st.tuples(st.integers(8, 40), st.integers(1, 7), st.integers(1, 40), st.integers(8, 50), st.integers(1, 5)),
    last=st.booleans(),
    ragged=st.booleans(),
    seed=st.integers(0, 9),
)
def test_every_cell_is_the_numpy_engines_but_for_rounding_in_float32(name, isa, sizes, last, ragged, seed):
    """What differs in the last bit of float32 is seldom rounded apart; what is not rounded differs everywhere."""
    B, T, F, H, O = sizes
    plan = make_plan(name, F, H, O, last=last)
    data = batch(plan, B, T, seed, np.float32) | ({} if ragged else {"lengths": None})
    data["weights"] = data["weights"].astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELMAN_ISA", isa)
        ours = gradients(make_engine(plan, np.float32, "native", products="bfloat16"), **data, key=5)
    oracle = gradients(make_engine(plan, np.float32, "numpy", products="bfloat16"), **data, key=5)
    in_float32 = gradients(make_engine(plan, np.float32, "numpy"), **data, key=5)
    for array in ("output", "parameters"):
        a, b, c = (getattr(run, array) for run in (ours, oracle, in_float32))
        apart, effect = np.median(np.abs(a - b)), np.median(np.abs(b - c))
        assert apart <= 0.15 * effect + 1e-7, (array, apart, effect)


def waves(n: int = 240, T: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Noisy waves (n, T, 1), and their next values."""
    random = np.random.default_rng(0)
    t = random.uniform(0, 6, (n, 1)) + random.uniform(0.2, 0.5, (n, 1)) * np.arange(T + 1)
    values = (np.sin(t) + random.normal(0, 0.1, t.shape)).astype(np.float32)[..., None]
    return values[:, :-1], values[:, 1:]


def trained(**options) -> tuple[el.Network, float]:
    net = el.Network(1, [el.LSTM(32), el.Dense(1)], seed=3, **options)
    history = net.fit(*waves(), optimizer=el.Adam(0.01), epochs=15, batch_size=32, verbose=0)
    return net, history["loss"][-1]


@pytest.mark.parametrize("isa", ISAS)
def test_training_ends_within_a_hundredth_of_the_loss_in_float32(isa, monkeypatch):
    monkeypatch.setenv("ELMAN_ISA", isa)
    (net, loss), (_, in_float32) = trained(products="bfloat16"), trained()
    assert loss == pytest.approx(in_float32, rel=0.01) and loss != in_float32
    assert (net.arena != rounded(net.arena)).any()  # the parameters themselves keep all their bits


@pytest.mark.parametrize("engine", ["numpy", None])
def test_files_and_copies_keep_it(tmp_path, engine):
    net = el.Network(2, [el.GRU(5), el.Dense(1)], seed=1, products="bfloat16", engine=engine)
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)
    again = el.load(net.save(tmp_path / "net.safetensors"), engine=engine)
    assert again.products == "bfloat16" and "products='bfloat16'" in repr(again)
    np.testing.assert_array_equal(again(x), net(x))
    plain = el.Network(2, [el.GRU(5), el.Dense(1)], seed=1, engine=engine)
    assert plain.products is None and (plain(x) != net(x)).any()


def test_gradients_are_checked_in_float64():
    net = el.Network(2, [el.SimpleRNN(3)], products="bfloat16")
    assert el.check_gradients(net).worst < 1e-7


@pytest.mark.parametrize(
    ("options", "message"),
    [({"products": "bf16"}, "must be 'bfloat16'"), ({"products": "bfloat16", "dtype": np.float64}, "float64")],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(OptionError, match=message):
        el.Network(2, [el.GRU(5)], **options)


@pytest.mark.parametrize("wrong", [np.zeros(0), np.zeros(2), "float16", 16, ["bfloat16"]])
def test_products_that_there_are_not_are_refused(wrong):
    with pytest.raises(el.OptionError, match="products must be 'bfloat16'"):
        el.Network(1, [el.GRU(2)], products=wrong)
