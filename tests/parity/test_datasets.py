"""Loaders of PyTorch, Keras and tf.data, and data sets of HDF5, as what a network is trained on."""

from __future__ import annotations

import numpy as np
import pytest
from tests.training.problems import recurrent, sums, train

import elman as el

pytestmark = pytest.mark.parity
X, TARGET = sums(rows=50)


def known(**options) -> el.Network:
    net = recurrent()
    train(net, X, TARGET, **{"shuffle": False, "batch_size": 16, "epochs": 2, **options})
    return net


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_of_pytorch(workers):
    torch = pytest.importorskip("torch")
    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(TARGET))
    loader = torch.utils.data.DataLoader(rows, batch_size=16, num_workers=workers)
    net = recurrent()
    train(net, loader, epochs=2, validation_data=loader, metrics=["mae"])
    assert np.array_equal(net.arena, known().arena)


def test_one_that_shuffles_and_one_without_a_length():
    torch = pytest.importorskip("torch")
    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(TARGET))
    shuffled = torch.utils.data.DataLoader(rows, 16, shuffle=True, generator=torch.Generator().manual_seed(1))
    again = torch.utils.data.DataLoader(rows, 16, shuffle=True, generator=torch.Generator().manual_seed(1))
    nets = [recurrent(), recurrent()]
    for net, loader in zip(nets, (shuffled, again), strict=True):
        train(net, loader, epochs=3)
    assert np.array_equal(nets[0].arena, nets[1].arena)

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return ((x, y) for x, y in zip(X, TARGET, strict=True))

    loader = torch.utils.data.DataLoader(Stream(), batch_size=16)
    with pytest.raises(el.OptionError, match="give steps_per_epoch"):
        train(recurrent(), loader)
    net = recurrent()
    train(net, loader, steps_per_epoch=4, epochs=2)
    assert np.array_equal(net.arena, known().arena)


def test_tensors_that_ask_for_gradients_are_named():
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(X).requires_grad_()
    with pytest.raises(el.DataError, match="batch 1: x is no array of numbers.*detach"):
        train(recurrent(), [(x, TARGET)])


def test_a_sequence_of_keras():
    keras = pytest.importorskip("keras")

    class Rows(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, number):
            return X[16 * number : 16 * (number + 1)], TARGET[16 * number : 16 * (number + 1)]

    net = recurrent()
    train(net, Rows(), epochs=2, validation_data=Rows())
    assert np.array_equal(net.arena, known().arena)


def test_a_dataset_of_tensorflow():
    tf = pytest.importorskip("tensorflow")
    rows = tf.data.Dataset.from_tensor_slices((X, TARGET))
    net = recurrent()
    train(net, rows.batch(16), epochs=2)
    assert np.array_equal(net.arena, known().arena)
    with pytest.raises(el.OptionError, match="give steps_per_epoch"):
        train(recurrent(), rows.batch(16).repeat())
    endless = recurrent()
    train(endless, rows.batch(16).repeat(), steps_per_epoch=4, epochs=2)
    assert np.array_equal(endless.arena, net.arena)


def test_a_data_set_of_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"], file["y"] = X, TARGET
        bad = X.copy()
        bad[33, 2, 1] = np.nan
        file["bad"] = bad
    with h5py.File(tmp_path / "data.h5") as file:
        net = recurrent()
        train(net, file["x"], file["y"], shuffle=False, batch_size=16, epochs=2)
        assert np.array_equal(net.arena, known().arena)
        with pytest.raises(el.DataError, match=r"data\.h5, row 33, step 2: x\[33, 2, 1\] is nan"):
            train(recurrent(), file["bad"], file["y"])
