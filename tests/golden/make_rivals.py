"""Makes `rivals.npz` with statsforecast: `python tests/golden/make_rivals.py` where statsforecast is installed.

Six generated series and AirPassengers; for series i with season m

- `y<i>`, `m<i>`
- `naive<i>`, `seasonal naive<i>`, `drift<i>`, `theta<i>`, `dynamic theta<i>`: forecasts of 8 steps
- `<form><i>.rates` (alpha, beta, phi, gamma), `.first` (level, trend, season from the first phase on), `.fitted` one
  step ahead, `.aicc` and, unless the trend is damped, `.forecast` of 8 steps, for the 15 forms of exponential
  smoothing.
  (Its forecasts of damped trends add the first step twice: l + phi b, l + 2 phi b, l + 2 phi b + phi^2 b.)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import statsforecast
from statsforecast.ets import ets_f, forecast_ets
from statsforecast.models import AutoTheta, Naive, RandomWalkWithDrift, SeasonalNaive
from statsforecast.utils import AirPassengers

HORIZON = 8


def series() -> list[tuple[np.ndarray, int]]:
    """Random walks, with trends and seasons, of three periods."""
    rng, made = np.random.default_rng(7), []
    for i in range(6):
        m, n = (1, 4, 12)[i % 3], int(rng.integers(40, 100))
        walk = 50 + np.cumsum(rng.normal(0.2 * (i % 2), 1, n)) + rng.normal(0, 1, n)
        wave = 1 + 0.04 * i * np.sin(2 * np.pi * np.arange(n) / m) if m > 1 else 1.0
        made.append((np.abs(walk * wave) + 5, m))
    return [*made, (np.asarray(AirPassengers, float), 12)]


def smoothing(y: np.ndarray, m: int, name: str) -> dict[str, np.ndarray]:
    """What statsforecast fits and forecasts for one form."""
    error, trend, season = name[0], name[1:-1], name[-1]
    damped = trend == "Ad"
    model = ets_f(y, m, error + trend[0] + season, damped=damped)
    assert model["components"] == error + trend[0] + season + ("D" if damped else "N")
    first = model["states"][0]
    has_trend, has_season = trend != "N", season != "N"
    states = [first[0], first[1] if has_trend else 0.0, *(first[1 + has_trend :][::-1] if has_season else [])]
    alpha, beta, gamma, phi = (float(np.nan_to_num(v)) for v in model["par"][:4])
    phi = phi if damped else float(has_trend)
    forecast = {} if damped else {"forecast": np.asarray(forecast_ets(model, HORIZON)["mean"])}
    return forecast | {
        "rates": np.array([alpha, beta, phi, gamma]),
        "first": np.array(states),
        "fitted": np.asarray(model["fitted"]),
        "aicc": np.array(model["aicc"]),
    }


def main() -> None:
    """Write the file beside this one."""
    kept: dict[str, np.ndarray] = {"version": np.array(statsforecast.__version__)}
    for i, (y, m) in enumerate(series()):
        models = {"naive": Naive(), "seasonal naive": SeasonalNaive(m), "drift": RandomWalkWithDrift()}
        models |= {"theta": AutoTheta(m, model="STM"), "dynamic theta": AutoTheta(m, model="DOTM")}
        kept |= {f"y{i}": y, f"m{i}": np.array(m)}
        kept |= {f"{name}{i}": model.forecast(y=y, h=HORIZON)["mean"] for name, model in models.items()}
        for season in "N" if m == 1 else "NAM":
            for error in "M" if season == "M" else "AM":
                for trend in ("N", "A", "Ad"):
                    name = error + trend + season
                    kept |= {f"{name}{i}.{k}": v for k, v in smoothing(y, m, name).items()}
    np.savez_compressed(Path(__file__).parent / "rivals.npz", **kept)


if __name__ == "__main__":
    main()
