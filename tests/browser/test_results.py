"""Folders and models of other commands, opened as a page."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import elman as el
from elman import commands
from tests.browser.conftest import AXE, Served
from tests.browser.doing import shot
from tests.browser.pages import NAMES

INTRUDER = """<!doctype html><title>x</title><h1>Report</h1><p id=out></p><script>
const out = [];
const said = (what) => { out.push(what); document.getElementById("out").textContent = out.join(" "); };
said("script");
try { parent.document.title; said("parent"); } catch { said("no-parent"); }
try { localStorage.length; said("storage"); } catch { said("no-storage"); }
fetch("../api/start").then((r) => said(r.ok ? "lab" : "no-lab"), () => said("no-lab")).finally(() => said("end"));
</script>"""


@pytest.fixture
def results(opened):
    """Opens a folder of results, or a file of them."""
    return lambda path, **options: opened(opened.serve(str(path)), **options)


@pytest.mark.quick
def test_a_folder_is_a_page(results, tmp_path):
    (tmp_path / "report.html").write_text("<h1>Report</h1>")
    (tmp_path / "forecast.csv").write_text("time,forecast\n2020-01,1.5\n2020-02,2.5\n2020-03,2\n")
    (tmp_path / "facts.json").write_text('{"loss": 1}')
    page = results(tmp_path)
    page.get_by_role("heading", name=tmp_path.name).wait_for()
    assert page.frame_locator("iframe").locator("h1").inner_text() == "Report"
    page.get_by_role("button", name="forecast.csv").click()
    page.get_by_role("cell", name="2020-02").wait_for()
    page.get_by_role("button", name="facts.json").click()
    page.get_by_text('"loss": 1').wait_for()


def test_a_script_that_is_not_of_elmans_own_pages_does_not_run(browser, tmp_path):
    (tmp_path / "report.html").write_text(INTRUDER)
    served = Served(str(tmp_path))
    try:
        page = browser.new_page()
        refused = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(served.address)
        page.frame_locator("iframe").locator("#out").wait_for(state="attached")
        assert page.frame_locator("iframe").locator("#out").inner_text() == ""
        assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts"
        assert any("Content Security Policy" in text for text in refused)
        page.close()
    finally:
        served.close()


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_what_each_command_wrote_is_seen(results, pages, name, size):
    page = results(pages[name] if name == "compare" else pages[name].parent, size=size, allowed=(400,))
    page.locator("iframe").scroll_into_view_if_needed()  # a frame that is not seen draws nothing
    chart = page.frame_locator("iframe").locator("svg.drawn").first
    chart.hover()
    assert page.frame_locator("iframe").locator(".tip:visible").first.inner_text()
    shot(page, f"results-{name}-{size}")
    files = page.get_by_role("group", name="Files").get_by_role("button")
    for button in files.all():
        button.click()
        file = button.inner_text()
        if file.endswith(".safetensors"):
            look_into(page, name, f"results-{name}-{size}")
        elif file.endswith((".csv", ".json")):
            page.get_by_label(file, exact=True).last.wait_for()
            shot(page, f"results-{name}-{size}-{file}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def look_into(page, name, picture):
    """All tabs of a model, of which none may fail."""
    if name == "sweep":  # the best of it is no network
        page.get_by_text("no network").wait_for()
        return
    tabs = page.get_by_role("tablist", name="Model")
    tabs.wait_for()
    for each in ("Layers", "Values", "Horizon", "Phase plane"):
        tabs.get_by_role("tab", name=each).click()
        panel = page.get_by_role("tabpanel", name=each)
        seen = {"Values": "Unit 1", "Horizon": "Gradient horizon", "Phase plane": "Lyapunov exponents"}
        panel.get_by_role("heading", name=seen.get(each)).first.wait_for(timeout=60_000)
        shot(page, f"{picture}-{each}")
        assert not panel.get_by_role("alert").count(), panel.get_by_role("alert").all_inner_texts()


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_what_forecast_wrote_is_seen(results, tmp_path, size):
    t = np.arange(240)
    (tmp_path / "waves.csv").write_text(
        "month,value\n" + "\n".join(f"{2000 + k // 12}-{k % 12 + 1:02d},{10 + np.sin(k / 2):.3f}" for k in t)
    )
    commands.forecast(tmp_path / "waves.csv", horizon=12, out=tmp_path / "out")
    page = results(tmp_path / "out", size=size)
    page.frame_locator("iframe").locator("h1").wait_for()
    shot(page, f"forecast-{size}")
    page.get_by_role("button", name="forecast.csv").click()
    page.get_by_role("group", name="forecast.csv").wait_for()
    page.get_by_role("button", name="model.safetensors").click()
    page.get_by_role("heading", name="Forecaster model.safetensors").wait_for()
    page.get_by_role("tab", name="Values").click()
    page.get_by_role("heading", name=re.compile("Unit 1")).wait_for()
    shot(page, f"forecast-model-{size}")


def test_a_graph_is_looked_at_layer_by_layer(results, tmp_path):
    def both(x):
        memory = el.Bidirectional(el.GRU(4))(x)
        return el.Dense(2)(el.LSTM(5)(memory))

    file = el.Network(both, inputs={"x": 3}, seed=1).save(tmp_path / "net.safetensors")
    page = results(file)
    page.get_by_role("heading", name="Network net.safetensors").wait_for()
    shot(page, "model-layers")
    page.get_by_role("tab", name="Horizon").click()
    page.get_by_role("heading", name="Gradient horizon").wait_for()
    page.get_by_role("tab", name="Phase plane").click()
    page.get_by_role("heading", name="Lyapunov exponents").wait_for(timeout=60_000)
    panel = page.get_by_role("tabpanel", name="Phase plane")
    names = panel.get_by_label("Layer").locator("option").all_inner_texts()
    assert len(names) == 3
    panel.get_by_label("Layer").select_option("1")
    page.get_by_role("button", name="Look again").wait_for()
    shot(page, "model-dynamics")


def test_a_model_is_poked_where_a_state_goes_on(results, tmp_path):
    net = el.Network(2, [el.Bidirectional(el.GRU(4)), el.LSTM(3), el.Dense(1)], seed=1)
    page = results(net.save(tmp_path / "net.safetensors"))
    page.get_by_role("tab", name="Values").click()
    panel = page.get_by_role("tabpanel", name="Values")
    for layer, reach in (("1", ""), ("0.backward", "within this layer")):
        panel.get_by_label("Layer").select_option(label=layer)
        panel.get_by_role("button", name="Poke", exact=True).click()
        panel.get_by_role("heading", name="h (state): difference").wait_for()
        panel.get_by_role("heading", name="What is left of the poke").wait_for()
        panel.get_by_text(reach).first.wait_for()
        shot(page, f"poked-{layer}")
        panel.get_by_role("button", name="Take it back").click()
        panel.get_by_role("heading", name="h (state)", exact=True).wait_for()
    panel.get_by_label("Layer").select_option(label="2")
    panel.get_by_text("This layer has no state that could be poked.").wait_for()
    assert panel.get_by_role("button", name="Poke", exact=True).is_hidden()


def test_a_file_that_is_no_model_is_told(results, tmp_path):
    (tmp_path / "wrong.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0" + json.dumps({"a": 1}).encode().ljust(16))
    page = results(tmp_path, allowed=(400,))
    page.get_by_role("alert").filter(has_text="wrong.safetensors").wait_for()


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_nobody_is_left_out_of_a_model(results, tmp_path, size, scheme):
    if not AXE.exists():
        pytest.skip("there is no axe-core: make test-browser fetches it where npm is")
    page = results(el.Network(2, [el.GRU(4), el.Dense(1)]).save(tmp_path / "net.safetensors"), size=size, scheme=scheme)
    page.get_by_role("heading", name="Network net.safetensors").wait_for()
    page.evaluate(AXE.read_text() + "\nnull")
    for name, heading in {
        "Layers": "0 · gru",
        "Values": "Unit 1",
        "Horizon": "Gradient horizon",
        "Phase plane": "Lyapunov exponents",
    }.items():
        page.get_by_role("tab", name=name).click()
        page.get_by_role("heading", name=heading).first.wait_for(timeout=60_000)
        page.wait_for_timeout(300)
        shot(page, f"model-{name}-{size}")
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
        said = [(v["id"], v["nodes"][0]["html"][:160]) for v in found["violations"]]
        assert not said, (name, said)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
