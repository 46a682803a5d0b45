// What networks say of sequences that they never learnt: lines, or the probabilities of classes.

import { unpacked } from "lab/api.js";
import { Lines } from "lab/charts.js";
import { h } from "lab/dom.js";
import { Heat } from "lab/heat.js";
import { state } from "lab/state.js";
import { colours, members } from "lab/theme.js";

const APART = 2.6; // of several outputs, one above another

export class Samples {
  // named: what the networks are called
  constructor(named) {
    this.named = named;
    this.row = 0;
    this.run = state.run;
    const rows = [...Array(this.run.x.shape[0]).keys()];
    this.buttons = rows.map((k) => h("button", { class: "plain", "aria-label": `sequence ${k + 1}`, "aria-pressed": String(k === 0), onclick: () => this.choose(k) }, String(k + 1)));
    const pick = h("div", { class: "row sequences", role: "group", "aria-label": "Sequence" }, h("span", { class: "note" }, "sequence"), this.buttons);
    this.element = this.run.classes && this.run.targets.length > 1 ? this.classes(pick) : this.numbers(pick);
  }

  classes(pick) {
    const { targets, members: all } = this.run;
    const high = Math.max(90, Math.min(220, targets.length * 16)), ytext = targets.length <= 14 ? (r) => targets[r] : null;
    this.heats = all.map((_, k) => new Heat({ title: all.length > 1 ? this.named[k] : "Probabilities", xlabel: "step", ylabel: "class", height: high, ytext, label: (r, t, v) => `step ${t + 1}: ${targets[r]} ${(100 * v).toFixed(0)} %${this.wanted(t)}` }));
    this.truth = h("p", { class: "note" });
    return h("div", { class: "stack" }, h("h3", {}, "What it says of sequences it never learnt"), pick, this.truth, ...this.heats.map((one) => one.element));
  }

  numbers(pick) {
    const { targets, everyStep, members: all } = this.run, several = targets.length > 1;
    const wanted = targets.map((name) => ({ label: several ? `wanted: ${name}` : "wanted", colour: () => colours().third, width: everyStep ? 3.2 : 0, points: !everyStep }));
    const said = all.flatMap((_, m) => targets.map((_, k) => ({ label: k ? "" : this.named[m], colour: () => members()[m], width: 1.5 })));
    this.lines = new Lines({ title: "A sequence it never learnt", series: [...wanted, ...said], xlabel: "step", ylabel: several ? "outputs, one above another" : targets[0], height: 250 });
    if (several) this.lines.key = () => this.key();
    return h("div", {}, this.lines.element, pick);
  }

  // A legend of what is wanted, and of each network once.
  key() {
    const entry = (label, colour) => {
      const line = h("i", {});
      line.style.borderTopColor = colour;
      return h("span", {}, line, label);
    };
    this.lines.legend.replaceChildren(entry("wanted", colours().third), ...this.named.map((name, k) => entry(name, members()[k])));
  }

  // The class that is wanted at a step.
  target(t) {
    const { y, everyStep, targets } = this.run;
    return targets[everyStep ? y.values[this.row * y.shape[1] + t] : y.values[this.row]];
  }

  wanted(t) {
    return this.run.everyStep || t === this.run.steps - 1 ? `, wanted ${this.target(t)}` : "";
  }

  choose(k) {
    this.row = k;
    this.buttons.forEach((button, number) => button.setAttribute("aria-pressed", String(number === k)));
    this.paint();
  }

  paint() {
    const said = state.looks.map((look) => (look && look.samples ? unpacked(look.samples).values : null));
    if (this.heats) this.paintClasses(said);
    else this.paintNumbers(said);
  }

  paintClasses(said) {
    const { steps: T, targets, everyStep } = this.run, O = targets.length;
    const truth = everyStep ? `Wanted: ${inRuns([...Array(T).keys()].map((t) => this.target(t)))}` : `Wanted at the end: ${this.target(T - 1)}`;
    if (this.truth.textContent !== truth) this.truth.textContent = truth;
    this.heats.forEach((heat, m) => {
      if (!said[m]) return;
      const values = new Float32Array(T * O), from = this.row * T * O;
      for (let t = 0; t < T; t += 1) for (let k = 0; k < O; k += 1) values[k * T + t] = said[m][from + t * O + k];
      heat.set(values, O, T, "one-sided", 1);
    });
  }

  paintNumbers(said) {
    const { steps: T, targets, everyStep, loss, y } = this.run, O = targets.length;
    const apart = O > 1 ? APART : 0, steps = Float64Array.from({ length: T }, (_, t) => t + 1);
    const squashed = loss === "binary_cross_entropy" ? (v) => 1 / (1 + Math.exp(-v)) : (v) => v;
    const along = (values, k, f) => Float64Array.from({ length: T }, (_, t) => f(values[(this.row * T + t) * O + k]) + k * apart);
    const atEnd = (k) => [...Array(T - 1).fill(null), y.values[this.row * O + k] + k * apart];
    const wanted = targets.map((_, k) => (everyStep ? along(y.values, k, (v) => v) : atEnd(k)));
    this.lines.set([steps, ...wanted, ...said.flatMap((one) => targets.map((_, k) => (one ? along(one, k, squashed) : Array(T).fill(null))))]);
  }
}

// Words one after another, those that come again and again counted; letters as a text.
function inRuns(words) {
  if (words.every((one) => [...one].length === 1)) return words.join("");
  const runs = [];
  for (const word of words) {
    if (runs.length && runs.at(-1)[0] === word) runs.at(-1)[1] += 1;
    else runs.push([word, 1]);
  }
  return runs.map(([word, count]) => (count > 2 ? `${count} × ${word}` : Array(count).fill(word).join(", "))).join(", ");
}
