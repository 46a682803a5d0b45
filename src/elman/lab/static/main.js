// The page: the cell at the left, the work in tabs at the right.

import { ask, shared } from "lab/api.js";
import { Bar } from "lab/bar.js";
import { Cells } from "lab/cell.js";
import { h } from "lab/dom.js";
import { DrawingPanel } from "lab/steps.js";
import { DynamicsPanel } from "lab/dynamics.js";
import { ResultsPanel } from "lab/results.js";
import { ScrubPanel } from "lab/scrub.js";
import { SharePanel } from "lab/share.js";
import { state, tell } from "lab/state.js";
import { Tabs } from "lab/tabs.js";
import { TrainPanel } from "lab/train.js";

async function begin() {
  state.start = shared ? { cells: [], tasks: [], optimizers: [], results: null } : await ask("start");
  const cells = new Cells(document.getElementById("cells"));
  const work = document.getElementById("work");
  if (state.start.results) work.parentElement.prepend(work); // first what was opened
  const tabs = new Tabs(work, "Work");
  tabs.add("Drawing", DrawingPanel).begin();
  const train = tabs.add("Train", TrainPanel);
  train.begin();
  tabs.add("Scrub", ScrubPanel).begin();
  tabs.add("Dynamics", DynamicsPanel).begin();
  tabs.add("Share", SharePanel).begin();
  if (state.start.results) tabs.add("Results", ResultsPanel).begin();
  if (!shared) new Bar([document.getElementById("standing"), train.buttons], document.getElementById("cells"), work);
  tabs.show(state.start.results ? "Results" : "Train");
  const before = shared ? null : state.start.run;
  await cells.begin(before ? before.members : []);
  if (before) train.restore(before, before.asked);
  if (shared) {
    cells.filled(shared.reads);
    train.prepare(shared.run);
    train.hear(shared.news);
    if (shared.title) document.title = `${shared.title} · Elman lab`;
  }
  tell("ready");
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

begin().catch((error) => {
  document.getElementById("work").append(h("p", { class: "problem", role: "alert" }, `The page could not begin: ${error.message}`));
  throw error;
});
