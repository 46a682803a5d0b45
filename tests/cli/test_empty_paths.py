"""Paths that are empty, as a shell gives where a variable is not set."""

import pytest
from click.testing import CliRunner

from elman.cli.forecast import forecast
from elman.errors import OptionError


@pytest.mark.parametrize("option", ["--model", "--out"])
@pytest.mark.parametrize("path", ["", " "])
def test_an_empty_path_is_refused_and_nothing_is_written(option, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(forecast, ["co2", "--horizon", "2", option, path])
    assert isinstance(ended.exception, OptionError)
    assert f"{option[2:]} is empty" in str(ended.exception)
    assert not list(tmp_path.iterdir())
