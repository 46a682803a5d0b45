"""Scans of Parquet and CSV files: as others write them, and what is wrong with some."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import elman as el
from elman.data.datasets import rewriting
from elman.errors import DataError, OptionError
from tests.data.datasets.drawn import batches, same

pl = pytest.importorskip("polars")


def lists(rows: int = 30, seed: int = 0) -> pd.DataFrame:
    """A row is a case: two sequences of one length, a target for each step, one for all, a weight."""
    random = np.random.default_rng(seed)
    steps = random.integers(1, 7, rows)
    a = [random.normal(size=k).astype(np.float32) for k in steps]
    return pd.DataFrame(
        {
            "a": a,
            "b": [one[::-1].copy() for one in a],
            "each": [np.cumsum(one) for one in a],
            "y": np.arange(rows),
            "w": random.random(rows),
        }
    )


def long(cases: int = 20, seed: int = 0) -> pd.DataFrame:
    """A row is a step."""
    random = np.random.default_rng(seed)
    rows = [(f"case {k:02d}", t, random.normal(), k % 3) for k in range(cases) for t in range(2 + k % 4)]
    return pd.DataFrame(rows, columns=["key", "t", "v", "kind"])


def parquet(frame: pd.DataFrame, path: Path, **options) -> Path:
    frame.to_parquet(path, **options)
    return path


def rows_of(found) -> tuple[list, list]:
    """Each row's values before its end, and its target."""
    x = [
        row[: length if length is not None else None]
        for b in found
        for row, length in zip(b.x, lengths(b), strict=True)
    ]
    return x, [t for b in found for t in b.target]


def lengths(batch) -> list:
    return [None] * len(batch.x) if batch.lengths is None else batch.lengths.tolist()


def test_lists_are_sequences(tmp_path):
    frame = lists()
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet"), ["a", "b"], "y", sample_weight="w")
    assert len(found) == 30
    x, y = rows_of(batches(found))
    for row, target, (_, known) in zip(x, y, frame.iterrows(), strict=True):
        assert np.array_equal(row, np.stack([known.a, known.b], axis=-1)) and target == known.y
    assert np.array_equal(np.concatenate([b.sample_weight for b in batches(found)]), frame.w)


def test_targets_of_each_step_are_lists_too(tmp_path):
    frame = lists()
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet"), ["a"], ["each"])
    for b in batches(found):
        assert b.target.shape == b.x.shape
        for row, length, number in zip(b.target, b.lengths, range(4), strict=False):
            assert number >= len(b.target) or not row[length:].any()
    total = sum(b.target.sum() for b in batches(found))
    assert total == pytest.approx(sum(each.sum() for each in frame.each))


def test_the_bits_are_those_of_arrays(tmp_path):
    frame = lists(rows=60)
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet"), ["a", "b"], "y", sample_weight="w")
    T = max(map(len, frame.a))
    padded = np.zeros((60, T, 2), np.float32)
    for k, row in frame.iterrows():
        padded[k, : len(row.a)] = np.stack([row.a, row.b], axis=-1)
    nets = [el.Network(2, [el.GRU(4, return_sequences=False), el.Dense(1)], seed=2) for _ in range(2)]
    options = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}
    known = nets[0].fit(padded, frame.y, lengths=[len(a) for a in frame.a], sample_weight=frame.w, **options)
    assert nets[1].fit(found, **options)["loss"] == known["loss"]
    assert np.array_equal(nets[0].arena, nets[1].arena)


def test_several_files_are_one_after_the_other_and_mixed_by_blocks(tmp_path):
    for k in range(3):
        parquet(lists(rows=17 + k, seed=k).assign(y=np.arange(17 + k) + 100 * k), tmp_path / f"part-{k}.parquet")
    found = el.data.scan(str(tmp_path / "part-*.parquet"), ["a"], "y", block=5, pool=2)
    assert len(found) == 17 + 18 + 19
    known = [*range(17), *range(100, 118), *range(200, 219)]
    assert rows_of(batches(found))[1] == known
    mixed = batches(found, shuffle=True, seed=1)
    order = rows_of(mixed)[1]
    assert sorted(order) == known and order != known and [len(b.x) for b in mixed[:-1]] == [4] * 13
    assert rows_of(batches(found, shuffle=True, seed=2))[1] != order
    for first in (1, 5, 13):
        assert all(map(same, batches(found, first, shuffle=True, seed=1), mixed[first:]))


@pytest.mark.parametrize("rows", [2048, 5000])
def test_row_groups_are_read_one_by_one(rows, tmp_path):
    frame = pd.DataFrame({"a": np.arange(20_000.0), "y": np.arange(20_000)})
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet", row_group_size=rows), ["a"], "y", block=3000)
    inside = set(range(0, 20_001, rows)) - {0}
    assert inside <= set(found.borders().tolist())
    for wanted in (np.arange(10), np.arange(4990, 5020), np.array([7, 4000, 19_999])):
        assert np.array_equal(found.read(wanted).target, wanted)


def test_a_file_of_large_row_groups_is_written_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(rewriting, "LARGE", 1000)
    frame = pd.DataFrame({"a": np.arange(9000.0), "y": np.arange(9000), "long": ["text" * 9] * 9000})
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet"), ["a"], "y")
    written = found._table.files[0]
    assert written.parent != tmp_path and written.exists()
    assert np.array_equal(found.read(np.arange(9000)).target, np.arange(9000))
    del found
    assert not written.exists() and not written.parent.exists()


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("form", ["parquet", "csv", "gz", "two files"])
def test_steps_are_put_together_by_key_and_time(form, mixed, tmp_path):
    frame = long()
    given = frame.sample(frac=1, random_state=0) if mixed else frame
    if form == "parquet":
        parquet(given, tmp_path / "0")
    elif form == "two files":
        half = len(given) // 2  # within a case
        for k, part in enumerate((given[:half], given[half:])):
            part.to_csv(tmp_path / f"{k}", index=False)
    else:
        given.to_csv(tmp_path / ("0.csv.gz" if form == "gz" else "0"), index=False)
    found = el.data.scan(sorted(tmp_path.iterdir()), ["v"], label="kind", key="key", time="t")
    x, y = rows_of(batches(found))
    assert len(x) == 20
    for row, label, (_, case) in zip(x, y, frame.groupby("key"), strict=True):
        np.testing.assert_allclose(row[:, 0], case.v, rtol=1e-15)
        assert label == case.kind.iloc[0]
    net = el.Network(1, [el.GRU(3, return_sequences=False), el.Dense(3)])
    assert net.fit(found, loss="softmax_cross_entropy", epochs=1, verbose=0, metrics=["accuracy"]).epochs == 1


def test_cases_in_one_piece_keep_the_order_of_the_file(tmp_path):
    frame = long()
    order = [5, 2, 19, 7]
    given = pd.concat([frame[frame.key == f"case {k:02d}"] for k in order])
    found = el.data.scan(parquet(given, tmp_path / "x.parquet"), ["v"], "v", key="key", time="t")
    assert not found._sorted
    assert [len(x) for x in rows_of(batches(found))[0]] == [2 + k % 4 for k in order]


def odd(kind: str, folder: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """A file as some tool writes it: 4 rows of `a` and `y`."""
    a, y = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], [0, 1, 2, 3]
    file = folder / "x.parquet"
    frames = {
        "polars": lambda: pl.DataFrame({"a": a, "y": y}).write_parquet(file),
        "polars array": lambda: pl.DataFrame(
            {"a": a, "y": y}, schema={"a": pl.Array(pl.Float32, 2), "y": pl.Int8}
        ).write_parquet(file),
        "polars zstd": lambda: pl.DataFrame({"a": a, "y": y}).write_parquet(file, compression="zstd", row_group_size=1),
        "pandas": lambda: pd.DataFrame({"a": a, "y": y}).to_parquet(file),
        "pandas nullable": lambda: pd.DataFrame({"a": a, "y": pd.array(y, "Int64")}).to_parquet(file),
        "pandas index": lambda: pd.DataFrame({"a": a, "y": y}, index=list("abcd")).to_parquet(file),
        "decimal": lambda: pd.DataFrame({"a": a, "y": [Decimal(k) for k in y]}).to_parquet(file),
        "names": lambda: pd.DataFrame({"a": a, "y": y, 'quo"te': y, "se;mi": y, "'": y}).to_parquet(file),
        "zones": lambda: pd.DataFrame(
            {"a": a, "y": y, "t": pd.date_range("2024", periods=4, tz="Asia/Tokyo")}
        ).to_parquet(file),
        "wide integers": lambda: _by_duckdb("y::HUGEINT AS y", file),
        "unsigned": lambda: _by_duckdb("y::UTINYINT AS y", file),
        "booleans": lambda: _by_duckdb("y > 1 AS y", file),
        "enum beside": lambda: _by_duckdb("y, CAST('k' AS ENUM('k', 'l')) AS kind", file),
        "struct beside": lambda: _by_duckdb("y, {'u': y} AS s, MAP {y: 1} AS m", file),
    }
    frames[kind]()
    return file, np.array(a)[..., None], np.array([False, False, True, True] if kind == "booleans" else y)


def _by_duckdb(columns: str, file: Path) -> None:
    with duckdb.connect() as database:
        rows = "SELECT [2 * y + 1.0, 2 * y + 2.0]::FLOAT[] AS a, y FROM range(4) t(y)"
        database.execute(f"COPY (SELECT a, {columns} FROM ({rows})) TO '{file}' (FORMAT parquet)")


@pytest.mark.parametrize(
    "kind",
    "polars,polars array,polars zstd,pandas,pandas nullable,pandas index,decimal,names,zones,wide integers,unsigned,"
    "booleans,enum beside,struct beside".split(","),
)
def test_files_as_others_write_them(kind, tmp_path):
    file, x, y = odd(kind, tmp_path)
    found = batches(el.data.scan(file, ["a"], "y"))[0]
    assert np.array_equal(found.x, x) and np.array_equal(found.target, y)
    assert found.lengths.tolist() == [2, 2, 2, 2]


def test_names_of_columns_and_files_are_names_and_no_code(tmp_path):
    names = ['quo"te', "'; DROP TABLE x; --", "se;mi", "[a]", "*"]
    frame = pd.DataFrame({name: np.arange(4.0) + k for k, name in enumerate(names)})
    file = parquet(frame, tmp_path / "it's [a] *.parquet")
    found = batches(el.data.scan(file, names[:4], names[4]))[0]
    assert np.array_equal(found.x, frame[names[:4]]) and np.array_equal(found.target, frame["*"])
    frame.to_csv(tmp_path / "it's [b].csv", index=False)
    assert np.array_equal(batches(el.data.scan(tmp_path / "it's [b].csv", names[:4], "*"))[0].x, frame[names[:4]])


def test_lists_of_lists_are_steps_with_features(tmp_path):
    x = [np.arange(6.0).reshape(3, 2), np.arange(2.0).reshape(1, 2)]
    frame = pl.DataFrame({"x": [one.tolist() for one in x], "y": [0, 1]})
    frame.write_parquet(tmp_path / "x.parquet")
    found, _ = rows_of(batches(el.data.scan(tmp_path / "x.parquet", "x", "y")))
    assert all(map(np.array_equal, found, x))
    pl.DataFrame({"x": [[[1.0, 2.0], [3.0]]], "y": [0]}).write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(DataError, match=r"bad.parquet, row 0: column 'x' has a list of 1 values among lists of 2"):
        batches(el.data.scan(tmp_path / "bad.parquet", "x", "y"))


def test_several_inputs_and_what_has_no_steps(tmp_path):
    file = parquet(lists().assign(size=np.arange(30.0)), tmp_path / "x.parquet")

    def both(x, s):
        return el.Dense(1)(el.GRU(3, return_sequences=False)(x) + el.Dense(3)(s))

    net = el.Network(both, inputs={"x": 2, "s": el.Static(1)})
    found = el.data.scan(file, {"x": ["a", "b"], "s": ["size"]}, "y")
    assert net.fit(found, epochs=2, verbose=0).epochs == 2
    with pytest.raises(DataError, match="column 'a' and column 'size': one holds lists and the other numbers"):
        batches(el.data.scan(file, ["a", "size"], "y"))


# --- what is wrong -----------------------------------------------------------------------------------------------


def test_a_missing_value_is_named_with_file_row_step_and_column(tmp_path):
    frame = lists()
    frame.b[23][0] = np.nan
    parquet(lists(), tmp_path / "0.parquet")
    parquet(frame, tmp_path / "1.parquet")
    net = el.Network(2, [el.GRU(4, return_sequences=False), el.Dense(1)])
    found = el.data.scan(tmp_path / "*.parquet", ["a", "b"], "y")
    with pytest.raises(DataError, match=r"1\.parquet, row 23, step 0, column 'b': x\[53, 0, 1\] is nan"):
        net.fit(found, verbose=0)


def test_a_null_among_targets_is_named_or_left_out(tmp_path):
    frame = lists().assign(y=np.arange(30.0))
    frame.loc[[3, 11], "y"] = None
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet"), ["a"], "y")
    net = el.Network(1, [el.GRU(4, return_sequences=False), el.Dense(1)])
    with pytest.raises(DataError, match=r"x\.parquet, row 3, column 'y': target\[3, 0\] is nan"):
        net.fit(found, verbose=0, shuffle=False)
    twin = el.Network(1, [el.GRU(4, return_sequences=False), el.Dense(1)])
    net.fit(found, missing="skip", epochs=1, shuffle=False, batch_size=7, verbose=0)
    assert net.updates == 4  # 28 rows of 30
    parquet(frame.dropna(), tmp_path / "without.parquet")
    twin.fit(el.data.scan(tmp_path / "without.parquet", ["a"], "y"), epochs=1, shuffle=False, batch_size=7, verbose=0)
    assert twin.updates == 4


def test_a_bad_step_of_a_case_is_named_by_its_key(tmp_path):
    frame = long()
    frame.loc[11, "v"] = np.inf
    key, t = frame.key[11], frame.t[11]
    net = el.Network(1, [el.GRU(4), el.Dense(1)])
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet"), ["v"], "v", key="key", time="t")
    with pytest.raises(DataError, match=rf"key {key}, step {t} \(.*x\.parquet, row 11\), column 'v'.* is inf"):
        net.fit(found, verbose=0)


def test_a_label_that_changes_within_a_case_is_refused(tmp_path):
    frame = long()
    frame.loc[7, "kind"] = 9
    found = el.data.scan(parquet(frame, tmp_path / "x.parquet"), ["v"], label="kind", key="key", time="t")
    with pytest.raises(DataError, match="key case 02, step 0 .*: column 'kind' is 2 and 9 in one case"):
        batches(found)


WRONG = [
    (lambda d: el.data.scan(d / "nothing.parquet", ["a"], "y"), DataError, "there is no file .*nothing.parquet"),
    (lambda d: el.data.scan(d / "none-*.csv", ["a"], "y"), DataError, "there is no file"),
    (lambda d: el.data.scan(d, ["a"], "y"), DataError, "is no file; give its files"),
    (lambda d: el.data.scan(d / "x.parquet", ["A"], "y"), DataError, r"has no column 'A' \(did you mean 'a'\?\)"),
    (
        lambda d: el.data.scan([d / "x.parquet", d / "less.parquet"], ["a"], "w"),
        DataError,
        "less.parquet has no column",
    ),
    (
        lambda d: el.data.scan([d / "x.parquet", d / "other.parquet"], ["a"], "y"),
        DataError,
        "other.parquet: column 'a'",
    ),
    (
        lambda d: el.data.scan(d / "long.csv", ["key"], "v"),
        DataError,
        "column 'key' holds VARCHAR, such as 'case 00'; expected",
    ),
    (lambda d: el.data.scan(d / "x.parquet", ["a", "a"], "y"), OptionError, "names 'a' twice"),
    (lambda d: el.data.scan(d / "x.parquet", [], "y"), OptionError, "expected names of columns"),
    (lambda d: el.data.scan(d / "x.parquet", ["a"], 3), OptionError, "target is 3"),
    (lambda d: el.data.scan(d / "x.parquet", ["a"], "y", label="w"), OptionError, "give one of them"),
    (lambda d: el.data.scan(d / "x.parquet", ["a"], label="w"), OptionError, "goes with key"),
    (lambda d: el.data.scan(d / "x.parquet", ["a"], "y", time="w"), OptionError, "goes with key"),
    (lambda d: el.data.scan(d / "x.parquet", ["a"], "y", pool=0), OptionError, "pool is 0"),
    (lambda d: el.data.scan([], ["a"], "y"), OptionError, "files is empty"),
    (lambda d: el.data.scan(d / "broken.parquet", ["a"], "y"), DataError, "broken.parquet cannot be read as a table"),
    (lambda d: el.data.scan(d / "empty.parquet", ["a"], "y"), DataError, "has no rows"),
    (lambda d: batches(el.data.scan(d / "unequal.parquet", ["a", "b"], "y")), DataError, "row 2: column 'b' has"),
    (
        lambda d: el.data.scan(d / "dates.csv", ["v"], "v", key="k", time="t"),
        DataError,
        "'t' holds VARCHAR, such as 'Jan 1",
    ),
    (
        lambda d: el.data.scan(d / "notime.parquet", ["v"], "v", key="key", time="t"),
        DataError,
        "'t' has 1 rows without",
    ),
    (lambda d: el.data.scan(d / "marks.csv", ["a"], "y"), DataError, "'a' holds VARCHAR, such as '1,5'"),
    (lambda d: el.data.scan(d / "nokey.parquet", ["v"], "v", key="key"), DataError, "1 rows without a value"),
]


@pytest.mark.parametrize("wrong, error, message", WRONG)
def test_what_is_refused(wrong, error, message, tmp_path):
    frame = lists()
    parquet(frame, tmp_path / "x.parquet")
    parquet(frame.drop(columns="w"), tmp_path / "less.parquet")
    parquet(frame.assign(a=1.0), tmp_path / "other.parquet")
    parquet(frame[:0].assign(a=np.zeros(0)), tmp_path / "empty.parquet")
    unequal = frame.copy()
    unequal.at[2, "b"] = np.ones(50, np.float32)
    parquet(unequal, tmp_path / "unequal.parquet")
    nokey = long()
    nokey.loc[4, "key"] = None
    parquet(nokey, tmp_path / "nokey.parquet")
    parquet(long().assign(t=lambda f: f.t.where(f.index != 3)), tmp_path / "notime.parquet")
    long().to_csv(tmp_path / "long.csv", index=False)
    (tmp_path / "dates.csv").write_text("k,t,v\n1,Jan 1 2000,3\n1,Feb 1 2000,4\n")
    (tmp_path / "marks.csv").write_text("a;y\n1,5;2\n2,5;3\n")
    (tmp_path / "broken.parquet").write_bytes((tmp_path / "x.parquet").read_bytes()[:-200])
    with pytest.raises(error, match=message):
        wrong(tmp_path)


def test_marks_of_missing_values_in_texts(tmp_path):
    (tmp_path / "x.csv").write_text("a,y\n1,NA\n2,-999\n3,n/a\n4,5\n5,\n")
    found = el.data.scan(tmp_path / "x.csv", ["a"], "y", missing=-999)
    assert np.array_equal(found.read(np.arange(5)).target, [np.nan, np.nan, np.nan, 5, np.nan], equal_nan=True)


def test_a_column_may_be_input_and_target_at_once(tmp_path):
    found = el.data.scan(parquet(long(), tmp_path / "x.parquet"), ["v"], ["v"], key="key", time="t")
    net = el.Network(1, [el.GRU(3), el.Dense(1)])
    assert net.fit(found, epochs=1, verbose=0, missing="skip").epochs == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,y\n1,2,3\n1,2,3,4\n1,2,3\n", r"row 2: 4 fields, and the header names 3"),
        ("a;b;y\n1;2;3\n1;2;3\n1;2\n", r"row 3: 2 fields, and the header names 3"),
        ("a,b,y\n1,2,3\n1,x, and more,3\n", "row 2: 4 fields"),
    ],
)
def test_a_text_whose_rows_are_not_alike_says_which(text, said, tmp_path):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        el.data.scan(tmp_path / "x.csv", ["a", "b"], "y")


def test_a_target_of_a_case_that_is_asked_of_each_step_says_label(tmp_path):
    long().to_csv(tmp_path / "long.csv", index=False)
    net = el.Network(1, [el.GRU(3, return_sequences=False), el.Dense(1)])
    with pytest.raises(el.ElmanError, match="label='kind'"):
        net.fit(el.data.scan(tmp_path / "long.csv", "v", "kind", key="key"), epochs=1, verbose=0)
