"""`elman write`: learn to write from a text, and write."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from elman.cli.choices import Cells, Names
from elman.cli.document import tell, wants_document
from elman.cli.headings import under
from elman.cli.once import command
from elman.cli.saving import saved_of, saving_options
from elman.cli.terminal import flush, say, written
from elman.cli.watching import METRICS, metrics_of

if TYPE_CHECKING:
    from elman.commands_text import Learnt

TOKENS = Names("characters", "words", "pieces")
_LEARNING = under(
    "Learning from TEXT",
    click.option("--out", metavar="FILE", help="Where the model goes. [default: NAME.safetensors]"),
    click.option("--epochs", type=int, metavar="N", help="How often the text is read. [default: 10]"),
    click.option(
        "--tokens",
        type=TOKENS,
        metavar="KIND",
        help="What the text is cut into: characters, words or pieces. [default: characters]",
    ),
    click.option(
        "--vocabulary",
        type=int,
        metavar="N",
        help="Most tokens; rarer ones are <unk>. [default: all characters, 10000 words, 2000 pieces]",
    ),
    click.option(
        "--cell", type=Cells(), metavar="NAME", help="One of `elman cells`, or a file of equations. [default: lstm]"
    ),
    click.option("--units", type=int, metavar="H", help="Hidden size. [default: 256]"),
    click.option("--layers", type=int, metavar="N", help="Recurrent layers. [default: 1]"),
    click.option("--embedding", type=int, metavar="E", help="Numbers that stand for a token. [default: 64]"),
    click.option("--tied", is_flag=True, default=None, help="The output's matrix is that of the embedding."),
    click.option("--dropout", type=float, metavar="P", help="Behind each recurrent layer. [default: 0]"),
    click.option("--input-dropout", type=float, metavar="P", help="Behind the embedding. [default: 0]"),
    click.option("--weight-drop", type=float, metavar="P", help="Of recurrent matrices. [default: 0]"),
    click.option("--steps", type=int, metavar="T", help="Steps that gradients go back. [default: 100]"),
    click.option(
        "--streams", type=int, metavar="B", help="Parts of the text read side by side. [default: by its length]"
    ),
    click.option("--learning-rate", type=float, metavar="RATE", help="AdamW's highest. [default: 0.005]"),
    click.option("--validation", type=float, metavar="SHARE", help="Of the text, held out at its end. [default: 0.1]"),
    click.option("--validation-file", metavar="FILE", help="A text that judges each epoch instead."),
    click.option("--patience", type=int, metavar="N", help="Stop after N epochs that were no better. [default: never]"),
    click.option("--max-seconds", type=float, metavar="S", help="Learn no longer. [default: all epochs]"),
    click.option("--samples", type=int, metavar="N", help="Tokens to show after each epoch. [default: 200]"),
)
_FOR_LEARNING = (*_LEARNING, *METRICS, saving_options)
_WRITING = under(
    "Writing with a --model",
    click.option("--prompt", metavar="TEXT", help="What to go on from. [default: a new line]"),
    click.option("--length", type=int, metavar="N", help="Tokens to write. [default: 500]"),
    click.option("--endless", is_flag=True, default=None, help="Write until Ctrl-C, or a --stop."),
    click.option(
        "--temperature",
        type=float,
        metavar="X",
        help="Below 1 likely tokens are likelier, 0 is no chance. [default: 1]",
    ),
    click.option("--top-k", type=int, metavar="K", help="Only the K likeliest tokens."),
    click.option("--top-p", type=float, metavar="P", help="Only the likeliest tokens that together have P."),
    click.option("--repetition-penalty", type=float, metavar="X", help="Above 1 repetition is rarer. [default: 1]"),
    click.option("--repetition-window", type=int, metavar="N", help="Of the last N tokens. [default: 64]"),
    click.option("--beam", type=int, metavar="N", help="Search for the likeliest text with N beginnings."),
    click.option("--length-penalty", type=float, metavar="X", help="Of a beam. [default: 1]"),
    click.option("--stop", multiple=True, metavar="TEXT", help="End before TEXT; may be repeated."),
    click.option("--score", metavar="FILE", help="Write nothing, but tell how well the model foretells FILE."),
)
_BOTH = (click.option("--seed", type=int, metavar="N", help="Another seed, another text. [default: 0]"),)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    every: tuple[Callable[..., Any], ...] = (*_LEARNING, *METRICS, *_WRITING, *_BOTH, saving_options)
    for option in reversed(every):
        command = option(command)
    return command


def _names(options: tuple[Callable[..., Any], ...]) -> list[str]:
    """The names of some options, as a command gets them."""

    @click.command()
    def bare() -> None: ...

    for option in options:
        option(bare)
    return [parameter.name for parameter in bare.params if parameter.name]


@command()
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--model", metavar="FILE", help="Write with this model, without training.")
@_options
def write(text: str | None, model: str | None, **options: Any) -> None:
    """Learn to write from TEXT, a file or a folder of .txt; or write with a --model.

    TEXT - is the standard input. Learning shows what the model writes after each epoch, tells how well it foretells
    the end of the text, which it did not see, and saves it. Writing goes to the standard output as it is made.

    \b
    elman write shakespeare.txt --epochs 10 --out bard.safetensors
    elman write --model bard.safetensors --prompt "ROMEO:" --temperature 0.8
    elman write --model bard.safetensors --score sonnets.txt
    """
    from elman.errors import OptionError

    given = {name: value for name, value in options.items() if value not in (None, ())}
    if text is None and model is None:
        raise OptionError("give a text to learn from, as `elman write book.txt`, or a model that writes, with --model")
    if text is not None and model is not None:
        raise OptionError("a text is to learn from, and --model writes with what was learnt: leave one of them out")
    if text is not None:
        _refuse(given, _WRITING, "for writing with a --model")
        if "validation" in given and "validation_file" in given:
            raise OptionError("--validation is a share of TEXT, and --validation-file a text of its own: leave one out")
        _learn(text, given)
    else:
        _refuse(given, _FOR_LEARNING, "for learning from a text")
        _write(str(model), given)


def _refuse(given: dict[str, Any], options: tuple[Callable[..., Any], ...], what: str) -> None:
    from elman.errors import OptionError

    wrong = next((name for name in _names(options) if name in given), None)
    if wrong is not None:
        raise OptionError(f"--{wrong.replace('_', '-')} is {what}; leave it out")


def _learn(text: str, given: dict[str, Any]) -> None:
    from elman import commands_text

    with metrics_of(given) as callbacks, _file_of(text) as file:
        saved = saved_of(given)
        found = commands_text.learn_to_write(file, saved=saved, callbacks=callbacks, **{"samples": 200, **given})
    tell(found, lambda: _show_learnt(found))


def _show_learnt(found: Learnt) -> None:
    for note in found.notes:
        say(f"Note: {note}.")
    if found.score is not None:
        say(_scored(found.score, "the text that was held out"))
    say(f"Written to {found.file}")


@contextmanager
def _file_of(text: str) -> Iterator[str]:
    """The text, or a file of what came by the standard input, as it is read more than once."""
    if text != "-":
        yield text
        return
    from elman.files import temporary, temporary_folder

    what = "the text of the standard input"
    with temporary_folder(what) as folder:
        file = folder / "stdin.txt"
        with temporary(what), file.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield str(file)


def _write(model: str, given: dict[str, Any]) -> None:
    from elman import commands_text
    from elman.errors import OptionError

    if "score" in given:
        if others := [name for name in given if name != "score"]:
            raise OptionError(f"--score writes nothing: leave --{others[0].replace('_', '-')} out")
        score = commands_text.judge_text(model, given["score"])
        tell(
            {"model": model, "text": given["score"], "score": score.plain()},
            lambda: say(_scored(score, given["score"])),
        )
        return
    if wants_document() and "endless" in given and "stop" not in given:
        raise OptionError(
            "a text without an end makes no JSON document: give --length or a --stop, or leave --json out"
        )
    if given.pop("endless", False):
        if "length" in given:
            raise OptionError("--endless has no --length: leave one of them out")
        given["length"] = None
    if "stop" in given:
        given["stop"] = list(given["stop"])
    parts, prompt = commands_text.write(model, **given), given.get("prompt", "")
    if wants_document():
        tell({"model": model, "prompt": prompt, "text": "".join(parts)}, say)
        return
    written(prompt)
    for part in parts:
        written(part)
        flush()
    say()
    sys.stdout.flush()


def _scored(score: Any, of: str) -> str:
    unknown = f" ({score.unknown} of them <unk>, so that the bits are too few)" if score.unknown else ""
    return (
        f"{score.bits_per_character:.3f} bits per character, perplexity {score.perplexity:.2f} of {of}: "
        f"{score.tokens:,} tokens{unknown}"
    )
