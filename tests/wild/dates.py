"""Dates as people write them: which day each is, and which come next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from tests.wild.case import AFTER_DAYS, DAYS, ENDS, HOURS, MONTHS, NUMBERS, Case, N, table

BERLIN = ZoneInfo("Europe/Berlin")
AMBIGUOUS = [dt.date(2020, 3, 1) + dt.timedelta(i) for i in range(12)]
QUARTERS = [(2005 + i // 4, i % 4 + 1) for i in range(N)]
WEEKS = [f"{year}-W{week:02d}" for year in (2016, 2017) for week in range(1, 53)]
WEEKDAYS = [d for d in (dt.date(2019, 1, 1) + dt.timedelta(i) for i in range(70)) if d.weekday() < 5][:N]
GERMAN = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
Times = list[dt.date] | list[dt.datetime]


def case(name: str, texts: list, following: tuple[str, str], *options: str, sep: str = ",", **more) -> Case:
    numbers = NUMBERS if len(texts) == N else [f"{100 + i % 12}.5" for i in range(len(texts))]
    more.setdefault("values", ENDS if len(texts) == N else None)
    return Case(f"{name}.csv", table(texts, numbers, sep=sep), options, following=following, rows=len(texts), **more)


def forms(times: Times, after: tuple[str, str], formats: dict[str, str | Callable], sep: str = ",") -> list[Case]:
    """One file for each way of writing the same times."""
    write = {n: f if callable(f) else (lambda t, f=f: t.strftime(f)) for n, f in formats.items()}
    return [case(name, [how(t) for t in times], after, sep=sep) for name, how in write.items()]


def local(start: dt.datetime, step: dt.timedelta, count: int) -> list[str]:
    return [(start + i * step).astimezone(BERLIN).isoformat() for i in range(count)]


CASES = [
    *forms(
        DAYS,
        ("2019-02-10", "2019-02-11"),
        {
            "day_iso_slash": "%Y/%m/%d",
            "day_iso_dot": "%Y.%m.%d",
            "day_compact": "%Y%m%d",
            "day_us": "%m/%d/%Y",
            "day_us_short": lambda d: f"{d.month}/{d.day}/{d:%y}",
            "day_us_dash_two_digits": "%m-%d-%y",
            "day_eu": "%d/%m/%Y",
            "day_eu_dash_two_digits": "%d-%m-%y",
            "day_eu_dot_unpadded": lambda d: f"{d.day}.{d.month}.{d.year}",
            "day_month_name": "%d-%b-%Y",
            "day_month_name_two_digits": "%d-%b-%y",
            "day_full_month_name": "%d %B %Y",
            "day_no_sign": "%d%b%Y",
        },
    ),
    *forms(
        DAYS,
        ("2019-02-10", "2019-02-11"),
        {"day_american_words": "%b %d, %Y", "day_weekday": "%a, %d %b %Y", "day_full_words": "%B %d, %Y"},
        sep=";",
    ),
    *forms(
        HOURS,
        ("2010-01-03T16:00:00", "2010-01-03T17:00:00"),
        {
            "hour_eu": "%d/%m/%Y %H:%M",
            "hour_eu_dot": "%d.%m.%Y %H:%M:%S",
            "hour_am_pm": "%m/%d/%Y %I:%M %p",
            "hour_am_pm_small": lambda h: f"{h:%m/%d/%y %I:%M%p}".lower(),
            "hour_fraction": "%Y-%m-%dT%H:%M:%S.000",
            "hour_compact": "%Y%m%d%H%M",
        },
    ),
    *forms(MONTHS, ("2018-05-01", "2018-06-01"), {"month_us": "%m/%d/%Y", "month_eu": "%d/%m/%Y"}),
    case("month_iso", [f"{d:%Y-%m}" for d in MONTHS], ("2018-05", "2018-06")),
    case("month_name", [f"{d:%b %Y}" for d in MONTHS], ("May 2018", "Jun 2018")),
    case("month_name_two_digits", [f"{d:%b-%y}" for d in MONTHS], ("May-18", "Jun-18")),
    case("month_german", [f"{GERMAN[d.month - 1]} {d.year}" for d in MONTHS], ("Mai 2018", "Jun 2018")),
    case("month_slash", [f"{d:%m/%Y}" for d in MONTHS], ("05/2018", "06/2018")),
    case("month_m", [f"{d:%YM%m}" for d in MONTHS], ("2018M05", "2018M06")),
    case("month_dot", [f"{d:%Y.%m}" for d in MONTHS], ("2018.05", "2018.06")),
    case("month_compact", [f"{d:%Y%m}" for d in MONTHS], ("201805", "201806")),
    case("month_end", [f"{d - dt.timedelta(1):%d/%m/%Y}" for d in MONTHS], ("2018-04-30", "2018-05-31")),
    case("quarter", [f"{y}-Q{q}" for y, q in QUARTERS], ("2015-Q1", "2015-Q2")),
    case("quarter_first", [f"Q{q} {y}" for y, q in QUARTERS], ("Q1 2015", "Q2 2015")),
    case("quarter_close", [f"{y}Q{q}" for y, q in QUARTERS], ("2015Q1", "2015Q2")),
    case("week", WEEKS, ("2018-W01", "2018-W02")),
    case("year", list(range(1900, 1900 + N)), ("1940", "1941")),
    case("epoch_seconds", [1546300800 + 86400 * i for i in range(N)], ("2019-02-10", "2019-02-11")),
    case("epoch_milliseconds", [1546300800000 + 86400000 * i for i in range(N)], ("2019-02-10", "2019-02-11")),
    case("weekdays", [f"{d:%m/%d/%Y}" for d in WEEKDAYS], ("2019-02-26", "2019-02-27")),
    case(
        "offset",
        [f"{d}T00:00:00+05:30" for d in DAYS],
        ("2019-02-10T00:00:00+05:30", "2019-02-11T00:00:00+05:30"),
        notes=("+05:30",),
    ),
    case("utc", [f"{h:%Y-%m-%dT%H:%M:%SZ}" for h in HOURS], ("2010-01-03T16:00:00Z", "2010-01-03T17:00:00Z")),
    case(
        "days_through_spring",
        [dt.datetime.combine(dt.date(2019, 1, 1) + dt.timedelta(i), dt.time(), BERLIN).isoformat() for i in range(100)],
        ("2019-04-11T00:00:00+02:00", "2019-04-12T00:00:00+02:00"),
    ),
    case(
        "hours_through_spring",
        local(dt.datetime(2019, 3, 28, tzinfo=dt.UTC), dt.timedelta(hours=1), 150),
        ("2019-04-03T08:00:00+02:00", "2019-04-03T09:00:00+02:00"),
    ),
    case(
        "hours_through_autumn",
        local(dt.datetime(2019, 10, 24, tzinfo=dt.UTC), dt.timedelta(hours=1), 150),
        ("2019-10-30T07:00:00+01:00", "2019-10-30T08:00:00+01:00"),
    ),
    case("told_dayfirst", [f"{d:%d/%m/%Y}" for d in AMBIGUOUS], ("2020-03-13", "2020-03-14"), "--dayfirst"),
    case(
        "told_format", [f"{d:%d/%m/%Y}" for d in AMBIGUOUS], ("2020-03-13", "2020-03-14"), "--date-format", "%d/%m/%Y"
    ),
    Case(
        "year_month_name.csv",
        table([f"{d.year},{d:%b}" for d in MONTHS], head="Year,Month,sales"),
        ("--time", "Year,Month"),
        following=("2018-05", "2018-06"),
    ),
    Case("ambiguous.csv", table([f"{d:%d/%m/%Y}" for d in AMBIGUOUS], NUMBERS[:12]), refused=("date-format", "month")),
    Case("no_date.csv", table([*DAYS[:20], "soon", *DAYS[21:]]), refused=("soon", "21")),
    Case(
        "backwards.csv",
        table(DAYS[::-1]),
        values=ENDS[::-1],
        rows=N,
        following=AFTER_DAYS,
        notes=("not in the order of their times, and were sorted",),
    ),
]
