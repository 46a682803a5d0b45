"""Tables whose times run along the columns."""

from __future__ import annotations

from tests.wild.case import MONTHS, NUMBERS, Case, N

ENDS = (float(NUMBERS[0]), float(NUMBERS[35]))
SHORT = [f"{m:%b}" for m in MONTHS[:12]]
LONG = [f"{m:%B}" for m in MONTHS[:12]]
GERMAN = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]


def years(heads, name="Year", first=2015, rows=3, sep=",", more=("", "")):
    """Rows of years with a column for each head, and the text of another column behind."""
    n = len(heads)
    lines = [sep.join([str(first + y), *NUMBERS[y * n : (y + 1) * n]]) + more[1] for y in range(rows)]
    return "\n".join([sep.join([name, *heads]) + more[0], *lines]) + "\n"


def months(name, content, **more):
    return Case(
        name, content, values=ENDS, rows=36, times=("2015-01", "2017-12"), following=("2018-01", "2018-02"), **more
    )


LABELS = [str(1960 + i) for i in range(N)]


def countries(heads=LABELS):
    rows = "".join(f'"{c}",{c[:2]},{",".join(NUMBERS)}\n' for c in ("France", "Korea, Rep.", "Chile"))
    return f"Country,Code,{','.join(heads)}\n{rows}"


STATIONS = "Station,Year," + ",".join(SHORT) + "\n"
STATIONS += "".join(f"{s},{row}\n" for s in "ab" for row in years(SHORT).splitlines()[1:])

CASES = [
    months("wide_months.csv", years(SHORT), notes=("rows are years", "Jan to Dec", "row by row")),
    months("wide_long_months.csv", years(LONG, sep=";")),
    months("wide_capital_months.csv", years([m.upper() for m in SHORT], "YEAR", sep="\t")),
    months("wide_german_months.csv", years(GERMAN, "Jahr", sep=";")),
    months("wide_numbered_months.csv", years([str(i + 1) for i in range(12)])),
    months("wide_mean.csv", years(SHORT, more=(",Mean", ",5.5")), notes=("other columns were passed over: Mean",)),
    Case(
        "wide_quarters.csv",
        years(["Q1", "Q2", "Q3", "Q4"], rows=10),
        values=(float(NUMBERS[0]), float(NUMBERS[39])),
        rows=40,
        times=("2015-Q1", "2024-Q4"),
        following=("2025-Q1", "2025-Q2"),
    ),
    Case(
        "wide_open_end.csv",
        years(SHORT)[: -len(",".join(NUMBERS[33:36])) - 1] + ",,\n",
        rows=33,
        following=("2017-10", "2017-11"),
        notes=("the 3 cells without a value at its ends were left out",),
    ),
    Case(
        "wide_target.csv",
        years(["Q1", "Q2", "Q3", "Q4"], rows=10),
        ("--target", "Q1"),
        rows=10,
        following=("2025", "2026"),
        silent=("row by row",),
    ),
    Case(
        "wide_countries.csv",
        countries(),
        values=(float(NUMBERS[0]), float(NUMBERS[39])),
        rows=40,
        series=3,
        following=("2000", "2001"),
        notes=("from 1960 to 1999: a series in each of 3 rows",),
    ),
    Case(
        "wide_country.csv",
        countries(),
        ("--where", "Country=Korea, Rep."),
        values=(float(NUMBERS[0]), float(NUMBERS[-1])),
        rows=N,
        following=("2000", "2001"),
        notes=("times run along the columns, from 1960 to 1999",),
    ),
    Case(
        "wide_r_names.csv",
        countries([f"X{y}" for y in LABELS]),
        ("--where", "Code=Ch"),
        rows=N,
        following=("2000", "2001"),
    ),
    Case(
        "wide_days.csv",
        countries([f"{m.month}/{m.day}/{m:%y}" for m in MONTHS]),
        ("--where", "Country=Chile"),
        rows=N,
        following=("2018-05-01", "2018-06-01"),
    ),
    Case(
        "wide_nothing_tells.csv",
        ",".join(LABELS) + 2 * ("\n" + ",".join(NUMBERS)) + "\n",
        refused=("nothing tells apart",),
    ),
    Case(
        "wide_bank.csv",
        "Source,A bank\n\n" + countries().replace("\n", ",\n"),
        ("--where", "Country=Chile"),
        rows=N,
        following=("2000", "2001"),
    ),
    Case("wide_stations.csv", STATIONS, refused=("--where Station=a",)),
    Case("wide_station.csv", STATIONS, ("--where", "Station=b"), rows=36, notes=("passed over: Station",)),
]
