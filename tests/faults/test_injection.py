"""Every call to the system of everything that writes fails in turn."""

import errno
import itertools
import os

import numpy as np
import pytest

from elman.errors import DataError, ElmanError
from elman.files import temporary, write_whole
from elman.language import numbers, texts
from tests.faults.injection import ERRORS, Faults, failing
from tests.faults.writers import NET, WRITERS, strays

LONG = bool(os.environ.get("ELMAN_FAULTS"))  # `make faults`: every error at every call
CASES = [(number, lasting) for number in ERRORS for lasting in (False, True)]


FEW = {"folder": 9, "sweep": 7, "locked": 3, "checkpoint": 3}  # of whose calls the usual suite tries one in so many


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("first", [1, 2])
def test_a_fault_leaves_the_file_before_or_the_new_one(tmp_path, monkeypatch, name, first):
    """`first` 1: nothing is there before."""
    writer, used = WRITERS[name], itertools.cycle(CASES)
    for at in range(0, 400, 1 if LONG else FEW.get(name, 1)):
        fired = False
        for number, lasting in CASES if LONG else [next(used)]:
            folder = tmp_path / f"{at}-{number}-{lasting}" / "here"
            folder.mkdir(parents=True)
            (folder / "mine").write_bytes(b"keep")
            for version in range(1, first):
                writer.write(folder, version)
            with failing(monkeypatch, Faults(at, number, lasting)) as faults:
                error = attempt(writer, folder, first)
            fired = fired or bool(faults.fired)
            where = f"call {at} ({faults.fired}) of {faults.calls}: {os.strerror(number)}"
            check(writer, folder, first, error, number, where)
        if not fired:
            break
    assert not fired and (at > 3 or (name, first) == ("sweep", 2))  # a file that is there is written by DuckDB


def attempt(writer, folder, version):
    try:
        writer.write(folder, version)
    except ElmanError as error:
        return error
    return None


def check(writer, folder, version, error, number, where):
    if error is None:
        assert writer.read(folder) == version, where
    else:
        assert os.strerror(number) in str(error) and str(folder) in str(error), f"{where}: {error}"
    assert writer.read(folder) in (version - 1, version), where
    assert np.isfinite(NET(np.ones((1, 2, 1)))).all()
    for after in (version, version + 1):  # the same object goes on
        writer.write(folder, after)
        assert writer.read(folder) == after, where
    write_whole(folder / "next", b"")
    assert strays(folder) == [], where
    assert (folder / "mine").read_bytes() == b"keep"


class Letters:
    """A vocabulary of letters."""

    def __len__(self):
        return 256

    @staticmethod
    def encode(text):
        return np.frombuffer(text.encode(), np.uint8).astype(np.int64)


@pytest.mark.parametrize("what", ["numbers", "documents"])
def test_a_temporary_file_without_room_says_so(tmp_path, monkeypatch, what):
    monkeypatch.setattr(numbers, "IN_MEMORY", 10)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def act():
        if what == "documents":
            return "".join(texts.Spooled(f"document {n}" for n in range(3)))
        made = numbers.Numbers.of_text(["some", " text", " and more"], Letters())
        return bytes(made.read(0, 100).astype(np.uint8)).decode()

    expected = act()
    for at in range(100):
        with failing(monkeypatch, Faults(at, errno.ENOSPC)) as faults:
            try:
                assert act() == expected  # as where another way to make the file is found
                if not faults.fired:
                    break
            except DataError as error:
                assert "temporary file: No space left on device" in str(error) and "TMPDIR" in str(error)
        assert list(tmp_path.iterdir()) == []
    assert at > 1


def test_what_is_no_fault_of_a_file_is_left_alone():
    with pytest.raises(ZeroDivisionError), temporary("x"):
        1 / 0  # noqa: B018
