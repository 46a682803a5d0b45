"""What is kept, whatever happens."""

import errno

import pytest

from elman.errors import OptionError
from elman.files import Writing
from elman.keeping import Interrupted, Kept, attempted
from elman.saved import Saved
from elman.training.run_folder import MANIFEST


def test_what_fails_to_be_drawn_is_a_note():
    assert attempted("picture", lambda: b"x") == (b"x", [])
    made, notes = attempted("picture", lambda: 1 / 0)
    assert made is None and notes == ["there is no picture: ZeroDivisionError: division by zero"]


class Learner:
    """Has learnt something, and writes it."""

    is_fitted = True

    def save(self, path):
        path.write_text("model")


def broken(path):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_nobody_else_writes_where_results_will_go(tmp_path):
    with Kept(Learner(), tmp_path / "out" / "m", "forecast", tmp_path / "out"):
        with pytest.raises(OptionError, match=r"out is being written by this process \(elman forecast\), since"):
            Writing(tmp_path / "out").begin()
        with pytest.raises(OptionError, match="being written"), Kept(Learner(), tmp_path / "m", "x", tmp_path / "out"):
            pass
    assert list(tmp_path.iterdir()) == []
    with Writing(tmp_path / "out"):
        pass


@pytest.mark.parametrize("error", [OptionError("what ended it"), ZeroDivisionError(), KeyboardInterrupt()])
def test_a_model_for_which_there_is_room_nowhere_is_said_to_be_lost(tmp_path, monkeypatch, error):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(Learner, "save", staticmethod(broken))
    with pytest.raises(type(error)) as found, Kept(Learner(), tmp_path / "out" / "m", "forecast", tmp_path / "out"):
        raise error
    said = " ".join([str(found.value), *getattr(found.value, "__notes__", [])])
    assert "The model that was trained is lost" in said and "out cannot be written: No space left on device" in said
    assert "nothing was learnt" not in said and not (tmp_path / "out").exists()


def test_a_model_is_kept_and_the_lock_is_gone(tmp_path):
    kept = Kept(Learner(), tmp_path / "out" / "m", "forecast", tmp_path / "out")
    with pytest.raises(OptionError, match="what ended it. The model that was trained is kept: .*m"), kept:
        raise OptionError("what ended it")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["m"]


class NothingLearnt(Learner):
    is_fitted = False


def test_where_a_run_goes_on_nothing_is_said_to_be_lost(tmp_path, monkeypatch):
    """Of a command that was interrupted one thing is said: how it goes on, if it may, else that nothing was learnt."""
    saved = Saved(command=["forecast", "x"])
    with (
        pytest.raises(Interrupted) as found,
        saved.within(tmp_path / "run"),
        Kept(NothingLearnt(), tmp_path / "m", "x"),
    ):
        (tmp_path / "run" / MANIFEST).write_text("{}")
        raise KeyboardInterrupt
    assert str(found.value) == "stopped" and "goes on from where it stood" in found.value.__notes__[0]
    with pytest.raises(Interrupted, match="stopped: nothing was learnt"), Kept(NothingLearnt(), tmp_path / "m", "x"):
        raise KeyboardInterrupt
