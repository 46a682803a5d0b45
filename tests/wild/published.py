"""Layouts that published data have, with excerpts of them."""

from __future__ import annotations

from tests.wild.case import AFTER_DAYS, DAYS, ENDS, NUMBERS, Case, N, table


def refused(name, content, *words, options=()):
    return Case(name, content, options, refused=words)


def wide(head, *options, name, **more):
    """The usual series in the last column, beside others."""
    content = table(DAYS, [f"{i},7.5,{n}" for i, n in enumerate(NUMBERS)], head)
    return Case(name, content, options, values=ENDS, rows=N, following=AFTER_DAYS, silent=("no header",), **more)


BANK = (  # of the World Bank: births a woman
    "Country Name,Country Code,Indicator Name,1960,1961,1962,1963\n"
    "Aruba,ABW,Fertility rate,4.82,4.655,4.471,4.271\n"
    "Afghanistan,AFG,Fertility rate,7.671,7.671,7.671,7.671\n"
    "Angola,AGO,Fertility rate,7.316,7.354,7.385,7.41\n"
    "Albania,ALB,Fertility rate,6.186,6.076,5.956,5.833\n"
    "Argentina,ARG,Fertility rate,3.109,3.1,3.089,3.078\n"
)
MONTHS_ACROSS = (  # sea surface temperatures, El Niño
    '"YEAR","JAN","FEB","MAR"\n'
    + "1950,23.11,24.2,25.37\n1951,24.16,25.24,25.61\n1952,24.47,25.94,26.18\n1953,24.11,25.6,26.69\n"
)
BOSTON = "rownames,Year,Champion,Time\n" + "".join(f"{i + 1},{1897 + i},John,02:55:{i + 10}\n" for i in range(30))
COUNTED = "0,1,2\n" + "".join(f"{d},{i},{n}\n" for i, (d, n) in enumerate(zip(DAYS, NUMBERS, strict=True)))

HOUSES = "city,year,month,sales\n" + "".join(  # houses sold in Texas
    f"{city},{2000 + i // 12},{i % 12 + 1},{100 * k + i}\n"
    for k, city in enumerate(("Abilene", "Waco"))
    for i in range(30)
)
NEW_YORK = "rownames,Ozone,Month,Day\n" + "".join(f"{i + 1},{i % 7}.5,{5 + i // 15},{i % 15 + 1}\n" for i in range(45))
RUNS = "Date,Miles,Pace\n" + "".join(  # of a marathon runner, who went out twice on the last day
    f"2002-01-{min(day, 30):02d},{day % 9}.5,7:{day:02d}:10\n" for day in range(1, 32)
)
PIZZAS = "id,date,price\n" + "".join(f"{i},2015-01-{i // 3 + 1:02d},{12 + i % 2}.5\n" for i in range(40))

NILE = [f"{d:%d.%m}.{y % 100:02d}" for y in range(1871, 1971) for d in DAYS[:1]]  # a hundred years in two digits

HOSPITALS = table(
    DAYS, [f"Children\x19s Hospital of {'a town by the river ' * 3},{n}" for n in NUMBERS], "date,who,sales"
)

CASES = [
    # a byte that no text has, as an apostrophe that was converted twice leaves
    Case(
        "hospitals.csv",
        HOSPITALS.replace("\x19", "'").replace("'", "\x19", 1),
        values=ENDS,
        rows=N,
        following=AFTER_DAYS,
        notes=("passed over: line 2 holds the byte 0x19",),
    ),
    refused("spoilt.csv", HOSPITALS.replace("a", "\x01"), "not a text", "line 1", "0x01"),
    refused("zeros.csv", table().replace("2019-01-05", "\0" * 10), "not a text", "0x00"),
    # years of two digits
    Case(
        "nile.csv",
        table(NILE, range(100), "date,volume"),
        values=(0, 99),
        times=("1871-01-01", "1970-01-01"),
        following=("1971-01-01", "1972-01-01"),
        notes=("read as 1871 to 1970",),
    ),
    Case(
        "temperatures.csv",
        table([f"01/01/{y % 100:02d}" for y in range(1937, 1977)], range(40), "date,t"),
        times=("1937-01-01", "1976-01-01"),
        notes=("read as 1937 to 1976",),
    ),
    # times that come twice
    refused("houses.csv", HOUSES, "--where city=Abilene", "--time year,month", options=("--target", "sales")),
    Case(
        "houses_taken.csv",
        HOUSES,
        ("--where", "city=Waco", "--time", "year,month"),
        values=(100, 129),
        following=("2002-07", "2002-08"),
    ),
    refused("new_york.csv", NEW_YORK, "column of whole dates", "Month, Day", "--combine sum"),
    refused("runs.csv", RUNS, "rows 30, 31", "--combine sum", options=("--target", "Miles")),
    refused(
        "pizzas_by_clock.csv",
        "clock,date,price\n" + "".join(f"12:00,2015-01-{i // 3 + 1:02d},12.5\n" for i in range(40)),
        "--combine sum",
        options=("--target", "price", "--time", "date,clock"),
    ),
    refused("pizzas.csv", PIZZAS, "rows 1, 2, 3", "--combine sum", options=("--target", "price")),
    refused("no_time_at_the_end.csv", table() + ",5\n", "row 41", "leave the row out"),
    refused(
        "where_nothing.csv",
        "date,shop,kind,sales\n"
        + "".join(f"{d},{'a' if i % 2 else 'b'},{'' if i % 2 else 'x'},1\n" for i, d in enumerate(DAYS)),
        "has no 'x'",
        "it has nothing in these rows",
        options=("--where", "shop=a", "--where", "kind=x"),
    ),
    # numbers and times that head columns
    wide("date,1,2,3", "--target", "3", name="pivoted.csv"),
    wide("day,101,250,307", "--target", "307", name="pivoted_by_number.csv"),
    wide(",1,2,3", "--target", "3", name="pivoted_without_a_name.csv"),
    Case("counted.csv", COUNTED, ("--target", "2"), values=ENDS, rows=N, notes=("only counts the columns",)),
    Case("bank.csv", BANK, ("--target", "1963"), values=(4.271, 3.078), rows=5, silent=("no header",)),
    Case(
        "bank_unsaid.csv",
        BANK,
        values=(4.82, 4.271),
        rows=4,
        series=5,
        following=("1964", "1965"),
        notes=("from 1960 to 1963: a series in each of 5 rows",),
    ),
    Case(
        "dates_across.csv",
        "shop,2020-01,2020-02,2020-03\nLeeds,1,2,4\nYork,5,3,2\nHull,8,5,6\n",
        values=(1, 4),
        rows=3,
        series=3,
        following=("2020-04", "2020-05"),
        notes=("from 2020-01 to 2020-03: a series in each of 3 rows", "no backtest", "no intervals"),
    ),
    refused("months_across.csv", MONTHS_ACROSS, "JAN to MAR", "df.melt()"),
    # numbers that are no values
    refused("boston.csv", BOSTON, "no column of numbers", "counts rows", "rownames, Year, Champion, Time", "--target"),
    Case("boston_rows.csv", BOSTON, ("--target", "rownames"), values=(1, 30), following=("1927", "1928")),
    refused("texts.csv", "rownames,poll\n" + "".join(f"{i},good\n" for i in range(1, 31)), "no column of numbers"),
]
