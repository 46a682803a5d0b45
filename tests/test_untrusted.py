"""What files that anybody may have made say is looked at before it is believed."""

from __future__ import annotations

import json

import pytest

from elman.errors import ModelFileError, OptionError
from elman.untrusted import MOST_DEPTH, called, count, held, list_of, parsed

DEEP = "[" * MOST_DEPTH + "1" + "]" * MOST_DEPTH


def test_what_json_has_is_read():
    text = json.dumps({"a": [1, -2.5, "é\n", None, True], "b": {"c": {}}, "d": []})
    assert parsed(text, "it") == json.loads(text)
    assert parsed(DEEP, "it") == json.loads(DEEP)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (f"[{DEEP}]", "nested more than 64"),
        ("[" * 10**6, "nested more than 64"),
        ("NaN", "NaN, which JSON has not"),
        ("[-Infinity]", "-Infinity, which"),
        ("-1e400", "beyond any float"),
        ("9" * 10_000, "no JSON"),
        ('{"a": 1, "b": 2, "a": 1}', "'a' twice"),
        ("", "no JSON"),
        ("'a'", "no JSON"),
        (None, "no JSON"),
        (b"\xff", "no JSON"),
    ],
)
def test_what_json_has_not_is_refused(text, match):
    with pytest.raises(ModelFileError, match=f"^it (is|is no JSON).*{match}|^it is no JSON.*{match}"):
        parsed(text, "it")


SCHEMA = {"name": called, "sizes": list_of(int), "names": list_of(called, unique=True), "rate": (int, float)}
GOOD = {"name": "x", "sizes": [1, 2], "names": ["a", "b"], "rate": 0.5}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": 1}, {"sizes": 3}, {"sizes": [True]}, {"sizes": [1.0]}, {"names": ["a", "a"]},
        {"names": [[]]}, {"rate": True}, {"rate": "1"}, {"rate": None}, {"more": 1}, {"old": 1},
    ],
)  # fmt: skip
def test_schemas(wrong):
    assert held(GOOD, "it", SCHEMA, {"old": str}) is GOOD
    with pytest.raises(ModelFileError, match="it"):
        held({**GOOD, **wrong}, "it", SCHEMA, {"old": str})
    with pytest.raises(ModelFileError, match="says nothing of 'rate'"):
        held({k: v for k, v in GOOD.items() if k != "rate"}, "it", SCHEMA)
    with pytest.raises(ModelFileError, match="expected an object"):
        held([], "it", SCHEMA)


def test_counts():
    assert count(2**53, "updates") == 2**53
    for wrong in (2**53 + 1, -1, True, 1.0, "1"):
        with pytest.raises(OptionError, match="updates is"):
            count(wrong, "updates")
