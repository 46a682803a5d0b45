"""Several series in one file, and times that several columns make."""

from __future__ import annotations

from tests.wild.case import AFTER_DAYS, DAYS, ENDS, HOURS, MONTHS, NUMBERS, Case, N, table

STORES = "store,date,sales\n" + "".join(
    f"{s},{d},{float(n) + 1000 * k:.2f}\n" for k, s in enumerate("abc") for d, n in zip(DAYS, NUMBERS, strict=True)
)
INTERLEAVED = "date,store,sales\n" + "".join(
    f"{d},{s},{n}\n" for d, n in zip(DAYS, NUMBERS, strict=True) for s in ("New York", "Köln")
)
TWO = "date,store,item,sales\n" + "".join(
    f"{d},{s},{i},{n}\n" for s in (1, 2) for i in (1, 2, 3) for d, n in zip(DAYS, NUMBERS, strict=True)
)
YEAR_MONTH = table([f"{d.year},{d.month}" for d in MONTHS], head="Year,Month,sales")
DAY_CLOCK = table([f"{h:%Y-%m-%d},{h:%H:%M}" for h in HOURS], head="day,clock,sales")
DATE_HOUR = table([f"{h:%Y-%m-%d},{h.hour}" for h in HOURS], head="Date,Hour,sales")


def taken(name, content, *options, values=ENDS, rows=N, following=AFTER_DAYS, **more):
    return Case(name, content, options, values=values, rows=rows, following=following, **more)


def refused(name, content, *words, options=()):
    return Case(name, content, options, refused=words)


CASES = [
    refused("panel.csv", STORES, "store", "--where store=a", "a, b, c", "--group store"),
    refused("panel_named.csv", STORES, "--where store=a", options=("--time", "date", "--target", "sales")),
    refused("panel_words.csv", INTERLEAVED, "--where 'store=New York'", "New York, Köln"),
    refused(
        "panel_two.csv", TWO, "'store' and 'item'", "--where store=1 --where item=1", options=("--target", "sales")
    ),
    taken("where_a.csv", STORES, "--where", "store=a", notes=("40 of 120 rows", "store=a")),
    taken("where_c.csv", STORES, "--where", "store=c", values=(ENDS[0] + 2000, ENDS[1] + 2000)),
    taken("where_spaces.csv", INTERLEAVED, "--where", "store=New York"),
    taken("where_umlauts.csv", INTERLEAVED, "--where", "store=Köln"),
    taken("where_numbers.csv", TWO, "--where", "store=1.0", "--where", "item=3", "--target", "sales"),
    refused(
        "where_one_of_two.csv", TWO, "'item' tells", "1, 2, 3", options=("--where", "store=1", "--target", "sales")
    ),
    refused("where_typo.csv", INTERLEAVED, "did you mean 'New York'", options=("--where", "store=New Yrok")),
    refused("where_no_column.csv", STORES, "did you mean 'store'", options=("--where", "stor=a")),
    refused("where_no_value.csv", STORES, "it has a, b, c", options=("--where", "store=zzz")),
    refused("where_form.csv", STORES, "store=a", options=("--where", "store")),
    refused(
        "where_row.csv",
        STORES.replace("b,2019-01-03,1", "b,2019-01-03,lots"),
        "row 43",
        "line 44",
        options=("--where", "store=b"),
    ),
    refused(
        "where_twice.csv", STORES.replace("b,2019-01-04", "b,2019-01-03"), "rows 43, 44", options=("--where", "store=b")
    ),
    refused("really_twice.csv", table([*DAYS[:-1], DAYS[3]]), "rows 4, 40", "keep one of these rows"),
    # times of several columns
    taken("year_month.csv", YEAR_MONTH, "--time", "Year,Month", following=("2018-05", "2018-06")),
    refused("year_month_unsaid.csv", YEAR_MONTH, "--time Year,Month", "12 times"),
    taken("day_clock.csv", DAY_CLOCK, "--time", "day,clock", following=("2010-01-03T16:00:00", "2010-01-03T17:00:00")),
    refused("day_clock_unsaid.csv", DAY_CLOCK, "--time day,clock"),
    refused("date_hour_unsaid.csv", DATE_HOUR, "--time Date,Hour"),
    taken("date_hour.csv", DATE_HOUR, "--time", "Date,Hour", following=("2010-01-03T16:00:00", "2010-01-03T17:00:00")),
    refused(
        "one_of_them_missing.csv",
        YEAR_MONTH,
        "no column 'Mnth'",
        "did you mean 'Month'",
        options=("--time", "Year,Mnth"),
    ),
]
