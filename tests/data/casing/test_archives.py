"""Files of the UCR and UEA archives: what is written comes back, and what is wrong is told with its line."""

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elman.data.casing import cases_of, read_cases
from elman.errors import DataError, OptionError

HEADER = "# a comment\n@problemName Two\n@timeStamps false\n@univariate false\n@classLabel true Up Down\n@data\n"
TWO = "1,2,3:4,5,6:Up\n7,?:8,9:Down\n"
TIMED = "@timeStamps true\n@univariate true\n@targetLabel true\n@data\n"
ARFF = (
    "% a comment\n@RELATION 'two words'\n@attribute bag relational\n@attribute 't 0' numeric\n@attribute t1 REAL\n"
    "@attribute t2 integer\n@end bag\n@attribute \"the class\" {'very up', down}\n@data\n"
)


def write(tmp_path, text, name="x.ts"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def check_two(found):
    assert found.lengths.tolist() == [3, 2]
    np.testing.assert_array_equal(found.values[0], [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(found.values[1], [[7, 8], [np.nan, 9], [np.nan, np.nan]])


def test_ts(tmp_path):
    found = read_cases(write(tmp_path, HEADER + TWO))
    check_two(found)
    assert found.labels.tolist() == ["Up", "Down"] and found.notes == ()


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("\n", "\n\n% no case\n")]
)
def test_ts_as_it_may_be_written(tmp_path, change):
    found = read_cases(write(tmp_path, change(HEADER + TWO)))
    check_two(found)
    assert [label.lower() for label in found.labels.tolist()] == ["up", "down"]


def test_ts_that_is_packed_or_has_no_ending(tmp_path):
    path = tmp_path / "x.ts.gz"
    path.write_bytes(gzip.compress((HEADER + TWO).encode()))
    check_two(read_cases(path))
    check_two(cases_of(write(tmp_path, HEADER + TWO, "two_TRAIN")))
    check_two(cases_of(write(tmp_path, HEADER + TWO, "two.txt")))


def test_labels_in_the_case_of_the_header(tmp_path):
    found = read_cases(write(tmp_path, HEADER + TWO.replace("Up", "UP")))
    assert found.labels.tolist() == ["Up", "Down"]


def test_targets_and_none(tmp_path):
    targets = read_cases(write(tmp_path, "@univariate true\n@targetLabel true\n@data\n1,2:0.5\n3:-2\n"))
    assert targets.labels.tolist() == [0.5, -2.0]
    both = "@univariate true\n@targetLabel true\n@classLabel false\n@data\n1,2:0.5\n"
    assert read_cases(write(tmp_path, both)).labels.tolist() == [0.5]
    none = read_cases(write(tmp_path, "@univariate false\n@classLabel false\n@data\n1,2:3,4\n"))
    assert none.labels is None and none.values.shape == (1, 2, 2)
    hidden = read_cases(write(tmp_path, HEADER + "1:2:?\n3:4:?\n"))
    assert hidden.labels is None
    assert cases_of(tmp_path / "x.ts", ["a", "b"]).labels.tolist() == ["a", "b"]


def test_times_of_ts(tmp_path):
    even = "(2024-01-01 00:00:00,1),(2024-01-01 00:01:00,?):3\n(2025-01-01 00:00:00,2):4\n"
    found = read_cases(write(tmp_path, TIMED + even))
    assert found.times is None and found.lengths.tolist() == [2, 1] and found.labels.tolist() == [3.0, 4.0]
    found = read_cases(write(tmp_path, TIMED + "(0,1),(1,2),(5,3):3\n(2.5,2),(3.5,1):4\n"))
    np.testing.assert_array_equal(found.times, [[0, 1, 5], [0, 1, np.nan]])


def test_channels_at_other_times(tmp_path):
    text = "@timeStamps true\n@classLabel true a\n@data\n(0,1),(2,2):(1,5) , (2,6):a\n"
    found = read_cases(write(tmp_path, text))
    np.testing.assert_array_equal(found.values[0], [[1, np.nan], [np.nan, 5], [2, 6]])


def test_a_header_that_is_wrong_of_its_cases_is_told(tmp_path):
    flags = "@univariate true\n@equalLength true\n@seriesLength 9\n@missing false\n"
    wrong = flags + "@classLabel true a\n@data\n1:2:a\n?,1:3,4:a\n"
    notes = " ".join(read_cases(write(tmp_path, wrong)).notes)
    for told in ("there are 2 channels", "1 to 2 steps", "@seriesLength 9", "values are missing"):
        assert told in notes


MALFORMED = {
    "no data": ("@univariate true\n@classLabel true a\n", "no line @data"),
    "no cases": (HEADER, "no case"),
    "no header": ("1,2,3:1\n", "begins with '1,2,3:1'"),
    "text above the data": ("@univariate true\nhello\n@data\n1:a\n", "line 2 is 'hello'"),
    "a flag that is none": ("@univariate maybe\n@data\n1:a\n", "line 1: @univariate is 'maybe'"),
    "a number that is none": ("@dimensions two\n@data\n1:a\n", "line 1: @dimensions is 'two'"),
    "words behind data": ("@data now\n1:a\n", "line 1: nothing is expected behind @data"),
    "classes twice": ("@classLabel true a\n@targetLabel true\n@data\n1:a\n", "line 2: @targetlabel follows"),
    "nothing said of labels": ("@problemName x\n@data\n1,2:a\n", "does not say whether a class ends each line"),
    "a word": (HEADER + "1,two:3,4:Up\n", "line 7, channel 0: value 2 is 'two'"),
    "nothing between commas": (HEADER + "1,,3:1,2,3:Up\n", "line 7, channel 0: value 2 is empty"),
    "infinite": (HEADER + "1,inf:3,4:Up\n", "line 7, channel 0: value 2 is infinite"),
    "underscores": (HEADER + "1,1_000:3,4:Up\n", "line 7, channel 0: value 2 is '1_000'"),
    "channels of two lengths": (HEADER + TWO + "1,2:3:Up\n", "line 9 has 1 values in channel 1 and 2 in channel 0"),
    "more channels": (HEADER + TWO + "1:2:3:Up\n", "line 9 has 3 channels and the cases above it 2"),
    "other channels than told": (
        "@dimensions 3\n" + HEADER + TWO,
        "line 8 has 2 channels; the header says @dimensions 3",
    ),
    "no label": (HEADER + "1,2\n", "line 7 has no colon"),
    "a label that is missing": (HEADER + TWO + "1:2:?\n", "line 9 has no label"),
    "a class that is none": (HEADER + "1:2:Left\n", "line 7 has the class 'Left'; the header names 'Up', 'Down'"),
    "a target that is none": (
        "@univariate true\n@targetLabel true\n@data\n1,2:high\n",
        "line 4: the target: value 1 is 'high'",
    ),
    "no pairs": (TIMED + "1,2:3\n", "line 5 is '1,2'; expected pairs"),
    "a time twice": (TIMED + "(0,1),(0,2):3\n", "line 5 has the time '0' twice"),
    "missing values only": (HEADER + "?,?:?,?:Up\n", "1 case without any value: 0"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_ts(tmp_path, what):
    text, message = MALFORMED[what]
    with pytest.raises(DataError, match=message):
        read_cases(write(tmp_path, text))


def test_arff_of_relations(tmp_path):
    text = ARFF + "'1,2,3\\n4,5,6','very up'\n\n% no case\n\"7,?,?\\n8,9,?\",down\n"
    found = read_cases(write(tmp_path, text, "x.arff"))
    check_two(found)
    assert found.labels.tolist() == ["very up", "down"]


PLAIN = "@relation x\n@attribute a numeric\n@attribute b numeric\n@attribute c numeric\n@attribute class {1,2}\n@data\n"


def test_arff_of_one_channel(tmp_path):
    found = read_cases(write(tmp_path, PLAIN + "1,2,3,1\n4, ?, 6, 2\n", "x.arff"))
    np.testing.assert_array_equal(found.values[..., 0], [[1, 2, 3], [4, np.nan, 6]])
    assert found.labels.tolist() == ["1", "2"]
    numeric = PLAIN.replace("{1,2}", "real")
    assert read_cases(write(tmp_path, numeric + "1,2,3,1.5\n", "x.arff")).labels.tolist() == [1.5]
    other = PLAIN.replace("class {1,2}", "d numeric")
    assert read_cases(write(tmp_path, other + "1,2,3,4\n", "x.arff")).lengths.tolist() == [4]
    assert read_cases(tmp_path / "x.arff", label="d").labels.tolist() == [4.0]


MALFORMED_ARFF = {
    "no data": ("@relation x\n@attribute a numeric\n", "no line @data"),
    "no attribute": ("@relation x\n@data\n1\n", "line 2: no @attribute"),
    "no end": ("@relation x\n@attribute b relational\n@attribute a numeric\n@data\n'1'\n", "line 4: the relation 'b'"),
    "text in the header": ("@relation x\nhello\n@data\n", "line 2 is 'hello'"),
    "an attribute without a type": ("@relation x\n@attribute a\n@data\n", "line 2 is '@attribute a'"),
    "dates": ("@relation x\n@attribute a date\n@data\n", "line 2: attribute 'a' is of the type 'date'"),
    "a brace that is open": ("@relation x\n@attribute a {1,2\n@data\n", "line 2: the classes of 'a' are not closed"),
    "too few fields": (PLAIN + "1,2,1\n", "line 7 has 3 fields, and the header names 4 attributes"),
    "a word": (PLAIN + "1,two,3,1\n", "line 7: value 2 is 'two'"),
    "a class that is none": (PLAIN + "1,2,3,9\n", "line 7 has the class '9'"),
    "sparse": (PLAIN + "{0 1, 3 1}\n", "line 7 is sparse"),
    "a quote that is open": (PLAIN + "1,2,3,'1\n", "line 7 has a quote that is not closed"),
    "other channels": (ARFF + "'1\\n2',down\n'1',down\n", "line 11 has 1 channels, and the first case 2"),
    "channels of two lengths": (ARFF + "'1,2\\n3',down\n", "line 10 has 1 values in channel 1"),
    "no relation": (ARFF + "?,down\n", "line 10: the relation is missing"),
    "two classes": (PLAIN.replace("c numeric", "c {a,b}") + "1,2,a,1\n", "several attributes of classes: 'c', 'class'"),
    "texts": (PLAIN.replace("c numeric", "c string") + "1,2,a,1\n", "attribute 'c' is string"),
}


@pytest.mark.parametrize("what", MALFORMED_ARFF)
def test_malformed_arff(tmp_path, what):
    text, message = MALFORMED_ARFF[what]
    with pytest.raises(DataError, match=message):
        read_cases(write(tmp_path, text, "x.arff"))


@pytest.mark.parametrize("name, mark", [("x.tsv", "\t"), ("x.txt", ","), ("x.txt", "  "), ("Gun_TRAIN", ",")])
def test_ucr(tmp_path, name, mark):
    rows = [["2", "1.5", "2", "3"], ["1", "4", "NaN", "NaN"]]
    found = read_cases(write(tmp_path, "\n".join(mark.join(row) for row in rows), name))
    assert found.labels.tolist() == [2, 1] and found.labels.dtype.kind == "i"
    assert found.lengths.tolist() == [3, 1]
    np.testing.assert_array_equal(found.values[0, :, 0], [1.5, 2, 3])
    with pytest.raises(DataError, match="line 2: value 2 is 'x'"):
        read_cases(write(tmp_path, mark.join(rows[0]) + "\n" + mark.join(["1", "4", "x", "5"]) + "\n", name))


def test_labels_of_ucr_are_texts_or_numbers(tmp_path):
    assert read_cases(write(tmp_path, "1.0e0,1,2\n2.0e0,1,3\n", "x.txt")).labels.tolist() == [1, 2]
    assert read_cases(write(tmp_path, "up,1,2\ndown,1,3\n", "x.txt")).labels.tolist() == ["up", "down"]


def test_arrays_in_files(tmp_path):
    values = np.random.default_rng(0).normal(size=(3, 4, 2))
    np.savez(tmp_path / "a.npz", X=values, y=np.array(["a", "b", "a"]))
    found = read_cases(tmp_path / "a.npz")
    np.testing.assert_array_equal(found.values, values)
    assert found.labels.tolist() == ["a", "b", "a"] and found.notes == ()
    np.save(tmp_path / "a.npy", values)
    np.testing.assert_array_equal(read_cases(tmp_path / "a.npy", channels="first").values, values.transpose(0, 2, 1))
    np.savez(tmp_path / "b.npz", X=np.array([np.ones(2), np.ones(3)], object))
    with pytest.raises(DataError, match="holds objects, which could run code"):
        read_cases(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", A=values, B=values)
    with pytest.raises(DataError, match="'A', 'B'; expected X"):
        read_cases(tmp_path / "c.npz")
    (tmp_path / "d.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(DataError, match="cannot be read"):
        read_cases(tmp_path / "d.npz")


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match="no file"):
        read_cases(tmp_path / "x.ts")
    with pytest.raises(OptionError, match="expected the path of a file"):
        read_cases(5)
    with pytest.raises(DataError, match="is empty"):
        read_cases(write(tmp_path, ""))
    with pytest.raises(DataError, match="forecast"):
        read_cases(write(tmp_path, "@data\n", "x.tsf"))
    with pytest.raises(OptionError, match="group names columns"):
        read_cases(write(tmp_path, HEADER + TWO), group="a")


NUMBERS = st.one_of(st.floats(-1e9, 1e9), st.floats(allow_nan=False, allow_infinity=False), st.none())
WORDS = st.text("abcXYZ019.-_é", min_size=1, max_size=6).filter(lambda word: word != "?")


@st.composite
def sets(draw):
    """Cases of some channels, of any lengths, each with a number at least; and labels."""
    channels = draw(st.integers(1, 3))
    cases = []
    for _ in range(draw(st.integers(1, 5))):
        steps = draw(st.integers(1, 6))
        case = draw(st.lists(st.lists(NUMBERS, min_size=steps, max_size=steps), min_size=channels, max_size=channels))
        case[0][-1] = draw(st.integers(-5, 5))
        cases.append([[np.nan if v is None else float(v) for v in channel] for channel in case])
    return cases, draw(st.lists(WORDS, min_size=len(cases), max_size=len(cases)))


def spelt(value):
    return "?" if value != value else repr(value)


def check_set(found, cases, labels):
    assert found.lengths.tolist() == [len(case[0]) for case in cases]
    for values, length, case in zip(found.values, found.lengths, cases, strict=True):
        np.testing.assert_array_equal(values[:length], np.array(case).T)
    assert found.labels.tolist() == labels


quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quickly
@given(sets(), st.booleans())
def test_what_is_written_as_ts_comes_back(tmp_path, drawn, timed):
    cases, labels = drawn
    header = f"@timeStamps {timed}\n@univariate {len(cases[0]) == 1}\n@classLabel true {' '.join(labels)}\n@data\n"
    lines = []
    for case, label in zip(cases, labels, strict=True):
        rows = [[f"({i},{spelt(v)})" if timed else spelt(v) for i, v in enumerate(channel)] for channel in case]
        lines.append(":".join(map(",".join, rows)) + f":{label}")
    found = read_cases(write(tmp_path, header + "\n".join(lines) + "\n"))
    assert [one.lower() for one in found.labels.tolist()] == [label.lower() for label in labels]
    check_set(found, cases, found.labels.tolist())


@quickly
@given(sets(), st.sampled_from("'\""))
def test_what_is_written_as_arff_comes_back(tmp_path, drawn, quote):
    cases, labels = drawn
    longest = max(len(case[0]) for case in cases)
    steps = "".join(f"@attribute a{i} numeric\n" for i in range(longest))
    classes = ",".join(f"{quote}{label}{quote}" for label in dict.fromkeys(labels))
    header = f"@relation r\n@attribute bag relational\n{steps}@end bag\n@attribute what {{{classes}}}\n@data\n"
    lines = [
        quote + "\\n".join(",".join(map(spelt, channel)) for channel in case) + f"{quote},{quote}{label}{quote}"
        for case, label in zip(cases, labels, strict=True)
    ]
    check_set(read_cases(write(tmp_path, header + "\n".join(lines) + "\n", "x.arff")), cases, labels)


@quickly
@given(st.text("@datcls{}'\"\n,:?.0123()% true", max_size=80), st.sampled_from(["x.ts", "x.arff", "x.tsv"]))
def test_any_text_is_read_or_refused(tmp_path, text, name):
    start = {"x.ts": "@classLabel true a\n@data\n", "x.arff": PLAIN, "x.tsv": "1\t2\t3\n"}[name]
    try:
        found = read_cases(write(tmp_path, start + text, name))
    except DataError:
        return
    assert len(found) and not np.isnan(found.values[found.inside]).all()
