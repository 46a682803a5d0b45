import gzip
import hashlib
import http.server
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from elman.data import digits, download, images, mnist, read_idx
from elman.errors import DataError, OptionError

SHARED = Path(__file__).parents[3] / "shared" / "data"
IDX = dict(zip(("x_train", "y_train", "x_test", "y_test"), images._IDX, strict=True))


def arrays(rows=7):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (2 * rows, 28, 28), np.uint8)
    labels = random.integers(0, 10, 2 * rows, np.uint8)
    return {"x_train": pixels[rows:], "y_train": labels[rows:], "x_test": pixels[:rows], "y_test": labels[:rows]}


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """A working folder, a cache and an environment in which there is no MNIST."""
    (tmp_path / "home" / "work").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "home" / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ELMAN_DATA", raising=False)


def write_npz(folder):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "mnist.npz", **arrays())


def write_idx(folder, suffix="", form=lambda name: name):
    folder.mkdir(parents=True, exist_ok=True)
    for key, array in arrays().items():
        content = idx_bytes(array)
        (folder / (form(IDX[key]) + suffix)).write_bytes(gzip.compress(content) if suffix else content)


def assert_is_mnist(found):
    expected = arrays()
    np.testing.assert_array_equal(np.rint(found.x_train * 255), expected["x_train"])
    np.testing.assert_array_equal(found.x_test, (expected["x_test"] / 255.0).astype(np.float32))
    np.testing.assert_array_equal(found.y_train, expected["y_train"])
    np.testing.assert_array_equal(found.y_test, expected["y_test"])
    assert found.x_train.dtype == np.float32 and found.y_train.dtype == np.int64


@pytest.mark.parametrize(
    "write",
    [
        write_npz,
        write_idx,
        lambda f: write_idx(f, ".gz"),
        lambda f: write_idx(f, form=lambda n: n.replace("-idx", ".idx")),
    ],
    ids=["npz", "idx", "gz", "dotted names"],
)
def test_mnist_is_read_from_its_usual_files(tmp_path, write):
    write(tmp_path / "files")
    assert_is_mnist(mnist(tmp_path / "files"))


def test_mnist_is_read_from_a_file_of_any_name(tmp_path):
    write_npz(tmp_path)
    (tmp_path / "mnist.npz").rename(tmp_path / "other")
    assert_is_mnist(mnist(tmp_path / "other"))


@pytest.mark.parametrize("place", ["named", "cache/elman", "home/shared/data", "shared/data"])
def test_mnist_is_found_in_its_usual_places(tmp_path, monkeypatch, place):
    monkeypatch.setenv("ELMAN_DATA", str(tmp_path / "named"))
    write_npz(tmp_path / place)
    assert_is_mnist(mnist(fetch=False))


def test_a_given_path_is_the_only_place(tmp_path):
    write_npz(tmp_path / "cache" / "elman")
    with pytest.raises(DataError, match="was not found in .*elsewhere; get https"):
        mnist(tmp_path / "elsewhere")


def test_nothing_found_says_where_it_looked_and_what_helps():
    with pytest.raises(DataError, match=r"cache/elman, .*shared/data.*set ELMAN_DATA.*digits\(\)"):
        mnist(fetch=False)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"y_test": np.zeros(3, np.uint8)}, r"test images have shape \(7, 28, 28\) of uint8 and their labels \(3,\)"),
        ({"x_train": np.zeros((7, 28, 28))}, "of float64"),
        ({"y_train": np.full(7, 10, np.uint8)}, "labels are not classes"),
    ],
)
def test_other_arrays_are_refused(tmp_path, change, message):
    np.savez(tmp_path / "mnist.npz", **{**arrays(), **change})
    with pytest.raises(DataError, match=message):
        mnist(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut short"])
def test_what_is_no_npz_is_refused(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match="is not an npz file of MNIST"):
        mnist(tmp_path)


def test_an_npz_without_an_array_is_refused(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(3))
    with pytest.raises(DataError, match="has no array 'y_train'"):
        mnist(tmp_path)


@pytest.mark.parametrize("code, dtype", [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")])
def test_every_type_of_idx(tmp_path, code, dtype):
    values = np.array([[1, 2, 3], [4, 5, 60]], dtype)
    (tmp_path / "x").write_bytes(bytes([0, 0, code, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + values.tobytes())
    np.testing.assert_array_equal(read_idx(tmp_path / "x"), values)
    assert read_idx(tmp_path / "x").dtype.isnative


@pytest.mark.parametrize(
    "content, message",
    [
        (b"\0\0\7\1", "is not an IDX file"),
        (b"", "is not an IDX file"),
        (b"\0\0\x08\2\0\0\0\1", "ends within its header of 12 bytes"),
        (idx_bytes(np.zeros(9, np.uint8))[:-1], "has 16 bytes, its header promises 17"),
        (b"\0\0\x08\3" + b"\xff" * 12, "its header promises"),
        (gzip.compress(b"\0" * 99, mtime=0)[:-9], "cannot be read"),
    ],
)
def test_what_is_no_idx_file_is_refused(tmp_path, content, message):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "x")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server that has mnist.npz, which the table of downloads points to."""
    write_npz(tmp_path / "remote")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path / "remote"))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        checksum = hashlib.sha256((tmp_path / "remote" / "mnist.npz").read_bytes()).hexdigest()
        point_to(monkeypatch, f"http://127.0.0.1:{server.server_port}/mnist.npz", checksum)
        yield server
        server.shutdown()


def point_to(monkeypatch, url, checksum):
    monkeypatch.setitem(download.REMOTE, "mnist.npz", download.Remote(url, checksum))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_mnist_is_downloaded_once_with_a_bar(tmp_path, server, capsys):
    assert_is_mnist(mnist())
    assert "mnist.npz" in capsys.readouterr().err
    assert [f.name for f in (tmp_path / "cache" / "elman").iterdir()] == ["mnist.npz"]
    server.shutdown()
    assert_is_mnist(mnist())
    assert capsys.readouterr().err == ""


def test_a_silent_download(server, capsys):
    mnist(verbose=0)
    assert capsys.readouterr().err == ""


def test_a_download_of_something_else_is_thrown_away(tmp_path, server, monkeypatch):
    point_to(monkeypatch, download.REMOTE["mnist.npz"].url, "0" * 64)
    with pytest.raises(DataError, match="gave a file with SHA-256 .* expected 0000.* it was not kept.*set ELMAN_DATA"):
        mnist(verbose=0)
    assert list((tmp_path / "cache" / "elman").iterdir()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/mnist.npz", "{here}/missing.npz"])
def test_what_cannot_be_fetched_says_what_helps(tmp_path, server, monkeypatch, url):
    point_to(monkeypatch, url.format(here=f"http://127.0.0.1:{server.server_port}"), "0" * 64)
    with pytest.raises(DataError, match="could not be fetched .*What helps: get"):
        mnist(verbose=0)
    assert list((tmp_path / "cache" / "elman").iterdir()) == []


def test_a_cache_that_cannot_be_written_says_what_helps(tmp_path, server):
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(DataError, match="could not be fetched into .*What helps: get"):
        mnist(verbose=0)


def test_digits_are_shuffled_with_their_labels_and_scaled():
    from sklearn.datasets import load_digits

    found, all_of_them = digits(), load_digits()
    where = {image.tobytes(): label for image, label in zip(all_of_them.images / 16, all_of_them.target, strict=True)}
    x, y = np.concatenate([found.x_train, found.x_test]), np.concatenate([found.y_train, found.y_test])
    assert [where[image.astype(np.float64).tobytes()] for image in x] == y.tolist()
    assert len(np.unique(x, axis=0)) == len(np.unique(all_of_them.images, axis=0))
    assert (x.min(), x.max(), x.dtype) == (0, 1, np.float32)
    assert set(np.bincount(found.y_test) > 15) == {True}  # every class is tested
    assert not np.array_equal(digits(seed=1).y_test, found.y_test)


def test_digits_without_scikit_learn_say_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match="pip install scikit-learn"):
        digits()


def test_digits_need_images_on_both_sides():
    with pytest.raises(OptionError, match=r"test is .*; expected a whole number (from 1 to 1796|of at least 1)"):
        digits(test=1797)


@pytest.mark.skipif(not (SHARED / "mnist.npz").is_file(), reason=f"there is no {SHARED / 'mnist.npz'}")
def test_the_whole_of_mnist():
    found = mnist(SHARED)
    assert found.x_train.shape == (60000, 28, 28) and found.x_test.shape == (10000, 28, 28)
    assert np.bincount(found.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found.y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert (found.x_train.min(), found.x_train.max()) == (0, 1)
