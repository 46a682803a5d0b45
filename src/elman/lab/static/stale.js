// A note where the training that is shown has other equations than the editor has by now.

import { shared } from "lab/api.js";
import { h } from "lab/dom.js";
import { on, state } from "lab/state.js";

export class Stale {
  // again: trains what the editor has; going: whether the training goes on
  constructor({ again, going }) {
    this.going = going;
    this.words = h("p", {});
    this.again = h("button", { onclick: again }, "Train again");
    const back = h("button", { class: "plain", onclick: () => this.back() }, "Back to what was trained");
    this.element = h("div", { class: "stale", role: "status", hidden: true }, this.words, h("div", { class: "row" }, this.again, back));
    if (!shared) for (const what of ["cell", "run"]) on(what, () => this.look());
  }

  look() {
    const members = state.run ? state.run.members : [];
    const others = state.cells.length !== members.length;
    const changed = others || members.some((one, k) => one.text.trimEnd() !== state.cells[k].editor.text.trimEnd() || one.units !== state.cells[k].size);
    this.element.hidden = !members.length || !changed;
    if (this.element.hidden) return;
    const time = new Date(1000 * state.run.begun).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const what = others ? "there is another number of cells in the editor" : "those in the editor are others";
    this.words.textContent = `${this.going() ? "This training goes on" : "What is shown was trained"} with the equations as they were at ${time}; ${what} now.`;
    this.again.disabled = state.cells.some((panel) => !panel.ready);
  }

  back() {
    state.cells.forEach((panel, k) => state.run.members[k] && panel.put(state.run.members[k]));
  }
}
