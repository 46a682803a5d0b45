"""Tables as programs and people leave them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile

import numpy as np

from tests.wild.case import AFTER_DAYS, DAYS, ENDS, NUMBERS, Case, N, table

BODY = table(head="")
PLAIN = table()


def layout(name, content, *options, **expected):
    """A file that holds the usual table, somehow."""
    return Case(name, content, options, values=ENDS, rows=N, following=AFTER_DAYS, **expected)


def refused(name, content, *words, options=(), **more):
    return Case(name, content, options, refused=words, **more)


def zipped(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(
                name.replace("__MACOSX__", "__MACOSX/")
                .replace("xl__", "xl/")
                .replace("_csv", ".csv")
                .replace("_xml", ".xml"),
                text,
            )
    return data.getvalue()


def npy():
    data = io.BytesIO()
    np.save(data, np.arange(5.0))
    return data.getvalue()


def rows(text, join=","):
    return [line.split(join) for line in text.splitlines()]


def with_line(text, number, line):
    """A line put in the place of another; lines count from 1."""
    lines = text.splitlines()
    return "\n".join([*lines[: number - 1], line, *lines[number:]]) + "\n"


R_STYLE = '"date" "sales"\n' + "".join(
    f'"{i}" "{d}" {n}\n' for i, (d, n) in enumerate(zip(DAYS, NUMBERS, strict=True), 1)
)

CASES = [
    # delimiters, quotes, ends of lines
    *(layout(f"delimiter_{i}.csv", table(sep=sep)) for i, sep in enumerate([",", ";", "\t", "|"])),
    layout("blanks.txt", table(sep="   ")),
    layout(
        "aligned.txt",
        "date             sales\n" + "".join(f"{d}   {n:>10}\n" for d, n in zip(DAYS, NUMBERS, strict=True)),
    ),
    layout("spaces_behind_commas.csv", table(sep=", ")),
    layout("spaces_around.csv", table(sep=" , ", head="date , sales")),
    layout("quoted.csv", "".join(f'"{a}","{b}"\n' for a, b in rows(PLAIN))),
    layout("quoted_and_spaced.csv", "".join(f'"{a}", "{b}"\n' for a, b in rows(PLAIN))),
    layout("quoted_header.csv", PLAIN.replace("date,sales", '"date","sales, net"')),
    layout("two_lines_in_a_header.csv", PLAIN.replace("date,sales", '"date","sales\n(net)"')),
    layout("inches.csv", table(DAYS, [f'{n},5" pipe' for n in NUMBERS], "date,sales,what"), "--target", "sales"),
    layout("crlf.csv", PLAIN.replace("\n", "\r\n")),
    layout("cr.csv", PLAIN.replace("\n", "\r")),
    layout("crcrlf.csv", PLAIN.replace("\n", "\r\r\n")),
    layout("no_last_newline.csv", PLAIN.rstrip("\n")),
    layout("sep_line.csv", "sep=;\n" + table(sep=";")),
    layout("sep_line_of_excel.csv", '"sep=,"\r\n' + PLAIN.replace("\n", "\r\n")),
    layout("dos_end.csv", PLAIN + "\x1a"),
    # encodings
    layout("bom.csv", PLAIN, encoding="utf-8-sig"),
    layout("utf16.csv", PLAIN, encoding="utf-16"),
    layout("utf16_tabs.csv", table(sep="\t"), encoding="utf-16"),
    layout("utf16_be.csv", b"\xfe\xff" + PLAIN.encode("utf-16-be")),
    layout("utf16_no_bom.csv", PLAIN, encoding="utf-16-le"),
    layout("utf32.csv", PLAIN, encoding="utf-32"),
    layout(
        "cp1252.csv",
        table(DAYS, [f"{n},é" for n in NUMBERS], "date,sales,Größe"),
        encoding="cp1252",
        notes=("cp1252", "not UTF-8"),
    ),
    layout("cp1252_target.csv", table(head="Tag,Größe"), "--target", "Größe", encoding="cp1252", notes=("cp1252",)),
    layout("cp1252_euros.csv", table(DAYS, [f"{n} €" for n in NUMBERS]), encoding="cp1252", notes=("cp1252", "'€'")),
    layout("latin1.csv", PLAIN.replace("sales", "caf\x81\xe9").encode("latin-1"), notes=("Latin-1",)),
    layout("umlauts.csv", table(head="Datum,Umsätze")),
    layout("japanese.csv", table(head="日付,売上"), "--time", "日付"),
    # packed
    layout("x.csv.gz", gzip.compress(PLAIN.encode())),
    layout("x.csv.bz2", bz2.compress(PLAIN.encode())),
    layout("x.csv.xz", lzma.compress(PLAIN.encode())),
    layout("x.zip", zipped(x_csv=PLAIN)),
    layout("mac.zip", zipped(x_csv=PLAIN, __MACOSX__x_csv="junk")),
    layout("packed_without_saying.csv", gzip.compress(PLAIN.encode())),
    # what stands around
    layout("comments.csv", "# made by hand\n# units: EUR\n" + PLAIN),
    layout("comments_between.csv", with_line(PLAIN, 1, "date,sales\n# from here on corrected")),
    layout("commented_header.csv", "# date,sales\n" + BODY),
    layout(
        "hash_named_index.csv",
        "#,date,sales\n" + "".join(f"{i},{line}\n" for i, line in enumerate(BODY.splitlines(), 1)),
    ),
    layout("single_quotes.csv", table(head="'date','sales'")),
    layout("title.csv", "Monthly sales\n\n" + PLAIN, notes=("line 1 above the header was passed over",)),
    layout("titles.csv", "Report: sales\nMade: 2020-01-01, by me, for you\nAll shops\n" + PLAIN, notes=("lines 1-3",)),
    layout("title_of_commas.csv", "Monthly sales,\n,\n" + PLAIN),
    layout("units_row.csv", PLAIN.replace("date,sales\n", "date,sales\n,EUR\n"), notes=("line 2 below the header",)),
    layout("yfinance.csv", "Price,Close\nTicker,AAPL\nDate,\n" + BODY, notes=("lines 1-2 above the header",)),
    layout("units_row_2.csv", PLAIN.replace("date,sales\n", "date,sales\n[d],[EUR]\n"), notes=("line 2",)),
    layout("blank_lines.csv", PLAIN.replace("\n", "\n\n")),
    layout("blank_rows_of_commas.csv", PLAIN + ",\n,\n,\n"),
    layout("commas_at_the_ends.csv", PLAIN.replace("\n", ",\n")),
    layout("commas_at_the_ends_but_header.csv", PLAIN.replace("\n", ",\n").replace("sales,\n", "sales\n", 1)),
    layout("many_empty_columns.csv", PLAIN.replace("\n", ",,,,\n")),
    layout("total.csv", PLAIN + "Total,99999\n", notes=("line 42 below the table",)),
    layout("summe.csv", PLAIN + "Summe,99999\n", notes=("below the table",)),
    layout(
        "source_below.csv",
        PLAIN + "\nSource: the office of numbers\nAll rights reserved.\n",
        notes=("below the table",),
    ),
    # headers
    layout("no_header.csv", BODY, notes=("has no header", "column 1")),
    layout("no_header_semicolons.csv", table(head="", sep=";"), notes=("has no header",)),
    layout("numeric_header.csv", PLAIN.replace("sales", "2019"), "--target", "2019"),
    layout("unnamed_index.csv", ",date,sales\n" + "".join(f"{i},{line}\n" for i, line in enumerate(BODY.splitlines()))),
    layout(
        "pandas_index.csv",
        "Unnamed: 0,date,sales\n" + "".join(f"{i},{line}\n" for i, line in enumerate(BODY.splitlines())),
    ),
    layout("series_of_pandas.csv", PLAIN.replace("date,sales", ",0"), notes=("values from column '0'",)),
    layout("dates_without_a_name.csv", PLAIN.replace("date,", ",")),
    layout("r_table.txt", R_STYLE),
    layout(
        "r_csv.csv",
        '"","date","sales"\n'
        + "".join(f'"{i}","{d}",{n}\n' for i, (d, n) in enumerate(zip(DAYS, NUMBERS, strict=True), 1)),
    ),
    layout(
        "same_names.csv",
        table(DAYS, [f"{n},1" for n in NUMBERS], "date,sales,sales"),
        "--target",
        "sales",
        notes=("several columns are called 'sales'",),
    ),
    layout("spaced_names.csv", PLAIN.replace("date,sales", " date , sales ")),
    layout("upper_case.csv", PLAIN.replace("date,sales", "DATE,SALES")),
    layout("order_date.csv", PLAIN.replace("date,", "Order Date,"), notes=("'Order Date'",)),
    layout("values_first.csv", "sales,date\n" + "".join(f"{b},{a}\n" for a, b in rows(BODY))),
    layout(
        "names_beside.csv",
        table(DAYS, [f"{n},fine" for n in NUMBERS], "date,sales,remark"),
        notes=("values from column 'sales'",),
    ),
    Case(
        "one_column.csv",
        "v\n" + "".join(f"{n}\n" for n in NUMBERS),
        values=ENDS,
        rows=N,
        following=("41", "42"),
        notes=("rows are counted",),
    ),
    Case("one_column_no_header.csv", "".join(f"{n}\n" for n in NUMBERS), values=ENDS, rows=N, notes=("no header",)),
    Case(
        "one_column_decimal_comma.csv",
        "v\n" + "".join(n.replace(".", ",") + "\n" for n in NUMBERS),
        values=ENDS,
        rows=N,
    ),
    Case(
        "one_column_of_thousands.csv",
        "v\n" + "".join(f"{i + 5} 234\n" for i in range(N)),
        values=(5234, 5234 + 1000 * (N - 1)),
        rows=N,
    ),
    Case("no_times.csv", "a,b\n" + "".join(f"x,{n}\n" for n in NUMBERS), values=ENDS, notes=("no column of times",)),
    # refusals
    refused("ragged.csv", with_line(PLAIN, 9, "2019-01-08,5,6"), "line 9", "3 fields", "expected 2"),
    refused("short_row.csv", with_line(PLAIN, 9, "2019-01-08"), "line 9", "1 field"),
    refused("unquoted_decimal_comma.csv", PLAIN.replace(".", ","), "header", "2 fields", "3", "quotes"),
    refused("open_quote.csv", with_line(PLAIN, 9, '2019-01-08,"5'), "line 9", "quote"),
    refused("bad_quote.csv", with_line(PLAIN, 9, '2019-01-08,"5"x'), "line 9", "quote"),
    Case(
        "several.csv",
        table(DAYS, [f"{n},1" for n in NUMBERS], "date,north,south"),
        values=ENDS,
        rows=N,
        series=2,
        following=AFTER_DAYS,
        notes=("each of 2 columns is a series: north, south",),
    ),
    refused("no_numbers.csv", table(DAYS, ["a,b"] * N, "date,x,y"), "no column of numbers"),
    refused("header_twice.csv", PLAIN + PLAIN, "2 times", "rows 1, 41"),
    layout(
        "files_joined.csv",
        with_line(PLAIN, 21, PLAIN.splitlines()[20] + "\ndate,sales"),
        notes=("repeats the header", "line 22"),
    ),
    refused("empty.csv", "", "is empty"),
    refused("blank.csv", "\n \n", "is empty"),
    refused("header_only.csv", "date,sales\n", "no rows"),
    refused("comments_only.csv", "# nothing\n", "no rows"),
    refused("binary.csv", bytes(range(256)) * 20, "not a text"),
    refused("book.xlsx", zipped(xl__workbook_xml="<x/>"), "Excel", "CSV"),
    refused("book_called.csv", zipped(xl__workbook_xml="<x/>"), "Excel", "CSV"),
    refused("broken_book.xlsx", b"PK\x03\x04" + bytes(60), "cannot be read", "save the sheet as CSV"),
    refused("book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel", "CSV"),
    refused("book.ods", zipped(mimetype="application/vnd.oasis", content_xml="<x/>"), "OpenDocument", "CSV"),
    refused("two.zip", zipped(a_csv=PLAIN, b_csv=PLAIN), "2 files", "a.csv, b.csv"),
    refused("broken.csv.gz", gzip.compress(PLAIN.encode())[:-20], "cannot be read"),
    refused("x.feather", b"ARROW1\0\0" + bytes(100), "Feather", "Parquet"),
    refused("x.json", '[{"date": "2019-01-01", "sales": 5}]', "JSON", "CSV"),
    refused("x.jsonl", '{"date": "2019-01-01", "sales": 5}\n' * 5, "JSON", "CSV"),
    refused("x.parquet", b"PAR1" + PLAIN.encode(), "cannot be read"),
    refused("x.npy", npy(), "NumPy"),
    refused("x.pkl", pickle.dumps({"a": [1, 2]}), "pickle"),
    refused("x.png", b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
    refused("x.html", "<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
    refused("x.xml", "<?xml version='1.0'?>\n<rows/>", "XML"),
    refused("lfs.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS"),
    refused("misspelt_time.csv", PLAIN, "no column 'dat'", "did you mean 'date'", options=("--time", "dat")),
    refused("other_case.csv", PLAIN, "did you mean 'sales'", options=("--target", "Sales")),
    refused("empty_model.csv", PLAIN, "--model is empty", "variable that was not set", options=("--model", "")),
    refused("blank_model.csv", PLAIN, "--model is empty", options=("--model", " ")),
    refused("time_is_target.csv", PLAIN, "both time and target", options=("--time", "date", "--target", "date")),
    refused("no_time.csv", with_line(PLAIN, 9, ",5"), "row 8 has no time", options=("--time", "date")),
    refused("twice.csv", with_line(PLAIN, 9, "2019-01-07,5"), "rows 7, 8", "keep one"),
    Case("unsorted.csv", PLAIN + "2018-12-31,5\n", (), values=(5, ENDS[1]), rows=N + 1, following=AFTER_DAYS),
    Case("sorted.csv", PLAIN + "2018-12-31,5\n", ("--sort",), values=(5, ENDS[1]), rows=N + 1, following=AFTER_DAYS),
]
