"""Share: one file with the page and all that it shows, and the program that repeats the training."""

from __future__ import annotations

import base64
import json
import re
from importlib.metadata import version
from typing import Any

from elman.errors import OptionError
from elman.lab.asked import Asked
from elman.lab.looking import SAMPLES, packed
from elman.lab.members import CLIP
from elman.lab.reading import checked
from elman.lab.reading import described as described_cell
from elman.lab.scrubbing import scrubbed
from elman.lab.sessions import Session
from elman.lab.training import Run

ROWS = 3  # sequences that the file can scrub through
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; font-src data:; "
    "img-src data: blob:"
)
BEGIN = '<script type="module">import "lab/main.js";</script>'


def described(run: Run) -> dict[str, Any]:
    """What a training is: its data in words, samples of them, its cells with their sizes."""
    data = run.data
    return {
        "task": run.task,
        "begun": run.begun,
        "features": data.x.shape[-1],
        "steps": data.x.shape[1],
        "rows": len(data.x),
        "outputs": data.outputs,
        "everyStep": data.every_step,
        "classes": data.classes,
        "loss": data.loss,
        "inputs": list(data.inputs),
        "targets": list(data.targets),
        "simple": data.simple,
        "line": data.line,
        "x": packed(data.x_held[:SAMPLES]),
        "y": packed(data.y_held[:SAMPLES]),
        "members": [
            {
                "text": m.text,
                "name": m.cell.name,
                "units": m.units,
                "parameters": int(m.net.arena.size),
                "states": [
                    {"name": state.name, "width": size}
                    for state, size in zip(m.net.graphs[0].states, m.net.state_sizes()[0], strict=True)
                ],
                "note": w.note,
            }
            for m, w in zip(run.members, run.watched, strict=True)
        ],
    }


def notebook(run: Run | None) -> str:
    """A program that repeats a training, for a cell of a notebook."""
    if run is None:
        raise OptionError("there is no training yet: train one first")
    data, settings = run.data, run.settings
    kind = {"adam": "Adam", "rmsprop": "RMSProp", "sgd": "SGD"}[settings.optimizer]
    imports = "import pathlib\n\n" * ("pathlib." in data.code) + "import numpy as np\nimport elman as el\n"
    last = "" if data.every_step else ", return_sequences=False"
    parts = [imports, data.code]
    for number, member in enumerate(run.members):
        suffix = "" if len(run.members) == 1 else f"_{'ab'[number]}"
        rates = member.rates or [(0, settings.rate)]
        text = member.text.replace("\\", "\\\\").replace("'''", "\\'\\'\\'").strip("\n")
        parts.append(
            f"cell{suffix} = el.cell_from_text('''\n{text}\n''')\n"
            f"net{suffix} = el.Network({data.x.shape[-1]}, [el.Recurrent(cell{suffix}, {member.units}{last}), "
            f"el.Dense({data.outputs})], seed={settings.seed})\n"
            f"optimizer = el.{kind}({rates[0][1]!r}, clip_norm={CLIP})\n"
            f"for epochs, rate in {rates!r}:\n"
            f"    optimizer.learning_rate = rate\n"
            f"    net{suffix}.fit(x, y, loss={data.loss!r}, optimizer=optimizer, batch_size={settings.batch_size}, "
            f"epochs=epochs, verbose=0)\n"
            f"print({member.cell.name!r}, net{suffix}.history['loss'][-1])"
        )
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def shared_page(session: Session, static: dict[str, bytes], asked: Asked) -> str:
    """One HTML file that opens without a network and without Elman.

    Raises
    ------
    OptionError
        If nothing was trained.
    """
    run = session.run
    if run is None:
        raise OptionError("there is nothing to share yet: train a cell first")
    page = static["index.html"].decode()
    head = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    page = page.replace("<!-- policy -->", head).replace("<!-- modules -->\n", "")
    page = re.sub(r'<link rel="stylesheet" href="static/([\w./]+)">', lambda m: _style(m.group(1), static), page)
    page = re.sub(r'<link rel="icon"[^>]*>', "", page)
    page = re.sub(r'<script type="importmap"[^>]*>.*?</script>', lambda _: _modules(static), page, flags=re.S)
    page = re.sub(
        r'<script nonce="{{nonce}}" src="static/([\w./]+)"></script>', lambda m: _script(m.group(1), static), page
    )
    data = json.dumps(_data(session, run, asked), allow_nan=False).replace("<", "\\u003c")
    entry = f'<script type="application/json" id="lab-data">{data}</script>\n{BEGIN}'
    return re.sub(r'<script type="module"[^>]*></script>', lambda _: entry, page)


def _data(session: Session, run: Run, asked: Asked) -> dict[str, Any]:
    """All that the page shows."""
    scrubs: dict[str, Any] = {}
    reads = []
    for number, member in enumerate(run.members):
        net, data = session.network(number)
        graph = checked(member.cell, data.x.shape[-1], member.units)
        reads.append({"text": member.text, "units": member.units, **described_cell(member.cell, graph)})
        for row in range(min(ROWS, len(data.x_held))):
            scrubs[f"{number}/{row}"] = scrubbed(net, data, Asked({"row": row}))
    return {
        "version": version("elman"),
        "title": asked.text("title", "")[:200],
        "note": asked.text("note", "")[:4000],
        "run": described(run),
        "reads": reads,
        "news": {**run.news(whole=True), "status": "shared"},
        "scrubs": scrubs,
        "dynamics": {str(number): found for number, found in session.dynamics.items()},
        "notebook": notebook(run),
    }


def _style(name: str, static: dict[str, bytes]) -> str:
    """A style sheet with its fonts inside."""
    folder = name.rpartition("/")[0]

    def font(found: re.Match[str]) -> str:
        return f"url({_data_url(static[f'{folder}/{found.group(1)}'], 'font/woff2')})"

    css = re.sub(r"url\(([\w.-]+\.woff2)\)", font, static[name].decode())
    return f"<style>{css}</style>"


def _modules(static: dict[str, bytes]) -> str:
    modules = [name for name in static if name.endswith(".js") and "/" not in name]
    imports = {f"lab/{name}": _data_url(static[name], "text/javascript") for name in modules}
    return f'<script type="importmap">{json.dumps({"imports": imports})}</script>'


def _script(name: str, static: dict[str, bytes]) -> str:
    code = static[name].decode().replace("</script", "<\\/script")
    return f"<script>{code}</script>"


def _data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
