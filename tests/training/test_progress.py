"""What is shown of a training: lines, a bar in a terminal, a bar in a notebook."""

import io
import re
import sys
import types

import numpy as np
import pytest

import elman as el
from elman.training import displays, progress
from elman.training.displays import Display, Lines, Notebook, Standing, Terminal, duration
from elman.training.progress import Progress, ProgressOfMany
from tests.training.problems import recurrent, sums, train

X, TARGET = sums()
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(autouse=True)
def _always_due(monkeypatch):
    for kind in (Terminal, Notebook):
        monkeypatch.setattr(kind, "seconds", -1.0)


class Tty(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal as the error stream; returns what it got."""

    def make(columns=100, **environment):
        monkeypatch.setattr(sys, "stderr", Tty())
        for name, value in {"TERM": "xterm-256color", "COLUMNS": str(columns), **environment}.items():
            monkeypatch.setenv(name, value)
        return sys.stderr

    monkeypatch.delenv("NO_COLOR", raising=False)
    return make


def frames(stream):
    """Each line that was drawn, without colours, what moves the cursor, and how long it took."""
    found = re.split(r"[\r\n]", ESCAPES.sub("", stream.getvalue()))
    return [timeless(line.rstrip()) for line in found if line.strip()]


def timeless(text):
    return re.sub(r"after [\d:]+ (s|min)", "after 0 s", text)


def test_silence(capsys):
    train(recurrent(), X, TARGET, epochs=2)
    assert capsys.readouterr() == ("", "")
    with pytest.raises(el.OptionError, match="verbose is 2; expected 0 .silent. or 1"):
        train(recurrent(), X, TARGET, verbose=2)


# --- lines --------------------------------------------------------------------------------------------------


def test_plain_lines_where_there_is_no_terminal(capsys):
    found = train(recurrent(), X, TARGET, epochs=4, validation_data=(X, TARGET), verbose=1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["1/4", "4/4"]
    assert lines[1].startswith(
        f"epoch 4/4  loss {found['loss'][3]:.4g}  val_loss {found['val_loss'][3]:.4g}  rate 0.001"
    )
    assert " left" in lines[0] and " left" not in lines[1] and lines[1].endswith(("updates/s", "s/update"))


def test_a_dumb_terminal_gets_plain_lines(terminal):
    stream = terminal(TERM="dumb")
    train(recurrent(), X, TARGET, epochs=2, verbose=1)
    assert "\x1b" not in stream.getvalue() and len(frames(stream)) == 2


def test_an_epoch_that_takes_long_has_lines_within(capsys, monkeypatch):
    monkeypatch.setattr(Lines, "within", -1.0)
    train(recurrent(), X, TARGET, epochs=1, batch_size=8, verbose=1, callbacks=[each_update()])
    assert len(capsys.readouterr().err.splitlines()) == 5  # the first is waited for, as nothing is known then


def each_update():
    return el.LambdaCallback(on_batch_end=lambda training: None)


# --- terminal -----------------------------------------------------------------------------------------------


def test_a_bar_on_a_terminal(terminal):
    stream = terminal()
    found = train(recurrent(), X, TARGET, epochs=3, validation_data=(X, TARGET), verbose=1)
    last = frames(stream)[-1]
    bar = "━" * 16
    assert last.startswith(f"epoch 3/3 {bar}  after 0 s  loss {found['loss'][-1]:.4g}  val_loss")
    assert "  rate 0.001  " in last and last.endswith(("updates/s", "s/update"))
    assert stream.getvalue().endswith("\x1b[?25h")  # the cursor is back
    assert "\x1b[36m" in stream.getvalue()


def test_no_colour_where_none_is_wanted(terminal):
    stream = terminal(NO_COLOR="1")
    train(recurrent(), X, TARGET, epochs=3, verbose=1)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", stream.getvalue())


@pytest.mark.parametrize("columns", [1, 7, 12, 20, 33, 47, 48, 60, 80, 200])
def test_a_line_never_breaks(columns, terminal):
    stream = terminal(columns)
    found = train(recurrent(), X, TARGET, epochs=3, validation_data=(X, TARGET), metrics=["mae", "mse"], verbose=1)
    drawn = frames(stream)
    assert max(map(len, drawn)) <= columns and drawn[-1].startswith("epoch 3/3"[:columns])
    if columns >= 60:
        assert f"loss {found['loss'][-1]:.4g}" in drawn[-1]


def test_what_others_print_goes_above_the_bar(terminal, monkeypatch):
    stream = terminal()
    out = Tty()
    monkeypatch.setattr(sys, "stdout", out)
    note = el.LambdaCallback(on_epoch_end=lambda training: print(f"after epoch {training.epoch}"))
    train(recurrent(), X, TARGET, epochs=3, verbose=1, callbacks=[note])
    drawn = frames(stream)
    assert [line for line in drawn if line.startswith("after epoch")] == [f"after epoch {n}" for n in (1, 2, 3)]
    assert drawn[-1].startswith("epoch 3/3") and not out.getvalue()


def test_what_is_printed_to_a_file_stays_there(terminal, monkeypatch):
    stream, out = terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    note = el.LambdaCallback(on_epoch_end=lambda training: print(f"after epoch {training.epoch}"))
    train(recurrent(), X, TARGET, epochs=2, verbose=1, callbacks=[note])
    assert out.getvalue() == "after epoch 1\nafter epoch 2\n" and "after epoch" not in stream.getvalue()


@pytest.mark.parametrize(
    ("event", "error", "said"),
    [("on_batch_end", KeyboardInterrupt, "interrupted"), ("on_epoch_end", ZeroDivisionError, "failed")],
)
def test_the_terminal_is_left_in_order(event, error, said, terminal):
    def fail(training):
        raise error

    stream = terminal()
    with pytest.raises(error):
        train(recurrent(), X, TARGET, epochs=3, verbose=1, callbacks=[el.LambdaCallback(**{event: fail})])
    assert f"{said} after 0 s" in frames(stream)[-1]
    assert stream.getvalue().count("\x1b[?25l") == stream.getvalue().count("\x1b[?25h") == 1
    assert sys.stderr is stream


def test_an_early_end_says_so(terminal):
    stream = terminal()
    stopping = el.EarlyStopping("loss", patience=1, min_delta=1e9)
    train(recurrent(), X, TARGET, epochs=8, verbose=1, callbacks=[stopping])
    last = frames(stream)[-1]
    assert last.startswith("epoch 2/8 ━━━━─") and "stopped after 0 s" in last


def test_ascii_where_the_terminal_has_nothing_else(monkeypatch):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=60)
    standing = Standing("epoch 1/2", 0.5, 3.0, 3.0, ["loss 1"])
    options = console.options.update(width=60)
    options.encoding = "ascii"
    (line,) = displays._Line(standing).__rich_console__(console, options)
    assert line.plain == "epoch 1/2 #####-----  3 s left  loss 1"


# --- notebook -----------------------------------------------------------------------------------------------


@pytest.fixture
def notebook(monkeypatch):
    """A kernel; returns what each display of it showed, in order."""
    shown: dict[int, list] = {}

    class Handle:
        def __init__(self, content):
            self.number = len(shown)
            shown[self.number] = [content]

        def update(self, content, raw=False):
            assert raw
            shown[self.number].append(content)

    kernel = types.ModuleType("IPython")
    kernel.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    pages = types.ModuleType("IPython.display")
    pages.display = lambda content, raw, display_id: Handle(content)
    kernel.display = pages
    monkeypatch.setitem(sys.modules, "IPython", kernel)
    monkeypatch.setitem(sys.modules, "IPython.display", pages)
    return shown


def test_a_bar_in_a_notebook(notebook):
    found = train(recurrent(), X, TARGET, epochs=3, validation_data=(X, TARGET), verbose=1)
    assert list(notebook) == [0]  # one place, updated
    last = notebook[0][-1]
    assert '<progress value="1.0000" max="1"' in last["text/html"]
    assert timeless(last["text/plain"]).startswith(f"epoch 3/3  after 0 s  loss {found['loss'][-1]:.4g}  val_loss")
    assert len(notebook[0]) > 6


def test_a_notebook_is_told_of_an_early_end(notebook):
    with pytest.raises(KeyboardInterrupt):
        train(recurrent(), X, TARGET, verbose=1, callbacks=[el.LambdaCallback(on_epoch_end=interrupt)])
    assert "interrupted after" in notebook[0][-1]["text/html"]


def interrupt(training):
    raise KeyboardInterrupt


def test_names_are_text_on_a_page():
    html = displays.as_html(Standing("epoch 1/2", 0.5, 1.0, None, ["<script>alert(1)</script> 3"]))
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch, capsys):
    shell = types.ModuleType("IPython")
    shell.get_ipython = lambda: types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", shell)
    assert isinstance(displays.display(), Lines)


# --- time and speed -----------------------------------------------------------------------------------------


class Clock:
    """Time that passes with updates only: so many seconds each."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.seconds = 100.0, seconds
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)

    def tick(self, training):
        self.now += self.seconds


class Kept(Display):
    """Keeps every standing."""

    seconds = -1.0

    def __init__(self):
        super().__init__()
        self.standings: list[Standing] = []

    def draw(self, standing):
        self.standings.append(standing)


def test_time_left_and_speed(monkeypatch):
    clock, kept = Clock(monkeypatch, 2.0), Kept()
    ticking = [el.LambdaCallback(on_progress=clock.tick, on_batch_end=lambda training: None), Progress(kept)]
    train(recurrent(), X, TARGET, epochs=2, batch_size=10, callbacks=ticking)  # 4 updates an epoch
    within = [s for s in kept.standings if not s.ended]
    assert [s.left for s in within] == [14.0, 12.0, 10.0, 8.0, 8.0, 6.0, 4.0, 2.0, None, None]
    assert [s.share for s in within] == [n / 8 for n in (1, 2, 3, 4, 4, 5, 6, 7, 8, 8)]
    assert kept.standings[-1].numbers[-1] == "2.0 s/update" and kept.standings[-1].time == "after 16 s"


def test_a_resumed_training_counts_from_where_it_went_on(monkeypatch):
    clock, kept = Clock(monkeypatch, 1.0), Kept()
    shown, net = Progress(kept), recurrent()
    training = types.SimpleNamespace(
        epoch=3, epochs=4, batch=0, batches=100, resumed=True, net=net, logs={}, optimizer=el.Adam(), stop=False,
        failed=False, interrupted=False,
    )  # fmt: skip
    shown.on_epoch_begin(training)
    training.batch, net.updates = 50, 250  # it stands where it stood
    shown.on_progress(training)
    kept.standings.clear()
    for _ in range(10):
        clock.tick(training)
        training.batch += 1
        net.updates += 1
    shown.on_progress(training)
    (standing,) = kept.standings
    assert (standing.share, standing.left) == (260 / 400, 140.0)
    assert standing.numbers[-1] == "1.0 updates/s"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.4, "59 s"), (61, "1:01 min"), (3599.7, "1:00:00 h"), (90061, "25:01:01 h")]
)
def test_durations(seconds, said):
    assert duration(seconds) == said


# --- several networks ---------------------------------------------------------------------------------------


def test_networks_side_by_side_are_one_bar(terminal):
    stream = terminal()
    nets = [recurrent(seed=seed) for seed in range(3)]
    el.fit_many(nets, X, TARGET, epochs=3, threads=2, verbose=1)
    last = frames(stream)[-1]
    assert last.startswith("3/3 networks ━━━━") and "after 0 s" in last
    assert stream.getvalue().endswith("\x1b[?25h") and sys.stderr is stream


def test_networks_that_do_not_begin_leave_the_terminal_in_order(terminal):
    stream = terminal()
    nets = [recurrent(seed=seed) for seed in range(4)]
    failing = el.each([[el.LambdaCallback(on_epoch_end=fail)], [], [], []])
    with pytest.raises(ZeroDivisionError):
        el.fit_many(nets, X, TARGET, epochs=3, threads=2, callbacks=failing, stop_on_error=True, verbose=1)
    assert stream.getvalue().endswith("\x1b[?25h") and "failed after" in frames(stream)[-1]


def fail(training):
    raise ZeroDivisionError


def test_lines_of_several_networks(capsys):
    nets = [recurrent(seed=seed) for seed in range(2)]
    el.fit_many(nets, X, TARGET, epochs=3, threads=2, verbose=1)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("2/2 networks  (seed ") and "epoch 3/3  loss " in lines[-1]


def test_the_share_of_several_networks(monkeypatch):
    clock = Clock(monkeypatch, 1.0)
    kept, nets = Kept(), [recurrent(seed=seed) for seed in range(2)]
    shown = ProgressOfMany(2, kept)
    training = types.SimpleNamespace(
        epoch=1, epochs=2, batch=3, batches=6, net=nets[0], logs={"loss": np.nan}, resumed=True
    )
    shown.on_progress(training)
    assert kept.standings[-1].share == 0.125 and kept.standings[-1].numbers[-1] == "loss nan"
    assert kept.standings[-1].left is None  # nothing is known of one that goes on where it stood
    clock.now += 8.0
    training.batch = 6
    shown.on_progress(training)
    assert (kept.standings[-1].share, kept.standings[-1].left) == (0.25, 48.0)
