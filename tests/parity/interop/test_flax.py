"""Models of flax.linen and flax.nnx, drawn: each becomes a network, which flax itself proves."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.parity
pytest.importorskip("flax", reason="flax is not installed: `make parity` installs it")

import flax.linen as nn  # noqa: E402
import flax.nnx as nnx  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

import elman as el  # noqa: E402
from elman.interop import from_flax, proof, to_flax, weights_from_jax  # noqa: E402

MODELS = int(os.environ.get("ELMAN_FLAX_MODELS", 30))
FEATURES, UNITS, WORDS = 3, 4, 6
ACTIVATIONS = [nn.tanh, nn.tanh, nn.relu, nn.elu, nn.gelu, nn.soft_sign, lambda x: x, lambda x: jnp.sin(x)]
GATES = [nn.sigmoid, nn.sigmoid, nn.sigmoid, nn.hard_sigmoid]
BETWEEN = [nn.relu, nn.silu, jnp.tanh, nn.leaky_relu, nn.softplus, nn.hard_tanh, nn.relu6, nn.log_softmax]
MERGES = [None, lambda a, b: a + b, lambda a, b: (a + b) / 2, jnp.multiply]


class Drawn:
    """A model, as a list of modules: `linen` or not, of numbers in float64 or not."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng((seed, 7))
        self.linen = bool(self.random.random() < 0.55)
        self.dtype = jnp.float64 if self.random.random() < 0.1 else jnp.float32
        self.rngs = nnx.Rngs(seed)
        self.embeds = bool(self.random.random() < 0.3)
        self.features = FEATURES
        self.modules: list[Any] = []
        self._draw()

    def choose(self, values: list[Any]) -> Any:
        return values[int(self.random.integers(len(values)))]

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def _draw(self) -> None:
        if self.embeds:
            self._add(nn.Embed, nnx.Embed, WORDS, FEATURES)
        for _ in range(self.choose([1, 1, 2])):
            self._recurrent()
            if self.chance(0.2):
                self._norm()
        if self.chance(0.3):
            self.modules.append("last")
        if self.chance(0.6):
            self._dense()
        if self.chance(0.3):
            self.modules.append(self.choose(BETWEEN))
            if self.chance(0.5):
                self._dense()

    def _add(self, of_linen: Any, of_nnx: Any, *sizes: int, **options: Any) -> None:
        """Sizes of inputs come first in nnx, and are found in linen."""
        if self.linen:
            self.modules.append(of_linen(*sizes, param_dtype=self.dtype, **options))
        else:
            self.modules.append(of_nnx(*sizes, param_dtype=self.dtype, rngs=self.rngs, **options))

    def _norm(self) -> None:
        epsilon = self.choose([1e-6, 1e-3])
        self._add(nn.LayerNorm, nnx.LayerNorm, *([] if self.linen else [self.features]), epsilon=epsilon)
        if self.chance(0.3):
            rate = {"rate": 0.4}
            self.modules.append(nn.Dropout(**rate) if self.linen else nnx.Dropout(**rate, rngs=self.rngs))

    def _dense(self) -> None:
        sizes, self.features = ([2] if self.linen else [self.features, 2]), 2
        self._add(nn.Dense, nnx.Linear, *sizes, use_bias=self.chance(0.7))

    def _cell(self) -> Any:
        kinds = ["SimpleCell", "GRUCell", "LSTMCell", "OptimizedLSTMCell", *(["MGUCell"] * self.linen)]
        kind = self.choose(kinds)
        options: dict[str, Any] = {"activation_fn": self.choose(ACTIVATIONS), "param_dtype": self.dtype}
        if kind == "SimpleCell":
            options["residual"] = self.chance(0.4)
            options["dtype"] = self.dtype
        else:
            options["gate_fn"] = self.choose(GATES)
        if kind == "MGUCell":
            options["reset_gate"] = self.chance(0.5)
        if self.linen:
            return getattr(nn, kind)(UNITS, **options)
        options |= dict.fromkeys(("kernel_init", "recurrent_kernel_init"), nn.initializers.zeros_init())  # drawn later
        return getattr(nnx, kind)(self.features, UNITS, **options, rngs=self.rngs)

    def _rnn(self) -> Any:
        names = {"reverse": 0.35, "keep_order": 0.5, "time_major": 0.1, "return_carry": 0.1}
        how = {name: self.chance(share) for name, share in names.items()}
        return (nn if self.linen else nnx).RNN(self._cell(), **how)

    def _recurrent(self) -> None:
        kind, alone = self.random.random(), not self.modules
        if kind < 0.1 and alone:
            self.modules.append(self._cell())
        elif kind < 0.65:
            self.modules.append(self._rnn())
        else:
            there, merge = self._rnn(), self.choose(MERGES)
            back = there if self.chance(0.1) else self._rnn()
            options = {} if merge is None else {"merge_fn": merge}
            self.modules.append((nn if self.linen else nnx).Bidirectional(there, back, **options))
            self.features = UNITS * (1 if merge else 2)
            return
        self.features = UNITS

    # --- with numbers ---------------------------------------------------------------------------------------

    def given(self) -> tuple[Any, Any]:
        """What a user would give: the model, and its parameters."""
        if not self.linen:
            return self._given_nnx()
        trees, x = [], np.zeros((2, 5), int) if self.embeds else np.zeros((2, 5, FEATURES), self.dtype)
        for module in self.modules:
            tree, x = self._numbers(module, x)
            trees.append(tree)
        several = len(self.modules) > 1
        if not several and self.chance(0.5):
            return self.modules[0], trees[0]
        if "last" not in self.modules and not isinstance(self.modules[0], nn.RNNCellBase) and self.chance(0.6):
            inner = {f"layers_{k}": tree["params"] for k, tree in enumerate(trees) if tree}
            return nn.Sequential(self.modules), {"params": inner} if self.chance(0.5) else inner
        return self.modules, [tree["params"] if tree and self.chance(0.5) else tree for tree in trees]

    def _numbers(self, module: Any, x: Any) -> tuple[Any, Any]:
        """Drawn parameters of a module of linen, and an input of the next one."""
        if module == "last":
            return None, x[:, -1]
        if not isinstance(module, nn.Module):
            return None, x
        if isinstance(module, nn.Dropout):
            return None, x
        runs = nn.RNN(module) if isinstance(module, nn.RNNCellBase) else module
        how = {"time_major": False, "return_carry": False} if isinstance(runs, nn.RNN | nn.Bidirectional) else {}
        y, shapes = jax.eval_shape(lambda: runs.init_with_output(jax.random.key(0), x, **how))
        found = jax.tree.map(self._drawn, shapes)
        if runs is not module:
            found = {"params": found["params"]["cell"]}
        return found, np.zeros(y.shape, y.dtype)

    def _drawn(self, like: Any) -> Any:
        return jnp.asarray(self.random.normal(0, 0.5, like.shape), like.dtype)

    def _given_nnx(self) -> tuple[Any, Any]:
        for module in self.modules:
            if isinstance(module, nnx.Module):
                nnx.update(module, jax.tree.map(self._drawn, nnx.state(module, nnx.Param)))
        modules = [m for m in self.modules if m != "last"]
        if len(self.modules) == 1:
            return self.modules[0], nnx.state(self.modules[0], nnx.Param) if self.chance(0.5) else None
        if len(modules) == len(self.modules) and self.chance(0.5):
            model = nnx.Sequential(*modules)
            return model, nnx.state(model) if self.chance(0.5) else None
        return self.modules, None


@pytest.fixture
def short(monkeypatch):
    """Three steps in place of nine: op by op the time goes into compiling each for each number of steps."""
    monkeypatch.setattr(proof, "STEPS", 3)
    monkeypatch.setattr(proof, "RAGGED", (3, 1, 2))


@pytest.mark.parametrize("seed", range(MODELS))
def test_a_drawn_model_becomes_the_same_network(seed: int, short: None) -> None:
    with jax.enable_x64(True), jax.disable_jit():
        drawn = Drawn(seed)
        model, params = drawn.given()
        net, report = from_flax(model, params, return_report=True)
    assert report.tolerance == (1e-10 if drawn.dtype == jnp.float64 else 1e-5)
    assert set(net.params) == {mapped.ours for mapped in report.mapped}
    assert len(report.trials) == 4 and net.dtype == drawn.dtype


# --- one by one ---------------------------------------------------------------------------------------------------

X = np.zeros((1, 3, FEATURES), np.float32)


def numbered(module: Any, x: Any = X) -> Any:
    return jax.tree.map(
        lambda like: jnp.asarray(np.random.default_rng(like.size).normal(0, 0.5, like.shape), like.dtype),
        jax.eval_shape(module.init, jax.random.key(0), x),
    )


def test_the_report_says_what_became_what_and_by_which_convention(short: None) -> None:
    model = nn.Sequential([nn.RNN(nn.GRUCell(4), reverse=True), nn.Dense(2), nn.relu])
    with jax.disable_jit():
        net, report = from_flax(model, numbered(model), return_report=True)
    named = {m.theirs: (m.ours, m.how) for m in report.mapped}
    assert named["layers_0.cell.hn.bias"] == ("gru.c_n", "reset after the product; z keeps the old state")
    assert named["layers_1.kernel"] == ("dense.W", "")
    assert report.notes == ("values of reverse=True come from the last step to the first, as there",)
    assert report.source.startswith("flax 0") and net.outputs == 2


def test_a_chain_is_a_list_of_layers_and_is_saved_as_equations(short: None, tmp_path: Any) -> None:
    model = nn.Sequential([nn.RNN(nn.MGUCell(4, gate_fn=nn.hard_sigmoid)), nn.Dense(2)])
    with jax.disable_jit():
        net = from_flax(model, numbered(model))
    assert list(net.params)[0].startswith("0.") and net.structure.is_chain
    net.save(tmp_path / "model.elman")
    x = np.random.default_rng(0).normal(size=(2, 4, FEATURES)).astype("f4")
    np.testing.assert_array_equal(el.load(tmp_path / "model.elman")(x), net(x))


def test_the_last_step_alone_is_what_a_recurrent_layer_returns(short: None) -> None:
    modules = [nn.RNN(nn.LSTMCell(4)), "last", nn.Dense(2)]
    trees = [numbered(modules[0]), None, numbered(modules[2], np.zeros((1, 4)))]
    with jax.disable_jit():
        net = from_flax(modules, trees)
    assert net(np.zeros((2, 5, FEATURES), "f4")).shape == (2, 2) and not net.layers[0].return_sequences


class Own(nn.Module):
    @nn.compact
    def __call__(self, x: Any) -> Any:
        return nn.Dense(2)(x)


def test_what_cannot_be_said_is_refused_by_name() -> None:
    cell = nn.GRUCell(4)
    params = numbered(nn.RNN(cell))
    refused = [
        (Own(), None, "is a Own; known are RNN.*give a list of its parts"),
        (nn.RNN(nn.ConvLSTMCell(4, (3,))), None, "is a ConvLSTMCell; known are SimpleCell"),
        (nn.RNN(cell), None, "there are no parameters of cell: give params"),
        (nn.RNN(cell), {"params": {"cell": {}}}, "the parameters cell have no 'iz.kernel', but nothing"),
        (nn.RNN(nn.GRUCell(4, activation_fn=jax.nn.mish)), params, "cell.activation_fn is a function that has no like"),
        (nn.RNN(nn.GRUCell(4, carry_init=nn.initializers.ones)), params, "carry_init that is not zero"),
        (nn.RNN(nn.GRUCell(4, dtype=jnp.bfloat16)), params, "computes in bfloat16 and has parameters of float32"),
        (nn.RNN(cell), jax.tree.map(lambda a: a.astype("bfloat16"), params), "is bfloat16.*convert"),
        (nn.Sequential([nn.relu]), {}, "no module with parameters"),
        ([nn.RNN(cell)], [params, None], "1 modules and 2 params"),
        (nn.Bidirectional(nn.RNN(cell), nn.RNN(cell), merge_fn=jnp.subtract), None, "there are no parameters"),
    ]
    for model, given, message in refused:
        with pytest.raises(el.ConversionError, match=message):
            from_flax(model, given)
    with pytest.raises(el.ConversionError, match="features=5, and the first matrix has 3 columns"):
        from_flax(nn.RNN(cell), params, features=5)
    both = nn.Bidirectional(nn.RNN(cell), nn.RNN(nn.GRUCell(4)), merge_fn=jnp.subtract)
    with pytest.raises(el.ConversionError, match="merge_fn is no concatenation"):
        from_flax(both, numbered(both))


def test_a_network_is_a_module_that_nnx_trains() -> None:
    net = el.Network(FEATURES, [el.GRU(4), el.BatchNorm(), el.Dropout(0.2), el.Dense(1)])
    module, report = to_flax(net, return_report=True)
    assert report.largest < 1e-6
    x = np.random.default_rng(0).normal(size=(4, 5, FEATURES)).astype("f4")
    np.testing.assert_allclose(module(x), net(x), atol=1e-6)
    before, mean = module(x), module.fixed["1.mean"][...]

    @nnx.jit
    def step(module: Any, rngs: Any) -> Any:
        grads = nnx.grad(lambda m, rngs: (m(x, rngs=rngs) ** 2).mean())(module, rngs)
        nnx.update(module, jax.tree.map(lambda p, g: p - 0.1 * g, nnx.state(module, nnx.Param), grads))

    step(module, nnx.Rngs(dropout=0))
    assert (module(x) ** 2).mean() < (before**2).mean() and (module.fixed["1.mean"][...] != mean).any()
    np.testing.assert_allclose(weights_from_jax(net, module.params())(x), module(x), atol=1e-6)
