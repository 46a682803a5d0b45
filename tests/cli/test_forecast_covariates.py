"""`elman forecast` with covariates: columns of the file, and a file of their future."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

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


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `elman forecast ...`: exit code, and all that it said."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["elman", "forecast", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, "".join(capsys.readouterr())

    return call


def test_a_file_tells_the_future(folder, tmp_path, run):
    out = tmp_path / "out"
    code, said = run(folder / "shops.csv", *COLUMNS, *QUICK, "--future-file", folder / "next.csv", "--out", out)
    assert code == 0, said
    table = pd.read_csv(out / "forecast.csv")
    assert list(table.columns[:3]) == ["shop", "day", "sales"] and len(table) == 14
    code, said = run("--model", out / "model.safetensors", folder / "shops.csv", "--target", "sales", "--group", "shop",
                "--future-file", folder / "next.csv", "--out", tmp_path / "again.parquet")  # fmt: skip
    assert code == 0, said
    np.testing.assert_allclose(pd.read_parquet(tmp_path / "again.parquet").sales, table.sales)


def test_a_missing_future_is_refused_before_the_training(folder, tmp_path, run):
    code, said = run(folder / "shops.csv", *COLUMNS, *QUICK, "--out", tmp_path / "out")
    assert code == 2 and "'promo'" in said and "--future-file" in said
    assert not (tmp_path / "out").exists()


def test_the_backtest_trains_anew_with_what_was_known(folder, tmp_path, run):
    code, said = run(folder / "shops.csv", *COLUMNS, *QUICK, "--refit", "--future-file", folder / "next.csv",
                "--out", tmp_path / "out")  # fmt: skip
    assert code == 0, said
    assert "Backtest" in said
