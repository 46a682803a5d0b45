"""The lab by clicks and keys."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser.conftest import AXE
from tests.browser.doing import editor, pick_task, shot, stop, tab, train


@pytest.mark.parametrize("size", [pytest.param("wide", marks=pytest.mark.quick), "phone"])
def test_equations_are_read_as_they_are_typed(opened, size):
    page = opened(size=size)
    editor(page).fill("def mine(p, x, h):\n    k = sigmoid(p.k)\n    return k * h + (1 - k) * tanh(p.W @ x)")
    page.get_by_role("heading", name="mine").wait_for()
    assert page.locator(".formula .katex").count() == 1
    assert "R(16" not in page.content()
    tab(page, "Drawing")
    page.get_by_role("img", name=re.compile("One step of mine: ")).wait_for()
    editor(page).fill("def mine(p, x, h):\n    k = sigmod(p.k)\n    return k * h")
    said = page.locator(".said .problem")
    said.wait_for()
    assert "Line 2, column 9: there is no function sigmod (did you mean 'sigmoid'?)" in said.inner_text()
    assert page.locator(".bad-here").inner_text() == "sigmod"
    assert editor(page).get_attribute("aria-invalid") == "true"
    tab(page, "Train")
    assert page.get_by_role("button", name="Train", exact=True).is_disabled()
    shot(page, f"error-{size}")


def test_every_cell_of_the_collection_reads_and_is_drawn(opened):
    page = opened()
    tab(page, "Drawing")
    names = (
        page.get_by_label("Begin with").locator("option").evaluate_all("all => all.map(o => o.value).filter(Boolean)")
    )
    assert len(names) > 60
    for name in names[::6] + ["lru", "nas", "mlstm"]:
        page.get_by_label("Begin with").select_option(name)
        page.get_by_role("heading", name=name, exact=True).wait_for()
        page.get_by_role("img", name=re.compile(f"One step of {name}:")).wait_for()
        assert not page.locator(".said .problem").count(), name
    shot(page, "mlstm")


@pytest.mark.parametrize(
    ("size", "scheme"), [pytest.param("wide", "light", marks=pytest.mark.quick), ("wide", "dark"), ("phone", "light")]
)
def test_a_training_is_seen_paused_and_goes_on(opened, size, scheme):
    page = opened(size=size, scheme=scheme)
    pick_task(page, "flip_flop", steps=20, sequences=128)
    train(page)
    page.get_by_text("Gradient horizon").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    page.wait_for_function("() => document.getElementById('standing').textContent.startsWith('Paused')")
    before = page.locator("#standing").inner_text()
    page.wait_for_timeout(400)
    assert page.locator("#standing").inner_text() == before
    page.get_by_label(re.compile("Learning rate")).fill("-1.5")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("before => document.getElementById('standing').textContent !== before", arg=before)
    page.wait_for_timeout(900)
    shot(page, f"train-{size}-{scheme}")
    stop(page)
    assert page.locator("#standing").inner_text().startswith("Stopped")
    tab(page, "Share")
    code = page.locator(".code pre")
    page.wait_for_function("() => document.querySelector('.code pre').textContent.includes('fit')")
    assert "0.032" in code.inner_text()


def test_of_two_picks_the_later_one_counts(opened):
    page = opened()
    page.route("**/api/cell/lstm", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.get_by_role("button", name="+ Compare with a second cell").click()
    page.get_by_label("Begin with").nth(1).select_option("simple")
    page.get_by_role("heading", name="simple", exact=True).wait_for()
    page.wait_for_timeout(600)
    assert page.get_by_role("heading", name="simple", exact=True).count() == 1


def test_two_cells_learn_side_by_side(opened):
    page = opened()
    page.get_by_role("button", name="+ Compare with a second cell").click()
    editor(page, "second").wait_for()
    page.get_by_label("Begin with").nth(1).select_option("simple")
    page.get_by_role("heading", name="simple", exact=True).wait_for()
    pick_task(page, "copy", steps=12, sequences=256)
    train(page)
    for name in ("Gradient horizon: gru", "Gradient horizon: simple"):
        page.get_by_role("heading", name=name).wait_for()
    page.wait_for_timeout(900)
    shot(page, "two")
    stop(page)
    tab(page, "Scrub")
    page.get_by_role("tabpanel", name="Scrub").get_by_label("Cell").select_option("1")
    page.get_by_role("heading", name="h (state)").wait_for()
    tab(page, "Train")
    page.get_by_role("button", name="Remove").click()
    assert page.get_by_label("Begin with").count() == 1


@pytest.mark.quick
def test_values_are_scrubbed_and_a_poke_is_followed(opened):
    page = opened()
    pick_task(page, "sine", steps=24, sequences=64)
    train(page, 20)
    stop(page)
    tab(page, "Scrub")
    heat = page.get_by_role("application", name=re.compile(r"^h \(state\)"))
    heat.wait_for()
    heat.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator("label[for^=scrub-step]").inner_text() == "Step 4 of 24"
    page.get_by_role("heading", name="Unit 2").wait_for()
    page.get_by_role("button", name="Poke", exact=True).click()
    page.get_by_role("heading", name="What is left of the poke").wait_for()
    page.get_by_role("heading", name="h (state): difference").wait_for()
    shot(page, "poke")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("heading", name="h (state)", exact=True).wait_for()


def test_characters_are_coloured_by_a_unit(opened):
    page = opened()
    pick_task(page, "characters", sequences=64)
    train(page)
    stop(page)
    tab(page, "Scrub")
    page.locator(".letters button").nth(5).click()
    assert page.locator(".letters button").nth(5).get_attribute("aria-current") == "true"
    shot(page, "characters")


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_dynamics_are_looked_at(opened, size):
    page = opened(size=size)
    page.get_by_label("Units").fill("6")
    pick_task(page, "flip_flop", steps=20, sequences=64)
    train(page, 8)
    stop(page)
    tab(page, "Dynamics")
    page.get_by_role("heading", name="Lyapunov exponents").wait_for(timeout=60_000)
    points = page.get_by_role("button", name=re.compile("^Fixed point"))
    if points.count() > 1:
        points.nth(1).focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name=re.compile("Eigenvalues at point [2-9]")).wait_for()
    shot(page, f"dynamics-{size}")


def test_a_series_is_dropped_on_the_page(opened, tmp_path):
    page = opened(allowed=(400,))
    (tmp_path / "bad.csv").write_text("a,b\nx,y\n")
    (tmp_path / "waves.csv").write_text("value\n" + "\n".join(str(k % 7) for k in range(400)))
    page.get_by_label("Task").select_option("table")
    assert page.get_by_role("button", name="Train", exact=True).is_disabled()
    page.locator("input[type=file]").set_input_files(tmp_path / "bad.csv")
    page.get_by_role("alert").filter(has_text=re.compile(".")).first.wait_for()
    page.locator("input[type=file]").set_input_files(tmp_path / "waves.csv")
    page.get_by_text("waves.csv is here.").wait_for()
    train(page)
    stop(page)


@pytest.mark.quick
def test_all_is_done_by_the_keyboard_alone(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the work"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Train" and page.evaluate(
            "document.activeElement.className.includes('main')"
        ):
            break
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('standing').textContent.startsWith('Learning')")
    page.get_by_role("tab", name="Train").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Scrub").get_attribute("aria-selected") == "true"
    page.get_by_role("heading", name="h (state)").wait_for()
    stop(page)
    editor(page).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "TEXTAREA"


@pytest.mark.quick
def test_what_is_shared_opens_offline(opened, browser, tmp_path):
    page = opened()
    page.get_by_label("Units").fill("5")
    pick_task(page, "adding", steps=12, sequences=64)
    train(page)
    stop(page)
    tab(page, "Dynamics")
    page.get_by_role("heading", name="Lyapunov exponents").wait_for(timeout=60_000)
    tab(page, "Share")
    page.get_by_label("Title").fill("A lesson </script><b>")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the page as one file").click()
    file = tmp_path / "shared.html"
    download.value.save_as(file)
    assert file.stat().st_size < 2_500_000
    context = browser.new_context(offline=True)
    wrong: list[str] = []
    other = context.new_page()
    other.on("pageerror", lambda error: wrong.append(str(error)))
    other.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    other.on("request", lambda r: wrong.append(r.url) if r.url.startswith("http") else None)
    other.goto(file.as_uri())
    other.wait_for_selector("html[data-ready]")
    other.get_by_role("heading", name="Gradient horizon").wait_for()
    tab(other, "Scrub")
    other.get_by_role("heading", name="h (state)").wait_for()
    tab(other, "Dynamics")
    other.get_by_role("heading", name="Phase plane").wait_for()
    tab(other, "Share")
    other.get_by_text("cell_from_text").wait_for()
    assert not other.get_by_role("button", name=re.compile("^(Train|Poke|Save)")).count()
    assert other.locator(".formula .katex").count() == 1
    shot(other, "shared")
    context.close()
    assert not wrong


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("phone", "dark")])
def test_nobody_is_left_out(opened, size, scheme):
    """Contrast, names of controls, order of headings: what axe-core finds."""
    if not AXE.exists():
        pytest.skip("there is no axe-core: make test-browser fetches it where npm is")
    page = opened(size=size, scheme=scheme)
    page.get_by_label("Units").fill("5")
    pick_task(page, "flip_flop", steps=12, sequences=64)
    train(page)
    stop(page)
    page.evaluate(AXE.read_text() + "\nnull")
    for name in ("Train", "Drawing", "Scrub", "Dynamics", "Share"):
        tab(page, name)
        if name == "Dynamics":
            page.get_by_role("heading", name="Lyapunov exponents").wait_for(timeout=60_000)
        page.wait_for_timeout(300)
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
        said = [
            (v["id"], v["nodes"][0]["html"][:160], v["nodes"][0]["failureSummary"][:200]) for v in found["violations"]
        ]
        assert not said, (name, json.dumps(said, indent=1))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", [pytest.param("wide", marks=pytest.mark.quick), "phone"])
def test_equations_that_are_others_by_now_are_told(opened, size):
    page = opened(size=size)
    pick_task(page, "sine", steps=12, sequences=64)
    train(page, 2)
    note = page.locator(".stale")
    assert note.is_hidden()
    editor(page).fill("def mine(p, x, h):\n    return tanh(p.W @ x + p.U @ h)")
    note.get_by_text(re.compile(r"goes on with the equations as they were at \d+:\d\d.*are others now")).wait_for()
    shot(page, f"stale-{size}")
    note.get_by_role("button", name="Back to what was trained").click()
    page.get_by_role("heading", name="gru").wait_for()
    note.wait_for(state="hidden")
    page.get_by_label("Units").fill("5")
    page.get_by_label("Units").press("Tab")
    note.wait_for()
    stop(page)
    note.get_by_text("What is shown was trained with").wait_for()
    editor(page).fill("def mine(p, x, h):\n    return tanh(p.W @ x +")
    page.locator(".said .problem").wait_for()
    assert note.get_by_role("button", name="Train again").is_disabled()
    editor(page).fill("def mine(p, x, h):\n    return tanh(p.W @ x + p.U @ h)")
    page.get_by_role("heading", name="mine").wait_for()
    note.get_by_role("button", name="Train again").click()
    page.wait_for_function("() => document.getElementById('standing').textContent.startsWith('Learning')")
    note.wait_for(state="hidden")
    editor(page).fill("def other(p, x, h):\n    return tanh(p.W @ x + h)")
    note.get_by_role("button", name="Train again").click()  # of one that goes on
    note.wait_for(state="hidden")
    page.locator(".legend").get_by_text("other").first.wait_for()
    stop(page)


def test_a_cell_of_several_inputs_is_read_and_why_it_is_not_trained(opened):
    page = opened()
    page.get_by_label("Begin with").select_option("gru_d")
    page.get_by_text(re.compile("takes 3 inputs .x, observed, gap., and each task here has one")).wait_for()
    assert page.locator(".formula .katex").count() and page.get_by_role("button", name="Train").is_disabled()
    tab(page, "Drawing")
    page.get_by_role("img", name=re.compile("One step of gru_d: ")).wait_for()
    page.get_by_label("Begin with").select_option("gru")
    page.get_by_role("heading", name="gru", exact=True).wait_for()
    tab(page, "Train")
    assert page.get_by_role("button", name="Train").is_enabled() and page.locator(".remark").count() == 0


IN_SIGHT = "e => { const box = e.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight }"


def test_on_a_phone_a_training_is_at_hand(opened):
    page = opened(size="phone")
    bar = page.get_by_role("region", name="Training")
    assert bar.get_by_role("button", name="Train").evaluate(IN_SIGHT)
    bar.get_by_role("button", name="Train").click()
    bar.get_by_role("button", name="Pause").wait_for()
    page.wait_for_function(f"() => ({IN_SIGHT})(document.querySelector('.tiles'))")
    tab(page, "Scrub")
    bar.get_by_role("button", name="Pause").click()
    bar.get_by_text(re.compile("^Paused")).wait_for()
    page.evaluate("scrollTo(0, 0)")
    bar.get_by_role("button", name="Work ↓").click()
    bar.get_by_role("button", name="Equations ↑").click()
    page.wait_for_function(f"() => ({IN_SIGHT})(document.querySelector('.cell-head'))")
    stop(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    bar.wait_for(state="hidden")
    assert page.locator(".form").get_by_role("button", name="Train").is_visible()


@pytest.mark.quick
def test_nothing_is_drawn_where_nothing_changes(opened):
    page = opened()
    page.evaluate("""() => {
        window.drawn = 0;
        const draws = CanvasRenderingContext2D.prototype;
        for (const name of ["putImageData", "stroke"]) {
            const before = draws[name];
            draws[name] = function (...given) { window.drawn += 1; return before.apply(this, given); };
        }
    }""")
    pick_task(page, "sine", steps=12, sequences=64)
    train(page, 4)
    assert page.evaluate("window.drawn") > 0
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    page.wait_for_timeout(700)
    for name in ("Train", "Share"):
        tab(page, name)
        page.wait_for_timeout(500)
        before = page.evaluate("window.drawn")
        page.wait_for_timeout(700)
        assert page.evaluate("window.drawn") == before
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="Go on").click()
    tab(page, "Share")
    page.wait_for_timeout(300)
    before, standing = page.evaluate("window.drawn"), page.locator("#standing").inner_text()
    page.wait_for_function("before => document.getElementById('standing').textContent !== before", arg=standing)
    assert page.evaluate("window.drawn") == before  # of what is not seen
    stop(page)
