"""Elman against what PyTorch and Keras computed (tests/golden; `make parity` compares with them live)."""

import sys
from pathlib import Path

import numpy as np
import pytest

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden"
sys.path.insert(0, str(TESTS / "parity"))

import elman_run  # noqa: E402
import problem as problems  # noqa: E402

import elman as el  # noqa: E402

ENGINES = ("numpy", "native")
TOLERANCES = [(np.float64, 1e-10), (np.float32, 1e-5)]  # times the largest absolute value of an array


def stored(file: str, case: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / file) as arrays:
        return {name.split("/")[1]: arrays[name] for name in arrays.files if name.startswith(case + "/")}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES, ids=["float64", "float32"])
@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*_H*.npz")), ids=lambda file: file.stem)
def test_layer(file: Path, dtype: type, tolerance: float, engine: str) -> None:
    problem, expected = problems.load(file)
    outcome = elman_run.run(problem, dtype, engine).arrays()
    problems.assert_close({name: problems.sketch(value) for name, value in outcome.items()}, expected, tolerance)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES, ids=["float64", "float32"])
@pytest.mark.parametrize(
    "case",
    [
        "mse",
        "rmse",
        "mae",
        "huber",
        "softmax_cross_entropy.index",
        "softmax_cross_entropy.one_hot",
        "binary_cross_entropy",
    ],
)
def test_loss(case: str, dtype: type, tolerance: float, engine: str) -> None:
    """With the unit vectors as inputs a dense layer's matrix holds the predictions, and its gradient is theirs."""
    golden = stored("losses.npz", case)
    batch, steps, outputs = golden["prediction"].shape
    net = el.Network(inputs=batch * steps, layers=[el.Dense(outputs)], dtype=dtype, engine=engine)
    net.params["0.W"] = golden["prediction"].reshape(-1, outputs).T
    net.params["0.b"] = 0
    x = np.eye(batch * steps, dtype=dtype).reshape(batch, steps, -1)
    value, gradients = net.loss_and_grads(x, golden["target"], loss=case.split(".")[0])
    actual = {"value": np.float64(value), "gradient": np.float64(gradients["0.W"]).T.reshape(golden["gradient"].shape)}
    problems.assert_close(actual, {name: golden[name] for name in actual}, tolerance)


OPTIMIZERS = {
    "sgd": lambda: el.SGD(0.0625),
    "sgd_momentum": lambda: el.SGD(0.0625, momentum=0.875),
    "sgd_nesterov": lambda: el.SGD(0.0625, momentum=0.875, nesterov=True),
    "keras.rmsprop": lambda: el.RMSProp(0.0625, rho=0.875, epsilon=1e-7),
    "pytorch.adam": lambda: el.Adam(0.0625, beta_1=0.875, beta_2=0.984375, epsilon=1e-8),
    "pytorch.adamw": lambda: el.AdamW(0.0625, beta_1=0.875, beta_2=0.984375, epsilon=1e-8, weight_decay=0.015625),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES, ids=["float64", "float32"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(name: str, dtype: type, tolerance: float, engine: str) -> None:
    with np.load(GOLDEN / "optimizers.npz") as arrays:
        data = {key: arrays[key] for key in ("x", "target", "W", "b")}
    expected = stored("optimizers.npz", name)
    for updates in range(1, len(data["x"]) + 1):
        net = el.Network(inputs=3, layers=[el.Dense(2)], dtype=dtype, engine=engine)
        net.params["0.W"], net.params["0.b"] = data["W"], data["b"]
        x, target = (data[key][:updates].reshape(-1, *data[key].shape[2:]) for key in ("x", "target"))
        options = {"batch_size": data["x"].shape[1], "epochs": 1, "shuffle": False, "verbose": 0}
        net.fit(x.astype(dtype), target.astype(dtype), loss="mse", optimizer=OPTIMIZERS[name](), **options)
        actual = {key: np.float64(net.params[f"0.{key}"]) for key in "Wb"}
        problems.assert_close(actual, {key: expected[key][updates - 1] for key in "Wb"}, tolerance)
