// The gradient horizon triangle of one network: how much what happens at step t depends on what there was at step s.

import { ask, Problem, shared, unpackedBytes } from "lab/api.js";
import { four, h, options, plural, raised, unique } from "lab/dom.js";
import { Heat } from "lab/heat.js";
import { state } from "lab/state.js";

export class Horizon {
  // number and name (empty where there is one network) of a member of the training
  constructor(number, name) {
    this.member = number;
    this.states = state.run.members[number].states;
    this.heat = new Heat({
      title: `Gradient horizon${name ? `: ${name}` : ""}`, about: this.about({}), xlabel: "step s", ylabel: "step t", square: true,
      label: (t, k, shade) => `t ${t + 1}, s ${k + 1}: ${shade ? four(this.size(shade)) : "nothing"}`,
    });
    this.words = h("p", { class: "note" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.element = h("div", { class: "stack" }, this.heat.element, this.words, shared ? null : this.controls(name), this.problem);
    const { note } = state.run.members[number];
    if (note) this.words.textContent = `${note}.`;
  }

  controls(name) {
    const units = this.states.map((one) => [`unit ${one.name}`, `one unit of ${one.name}`]);
    const whose = name ? ` (${name})` : "";
    this.of = h("select", { onchange: () => this.asked() });
    options(this.of, [["", state.run.everyStep ? "the loss" : "what is said"], ...units], "");
    this.by = h("select", { onchange: () => this.asked() });
    options(this.by, [["", "all states"], ["input", "the input"], ...units], "");
    this.ofUnit = h("input", { type: "number", min: "1", value: "1", "aria-label": `Unit at step t${whose}`, onchange: () => this.asked() });
    this.byUnit = h("input", { type: "number", min: "1", value: "1", "aria-label": `Unit at step s${whose}`, onchange: () => this.asked() });
    const pair = (label, select, number) => {
      select.id = unique("horizon");
      return h("div", { class: "wide" }, h("label", { for: select.id }, label), h("div", { class: "pair" }, select, number));
    };
    this.numbered();
    return h("div", { class: "fields" }, pair(`At step t${whose}`, this.of, this.ofUnit), pair(`depends on, at step s${whose}`, this.by, this.byUnit));
  }

  numbered() {
    for (const [select, number] of [[this.of, this.ofUnit], [this.by, this.byUnit]]) {
      const one = this.states.find((found) => select.value === `unit ${found.name}`);
      number.hidden = !one;
      if (one) Object.assign(number, { max: String(one.width), value: String(Math.max(1, Math.min(one.width, Math.round(Number(number.value)) || 1))) });
    }
  }

  async asked() {
    this.numbered();
    const said = (select, number) => (select.value.startsWith("unit ") ? { state: select.value.slice(5), unit: Number(number.value) - 1 } : select.value || null);
    this.problem.hidden = true;
    try {
      const { triangle } = await ask("horizon", { member: this.member, of: said(this.of, this.ofUnit), by: said(this.by, this.byUnit) });
      state.looks[this.member] = { ...state.looks[this.member], triangle }; // what is painted again, too
      this.show(triangle);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem.hidden = false;
      this.problem.textContent = error.message;
    }
  }

  about({ of, by }) {
    const unit = (one) => `${one.state} of unit ${one.unit + 1}`;
    const what = of ? `${unit(of)} at t` : state.run.everyStep ? "loss at t" : "output at t";
    const source = by === "input" ? "input at s" : by ? `${unit(by)} after s` : "state after s";
    return `Size of ∂ ${what} / ∂ ${source}`;
  }

  size(shade) {
    const { top, decades } = this.triangle;
    return 10 ** (top + ((shade - 1) / 254 - 1) * decades);
  }

  show(triangle) {
    if (!triangle) return;
    this.triangle = triangle;
    this.heat.note.textContent = this.about(triangle);
    const bytes = unpackedBytes(triangle.bytes), none = triangle.top === null;
    this.heat.setBytes(bytes, triangle.steps, triangle.steps, none ? "" : `10${raised(Math.round(triangle.top - triangle.decades))}`, none ? "nothing reaches back" : four(10 ** triangle.top), none ? "" : "logarithmic");
    this.words.textContent = horizonSaid(bytes, triangle);
  }
}

// How many steps back the gradient of the last step has fallen to a hundredth.
function horizonSaid(bytes, { steps: T, decades }) {
  const last = bytes.subarray((T - 1) * T, T * T);
  const top = last.reduce((a, b) => Math.max(a, b), 0);
  if (!top) return "";
  const hundredth = top - (2 / decades) * 254;
  const from = last.lastIndexOf(top);
  let far = from;
  while (far > 0 && last[far - 1] >= hundredth) far -= 1;
  if (far === 0) return `From the last step the gradient reaches back over all ${T} steps without falling to a hundredth.`;
  return `From the last step the gradient falls to a hundredth within ${plural(from - far + 1, "step")}.`;
}

export const explanation = () => h("div", { class: "soft small" }, h("h3", {}, "How to read it"),
  h("p", {}, "Each row is a step t, each column an earlier step s. The stronger its colour, the more what happens at t depends on what there was at s. The diagonal is a step's own; the way to its left is memory. A cell that forgets shows a narrow band, one that can learn long gaps fills the triangle."));
