// A model that another command wrote: its layers, their values, how far it looks back, its dynamics.

import { ask, Problem, unpackedBytes } from "lab/api.js";
import { drawn } from "lab/drawing.js";
import { counted, field, four, h, options, plural, raised } from "lab/dom.js";
import { DynamicsPanel } from "lab/dynamics.js";
import { Heat } from "lab/heat.js";
import { ScrubPanel } from "lab/scrub.js";
import { opened } from "lab/sources.js";
import { Tabs } from "lab/tabs.js";

/* global katex */

const QUIET = { displayMode: true, throwOnError: false, strict: false, trust: false, maxSize: 20, maxExpand: 500 };

export class ModelView {
  constructor(file) {
    this.file = file;
    this.element = h("div", { class: "panel" }, h("p", { class: "soft", role: "status" }, `Opening ${file} …`));
    this.load();
  }

  async load() {
    try {
      this.show(await ask("open", { file: this.file }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.element.replaceChildren(h("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  show(model) {
    const area = h("div", {});
    this.element.replaceChildren(h("h3", {}, `${model.kind} ${model.name}`),
      h("p", { class: "intro" }, `${plural(model.layers.length, "layer")}, ${counted(model.parameters)} parameters. Looked at along ${plural(model.rows, "sequence")} of ${plural(model.steps, "step")}: ${model.about}.`), area);
    const tabs = new Tabs(area, "Model");
    tabs.add("Layers", LayersPanel).begin(model);
    const written = model.layers.filter((one) => one.latex);
    const first = Math.max(0, written.findIndex((one) => one.states.length));
    tabs.add("Values", of(ScrubPanel, opened(written.map((one) => one.name), first))).begin();
    if (model.systems.length) {
      tabs.add("Horizon", HorizonPanel).begin(model);
      tabs.add("Phase plane", of(DynamicsPanel, opened(model.systems))).begin();
    } else tabs.add("Phase plane", NothingPanel).begin(model);
    tabs.show("Layers");
  }
}

// A panel that looks at something of its own.
const of = (Panel, source) => class extends Panel {
  constructor(element) {
    super(element, source);
  }
};

class LayersPanel {
  constructor(element) {
    this.element = element;
  }

  begin(model) {
    this.element.append(...model.layers.map((one) => layer(one)));
  }
}

function layer(one) {
  const states = one.states.length ? `: ${one.states.map((state) => `${state.name} ${state.width}`).join(", ")}` : "";
  const formula = h("div", { class: "formula", tabindex: "0", role: "group", "aria-label": `Equations of ${one.name}` });
  if (one.latex) katex.render(one.latex, formula, QUIET);
  const picture = one.drawing && one.states.length ? h("details", {}, h("summary", {}, "Drawing"), h("div", { class: "drawing" }, drawn(one.drawing, `One step of ${one.name}`))) : null;
  return h("section", {}, h("h3", {}, one.name === one.cell ? one.name : `${one.name} · ${one.cell}`), h("p", { class: "note" }, one.states.length ? `States${states}` : "Without states"), one.latex ? formula : null, picture);
}

class NothingPanel {
  constructor(element) {
    this.element = element;
  }

  begin(model) {
    this.element.append(h("p", { class: "soft" }, `Nothing to look at: ${model.hindrance}.`));
  }
}

// How far what is said at a step looks back.
class HorizonPanel {
  constructor(element) {
    this.element = element;
  }

  begin(model) {
    this.layer = h("select", { onchange: () => this.load() });
    options(this.layer, model.systems.map((name) => [name, name]), model.systems[0]);
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.heat = new Heat({ title: "Gradient horizon", about: "Size of ∂ outputs at t / ∂ state after s", xlabel: "step s", ylabel: "step t", square: true, label: (t, k, shade) => `t ${t + 1}, s ${k + 1}: ${shade ? four(this.size(shade)) : "nothing"}` });
    const choose = field("Layer", this.layer);
    choose.hidden = model.systems.length < 2;
    this.element.append(choose, this.problem, h("div", { class: "charts" }, h("div", { class: "seven" }, this.heat.element)));
  }

  shown() {
    if (!this.triangle) this.load();
  }

  size(shade) {
    return 10 ** (this.triangle.top + ((shade - 1) / 254 - 1) * this.triangle.decades);
  }

  async load() {
    this.problem.hidden = true;
    try {
      const { triangle } = await ask("opened/horizon", { layer: this.layer.value });
      this.triangle = triangle;
      const none = triangle.top === null;
      this.heat.setBytes(unpackedBytes(triangle.bytes), triangle.steps, triangle.cols, none ? "" : `10${raised(Math.round(triangle.top - triangle.decades))}`, none ? "nothing reaches back" : four(10 ** triangle.top), none ? "" : "logarithmic");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem.hidden = false;
      this.problem.textContent = error.message;
    }
  }
}
