"""`elman classify` and `elman regress`: learn what sequences are, test that, and judge others with a model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from elman.cli.choices import Cells, Names
from elman.cli.headings import NETWORK, TESTING, TRAINING, under
from elman.cli.once import command
from elman.cli.reading import case_options, given
from elman.cli.saving import saved_of, saving_options
from elman.cli.watching import METRICS, metrics_of, with_callbacks

if TYPE_CHECKING:
    from elman.commands_sequences import SequenceReport

_TEST = under(
    TESTING,
    click.option("--test", metavar="FILE", help="Cases that are not learnt from, and judge the model if labelled."),
    click.option(
        "--hold-out",
        type=float,
        metavar="SHARE",
        help="Without --test: the share of the cases of each kind that is held out for one, of a model that learns "
        "from the others; 0 for no test. [default: 0.25]",
    ),
    click.option(
        "--hold-out-by",
        metavar="COL",
        help="One of the columns of --group, as person: all cases of one are held out, or none.",
    ),
)
_OF_CLASSES = under(
    TRAINING,
    click.option("--class-weight", type=click.Choice(["balanced"]), help="Let rare classes count as much as others."),
    click.option("--label-smoothing", type=float, metavar="SHARE", help="Of a label, spread over all. [default: 0]"),
)
LOSSES, POOLINGS = Names("mse", "mae", "huber"), Names("last", "mean", "max", "attention")
_OF_NUMBERS = under(
    TRAINING,
    click.option("--loss", type=LOSSES, metavar="NAME", help="What is minimised: mse, mae or huber. [default: mse]"),
)
_NETWORK = under(
    NETWORK,
    click.option(
        "--cell",
        type=Cells(),
        metavar="NAME",
        help="Of the networks, one of `elman cells`, or a file of equations. [default: gru]",
    ),
    click.option("--units", type=int, metavar="H", help="Hidden size of each direction. [default: 64]"),
    click.option("--layers", type=int, metavar="N", help="Recurrent layers. [default: 1]"),
    click.option("--bidirectional/--forward", default=None, help="Read in both directions. [default: bidirectional]"),
    click.option(
        "--pooling",
        type=POOLINGS,
        multiple=True,
        metavar="HOW",
        help="How all steps become one: last, mean, max, attention; several with commas. [default: mean]",
    ),
    click.option(
        "--convolution",
        type=click.Choice(["front", "beside", "none"]),
        help="Convolutions that the recurrent layers read, or beside them. [default: front]",
    ),
    click.option("--filters", type=int, metavar="N", help="Features of the convolutions. [default: 64]"),
    click.option("--dropout", type=float, metavar="P", help="Share of values dropped in training. [default: 0.3]"),
    click.option("--members", type=int, metavar="N", help="Networks whose mean counts. [default: 3]"),
)
_TRAINING = under(
    TRAINING,
    click.option("--epochs", type=int, metavar="N", help="[default: about 600 updates, 20 to 100 epochs]"),
    click.option("--batch-size", type=int, metavar="N", help="[default: a sixteenth of the cases, 8 to 64]"),
    click.option("--learning-rate", type=float, metavar="RATE", help="AdamW's highest. [default: 0.003]"),
    click.option("--weight-decay", type=float, metavar="X", help="Of AdamW. [default: 0.01]"),
    click.option(
        "--validation",
        type=float,
        metavar="SHARE",
        help="Of the cases, not learnt from: they choose the best epoch, and calibrate probabilities. [default: "
        "of regress 0.2, of classify 0]",
    ),
    click.option("--patience", type=int, metavar="N", help="Stop after N epochs that were no better on them."),
    click.option("--seed", type=int, metavar="N", help="The same seed gives the same model. [default: 0]"),
)
_ANYHOW = (
    click.option("--threads", type=int, metavar="N", help="At most so many. [default: all cores]"),
    click.option("--model", metavar="FILE", help="Judge with this model.safetensors, without training."),
    click.option("--quiet", is_flag=True, help="Show no progress and no table; errors all the same."),
)


def _options(command: str, own: tuple[Callable[..., Any], ...]) -> Callable[..., Any]:
    out = click.option("--out", metavar="DIR", help=f"Folder for the results. [default: {command}-NAME]")

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        function = saving_options(function)
        for option in reversed((out, *_ANYHOW, *_TEST, *_NETWORK, *_TRAINING, *own, *METRICS)):
            function = option(function)
        return case_options(function)

    return add


@command()
@click.argument("data", metavar="DATA")
@_options("classify", _OF_CLASSES)
def classify(data: str, **options: Any) -> None:
    """Learn which class sequences belong to, and test that; or judge with a --model.

    DATA is a .ts or .arff file of the UCR and UEA archives; a CSV or Parquet file with a row for each case and time
    (--group names the cases) or a row for each case and a column for each step; or an .npz file with X and y.

    Without --test a quarter of the cases of each class is held out: a model that learnt from the others is tested on
    them, and the model that is written learnt from all. Writes predictions.csv with the probability of each class,
    report.html with the confusion matrix and the hardest cases, metrics.json and model.safetensors into a folder.

    \b
    elman classify GunPoint_TRAIN.ts --test GunPoint_TEST.ts
    elman classify walks.csv --group person,trial --time t --label activity \\
        --hold-out-by person
    elman classify --model classify-walks/model.safetensors new.csv
    """
    _run("classify", data, options)


@command()
@click.argument("data", metavar="DATA")
@_options("regress", _OF_NUMBERS)
def regress(data: str, **options: Any) -> None:
    """Learn a number that belongs to sequences, and test that; or tell it with a --model.

    DATA is a file as `elman classify` takes them, whose labels are numbers. Without --test a quarter of the cases is
    held out, from all parts of the range of the numbers: a model that learnt from the others is tested on them, and
    the model that is written learnt from all.

    \b
    elman regress Covid3Month_TRAIN.ts --test Covid3Month_TEST.ts
    elman regress engines.csv --group engine --time cycle --label remaining
    elman regress --model regress-engines/model.safetensors new-engines.csv
    """
    _run("regress", data, options)


def _run(command: str, data: str, options: dict[str, Any]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from elman import commands_sequences
    from elman.cli.classify_output import show_report
    from elman.cli.document import tell
    from elman.data.reading import OF_ROWS, Reading

    quiet, model = options.pop("quiet"), options.pop("model")
    chosen = given(options)
    chosen["reading"] = Reading(**{name: chosen.pop(name) for name in OF_ROWS if name in chosen})
    if model is not None:
        report = getattr(commands_sequences, f"{command}_again")(model, data, **_without_training(chosen))
    else:
        report = _train(getattr(commands_sequences, command), data, chosen, quiet)
    tell(report, lambda: None if quiet else show_report(report))


def _train(function: Callable[..., SequenceReport], data: str, chosen: dict[str, Any], quiet: bool) -> SequenceReport:
    from elman.cli.bars import Bars
    from elman.errors import OptionError

    for name in ("hold_out", "hold_out_by"):
        if "test" in chosen and name in chosen:
            option = name.replace("_", "-")
            raise OptionError(f"--{option} is for a test without a file of its own; leave it or --test out")
    if "seed" in chosen:
        chosen["random_state"] = chosen.pop("seed")
    if "pooling" in chosen:
        chosen["pooling"] = [part.strip() for text in chosen["pooling"] for part in text.split(",")]
    if chosen.get("convolution") == "none":
        chosen["convolution"] = None
    with metrics_of(chosen) as callbacks, nullcontext() if quiet else Bars() as bars:
        watch, saved = with_callbacks(None if bars is None else bars.watch, callbacks), saved_of(chosen)
        return function(data, watch=watch, saved=saved, **chosen)


def _without_training(chosen: dict[str, Any]) -> dict[str, Any]:
    from elman.errors import OptionError

    own = ("group", "time", "columns", "label", "channels", "reading", "out")
    for name in chosen:
        if name not in own:
            option = "--" + {"bidirectional": "bidirectional/--forward"}.get(name, name.replace("_", "-"))
            raise OptionError(f"{option} is for training; --model judges with a model as it is. Leave one of them out")
    return chosen
