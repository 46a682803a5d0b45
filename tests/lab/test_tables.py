"""Files that are dropped on the page, as people have them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from elman.errors import ElmanError
from elman.lab.asked import Asked
from elman.lab.tables import Table
from tests.wild.test_collect import EVERY as WILD

N = 90
VALUES = [f"{100 + k * 0.5 + 10 * np.sin(k * np.pi / 6):.2f}" for k in range(N)]


def table(text, name="mine.csv", **said):
    return Table.asked(name, text if isinstance(text, bytes) else text.encode(), Asked(said))


def rows(head, lines):
    return head + "\n" + "\n".join(lines) + "\n"


def same(found, code, folder, monkeypatch):
    """Whether the program that the page gives makes the same sequences of the file."""
    (folder / found.name).write_bytes(found.content)
    monkeypatch.chdir(folder)
    made: dict = {}
    exec("import pathlib\nimport elman as el\n" + code, made)
    return made["x"], made["y"]


DAYS = [str(day) for day in np.arange("2020-01-01", "2020-03-31", dtype="datetime64[D]")]
FILES = {
    "german": (
        rows(
            "datum;wert", [f"{d[8:]}.{d[5:7]}.{d[:4]};{v.replace('.', ',')}" for d, v in zip(DAYS, VALUES, strict=True)]
        ),
        {},
    ),
    "two series": (
        rows("date,store,sales", [f"{d},{s},{v}" for s in "ab" for d, v in zip(DAYS, VALUES, strict=True)]),
        {"where": "store=b", "target": "sales"},
    ),
    "gaps": (rows("value", ["" if k % 9 == 4 else v for k, v in enumerate(VALUES)]), {"fill": "linear"}),
    "latin": (rows("Größe", VALUES).encode("cp1252"), {}),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_read_as_the_program_reads_it(name, tmp_path, monkeypatch):
    text, said = FILES[name]
    found = table(text, f"my {name} file.csv", **said)
    assert 4 <= found.most_steps() <= N // 5
    data = found.data(8, 16, 3)
    x, y = same(found, data.code, tmp_path, monkeypatch)
    assert (x == data.x).all() and (y == data.y).all() and found.name == f"my {name} file.csv"


def test_what_is_asked_for_is_told_in_the_words_of_the_page():
    text, _ = FILES["two series"]
    with pytest.raises(ElmanError) as told:
        table(text).most_steps()
    assert (
        "--where" not in str(told.value) and "elman-lab" not in str(told.value) and "Only rows with" in str(told.value)
    )


def test_a_short_series_says_how_many_steps_there_may_be():
    found = table(rows("value", VALUES[:40]))
    assert found.data(found.most_steps(), 4, 0).x.shape[1] == found.most_steps()
    with pytest.raises(ElmanError, match=f"give steps={found.most_steps()} or fewer"):
        found.data(found.most_steps() + 1, 4, 0)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c.csv", "\x00\n.csv", "", "x" * 500, "..", "con.TXT"])
def test_names_lead_nowhere(name):
    found = table(rows("value", VALUES), name)
    assert "/" not in found.name and "\\" not in found.name and 4 < len(found.name) <= 124
    assert found.most_steps() > 4


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\xff\xfe" * 50, b"a,b\nx,y\n", b"%PDF-1.4", b"PK\x03\x04"])
def test_what_is_no_table_is_told(content):
    with pytest.raises(ElmanError):
        table(content).most_steps()


def test_no_message_of_any_file_names_what_the_page_does_not_have():
    told = []
    for case in [case for case in WILD if case.refused][::2]:
        text = case.content if isinstance(case.content, bytes) else case.content.encode(case.encoding)
        try:
            Table(case.name, text).most_steps()
        except ElmanError as error:
            told.append(str(error))
    assert len(told) > 20
    wrong = [message for message in told if re.search(r"--[a-z]|in Python|elman-lab-", message)]
    assert not wrong


MONTHS = [f"01.{k % 12 + 1:02d}.{1990 + k // 12}" for k in range(N)]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"date_format": "%d.%m.%Y"}, rows("day,value", [",".join(both) for both in zip(MONTHS, VALUES, strict=True)])),
        ({"order": "sort"}, rows("day,value", [f"{1900 + k},{v}" for k, v in enumerate(VALUES)][::-1])),
        ({"missing": "-999", "fill": "linear"}, rows("value", ["-999" if k == 7 else v for k, v in enumerate(VALUES)])),
        ({"decimal": ","}, rows("value", [f'"{v}"'.replace(".", ",") for v in VALUES])),
        ({"thousands": ",", "decimal": "."}, rows("value", [f'"1,{100 + k}.5"' for k in range(N)])),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_what_is_said_of_a_file_is_what_the_program_says(said, text, tmp_path, monkeypatch):
    found = table(text, **said)
    data = found.data(8, 16, 3)
    x, y = same(found, data.code, tmp_path, monkeypatch)
    assert (x == data.x).all() and (y == data.y).all()
    for wrong in ({"order": "up"}, {"missing": 1}, {"decimal": ["."]}):
        with pytest.raises(ElmanError):
            table(text, **wrong)


def test_a_name_does_not_turn_what_stands_beside_it():
    assert table(rows("value", VALUES), "a\u202evsc.exe\u2028\ud800.csv").name == "a_vsc.exe__.csv"
