"""Paths that are empty, as a shell gives where a variable is not set."""

import pytest
from click.testing import CliRunner

from elman.cli import elman
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


@pytest.mark.parametrize(
    "words", [["forecast", "{}", "--horizon", "2"], ["classify", "{}"], ["inspect", "{}"], ["write", "{}"]]
)
def test_an_address_is_no_file(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(elman, [word.format("https://example.org/a.csv") for word in words])
    assert "https://example.org/a.csv, an address; expected a file" in str(result.exception)
    assert not list(tmp_path.iterdir())
