"""Options that say how a file is read; the same for every command that reads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from elman.cli.headings import DATA, READING, under
from elman.cli.once import Listed

_COLUMNS = under(
    DATA,
    click.option(
        "--time",
        cls=Listed,
        metavar="COL",
        help="Column of times, or several that make them, as Year,Month. [default: the first one of dates, or called "
        "year, date ...]",
    ),
    click.option(
        "--target",
        cls=Listed,
        metavar="COL",
        help="Column to forecast; several, as a,b, are a series each. [default: all of numbers]",
    ),
    click.option(
        "--group",
        cls=Listed,
        metavar="COLS",
        help="Columns that name the series of a table with many, as store,product. [default: unique_id, if there is "
        "one]",
    ),
)
_CASES = under(
    DATA,
    click.option(
        "--group",
        cls=Listed,
        metavar="COLS",
        help="Columns that name the cases of a long table. [default: one called id, case ...]",
    ),
    click.option(
        "--time", cls=Listed, metavar="COLS", help="Columns of times of a long table. [default: one called time ...]"
    ),
    click.option(
        "--columns",
        cls=Listed,
        metavar="COLS",
        help="Columns that are channels. [default: all others, which must be numbers]",
    ),
    click.option(
        "--label", metavar="COL", help="Column that tells what a case is. [default: one called label, class ...]"
    ),
    click.option(
        "--channels",
        type=click.Choice(["last", "first"]),
        help="Whether an .npz or .npy file has arrays (N, T, F), or (N, F, T). [default: last, or as the --model "
        "learnt]",
    ),
)
_WRITTEN = under(
    READING,
    click.option(
        "--where",
        multiple=True,
        metavar="COL=VALUE",
        help="Only rows with VALUE in column COL, to take one of several series; may be repeated.",
    ),
    click.option("--date-format", metavar="FORMAT", help="How times are written, as %d.%m.%Y. [default: found]"),
    click.option(
        "--dayfirst/--monthfirst",
        default=None,
        help="Whether 01/02/2003 is in February or in January. [default: found]",
    ),
    click.option("--decimal", metavar="MARK", help="What stands before fractions: point or comma. [default: found]"),
    click.option(
        "--thousands",
        metavar="MARK",
        help="What parts thousands: comma, point, space, apostrophe. [default: found]",
    ),
    click.option(
        "--missing",
        multiple=True,
        metavar="VALUE",
        help="A value that stands for a missing one, as the file writes it, such as -999; may be repeated.",
    ),
)
_ROWS = (
    *_WRITTEN,
    *under(
        READING,
        click.option(
            "--fill",
            type=click.Choice(["none", "linear", "forward"]),
            default="none",
            show_default=True,
            help="Missing values: leave them open, or fill by a straight line or with the last value.",
        ),
        click.option(
            "--combine",
            metavar="HOW",
            help="One value of several rows at one time, as all sales of a day: sum, mean, first, last, min or max.",
        ),
        click.option(
            "--sort", is_flag=True, expose_value=False, hidden=True, help="Rows are sorted by time in any case."
        ),
    ),
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as keyword arguments."""
    for option in reversed((*_COLUMNS, *_ROWS)):
        command = option(command)
    return command


def case_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that reads sequences which are judged as a whole."""
    for option in reversed((*_CASES, *_WRITTEN)):
        command = option(command)
    return command


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Those that the user gave."""
    return {name: value for name, value in options.items() if value not in (None, ())}


def of_one_series(options: dict[str, Any]) -> dict[str, Any]:
    """Those that the user gave to a command that reads one series.

    Raises
    ------
    OptionError
        If columns are to name several.
    """
    from elman.errors import OptionError

    if options.get("group"):
        raise OptionError("this command takes one series: --where COL=VALUE says which, in place of --group")
    return given(options)
