"""`elman forecast` with covariates: columns of the file, and a file of their future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from elman.cli import main

COLUMNS = ("--group", "shop", "--target", "sales", "--future", "promo", "--static", "kind")
QUICK = ("--horizon", "7", "--members", "1", "--epochs", "1", "--origins", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """shops.csv, and next.csv with the promotions of the week behind it."""
    random, frames = np.random.default_rng(0), []
    for shop in ("a", "b"):
        promo = (random.random(67) < 0.2).astype(int)
        sales = np.exp(3 + 0.4 * promo + random.normal(0, 0.05, 67))
        days = pd.date_range("2024-01-01", periods=67)
        frames.append(pd.DataFrame({"shop": shop, "day": days, "sales": sales, "promo": promo, "kind": shop.upper()}))
    frame, place = pd.concat(frames), tmp_path_factory.mktemp("shops")
    behind = frame.day > "2024-02-29"
    frame[~behind].to_csv(place / "shops.csv", index=False)
    frame[behind].drop(columns="sales").to_csv(place / "next.csv", index=False)
    return place


def run(*arguments):
    return CliRunner().invoke(main, ["forecast", *map(str, arguments)], catch_exceptions=False)


def test_a_file_tells_the_future(folder, tmp_path):
    out = tmp_path / "out"
    found = run(folder / "shops.csv", *COLUMNS, *QUICK, "--future-file", folder / "next.csv", "--out", out)
    assert found.exit_code == 0, found.output
    table = pd.read_csv(out / "forecast.csv")
    assert list(table.columns[:3]) == ["shop", "day", "sales"] and len(table) == 14
    again = run("--model", out / "model.safetensors", folder / "shops.csv", "--target", "sales", "--group", "shop",
                "--future-file", folder / "next.csv", "--out", tmp_path / "again.csv")  # fmt: skip
    assert again.exit_code == 0, again.output
    np.testing.assert_allclose(pd.read_csv(tmp_path / "again.csv").sales, table.sales)


def test_a_missing_future_is_refused_before_the_training(folder, tmp_path):
    found = run(folder / "shops.csv", *COLUMNS, *QUICK, "--out", tmp_path / "out")
    assert found.exit_code == 2 and "'promo'" in found.output and "--future-file" in found.output
    assert not (tmp_path / "out").exists()


def test_the_backtest_trains_anew_with_what_was_known(folder, tmp_path):
    found = run(folder / "shops.csv", *COLUMNS, *QUICK, "--refit", "--future-file", folder / "next.csv",
                "--out", tmp_path / "out")  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "Backtest" in found.output
