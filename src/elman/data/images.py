"""Images of handwritten digits, which a network reads row by row: MNIST, and a small stand-in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from elman.checks import as_seed, whole
from elman.data.download import REMOTE, cache_folder, download
from elman.data.idx import read_idx
from elman.data.npy import read_npz
from elman.errors import DataError

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


class Images(NamedTuple):
    """Images and their classes, for training and for testing.

    Attributes
    ----------
    x_train, x_test : ndarray of float32, shape (N, rows, columns)
        Pixels from 0 (background) to 1 (ink): a sequence of `rows` steps with `columns` features.
    y_train, y_test : ndarray of int64, shape (N,)
        Classes from 0.

    Examples
    --------
    >>> import elman as el
    >>> images = el.data.digits()
    >>> images.x_train.shape[1:], sorted(set(images.y_test.tolist()))[:3]
    ((8, 8), [0, 1, 2])
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def mnist(path: str | Path | None = None, *, fetch: bool = True, verbose: int = 1) -> Images:
    """MNIST: 60,000 and 10,000 images of handwritten digits, 28 rows of 28 pixels.

    It is looked for as ``mnist.npz`` (Keras's file) or as the four IDX files of its publication, plain or with
    ``.gz``: in `path` and nowhere else if that is given; else in the folder that the environment variable ELMAN_DATA
    names, in the user's cache folder (``~/.cache/elman``), in ``../shared/data`` and in ``../../shared/data``. If it is
    nowhere it is downloaded to the cache folder and checked.

    Parameters
    ----------
    path : str or Path, optional
        An npz file, or a folder with either kind of files.
    fetch : bool, default True
        Whether it may be downloaded (11 MB).
    verbose : int, default 1
        0 for silence, 1 for a progress bar while it is downloaded.

    Returns
    -------
    Images
        ``x_train, y_train, x_test, y_test``.

    Raises
    ------
    DataError
        If it is nowhere and cannot be downloaded, or a file is not what it should be.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document recognition, Proceedings
    of the IEEE 86 (1998).

    Examples
    --------
    >>> import elman as el
    >>> x_train, y_train, x_test, y_test = el.data.mnist()  # doctest: +SKIP
    >>> net = el.Network(inputs=28, layers=[el.LSTM(128, return_sequences=False), el.Dense(10)])
    >>> history = net.fit(x_train, y_train, loss="softmax_cross_entropy")  # doctest: +SKIP
    """
    if path is not None and Path(path).is_file():
        return _read_npz(Path(path))
    folders = [Path(path)] if path is not None else list(_usual_folders())
    found = next((f for f in folders if _holds_mnist(f)), None)
    if found is None and path is None and fetch:
        found = _downloaded(folders, verbose)
    if found is None:
        raise DataError(f"MNIST was not found in {_listed(folders)}; {_ADVICE}")
    if (found / "mnist.npz").is_file():
        return _read_npz(found / "mnist.npz")
    return _checked(*(read_idx(_idx_file(found, name)) for name in _IDX), origin=str(found))  # type: ignore[arg-type]


_ADVICE = (
    f"get {REMOTE['mnist.npz'].url} and put it there, or set ELMAN_DATA to the folder that has it; "
    "el.data.digits() is a small set that needs no file"
)


def _usual_folders() -> Iterator[Path]:
    if os.environ.get("ELMAN_DATA"):
        yield Path(os.environ["ELMAN_DATA"])
    yield cache_folder()
    for above in list(Path.cwd().parents)[:2]:
        yield above / "shared" / "data"


def _holds_mnist(folder: Path) -> bool:
    return (folder / "mnist.npz").is_file() or all(_idx_file(folder, name) for name in _IDX)


def _idx_file(folder: Path, name: str) -> Path | None:
    """An IDX file under one of its usual names."""
    dotted = name.replace("-idx", ".idx")
    names = (name, f"{name}.gz", dotted, f"{dotted}.gz")
    return next((folder / n for n in names if (folder / n).is_file()), None)


def _downloaded(looked: list[Path], verbose: int) -> Path:
    try:
        return download("mnist.npz", cache_folder(), verbose).parent
    except DataError as error:
        raise DataError(f"MNIST was not found in {_listed(looked)}, and {error}. What helps: {_ADVICE}") from error


def _listed(folders: list[Path]) -> str:
    return ", ".join(str(f) for f in folders)


def _read_npz(path: Path) -> Images:
    try:
        file = read_npz(path)
    except DataError as error:
        raise DataError(f"{path} is not an npz file of MNIST ({error}); get it again") from error
    missing = [key for key in _KEYS if key not in file]
    if missing:
        raise DataError(f"{path} has no array {missing[0]!r}; expected {', '.join(_KEYS)}")
    return _checked(*(file[key] for key in _KEYS), origin=str(path))


def _checked(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, *, origin: str
) -> Images:
    """Arrays of bytes as `Images`; refused where they are not such images, or not as many labels."""
    for x, y, part in ((x_train, y_train, "training"), (x_test, y_test, "test")):
        if x.ndim != 3 or x.shape[1:] != (28, 28) or x.dtype != np.uint8 or y.shape != x.shape[:1] or not len(x):
            raise DataError(
                f"{origin}: the {part} images have shape {x.shape} of {x.dtype} and their labels {y.shape}; "
                "expected (N, 28, 28) of uint8 and (N,)"
            )
        if y.dtype.kind not in "iu" or y.min() < 0 or y.max() > 9:
            raise DataError(f"{origin}: the {part} labels are not classes 0..9")
    return Images(_scaled(x_train, 255), y_train.astype(np.int64), _scaled(x_test, 255), y_test.astype(np.int64))


def _scaled(pixels: np.ndarray, most: float) -> np.ndarray:
    return np.divide(pixels, most, dtype=np.float32)


def digits(test: int = 297, *, seed: int = 0) -> Images:
    """Scikit-learn's digits: 1,797 images of 8 rows of 8 pixels, a stand-in for MNIST that needs no file.

    Parameters
    ----------
    test : int, default 297
        How many images, drawn at random, are kept for testing.
    seed : int, default 0
        Fixes which.

    Returns
    -------
    Images
        ``x_train, y_train, x_test, y_test``.

    Raises
    ------
    DataError
        If scikit-learn is not installed.
    OptionError
        If `test` leaves no image on one side.

    References
    ----------
    E. Alpaydin and C. Kaynak, Cascading classifiers, Kybernetika 34 (1998): the data set.

    Examples
    --------
    >>> images = digits()
    >>> images.x_train.shape, images.x_test.shape
    ((1500, 8, 8), (297, 8, 8))
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DataError("digits come with scikit-learn, which is not installed: pip install scikit-learn") from error
    found = load_digits()
    whole(test, "test", most=len(found.target) - 1)
    order = np.random.default_rng(as_seed(seed)).permutation(len(found.target))
    train, held = order[test:], order[:test]
    x, y = _scaled(found.images, 16), found.target.astype(np.int64)
    return Images(x[train], y[train], x[held], y[held])
