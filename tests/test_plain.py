import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from elman.errors import OptionError
from elman.plain import to_json

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=9))
def test_what_json_has_comes_back_as_it_was(value):
    assert json.loads(to_json(value, "value")) == value


@given(hnp.arrays(st.sampled_from(["?", "i1", "u8", "f4", "f8"]), hnp.array_shapes(min_dims=0, max_side=3)))
def test_arrays_and_numbers_of_numpy_are_lists_and_numbers(array):
    finite = np.where(np.isfinite(array), array, 0).astype(array.dtype) if array.dtype.kind == "f" else array
    assert json.loads(to_json(finite, "value")) == finite.tolist()
    assert json.loads(to_json(list(finite.ravel()), "value")) == finite.ravel().tolist()  # scalars of NumPy


@pytest.mark.parametrize("value", [np.nan, np.float32(np.inf), np.array([1.0, -np.inf]), {"a": [float("nan")]}])
def test_what_is_not_finite_is_null_or_refused(value):
    assert "null" in to_json(value, "value", undefined_as_null=True)
    with pytest.raises(OptionError, match=r"value.* is -?(nan|inf), which cannot be saved; expected a finite number"):
        to_json(value, "value")


@pytest.mark.parametrize(
    "value, message",
    [
        ({"a": [1, {"b": len}]}, r"value.a\[1\].b is <built-in function len> \(a builtin_function_or_method\)"),
        ({"a": {3}}, r"value.a is \{3\} \(a set\), which cannot be saved"),
        ({1: 2}, "value has the name 1, which cannot be saved; expected a text"),
        (np.array([1j]), "which cannot be saved"),
        (np.array([object()]), "which cannot be saved"),
        (np.datetime64("2001-01-01"), "which cannot be saved"),
    ],
)
def test_what_json_has_not_is_refused_by_name(value, message):
    with pytest.raises(OptionError, match=message):
        to_json(value, "value")


def test_paths_are_texts():
    assert to_json({"file": Path("a") / "b"}, "value") == json.dumps({"file": str(Path("a/b"))})
