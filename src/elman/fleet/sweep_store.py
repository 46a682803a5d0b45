"""The file of a sweep: a DuckDB database with a row for each trial that has ended, written by one process only."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elman.data.database import ALONE, quoted, shut
from elman.errors import ModelFileError, OptionError
from elman.files import check_file, draft, reason, sweep, sync_file, sync_folder
from elman.fleet.sweep_checks import about_of, settings_of
from elman.plain import to_json
from elman.untrusted import parsed

FORMAT = 1
DONE, FAILED = "done", "failed"
_TABLES = {"sweep", "trials"}
_OURS = (
    ("trial", "INTEGER NOT NULL"),
    ("seed", "BIGINT NOT NULL"),
    ("settings", "VARCHAR NOT NULL"),
    ("status", "VARCHAR NOT NULL"),
    ("score", "DOUBLE"),
    ("seconds", "DOUBLE NOT NULL"),
    ("error", "VARCHAR"),
    ("finished", "TIMESTAMP NOT NULL"),
    ("versions", "VARCHAR NOT NULL"),
    ("data", "VARCHAR NOT NULL"),
    ("options", "VARCHAR NOT NULL"),
)


@dataclass(frozen=True)
class Row:
    """A trial that has ended.

    Attributes
    ----------
    trial : int
        Its settings' number, from 0; a trial with several seeds has a row for each.
    seed : int
    settings : str
        As JSON.
    status : {"done", "failed"}
    score : float or None
        Of the measure that settings are ranked by; None where it failed.
    scores : dict of str to float or None
        Of all measures.
    seconds : float
    error : str
        Why it failed; else empty.
    finished : str
        When, in UTC.
    versions : dict of str to str
        Of Elman, Python, NumPy and, where it proposed the settings, Optuna.
    """

    trial: int
    seed: int
    settings: str
    status: str
    score: float | None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    finished: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """What a file holds beside its rows.

    Attributes
    ----------
    identity : dict
        What makes the sweep what it is: estimator, settings, data, judging; a call that differs in it is another sweep.
    shown : dict
        What is told of it: the name of the data, the measure, what is to be beaten.
    columns : dict of str to str
        The type in SQL of each parameter that is tried.
    measures : tuple of str
    """

    identity: Mapping[str, Any]
    shown: Mapping[str, Any]
    columns: Mapping[str, str]
    measures: tuple[str, ...]


# --- opening ------------------------------------------------------------------------------------------------

_in_use: set[Path] = set()  # DuckDB gives one process the same database twice, which no lock of a file can see
_guard = threading.Lock()


@contextmanager
def opened(path: Path, about: About) -> Iterator[Trials]:
    """The file of a sweep, made if it is not there, and held until the context ends.

    Raises
    ------
    OptionError
        If it cannot be written, is in use, or holds something else, such as another sweep.
    """
    if not path.exists():
        _make(path, about)
    sweep(path.parent)  # what was being made when its process was killed
    with _alone(path), _connected(path, read_only=False) as connection:
        there = _about(path, connection)
        _check_same(path, there, about)
        planned = max(about.shown["planned"], there.shown["planned"])  # proposals may go on beyond those of before
        about = dataclasses.replace(about, shown={**about.shown, "planned": planned})
        connection.execute("UPDATE sweep SET about = ?", [_written(about)])
        yield Trials(connection, about)


def read(path: Path) -> tuple[About, list[Row]]:
    """What a file holds; nothing is changed in it.

    Raises
    ------
    OptionError
        If there is none, it is being written, or it is no file of a sweep.
    """
    if not path.is_file():
        raise OptionError(f"there is no file {path}; expected one that `elman sweep` wrote")
    with _alone(path), _connected(path, read_only=True) as connection:
        about = _about(path, connection)
        return about, Trials(connection, about).rows()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    place = path.resolve()
    with _guard:
        if place in _in_use:
            raise _taken(path, "this process")
        _in_use.add(place)
    try:
        yield
    finally:
        with _guard:
            _in_use.discard(place)


@contextmanager
def _connected(path: Path, *, read_only: bool) -> Iterator[Any]:
    import duckdb

    try:
        connection = duckdb.connect(str(path), read_only=read_only, config=dict(ALONE))
        shut(connection)  # its views and defaults may be anybody's
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    try:
        yield connection
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    finally:
        with suppress(duckdb.Error):
            connection.close()


def _journal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _make(path: Path, about: About) -> None:
    """Write the file beside its place, and give it its name when it is whole, if no other has that by then."""
    import duckdb

    check_file(path)
    if _journal(path).exists():
        raise OptionError(
            f"{_journal(path)} is the journal of a file that is gone: remove it, or give another file with file= "
            "(--file)"
        )
    try:
        with draft(path.parent) as made:
            with duckdb.connect(str(made)) as connection:
                _create(connection, about)
            sync_file(made)
            _name(made, path)
            sync_folder(path.parent)
    except duckdb.Error as error:
        raise _unreadable(path, error) from error
    except OSError as error:
        raise OptionError(f"{path} cannot be written: {reason(error)}; choose another place") from error


def _name(made: Path, path: Path) -> None:
    """Give a file its name, unless another sweep was faster, whose file will be looked at."""
    try:
        os.link(made, path)
    except FileExistsError:
        return
    except OSError:  # a file system with one name for each file
        if not path.exists():
            os.rename(made, path)


def _create(connection: Any, about: About) -> None:
    connection.execute("CREATE TABLE sweep (format INTEGER NOT NULL, about VARCHAR NOT NULL)")
    connection.execute("INSERT INTO sweep VALUES (?, ?)", [FORMAT, _written(about)])
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in _columns(about))
    connection.execute(f"CREATE TABLE trials ({columns}, PRIMARY KEY (trial, seed))")


def _written(about: About) -> str:
    return to_json(dataclasses.asdict(about), "a sweep", undefined_as_null=True)


def _columns(about: About) -> list[tuple[str, str]]:
    """Of the table of trials: its own first, then what was tried and what it reached."""
    measures = [(name, "DOUBLE") for name in about.measures]
    return [*_OURS[:3], *about.columns.items(), *_OURS[3:5], *measures, *_OURS[5:]]


def _about(path: Path, connection: Any) -> About:
    query = "SELECT table_name FROM duckdb_tables() WHERE NOT internal"  # views are none of ours
    found = {row[0] for row in connection.execute(query).fetchall()}
    if not found >= _TABLES:
        tables = ", ".join(sorted(found)) or "no table"
        raise OptionError(f"{path} is no file of a sweep: it holds {tables}; give another with file= (--file)")
    rows = connection.execute("SELECT format, about FROM sweep").fetchall()
    if len(rows) != 1 or rows[0][0] != FORMAT:
        version = rows[0][0] if rows else "missing"
        raise OptionError(f"the format of {path} is {version}; this version of Elman reads {FORMAT}")
    try:
        kept = about_of(rows[0][1])
    except (ModelFileError, OptionError) as error:
        raise OptionError(f"{path} is no file of a sweep that can be read: {error}") from error
    about = About(kept["identity"], kept["shown"], kept["columns"], tuple(kept["measures"]))
    query = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'trials'"
    if dict(connection.execute(query).fetchall()) != {name: kind.partition(" ")[0] for name, kind in _columns(about)}:
        raise OptionError(f"{path} is no file of a sweep: its table of trials has other columns")
    return about


# --- rows ---------------------------------------------------------------------------------------------------


class Trials:
    """The rows of an open file."""

    def __init__(self, connection: Any, about: About):
        self._connection, self.about = connection, about
        self._names = [name for name, _ in _columns(about)]

    def rows(self) -> list[Row]:
        """By trial and seed."""
        own = [name for name, _ in _OURS if name not in ("data", "options")]
        names = [*own, *self.about.measures]
        chosen = ", ".join(map(quoted, names))
        found = self._connection.execute(f"SELECT {chosen} FROM trials ORDER BY trial, seed").fetchall()
        return [self._row(dict(zip(names, values, strict=True))) for values in found]

    def _row(self, found: dict[str, Any]) -> Row:
        scores = {name: found.pop(name) for name in self.about.measures}
        try:
            settings_of(found["settings"], self.about.identity["space"])
            told = {"versions": parsed(found.pop("versions"), "the versions of a trial")}
        except ModelFileError as error:
            raise OptionError(f"the file of the sweep holds a row that none writes: {error}") from error
        told["finished"] = found.pop("finished").isoformat()
        return Row(**found | told | {"error": found["error"] or "", "scores": scores})

    def add(self, row: Row, values: Mapping[str, Any]) -> None:
        """Write a row; it is on the disk when this returns.

        Parameters
        ----------
        row : Row
        values : mapping of str to object
            Of the parameters that are tried, in types of their columns.
        """
        prints = {name: self.about.shown["fingerprints"][name] for name in ("data", "options")}
        own = {name: getattr(row, name) for name, _ in _OURS if name not in prints}
        written = own | {"versions": json.dumps(row.versions), "error": row.error or None} | prints
        found = [(written | dict(row.scores) | dict(values))[name] for name in self._names]
        marks = ", ".join("?" * len(found))
        self._connection.execute(f"INSERT INTO trials VALUES ({marks})", found)

    def forget_failed(self) -> int:
        """Take away the rows of trials that failed, so that they are run again; how many there were."""
        count: int = self._connection.execute("SELECT count(*) FROM trials WHERE status = ?", [FAILED]).fetchone()[0]
        self._connection.execute("DELETE FROM trials WHERE status = ?", [FAILED])
        return count


# --- refusals -----------------------------------------------------------------------------------------------


def _check_same(path: Path, there: About, here: About) -> None:
    old, new = _flat(there.identity), _flat(json.loads(_written(here))["identity"])
    other = [name for name in {**new, **old} if old.get(name, ...) != new.get(name, ...)]
    if not other:
        return
    told = "; ".join(_difference(name, old, new) for name in other[:3])
    more = f" (and {len(other) - 3} more)" if len(other) > 3 else ""
    raise OptionError(
        f"{path} holds another sweep: {told}{more}. Give the same options to go on with it, or another file with "
        "file= (--file)"
    )


def _difference(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if name == "data":
        return "the data are others"
    return f"{name} is {_said(old, name)} there and {_said(new, name)} here"


def _flat(identity: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(identity, dict):
        return {name: identity}
    found: dict[str, Any] = {}
    for key, value in identity.items():
        found |= _flat(value, f"{name}.{key}" if name else key)
    return found


def _said(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "not given"
    text = json.dumps(values[name])
    return text if len(text) <= 70 else f"{text[:60]}..."


def _unreadable(path: Path, error: Exception) -> OptionError:
    text = str(error)
    if "Could not set lock" in text:
        _, _, who = text.partition("(PID ")
        return _taken(path, f"process {who.partition(')')[0]}" if who else "another process")
    first = text.splitlines()[0] if text else type(error).__name__
    if "not a valid DuckDB" in text or "in-memory database" in text:  # as it says where it would read a table
        return OptionError(f"{path} is no file of a sweep (no DuckDB database); give another with file= (--file)")
    return OptionError(
        f"{path} cannot be used: {first.removeprefix('IO Error: ')}. Give another with file= (--file); rows that are "
        "lost are tried again"
    )


def _taken(path: Path, who: str) -> OptionError:
    return OptionError(
        f"{path} is in use by {who}: one sweep at a time writes a file, and it can be read when that has ended. Wait, "
        "or give another with file= (--file)"
    )
