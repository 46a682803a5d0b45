// Scrub: every named value at every step of a sequence; a unit and a step are chosen; a state is poked.

import { Problem, shared, unpacked } from "lab/api.js";
import { Lines } from "lab/charts.js";
import { field, four, h, later, options, unique } from "lab/dom.js";
import { Heat } from "lab/heat.js";
import { trained } from "lab/sources.js";
import { on } from "lab/state.js";
import { colours, mixed } from "lab/theme.js";

export class ScrubPanel {
  constructor(element, source = trained) {
    this.element = element;
    this.source = source;
    this.found = null;
    this.step = 0;
    this.unit = 0;
    this.heats = new Map();
    this.visible = false;
    this.again = later(30, () => this.load());
  }

  begin() {
    this.member = h("select", { onchange: () => this.load(true) });
    this.memberField = field(this.source.label, this.member, { class: this.source.live ? "" : "wide" });
    this.row = h("input", { type: "number", value: "1", min: "1", max: "64", onchange: () => this.load() });
    this.refresh = h("button", { onclick: () => this.load() }, "Look again");
    this.follow = h("input", { type: "checkbox", onchange: () => this.load() });
    this.slider = h("input", { type: "range", min: "1", max: "1", value: "1", oninput: () => this.at(Number(this.slider.value) - 1) });
    this.stepWords = h("output", { class: "small" });
    this.pokeState = h("select", {});
    this.pokeUnit = h("input", { type: "number", value: "1", min: "1" });
    this.pokeAmount = h("input", { type: "number", value: "0.5", step: "0.1" });
    this.pokeButton = h("button", { onclick: () => this.poke() }, "Poke");
    this.unpoke = h("button", { class: "plain", hidden: true, onclick: () => this.poke(true) }, "Take it back");
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.letters = h("div", { class: "letters" });
    this.body = h("div", { class: "charts" });
    this.lines = new Lines({ title: "What goes in and comes out", series: [{ label: "input", colour: () => colours().soft }], xlabel: "step", ylabel: "value", height: 200, pick: (step) => this.at(step - 1) });
    this.unitLines = new Lines({ title: "Unit 1", series: [{ label: "h", colour: () => colours().accent }], xlabel: "step", ylabel: "value", height: 200, pick: (step) => this.at(step - 1) });
    this.sizes = new Lines({ title: "What is left of the poke", about: "Distance of the states from where they would have been", series: [{ label: "distance", colour: () => colours().warm, width: 1.8 }], xlabel: "step", ylabel: "distance", log: true, height: 170, legend: false });
    this.sizeBox = h("div", { class: "whole", hidden: true }, this.sizes.element);
    this.heatBox = h("div", { class: "whole charts" });
    this.work = h("div", { class: "panel", hidden: true },
      h("div", { class: "fields" }, this.memberField, field("Sequence", this.row), h("div", {}, this.refresh), this.source.live ? h("label", { class: "check" }, this.follow, "Follow as it learns") : null),
      this.problem,
      h("div", {}, this.stepLabel = h("label", {}, "Step ", this.stepWords), this.slider),
      this.letters,
      h("div", { class: "charts" }, h("div", { class: "half" }, this.lines.element), h("div", { class: "half" }, this.unitLines.element)),
      this.source.pokes ? this.pokeSection() : null,
      h("div", { class: "charts" }, this.sizeBox), this.heatBox);
    this.slider.id = unique("scrub-step");
    this.stepLabel.setAttribute("for", this.slider.id);
    this.empty = h("div", { class: "nothing" }, h("p", {}, "Train a cell first, if only for a moment: then every value of it can be looked at here."));
    this.element.append(h("h2", { class: "hidden-words" }, "Scrub"), this.empty, this.work);
    if (this.source === trained) on("run", () => this.renewed());
    else this.renewed();
    on("look", () => this.follow.checked && this.visible && this.again());
    on("theme", () => this.found && this.show());
  }

  pokeSection() {
    this.pokeFields = h("div", { class: "stack" }, h("div", { class: "fields poke" }, field("State", this.pokeState), field("Unit", this.pokeUnit), field("Add", this.pokeAmount)), h("div", { class: "row" }, this.pokeButton, this.unpoke));
    this.pokeNote = h("p", { class: "soft", hidden: true });
    return h("section", { "aria-label": "Poke" }, h("h2", {}, "Poke a state"), h("p", { class: "intro" }, "Add a number to one unit of a state behind the chosen step, and see whether the difference dies or grows."), this.pokeFields, this.pokeNote);
  }

  // Whether there is a state to poke here, and what is seen of it.
  pokable() {
    if (!this.source.pokes) return;
    const { unpoked = "", reach = "", states } = this.found;
    this.pokeFields.hidden = Boolean(unpoked);
    const words = unpoked ? `${unpoked[0].toUpperCase()}${unpoked.slice(1)}.` : reach;
    this.pokeNote.textContent = words;
    this.pokeNote.hidden = !words;
    if (this.pokeState.dataset.of === states.join()) return;
    options(this.pokeState, states.map((name) => [name, name]), states[0]);
    this.pokeState.dataset.of = states.join();
  }

  // Another network than before.
  renewed() {
    this.found = null;
    this.poked = null;
    if (!this.source.there) return;
    const choices = this.source.choices();
    options(this.member, choices.map((name, k) => [String(k), name]), String(this.source.first || 0));
    this.memberField.hidden = choices.length < 2;
    if (this.visible) this.load();
  }

  shown() {
    this.visible = true;
    if (this.source.there && !this.found) this.load();
  }

  left() {
    this.visible = false;
  }

  say(problem) {
    this.problem.hidden = !problem;
    this.problem.textContent = problem;
  }

  async load(other = false) {
    if (!this.source.there) return;
    if (other) this.poked = null;
    const row = Math.max(1, Math.round(Number(this.row.value)) || 1);
    const mine = (this.loads = (this.loads || 0) + 1); // of two the later one counts, whichever is answered first
    this.pokeButton.disabled = this.unpoke.disabled = true; // what is shown is not what will be poked
    try {
      const body = this.poked ? { row: row - 1, poke: this.poked } : { row: row - 1 };
      const found = await this.source.ask("scrub", Number(this.member.value || 0), body);
      if (mine !== this.loads) return;
      this.found = found;
      this.say("");
      this.show();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine !== this.loads) return;
      this.say(error.message);
      this.work.hidden = false;
    } finally {
      if (mine === this.loads) this.pokeButton.disabled = this.unpoke.disabled = false;
    }
  }

  async poke(back = false) {
    const { steps, reverse } = this.found; // of a layer that runs backwards the last step is the first one
    this.poked = back ? null : { step: reverse ? Math.max(this.step, 1) : Math.min(this.step, steps - 2), state: this.pokeState.value, unit: Math.round(Number(this.pokeUnit.value)) - 1, amount: Number(this.pokeAmount.value) };
    await this.load();
    if (back) this.pokeButton.focus();
  }

  show() {
    const { found } = this;
    this.empty.hidden = true;
    this.work.hidden = false;
    this.row.max = String(shared ? 3 : found.rows);
    this.slider.max = String(found.steps);
    this.pokable();
    this.steps = [...Array(found.steps).keys()].map((t) => t + 1);
    this.values = found.values.map((one) => ({ ...one, ...unpacked(one) }));
    this.unit = Math.min(this.unit, Math.max(...this.values.map((one) => one.width)) - 1);
    const widest = Math.max(...this.values.filter((one) => one.state).map((one) => one.width));
    this.pokeUnit.max = String(widest);
    this.step = Math.min(this.step, found.steps - 1);
    this.inAndOut();
    this.heatMaps();
    this.unpoke.hidden = this.sizeBox.hidden = !found.poke;
    if (found.poke) {
      const size = [...unpacked(found.poke.size).values].map((v) => (v > 0 ? v : null));
      this.sizes.set([this.steps, size], `After the poke the distance goes from ${four(size.find((v) => v))} to ${four(size.at(-1))}`);
    }
    this.at(this.step);
  }

  inAndOut() {
    const { found } = this;
    const input = unpacked(found.input), output = unpacked(found.output), target = found.target && unpacked(found.target);
    const T = found.steps;
    const column = (packed, k) => this.steps.map((_, t) => packed.values[t * packed.shape[1] + k]);
    const data = [this.steps], series = [];
    if (found.target && found.target.kind !== "classes") {
      for (let k = 0; k < Math.min(3, output.shape[1]); k += 1) {
        series.push({ label: found.output.names.length > 1 ? `wanted ${found.output.names[k]}` : "wanted", colour: () => colours().third, width: found.target.every_step ? 3.2 : 0, points: !found.target.every_step });
        data.push(this.steps.map((_, t) => (found.target.every_step ? target.values[t * output.shape[1] + k] : t === T - 1 ? target.values[k] : null)));
      }
    }
    if (input.shape[1] <= 3) {
      for (let k = 0; k < input.shape[1]; k += 1) {
        series.push({ label: found.input.names[k], colour: () => colours()[["soft", "edge", "third"][k]], width: 1.2 });
        data.push(column(input, k));
      }
    }
    const shownOutputs = output.shape[1] <= 3 ? [...Array(output.shape[1]).keys()] : [];
    for (const k of shownOutputs) {
      series.push({ label: output.shape[1] > 1 ? `says ${found.output.names[k]}` : "what it says", colour: () => [colours().accent, colours().warm, colours().ink][k], width: 1.8 });
      data.push(column(output, k));
      if (found.poke && found.poke.output) {
        series.push({ label: "poked", colour: () => colours().warm, dash: [4, 3], width: 1.6 });
        data.push(column(unpacked(found.poke.output), k));
      }
    }
    this.lines.element.parentElement.hidden = !series.length;
    if (series.length) this.lines.again(series, data);
  }

  heatMaps() {
    const { found } = this;
    const differences = found.poke ? found.poke.values : null;
    const kept = new Map();
    const wanted = [];
    const input = unpacked(found.input), output = unpacked(found.output);
    if (input.shape[1] > 3) wanted.push({ name: "input", title: "Input", packed: input, names: found.input.names });
    if (output.shape[1] > 3) wanted.push({ name: "output", title: "What it says", packed: output, names: found.output.names });
    for (const one of this.values) {
      const shown = differences && differences[one.name] ? unpacked(differences[one.name]) : one;
      wanted.push({ name: one.name, title: `${one.name}${one.state ? " (state)" : ""}${differences ? ": difference" : ""}`, packed: shown, units: true });
    }
    for (const { name, title, packed, names, units } of wanted) {
      const width = packed.shape[1];
      const heat = this.heats.get(name) || new Heat({ title, xlabel: "step", ylabel: names ? "" : "unit", up: false, height: 120, pick: (unit, step) => this.at(step, units ? unit : null) });
      heat.heading.textContent = title;
      heat.height = names && width <= 14 ? width * 16 : Math.max(34, Math.min(150, width * 9));
      heat.ytext = names && width <= 14 ? (r) => names[r] : null;
      heat.label = (r, t, v) => `${names ? names[r] : `unit ${r + 1}`}, step ${t + 1}: ${four(v)}`;
      const across = new Float32Array(packed.values.length);
      let least = 0;
      for (let t = 0; t < found.steps; t += 1) for (let k = 0; k < width; k += 1) {
        const value = packed.values[t * width + k];
        across[k * found.steps + t] = value;
        least = Math.min(least, value);
      }
      heat.set(across, width, found.steps, least < 0 || (differences && units) ? "two-sided" : "one-sided");
      kept.set(name, heat);
    }
    const order = [...kept.keys()].join();
    if (this.order !== order || this.heats !== kept) {
      if (this.order !== order) this.heatBox.replaceChildren(...[...kept.values()].map((heat) => h("div", { class: "half" }, heat.element)));
      this.order = order;
      this.heats = kept;
    }
  }

  at(step, unit = null) {
    if (!this.found) return;
    this.step = Math.max(0, Math.min(this.found.steps - 1, step));
    if (unit !== null) {
      this.unit = unit;
      this.pokeUnit.value = String(unit + 1);
    }
    this.slider.value = String(this.step + 1);
    this.stepWords.textContent = `${this.step + 1} of ${this.found.steps}`;
    this.lines.cursor(this.step + 1);
    this.sizes.cursor(this.step + 1);
    this.oneUnit();
    for (const [name, heat] of this.heats) {
      const value = this.values.find((one) => one.name === name);
      heat.cross(value ? [Math.min(this.unit, heat.rows - 1), this.step] : [0, this.step]);
      if (!value) heat.crossY.hidden = true;
    }
    this.text();
  }

  oneUnit() {
    const wide = this.values.some((one) => one.width > 1);
    const shown = this.values.filter((one) => this.unit < one.width && (one.width > 1 || !wide)).slice(0, 7);
    const palette = () => [colours().accent, colours().warm, colours().ink, colours().third, colours().soft, colours().edge, colours().cold];
    const series = shown.map((one, k) => ({ label: one.name, colour: () => palette()[k], width: one.state ? 2 : 1.3, dash: k > 3 ? [4, 3] : undefined }));
    const title = this.unitLines.element.querySelector("h3");
    title.textContent = `Unit ${this.unit + 1}`;
    this.unitLines.again(series, [this.steps, ...shown.map((one) => this.steps.map((_, t) => one.values[t * one.width + this.unit]))]);
    this.unitLines.cursor(this.step + 1);
  }

  // A text whose characters are coloured by the unit's state behind them.
  text() {
    const { found } = this;
    const single = this.source.classes && found.input.names.every((name) => [...name].length === 1) && found.input.names.length > 10;
    this.letters.hidden = !single;
    if (!single) return;
    const input = unpacked(found.input), value = this.values.find((one) => one.state);
    const unit = Math.min(this.unit, value.width - 1);
    const c = colours();
    const most = Math.max(1e-6, ...this.steps.map((_, t) => Math.abs(value.values[t * value.width + unit])));
    this.letters.replaceChildren(h("p", { class: "note" }, `The text so far, coloured by ${value.name} of unit ${unit + 1}`), ...this.steps.map((_, t) => {
      let k = 0;
      for (let j = 0; j < input.shape[1]; j += 1) if (input.values[t * input.shape[1] + j] > 0.5) k = j;
      const share = value.values[t * value.width + unit] / most;
      const [red, green, blue] = mixed(c.paper, share < 0 ? c.warm : c.cold, 0.5 * Math.abs(share));
      const letter = h("button", { "aria-current": String(t === this.step), "aria-label": `step ${t + 1}: ${found.input.names[k]}`, onclick: () => this.at(t) }, found.input.names[k]);
      letter.style.background = `rgb(${red} ${green} ${blue})`;
      letter.style.color = c.ink;
      return letter;
    }));
  }
}
