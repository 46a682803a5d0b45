"""Options that come twice: lists become one, of others the last counts and the user is told."""

import click
import pytest
from click.testing import CliRunner

from elman.cli import elman
from elman.cli.once import Listed, Once, command, in_shell

OPTIONS = [(name, p) for name, c in elman.commands.items() for p in c.params if isinstance(p, click.Option)]


@pytest.mark.parametrize("name, option", OPTIONS, ids=[f"{name} {p.opts[-1]}" for name, p in OPTIONS])
def test_of_options_that_do_not_repeat_the_user_is_told_which_counts(name, option):
    value = {"choice": str(getattr(option.type, "choices", ["x"])[0])}.get(option.type.name, "7")
    words = [option.opts[-1]] if option.is_flag else [option.opts[-1], value]
    result = CliRunner().invoke(elman, [name, *words, *words, "--no-such-option"])
    assert "No such option" in result.output
    once = Once(name, params=[option])
    with once.make_context(name, [*words, *words], resilient_parsing=True):
        pass
    assert isinstance(elman.commands[name], Once)


@command()
@click.option("--columns", cls=Listed)
@click.option("--units", type=int)
@click.option("--bidirectional/--forward", default=None)
def sample(columns, units, bidirectional):
    click.echo(f"{columns} {units} {bidirectional}")


@pytest.mark.parametrize(
    "words, printed, told",
    [
        ("", "None None None", ""),
        ("--columns a --columns b,c", "a,b,c None None", ""),
        ("--units 1 --units 2", "None 2 None", "--units was given more than once; the last one, 2, counts"),
        ("--bidirectional --forward", "None None False", "the last one, --forward, counts"),
        ("--forward --bidirectional", "None None True", "the last one, --bidirectional, counts"),
    ],
)
def test_what_counts_is_said(words, printed, told):
    result = CliRunner().invoke(sample, words.split())
    assert result.exit_code == 0 and result.stdout == printed + "\n" and told in result.stderr
    assert bool(told) == bool(result.stderr)


def test_an_empty_list_is_no_missing_one():
    assert CliRunner().invoke(sample, ["--columns", ""]).stdout.startswith(" None")


def test_options_that_are_gone_are_not_proposed():
    result = CliRunner().invoke(elman, ["forecast", "sunspots", "--horizn", "3"])
    assert result.exit_code == 2 and "--horizon" in result.output and "--hidden" not in result.output


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("say it with group='a', or target='b'", "--group, --target"),
        ("give group='a' (--group a)", ""),
        ("give time=['a', 'b'] (--time a,b), or combine='sum'", "--combine"),
        ("the column n=3 is no option; x=y", ""),
        ("date_format='%Y', twice date_format=", "--date-format"),
    ],
)
def test_arguments_of_python_are_told_as_options(message, options):
    assert in_shell(message, elman.commands["forecast"].params) == (f"in the shell: {options}" if options else "")


def test_an_error_that_names_arguments_names_options_too(tmp_path):
    file = tmp_path / "two.csv"
    file.write_text("person,day,v,activity\n" + "".join(f"{k // 5},{k % 5},{k},walk\n" for k in range(20)))
    result = CliRunner().invoke(elman, ["classify", str(file), "--group", "person"])
    said = "; ".join([str(result.exception), *getattr(result.exception, "__notes__", ())])
    assert "in the shell: " in said and "--time" in said


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("help", "elman --help, or elman COMMAND --help"),
        ("version", "elman --version"),
        ("train", "forecast, classify"),
        ("predict", "--model"),
        ("forcast", "Did you mean 'forecast'"),
    ],
)
def test_commands_of_other_programs(word, said):
    result = CliRunner().invoke(elman, [word])
    assert result.exit_code == 2 and f"No such command '{word}'" in result.output and said in result.output
