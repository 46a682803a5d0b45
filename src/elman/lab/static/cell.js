// The left column: pick a cell, edit its equations, see what they are.

import { ask, Problem, shared } from "lab/api.js";
import { counted, field, h, later, options, unique } from "lab/dom.js";
import { Editor } from "lab/editor.js";
import { on, state, tell } from "lab/state.js";

/* global katex */

const OWN = "Write it as in Python: p.W is a parameter, the states come behind the input.";
const BLANK = "def my_cell(p, x, h):\n    z = sigmoid(p.W_z @ x + p.U_z @ h + p.b_z)\n    n = tanh(p.W_n @ x + p.U_n @ h + p.b_n)\n    return (1 - z) * h + z * n\n";

export class CellPanel {
  constructor(number, remove) {
    this.number = number;
    this.read = null;
    this.asked = 0;
    this.picks = 0;
    this.pick = h("select", { onchange: () => this.picked(this.pick.value) });
    this.units = h("input", { type: "number", min: "1", max: "256", value: "16", onchange: () => this.changed() });
    this.about = h("p", { class: "about" });
    const said = unique("said");
    this.said = h("div", { class: "said", id: said, role: "status" });
    this.editor = new Editor({ label: `Equations of the ${number ? "second" : "first"} cell`, change: later(160, () => this.changed()), readOnly: Boolean(shared), describedBy: said });
    this.formula = h("div", { class: "formula", tabindex: "0", role: "group", "aria-label": "Equations, as they are read" });
    this.parameters = h("div", { class: "scroll" });
    this.title = h("h2", {}, "Cell");
    this.removal = number && !shared ? h("button", { class: "plain", onclick: remove }, "Remove") : null;
    this.element = h("section", { class: "cell", "aria-label": number ? "Second cell" : "First cell" },
      h("div", { class: "cell-head" }, this.title, this.removal),
      h("div", { class: "pick" }, shared ? null : field("Begin with", this.pick), shared ? null : field("Units", this.units)),
      this.about, this.editor.element, this.said, this.formula,
      h("details", { open: matchMedia("(min-width: 861px)").matches }, h("summary", {}, "Parameters"), this.parameters));
    on("run", () => this.changed());
    on("task", () => this.changed());
  }

  async begin(name, text) {
    this.choices(name);
    await this.picked(name, text);
  }

  choices(chosen) {
    const named = (cells) => cells.map((cell) => [cell.name, `${cell.name} · ${cell.year}`]);
    options(this.pick, [["", "a cell of your own"], ...named(state.start.cells.filter((cell) => cell.inputs === 1))], chosen);
    const several = named(state.start.cells.filter((cell) => cell.inputs > 1));
    this.pick.append(h("optgroup", { label: "of several inputs, to read" }, several.map(([value, text]) => h("option", { value }, text))));
    if (chosen) this.pick.value = chosen;
  }

  // The cell that comes with the page.
  open(found) {
    this.choices(found.name);
    this.editor.text = found.text;
    if (found.name) this.told(found);
    else this.about.textContent = OWN;
    this.show(found.read);
    if (state.features !== found.features) this.changed();
  }

  told({ about, reference }) {
    this.about.replaceChildren(about, h("span", { class: "reference" }, reference));
  }

  async picked(name, text = BLANK) {
    const mine = (this.picks += 1); // of two picks the later one counts, whichever is answered first
    if (!name) {
      this.about.textContent = OWN;
      this.editor.text = text;
    } else {
      try {
        const cell = await ask(`cell/${encodeURIComponent(name)}`);
        if (mine !== this.picks) return undefined;
        this.told(cell);
        this.editor.text = cell.text;
      } catch (error) {
        return this.show({ error: { message: error.message, line: 0 } });
      }
    }
    return this.changed();
  }

  // Whether it can be trained as it stands.
  get ready() {
    return Boolean(this.read) && !this.error && !this.read.untrained;
  }

  // What a training has.
  put({ text, units }) {
    this.units.value = String(units);
    this.pick.value = "";
    return this.picked("", text);
  }

  get size() {
    const units = Math.round(Number(this.units.value));
    return Number.isFinite(units) ? Math.max(1, Math.min(256, units)) : 16;
  }

  async changed() {
    if (shared) return;
    const mine = (this.asked += 1);
    try {
      const found = await ask("read", { text: this.editor.text, units: this.size, features: state.features || 1 });
      if (mine === this.asked) this.show(found);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine === this.asked) this.show({ error: { message: error.message, line: 0 } });
    }
  }

  show(found) {
    const { error } = found;
    this.error = error || null;
    this.editor.wrong(error);
    this.formula.classList.toggle("old", Boolean(error));
    this.said.classList.toggle("fine", !error);
    if (error) {
      const place = error.line ? `Line ${error.line}, column ${error.column}: ` : "";
      this.said.replaceChildren(h("p", { class: "problem" }, place + error.message));
    } else {
      this.read = found;
      this.text = this.editor.text;
      const sizes = found.states.map((one) => `${one.name} ${one.width}`).join(", ");
      this.said.replaceChildren(`Reads well. State${found.states.length > 1 ? "s" : ""}: ${sizes}.`, ...(found.untrained ? [h("p", { class: "remark" }, found.untrained)] : []));
      this.title.replaceChildren(...(state.cells.length > 1 ? [h("span", { class: `key ${this.number ? "second" : ""}` })] : []), found.name);
      katex.render(found.latex, this.formula, { displayMode: true, throwOnError: false, strict: false, trust: false, maxSize: 20, maxExpand: 500 });
      this.table(found);
    }
    tell("cell", this);
  }

  table(found) {
    const rows = found.parameters.map((one) => h("tr", {}, h("td", {}, h("code", {}, one.name)), h("td", {}, one.shape.join(" × ")),
      h("td", { class: "soft" }, one.fixed ? "fixed" : one.recurrent ? "recurrent" : ""), h("td", { class: "number" }, counted(one.shape.reduce((a, b) => a * b, 1)))));
    this.parameters.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "name"), h("th", {}, "shape"), h("th", {}), h("th", { class: "number" }, "numbers"))),
      h("tbody", {}, rows), h("tfoot", {}, h("tr", {}, h("td", { colspan: "3" }, "in all"), h("td", { class: "number" }, counted(found.count))))));
  }
}

export class Cells {
  constructor(element) {
    this.element = element;
    this.more = h("button", { class: "plain", onclick: () => this.second() }, "+ Compare with a second cell");
  }

  // members: of the training that this page has already
  async begin(members = []) {
    const first = new CellPanel(0);
    state.cells = [first];
    this.element.append(first.element, h("p", {}, this.more));
    if (shared) return;
    const text = members.length ? members[0].text : "";
    if (members.length) first.units.value = String(members[0].units);
    if (members.length) await first.begin("", text);
    else first.open(state.start.first);
    if (members.length > 1) await this.second(members[1]);
  }

  async second(member = null) {
    const panel = new CellPanel(1, () => this.remove());
    state.cells = [state.cells[0], panel];
    this.more.hidden = true;
    this.element.insertBefore(panel.element, this.more.parentElement);
    panel.units.value = member ? String(member.units) : state.cells[0].units.value;
    await (member ? panel.begin("", member.text) : panel.begin("lstm"));
    state.cells[0].changed();
  }

  remove() {
    state.cells[1].element.remove();
    state.cells = [state.cells[0]];
    this.more.hidden = false;
    this.more.focus();
    state.cells[0].changed();
    tell("cell", state.cells[0]);
  }

  // What a shared page has.
  filled(reads) {
    reads.forEach((read, number) => {
      const panel = number ? new CellPanel(1) : state.cells[0];
      if (number) {
        state.cells = [state.cells[0], panel];
        this.element.insertBefore(panel.element, this.more.parentElement);
      }
      panel.editor.text = read.text;
    });
    state.cells.forEach((panel, number) => panel.show(reads[number]));
    this.more.hidden = true;
  }
}
