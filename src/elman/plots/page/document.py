"""The document: sections as HTML with the page's own style and script, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import numpy as np

from elman.checks import visible
from elman.plots.page.chart import Chart
from elman.plots.page.section import Choice, Section
from elman.plots.page.sketch import sketch
from elman.typed import command_line

SCRIPTS = (
    "scales.js",
    "draw.js",
    "frame.js",
    "zoom.js",
    "chart.js",
    "page.js",
)  # in the order in which they build on one another
BRIEF = 18  # letters of what stays on one line of a table
MARKS = {"number": ' class="number"', "brief": ' class="brief" dir="auto"', "": ' dir="auto"'}  # of a table's cells
NUMBER = re.compile(r"[-+−]?(\d[\d.,]*(e[-+]?\d+)?|inf|nan)( ?%)?")
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Ccircle cx='16' cy='16' "
    "r='10' fill='none' stroke='%230a5fa5' stroke-width='4'/%3E%3C/svg%3E"
)


def colours() -> str:
    """The colours of pages, by name, light and dark, as a style sheet."""
    return _static("colours.css")


def _static(name: str) -> str:
    return (files("elman.plots.page") / "static" / name).read_text(encoding="utf-8")


STYLE = "\n" + colours() + _static("page.css")
SCRIPT = '\n"use strict";\n(() => {\n' + "".join(map(_static, SCRIPTS)) + "})();\n"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


SCRIPT_HASH, STYLE_HASH = _hash(SCRIPT), _hash(STYLE)
POLICY = (
    f"default-src 'none'; script-src {SCRIPT_HASH}; style-src {STYLE_HASH}; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def document(title: str, kind: str, sections: Sequence[Section], seed: int | None) -> str:
    """A page of sections."""
    charts: list[Chart] = [chart for section in sections for chart in section.drawn]
    numbers = {id(chart): number for number, chart in enumerate(charts)}
    names = _anchors(sections)
    body = [_section(section, name, numbers) for section, name in zip(sections, names, strict=True)]
    data = json.dumps([chart.plain() for chart in charts], separators=(",", ":"), allow_nan=False)
    return PAGE.format(
        policy=html.escape(POLICY, quote=True),
        title=_shown(title),
        kind=_shown(kind),
        icon=ICON,
        style=STYLE,
        contents=_contents(sections, names),
        body="\n".join(body),
        repeat=_repeat(seed),
        data=_in_script(data),
        script=SCRIPT,
    )


def _in_script(data: str) -> str:
    """JSON in ASCII that cannot end the element which it stands in."""
    return data.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


# --- sections -----------------------------------------------------------------------------------------------


def _anchors(sections: Sequence[Section]) -> list[str]:
    return [f"section-{number}" for number in range(1, len(sections) + 1)]


def _contents(sections: Sequence[Section], names: Sequence[str]) -> str:
    links = [f'<a href="#{name}">{_shown(s.title)}</a>' for s, name in zip(sections, names, strict=True)]
    return "\n".join([*links, '<a href="#repeat">To repeat it</a>'])


def _section(section: Section, name: str, numbers: dict[int, int]) -> str:
    parts = [f'<section id="{name}">', f"<h2>{_shown(section.title)}</h2>"]
    parts += [f"<p>{_shown(section.text)}</p>"] if section.text else []
    if section.points:
        parts += ["<ul>", *(f"<li>{_shown(point)}</li>" for point in section.points), "</ul>"]
    parts += _charts(section, name, numbers)
    parts += [_table(section.title, section.table)] if section.table else []
    return "\n".join([*parts, "</section>"])


def _charts(section: Section, name: str, numbers: dict[int, int]) -> list[str]:
    found, row = [], []
    for number, chart in enumerate(section.charts):
        if isinstance(chart, Choice):
            found.append(_choice(chart, f"{name}-choice-{number}", section.title, numbers))
        else:
            row.append(_figure(chart, section.title, numbers))
    return [*found, *(['<div class="charts">', *row, "</div>"] if row else [])]


def _choice(choice: Choice, name: str, title: str, numbers: dict[int, int]) -> str:
    options = [f'<option value="{n}">{_shown(label)}</option>' for n, (label, _) in enumerate(choice.sets)]
    pick = f'<label for="{name}">{_shown(choice.label)}</label><select id="{name}">{"".join(options)}</select>'
    parts = ['<div class="choice">', f'<p class="pick" hidden>{pick}</p>']
    for label, charts in choice.sets:
        figures = [_figure(chart, f"{title}: {label}", numbers) for chart in charts]
        parts += ['<div class="charts set">', *figures, "</div>"]
    return "\n".join([*parts, "</div>"])


def _figure(chart: Chart, title: str, numbers: dict[int, int]) -> str:
    heading = f"<h3>{_shown(chart.title)}</h3>" if chart.title else ""
    about = f'<p class="note">{_shown(chart.about)}</p>' if chart.about else ""
    named = _shown(chart.title or title)
    return (
        f'<figure class="chart{" half" if chart.half else ""}" data-chart="{numbers[id(chart)]}" data-name="{named}">'
        f'<figcaption>{heading}{about}</figcaption><div class="plot">{sketch(chart, named)}</div></figure>'
    )


def _table(title: str, table: Sequence[Sequence[str]]) -> str:
    head, *rows = table
    right = [_are_numbers(column) for column in zip(*rows, strict=False)]
    parts = [f'<div class="scroll" tabindex="0" role="group" aria-label="{_shown(title)}: table">', "<table><thead>"]
    parts += [f"<tr>{_cells(head, 'th', right)}</tr>", "</thead><tbody>"]
    parts += [f"<tr>{_cells(row, 'td', right)}</tr>" for row in rows]
    return "\n".join([*parts, "</tbody></table></div>"])


def _are_numbers(column: Iterable[str]) -> bool:
    """Whether a column holds numbers, as words are set left and numbers right."""
    there = [word for word in column if word.strip() not in ("", "-")]
    return bool(there) and all(NUMBER.fullmatch(word.strip()) for word in there)


def _cells(row: Sequence[str], tag: str, right: Sequence[bool]) -> str:
    """Words that are brief, as dates are, stay on a line."""
    numbers = [*right, *[False] * (len(row) - len(right))]
    kinds = ["number" if n else "brief" if len(word) <= BRIEF else "" for word, n in zip(row, numbers, strict=False)]
    return "".join(f"<{tag}{MARKS[kind]}>{_shown(word)}</{tag}>" for word, kind in zip(row, kinds, strict=True))


def _shown(text: Any) -> str:
    """A text of whatever data on a page."""
    return html.escape(visible(str(text)))


# --- the end ------------------------------------------------------------------------------------------------


def _repeat(seed: int | None) -> str:
    """The command that repeats it, and what it depends on."""
    line = command_line()
    command = f'<pre tabindex="0" aria-label="Command"><code>{html.escape(visible(line))}</code></pre>' if line else ""
    how = "" if line else "<p>It was made by a program in Python, not by a command.</p>"
    made = [f"Elman {version('elman')}, NumPy {np.__version__}, Python {platform.python_version()}"]
    made += [] if seed is None else [f"seed {seed}"]
    made += [f"written at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"]
    return f'{command}{how}<p class="note">{_shown("; ".join(made))}.</p>'


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="icon" href="{icon}">
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><p class="mark">Elman <span>{kind}</span></p></header>
<main id="main">
<h1>{title}</h1>
<nav aria-label="Contents">
{contents}
</nav>
{body}
<section id="repeat">
<h2>To repeat it</h2>
{repeat}
</section>
</main>
<script type="application/json" id="charts">{data}</script>
<script>{script}</script>
</body>
</html>
"""
