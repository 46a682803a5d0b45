// Drawing: one step of each cell as blocks and wires.

import { drawn } from "lab/drawing.js";
import { h } from "lab/dom.js";
import { on, state } from "lab/state.js";

export class DrawingPanel {
  constructor(element) {
    this.element = element;
  }

  begin() {
    this.box = h("div", { class: "panel" });
    this.element.append(h("h2", { class: "hidden-words" }, "Drawing"), h("p", { class: "intro" }, "One step, from the states before it at the left to the new ones at the right. Tinted blocks are gates; blue frames are what leaves the step; letters at a wire are the matrices that multiply there."), this.box);
    on("cell", () => this.draw());
  }

  draw() {
    const figures = state.cells.filter((panel) => panel.read).map((panel) => {
      const { drawing, name } = panel.read;
      const picture = drawn(drawing, `One step of ${name}: ${drawing.blocks.length} values, from ${drawing.inputs.join(", ")} and ${drawing.states.join(", ")}`);
      return h("figure", {}, state.cells.length > 1 ? h("figcaption", {}, h("h3", {}, name)) : null, h("div", { class: `drawing${drawing.width > 9 ? " wide" : ""}`, tabindex: "0", role: "group", "aria-label": `Drawing of ${name}` }, picture));
    });
    this.box.replaceChildren(...figures);
  }
}
