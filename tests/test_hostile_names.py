"""Names of series, columns, classes and files that would be tags on a page, or steer a terminal: shown, and no more."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import elman as el
from elman import commands, commands_fleet, commands_sequences
from elman.checks import visible

TAGS = set(
    "html head meta title link style script body a header main nav section h1 h2 h3 p span ul li div label select "
    "option figure figcaption svg path rect table thead tbody tr th td pre code".split()
)
ATTRIBUTES = set(
    "lang charset name content http-equiv rel href type id for value hidden class dir role tabindex aria-label "
    "data-chart data-name viewbox preserveaspectratio d x y width height opacity".split()
)
CLASSES = re.compile(
    r"skip|top|mark|note|number|brief|charts( set)?|chart( half)?|choice|pick|plot|scroll|sketch|"
    r"(line|dots|band|bar) c-\w+|(cold|warm)-\d"
)
HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style></script><img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "' onmouseover=alert(1) x='",
    "a & b &lt;b&gt; &#60;i&#62;",
    "\u202egnp.exe\u2066",
    "\x1b[31mred\x1b]0;title\x07",
    "${7*7}{{7*7}}$\\frac{1}{2}$",
    "{0} {title} %s",
    "two\nlines\tand a tab",
)
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Page(HTMLParser):
    """The tags of a page, their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.text, self.open = set[str](), dict[str, set[str]](), "", list[str]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def check(html: str, names: tuple[str, ...] = HOSTILE) -> None:
    """A page has its own tags and attributes, and the names as text."""
    page = Page(html)
    assert page.tags <= TAGS and set(page.attributes) <= ATTRIBUTES, (page.tags - TAGS, set(page.attributes))
    assert all(link.startswith(("#", "data:image/svg+xml,%3Csvg ")) for link in page.attributes.get("href", ()))
    assert all(CLASSES.fullmatch(name) for name in page.attributes.get("class", ()))
    assert not STEERING.search(html)
    shown = re.sub(r"\s+", " ", page.text)
    assert any(re.sub(r"\s+", " ", visible(name)) in shown for name in names)


def table(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    """A Parquet file, which may hold any characters."""
    pd.DataFrame(rows, columns=header).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that is called so too."""
    made = tmp_path_factory.mktemp("x") / "<b>'&\"<!--"
    made.mkdir()
    return made


def test_pages_of_forecasts_and_sweeps(folder):
    days = np.arange("2024-01-01", "2024-02-10", dtype="datetime64[D]").astype(str)
    rows = [[name, day, 3 + np.sin(k), k % 3] for name in HOSTILE for k, day in enumerate(days)]
    columns = {"group": "<i>shop</i>", "time": "<u>day</u>", "target": "<s>sold</s>", "past": "</td><script>p</script>"}
    source = table(folder / "<script>data<script>.parquet", list(columns.values()), rows)
    out = folder / "forecast"
    small = {"methods": ["theta", "network"], "units": 2, "epochs": 1, "members": 1}
    report = commands.forecast(source, horizon=3, out=out, **columns, **small)
    check((out / "report.html").read_text())
    check(f'<p class="number">{report.forecast._repr_html_()}</p>'.replace("<thead>", "").replace("<tbody>", "")
          .replace("</thead>", "").replace("</tbody>", ""))  # fmt: skip
    commands.inspect_model(out / "model.safetensors", out=folder / "inspect")
    check((folder / "inspect" / "report.html").read_text(), ("Inside",))
    asked = commands_fleet.Asked(file=folder / "s.duckdb", out=folder / "sweep", lists=("methods=theta,linear",))
    commands_fleet.sweep_forecast(source, asked, horizon=3, **columns)
    check((folder / "sweep" / "report.html").read_text(), ("<script>data",))


def test_pages_of_classes(folder):
    rows = [
        [f"{name}{case}", name, step, np.sin(step + case)] for name in HOSTILE for case in range(4) for step in range(5)
    ]
    header = ["<script>case</script>", "<b>class</b>", "step", "\"'><i>value"]
    source = table(folder / "cases.parquet", header, rows)
    out = folder / "classes"
    named = {"group": header[0], "time": "step", "columns": header[3], "label": header[1]}
    commands_sequences.classify(source, out=out, units=2, epochs=1, members=1, convolution=None, **named)
    check((out / "report.html").read_text())


@pytest.mark.parametrize("name", HOSTILE)
def test_pages_of_networks(name, tmp_path):
    """What a model file calls its cells, parameters and layers."""
    from elman.equations.store import from_data, to_data
    from elman.insight import report
    from elman.network import Recurrent

    data = to_data(el.cells.gru)
    renamed = {**data, "name": name, "doc": name, "names": {k: name + v for k, v in data["names"].items()}}
    plain = re.sub("[./]", "", name)
    renamed["nodes"] = [[*n[:4], plain + n[4]] if n[0] == "parameter" else n for n in data["nodes"]]
    net = el.Network(2, [Recurrent(from_data(renamed), 2)])
    check(report(net, np.ones((2, 5, 2)), title=name, about=name).html(), (name,))
    latex = net.layers[0].cell.latex()
    assert not re.search(r"\\(href|url|style|class|cssId|html|frac\{1\})", latex)


def test_the_command_line_shows_names_and_obeys_none(folder, monkeypatch, capsys):
    from elman.cli import main

    days = np.arange("2024-01-01", "2024-02-10", dtype="datetime64[D]").astype(str)
    name = "\x1b[31mred\x07\nNote: all is well\u202e"
    rows = [[name, day, 3 + np.sin(k)] for k, day in enumerate(days)]
    source = table(folder / "steering.parquet", ["shop", "day", "\x1b[2Jsold"], rows)
    out = str(folder / "out")
    argv = ["elman", "forecast", str(source), "--horizon", "2", "--methods", "theta", "--group", "shop", "--out", out]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as ended:
        main()
    told = "".join(capsys.readouterr())
    assert not ended.value.code and not STEERING.search(told)
    assert "\\x1b[31mred\\x07\\nNote: all is well\\u202e" in told
    monkeypatch.setattr(sys, "argv", ["elman", "forecast", str(source), "--horizon", "2", "--target", "none"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = "".join(capsys.readouterr())
    assert ended.value.code == 2 and not STEERING.search(told)


def test_comments_of_c_end_where_they_end(tmp_path):
    """A name cannot end the comment that it stands in."""
    from elman.equations.store import from_data, to_data
    from elman.network import Recurrent

    evil = "*/ int system(const char *); /*\nint x;\\"
    data = to_data(el.cells.simple)
    renamed = {**data, "name": evil, "names": dict.fromkeys(list(data["names"])[:1], evil)}
    plain = evil.replace("/", "")
    renamed["nodes"] = [[*n[:4], plain + n[4]] if n[0] == "parameter" else n for n in data["nodes"]]
    net = el.Network(lambda x: {evil: el.Dense(1)(Recurrent(from_data(renamed), 2)(x))}, inputs=2)
    report = el.interop.to_c(net, tmp_path, name="net", about=evil)
    assert report is not None
    for file in tmp_path.iterdir():
        code = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        assert "system(" not in code and "int x;" not in code
