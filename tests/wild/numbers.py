"""Numbers as people write them."""

from __future__ import annotations

from tests.wild.case import AFTER_DAYS, DAYS, ENDS, NUMBERS, Case, N, german, table, value

EUROPEAN = [d.strftime("%d.%m.%Y") for d in DAYS]
BIG = [955 + 3 * i for i in range(N)]
BIG_ENDS = (955.0, 955.0 + 3 * (N - 1))
PLAIN = [f"{b:,}" for b in BIG]  # 955 ... 1,000 ... 1,072


def column(name, numbers, ends, *options, sep=",", times=DAYS, **expected):
    return Case(
        name,
        table(times, numbers, sep=sep),
        options,
        values=ends,
        rows=N,
        following=AFTER_DAYS,
        **expected,
    )


def refused(name, numbers, *words, sep=",", options=()):
    return Case(name, table(DAYS, numbers, sep=sep), options, refused=words)


def with_one(text, row=7, numbers=NUMBERS):
    return [*numbers[:row], text, *numbers[row + 1 :]]


INDIAN = [f'"{n // 100000},{n // 1000 % 100:02d},{n % 1000:03d}"' for n in (100_000 + 1357 * i for i in range(N))]

CASES = [
    # decimal marks
    column("plain.csv", NUMBERS, ENDS, silent=("thousands", "decimal")),
    column("german.csv", map(german, NUMBERS), ENDS, sep=";", times=EUROPEAN, silent=("thousands",)),
    column("german_iso_dates.csv", map(german, NUMBERS), ENDS, sep=";"),
    column("quoted_decimal_comma.csv", [f'"{german(n)}"' for n in NUMBERS], ENDS),
    column("decimal_comma_in_tabs.csv", map(german, NUMBERS), ENDS, sep="\t"),
    column("points_in_semicolons.csv", NUMBERS, ENDS, sep=";", silent=("thousands",)),
    column("bare_points.csv", [n.lstrip("0") for n in with_one(".5", N - 1)], (ENDS[0], 0.5)),
    column("open_points.csv", [f"{i}." for i in range(5, N + 5)], (5, N + 4)),
    column("plus_signs.csv", [f"+{n}" for n in NUMBERS], ENDS),
    column("exponents.csv", [f"{value(i):.4e}" for i in range(N)], ENDS),
    column("exponents_german.csv", [german(f"{value(i):.4e}") for i in range(N)], ENDS, sep=";"),
    column("leading_zeros.csv", [f"{i:05d}" for i in range(1, N + 1)], (1, N)),
    # thousands
    column(
        "us_thousands.csv", [f'"{n}.50"' for n in PLAIN], (955.5, BIG_ENDS[1] + 0.5), notes=("commas part thousands",)
    ),
    column("us_whole.csv", [f'"{n}"' for n in PLAIN], BIG_ENDS, notes=("commas part thousands",)),
    column("us_whole_tabs.csv", PLAIN, BIG_ENDS, sep="\t", notes=("commas part thousands",)),
    column("us_millions.csv", [f'"{n * 1000:,}"' for n in BIG], (955e3, BIG_ENDS[1] * 1e3), notes=("commas",)),
    column(
        "german_thousands.csv", map(german, PLAIN), BIG_ENDS, sep=";", times=EUROPEAN, notes=("points part thousands",)
    ),
    column("german_thousands_iso.csv", map(german, PLAIN), BIG_ENDS, sep=";", notes=("points part thousands",)),
    column(
        "german_thousands_and_decimals.csv", [german(f"{n}.25") for n in PLAIN], (955.25, BIG_ENDS[1] + 0.25), sep=";"
    ),
    column("german_all_grouped.csv", [german(f"{n + 1000:,}") for n in BIG], (1955, BIG_ENDS[1] + 1000), sep=";"),
    column("point_thousands_in_commas.csv", map(german, PLAIN), BIG_ENDS, notes=("points part thousands",)),
    column(
        "swiss.csv",
        [n.replace(",", "'") + ".50" for n in PLAIN],
        (955.5, BIG_ENDS[1] + 0.5),
        sep=";",
        notes=("apostrophes",),
    ),
    column("swiss_typographic.csv", [n.replace(",", "\u2019") for n in PLAIN], BIG_ENDS, sep=";"),
    column(
        "french_spaces.csv",
        [n.replace(",", " ") + ",50" for n in PLAIN],
        (955.5, BIG_ENDS[1] + 0.5),
        sep=";",
        notes=("spaces",),
    ),
    column(
        "no_break_spaces.csv", [n.replace(",", "\u00a0") for n in PLAIN], BIG_ENDS, notes=("spaces part thousands",)
    ),
    column("narrow_no_break_spaces.csv", [n.replace(",", "\u202f") for n in PLAIN], BIG_ENDS),
    column("thin_spaces.csv", [n.replace(",", "\u2009") for n in PLAIN], BIG_ENDS),
    column("underscores.csv", [n.replace(",", "_") for n in PLAIN], BIG_ENDS, notes=("underscores",)),
    column("indian.csv", INDIAN, (100_000, 100_000 + 1357 * (N - 1)), notes=("commas part thousands",)),
    column(
        "three_decimals.csv", [f"{1 + i / 1000:.3f}" for i in range(N)], (1, 1.039), notes=("with a decimal point",)
    ),
    column("three_decimals_below_one.csv", [f"{i / 1000:.3f}" for i in range(1, N + 1)], (0.001, 0.04), sep=";"),
    column("given_thousands.csv", map(german, PLAIN), BIG_ENDS, "--thousands", "point", sep=";"),
    column("given_decimal.csv", [f"{1 + i / 1000:.3f}" for i in range(N)], (1, 1.039), "--decimal", "point", sep=";"),
    column("given_decimal_mark.csv", [f"{1 + i / 1000:.3f}" for i in range(N)], (1, 1.039), "--decimal", ".", sep=";"),
    Case(
        "decided_by_another_column.csv",
        table(DAYS, [f"{1.5 + i};{1 + i / 1000:.3f}" for i in range(N)], "date;price;weight", ";"),
        ("--target", "weight"),
        values=(1, 1.039),
        notes=("decimal point",),
    ),
    # signs, currencies, units
    column("dollars.csv", [f"${n}" for n in NUMBERS], ENDS, notes=("'$', which was left out",)),
    column("euros_behind.csv", [f"{german(n)} €" for n in NUMBERS], ENDS, sep=";", notes=("'€'",)),
    column("pounds_and_thousands.csv", [f'"£{n}.00"' for n in PLAIN], BIG_ENDS, notes=("'£'", "thousands")),
    column("yen.csv", [f"¥{b}" for b in BIG], BIG_ENDS, notes=("'¥'",)),
    column("kronor.csv", [f"{n} kr" for n in NUMBERS], ENDS, notes=("'kr'",)),
    column("codes.csv", [f"USD {n}" for n in NUMBERS], ENDS, notes=("'USD'",)),
    column("codes_behind.csv", [f"{n} EUR" for n in NUMBERS], ENDS, notes=("'EUR'",)),
    column("reais.csv", [f"R$ {german(n)}" for n in NUMBERS], ENDS, sep=";", notes=("'R$'",)),
    column("per_cent.csv", [f"{n}%" for n in NUMBERS], ENDS, notes=("percentages",)),
    column("per_cent_spaced.csv", [f"{n} %" for n in NUMBERS], ENDS, notes=("percentages",)),
    column("units.csv", [f"{n} kWh" for n in NUMBERS], ENDS, notes=("'kWh'",)),
    column("degrees.csv", [f"{n}°C" for n in NUMBERS], ENDS, notes=("'°C'",)),
    column("parentheses.csv", with_one(f"({NUMBERS[0]})", 0), (-ENDS[0], ENDS[1]), notes=("parentheses are negative",)),
    column("dollar_parentheses.csv", [f"(${n})" for n in NUMBERS], (-ENDS[0], -ENDS[1]), notes=("parentheses",)),
    column("trailing_minus.csv", with_one(f"{NUMBERS[0]}-", 0), (-ENDS[0], ENDS[1]), notes=("trailing minus",)),
    column("unicode_minus.csv", [f"\u2212{n}" for n in NUMBERS], (-ENDS[0], -ENDS[1])),
    column("minus_before_dollar.csv", [f"-${n}" for n in NUMBERS], (-ENDS[0], -ENDS[1])),
    column("minus_behind_dollar.csv", [f"$-{n}" for n in NUMBERS], (-ENDS[0], -ENDS[1])),
    # size
    column("large.csv", [1_000_000_000 + 2 * i for i in range(N)], (1e9, 1e9 + 2 * (N - 1))),
    column("huge.csv", [f"{1e15 + i:.0f}" for i in range(N)], (1e15, 1e15 + N - 1)),
    column("tiny.csv", [f"{(i + 1) * 1e-12:.6g}" for i in range(N)], (1e-12, N * 1e-12)),
    # marks for missing values
    *(
        column(f"missing_{i}.csv", with_one(mark), ENDS, "--fill", "linear", notes=("1 missing value was filled",))
        for i, mark in enumerate(
            [
                "",
                "NA",
                "N/A",
                "#N/A",
                "NaN",
                "null",
                "None",
                "-",
                "--",
                ".",
                "..",
                "?",
                "n/a",
                "*",
                '""',
                "#DIV/0!",
                "\u2013",
            ]
        )
    ),
    column("said_of_marks.csv", with_one("-"), ENDS, "--fill", "forward", notes=("'-' stands for a missing value",)),
    column("missing_not_filled.csv", with_one("NA"), ENDS, notes=("1 of 40 values is missing", "--fill")),
    # refusals
    refused("text.csv", with_one("lots"), "'lots' in row 8", "line 9", "expected a number"),
    refused("mixed_marks.csv", with_one('"1,5"'), "'1,5' in row 8", "decimal point"),
    refused("mixed_per_cent.csv", with_one("5%"), "row 1", "'5%' in row 8", "one unit"),
    refused("mixed_currencies.csv", with_one("€5", 7, [f"${n}" for n in NUMBERS]), "'€5' in row 8", "currency"),
    refused("mixed_units.csv", with_one("5 MWh", 7, [f"{n} kWh" for n in NUMBERS]), "'5 MWh' in row 8", "one unit"),
    refused("infinite.csv", with_one("inf"), "infinite in row 8", "finite"),
    refused("beyond_float64.csv", with_one("1e999"), "infinite in row 8", "1e999"),
    refused("bad_groups.csv", with_one('"1,23,4"'), "'1,23,4' in row 8"),
    refused("two_minuses.csv", with_one("--5"), "'--5' in row 8"),
    refused("open_parenthesis.csv", with_one("(5"), "'(5' in row 8"),
    refused("booleans.csv", [str(i % 2 == 0).lower() for i in range(N)], "'true'"),
    refused("hexadecimal.csv", with_one("0x1F"), "'0x1F' in row 8"),
    refused("footnote.csv", with_one("12.5*"), "'12.5*' in row 8"),
    refused("excel_overflow.csv", with_one("#####"), "'#####' in row 8"),
    refused(
        "two_readings.csv",
        with_one("5", 7, [f"{1 + i},{111 + i % 9}" for i in range(N)]),
        *("two ways", "1,111 may be 1.111", "or 1111", "--thousands comma", "--decimal comma"),
        sep="\t",
    ),
    refused("decimal_and_thousands_alike.csv", NUMBERS, "both", options=("--decimal", "point", "--thousands", ".")),
    refused("no_such_mark.csv", NUMBERS, "decimal is 'dot'", "point", options=("--decimal", "dot")),
    refused("not_that_decimal.csv", NUMBERS, "decimal comma", options=("--decimal", "comma")),
    # values that stand for a missing one
    column("sentinel.csv", with_one("-999", 9, with_one("-999")), ENDS, notes=("-999 2 times", "give --missing -999")),
    column("sentinel_alone.csv", with_one("9999.9"), ENDS, notes=("9999.9 once", "give --missing 9999.9")),
    column(
        "sentinel_german.csv",
        [german(n) for n in with_one("-99.99", 9, with_one("-99.99"))],
        ENDS,
        sep=";",
        notes=("--missing -99,99",),
    ),
    column("sentinel_huge.csv", with_one("1e20"), ENDS, notes=("1e20 once",)),
    column("no_sentinel.csv", with_one("99", 9, with_one("99")), ENDS, silent=("missing",)),
    column("no_sentinel_in_a_wide_range.csv", with_one("-99", 9, with_one("88888", 3)), ENDS, silent=("missing",)),
    column(
        "missing_told.csv",
        with_one("-999.00"),
        ENDS,
        "--missing",
        "-999",
        "--fill",
        "linear",
        notes=("1 of its values are -999",),
        silent=("far from",),
    ),
    column(
        "missing_words.csv",
        with_one("offline", 9, with_one("-1")),
        ENDS,
        "--missing",
        "offline",
        "--missing",
        "-1",
        "--fill",
        "linear",
        notes=("1 of its values are offline", "1 of its values are -1,"),
    ),
    column("missing_is_not_there.csv", NUMBERS, ENDS, "--missing", "-5", notes=("0 of its values are -5",)),
    column(
        "missing_is_not_filled.csv", with_one("-999"), ENDS, "--missing", "-999", notes=("1 of 40 values is missing",)
    ),
    refused("missing_empty.csv", NUMBERS, "expected a value as the file writes it", options=("--missing", "")),
    # more digits than float64 has
    column("long.csv", [2**53 + 2 * i + 1 for i in range(N)], (2.0**53, 2.0**53 + 2 * N), notes=("beyond 2^53",)),
    column("long_and_even.csv", [2**53 + 2 * i for i in range(N)], (2.0**53, 2.0**53 + 2 * N - 2), silent=("2^53",)),
]
