// The page: the cell at the left, the work in tabs at the right.

import { ask, shared } from "lab/api.js";
import { Cells } from "lab/cell.js";
import { h, unique } from "lab/dom.js";
import { DrawingPanel } from "lab/steps.js";
import { DynamicsPanel } from "lab/dynamics.js";
import { ResultsPanel } from "lab/results.js";
import { ScrubPanel } from "lab/scrub.js";
import { SharePanel } from "lab/share.js";
import { state, tell } from "lab/state.js";
import { TrainPanel } from "lab/train.js";

class Tabs {
  constructor(element) {
    this.list = h("div", { class: "tabs", role: "tablist", "aria-label": "Work", onkeydown: (event) => this.key(event) });
    this.element = element;
    this.all = [];
    element.append(this.list);
  }

  add(title, Panel) {
    const id = unique("tab");
    const panel = h("div", { class: "panel", role: "tabpanel", id: `${id}-panel`, "aria-labelledby": id, tabindex: "0", hidden: true });
    const button = h("button", { role: "tab", id, "aria-controls": `${id}-panel`, "aria-selected": "false", tabindex: "-1", onclick: () => this.show(title) }, title);
    this.list.append(button);
    this.element.append(panel);
    const made = new Panel(panel);
    this.all.push({ title, button, panel, made });
    return made;
  }

  show(title) {
    for (const one of this.all) {
      const chosen = one.title === title;
      one.panel.hidden = !chosen;
      one.button.setAttribute("aria-selected", String(chosen));
      one.button.tabIndex = chosen ? 0 : -1;
      if (chosen && one.made.shown) one.made.shown();
    }
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const now = this.all.findIndex((one) => one.button === document.activeElement);
    const next = this.all[(now + step + this.all.length) % this.all.length];
    event.preventDefault();
    this.show(next.title);
    next.button.focus();
  }
}

async function begin() {
  state.start = shared ? { cells: [], tasks: [], optimizers: [], results: null } : await ask("start");
  const cells = new Cells(document.getElementById("cells"));
  const tabs = new Tabs(document.getElementById("work"));
  tabs.add("Drawing", DrawingPanel).begin();
  const train = tabs.add("Train", TrainPanel);
  train.begin();
  tabs.add("Scrub", ScrubPanel).begin();
  tabs.add("Dynamics", DynamicsPanel).begin();
  tabs.add("Share", SharePanel).begin();
  if (state.start.results) tabs.add("Results", ResultsPanel).begin();
  tabs.show(state.start.results ? "Results" : "Train");
  await cells.begin();
  if (shared) {
    cells.filled(shared.reads);
    train.prepare(shared.run);
    train.hear(shared.news);
    if (shared.title) document.title = `${shared.title} · Elman lab`;
  }
  tell("ready");
  document.documentElement.dataset.ready = "yes";
}

begin().catch((error) => {
  document.getElementById("work").append(h("p", { class: "problem", role: "alert" }, `The page could not begin: ${error.message}`));
  throw error;
});
