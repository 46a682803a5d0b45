"""Files of labelled sequences, by what they are called and hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from elman.data.cases import Cases
from elman.data.casing.arff import of_arff
from elman.data.casing.arrays import of_array
from elman.data.casing.asked import Asked
from elman.data.casing.labels import labels_of
from elman.data.casing.nested import of_nested
from elman.data.casing.tables import of_table
from elman.data.casing.ts import of_ts
from elman.data.casing.ucr import may_be_ucr, of_ucr
from elman.data.casing.written import Lines, lines_of
from elman.data.conditions import meeting
from elman.data.names import listed
from elman.data.npy import MAGIC, read_npy, read_npz
from elman.data.packed import file_start
from elman.data.pandas_index import Framed
from elman.data.parquet import read_lists
from elman.data.sheets import FileSheet
from elman.data.tables import read_table
from elman.errors import DataError, OptionError

_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_ARCHIVED = (".ts", ".arff", ".tsv", ".txt")
_ENDS = ("_train", "_test")  # of names without an ending
_ARRAYS = {"x", "y"}


def of_file(path: Path, asked: Asked, labelled: bool) -> Cases:
    """The cases that a file holds.

    Parameters
    ----------
    path : Path
    asked : Asked
    labelled : bool
        Whether labels come from elsewhere.

    Raises
    ------
    DataError
        Naming the line that cannot be used.
    """
    start = file_start(path)
    endings = _endings(path)
    if holds_arrays(path):
        return _of_numpy(path, asked, start.startswith(MAGIC))
    if endings == [".tsf"]:
        raise DataError(f"{path} holds series to forecast (.tsf), and none that belong to classes; give a .ts file")
    text = lines_of(path) if _is_archived(path, endings) and not start.startswith(b"PAR1") else None
    kind = "" if text is None else _marked(text, endings)
    if text is not None and kind:
        asked.refuse_order(f"a file {kind}")
        asked.refuse_names(f"a file {kind}", ("label",) if kind == ".arff" else ())
        asked.reading.refuse_all_but([], f"a file {kind}")
        return of_ts(text) if kind == ".ts" else of_arff(text, asked)
    asked.refuse_order("a table")
    if text is not None and not asked.named and may_be_ucr(text):
        asked.reading.refuse_all_but([], "a file of the UCR archive")
        return of_ucr(text)
    cells = read_lists(path) if start.startswith(b"PAR1") else {}
    if cells:
        asked.reading.refuse_all_but([], "a file of nested cells")
        return of_nested(cells, None, asked, labelled)
    table = meeting(read_table(path), asked.reading.where)
    return of_table(Framed(FileSheet(table, asked.reading)), asked, None, labelled)


def table_columns(path: Path) -> tuple[str, ...]:
    """What the columns of a table are called; none where a file holds arrays, or is of an archive.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    start, endings = file_start(path), _endings(path)
    if holds_arrays(path):
        return ()
    text = lines_of(path) if _is_archived(path, endings) and not start.startswith(b"PAR1") else None
    return () if text is not None and _marked(text, endings) else read_table(path).names


def holds_arrays(path: Path) -> bool:
    """Whether a file is one of NumPy's, whose axes may be in either order."""
    return _endings(path) == [".npz"] or file_start(path).startswith(MAGIC)


def _endings(path: Path) -> list[str]:
    """The last ending of a name that does not tell how it is packed."""
    return [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _PACKED][-1:]


def _is_archived(path: Path, endings: list[str]) -> bool:
    """Whether a file is called as those of the archives are."""
    return bool(endings) and endings[0] in _ARCHIVED or not endings and path.name.lower().endswith(_ENDS)


def _marked(text: Lines, endings: list[str]) -> str:
    """Which of the formats whose headers begin with @ a file has; empty for others."""
    if text.first.startswith("@"):
        return ".arff" if text.first.lower().startswith(("@relation", "@attribute")) else ".ts"
    if endings and endings[0] in (".ts", ".arff"):
        raise DataError(f"{text.name} begins with {text.first[:40]!r}; expected a header of lines that begin with @")
    return ""


def _of_numpy(path: Path, asked: Asked, alone: bool) -> Cases:
    """An array of a file ``.npy``, or X and y of a file ``.npz``."""
    asked.refuse_names("a file of arrays")
    asked.reading.refuse_all_but([], "a file of arrays")
    arrays = {"X": read_npy(path)} if alone else read_npz(path)
    found = {name.lower(): array for name, array in arrays.items() if name.lower() in _ARRAYS}
    if "x" not in found:
        if len(arrays) != 1:
            raise DataError(f"{path} holds the arrays {listed(map(repr, arrays))}; expected X, and y for labels")
        found = {"x": next(iter(arrays.values()))}
    if len(found) < len(arrays):
        others = [name for name in arrays if name.lower() not in found]
        raise OptionError(f"{path} holds {listed(map(repr, others))} beside X and y; expected these only")
    cases = of_array(found["x"], asked.channels)
    if "y" not in found:
        return cases
    labels, notes = labels_of(found["y"], cases.names, named=False)
    return replace(cases, labels=labels, notes=(*cases.notes, *notes))
