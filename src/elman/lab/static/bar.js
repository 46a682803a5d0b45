// On a narrow screen: a bar at its lower edge, with what begins and stops a training, how it stands, and the way between the equations and the work.

import { h } from "lab/dom.js";

const narrow = matchMedia("(max-width: 860px)");

export const isNarrow = () => narrow.matches;

export class Bar {
  // moved: elements that are in the bar where the screen is narrow, else where they were
  constructor(moved, cells, work) {
    this.moved = moved.map((one) => [one, one.parentElement, one.nextSibling]);
    this.jump = h("button", { class: "plain jump", onclick: () => this.go() });
    this.element = h("div", { class: "bar", role: "region", "aria-label": "Training" });
    Object.assign(this, { cells, work });
    document.body.append(this.element);
    new IntersectionObserver((seen) => this.at(seen.at(-1).isIntersecting), { rootMargin: "0px 0px -55% 0px" }).observe(work);
    this.at(false);
    narrow.addEventListener("change", () => this.place());
    this.place();
  }

  place() {
    if (narrow.matches) this.element.replaceChildren(...this.moved.map(([one]) => one), this.jump);
    else for (const [one, parent, next] of this.moved) parent.insertBefore(one, next);
  }

  at(work) {
    this.atWork = work;
    const first = this.cells.compareDocumentPosition(this.work) & Node.DOCUMENT_POSITION_FOLLOWING;
    const words = work ? `Equations ${first ? "↑" : "↓"}` : `Work ${first ? "↓" : "↑"}`;
    if (this.jump.textContent !== words) this.jump.textContent = words;
  }

  go() {
    (this.atWork ? this.cells : this.work).scrollIntoView({ block: "start" });
  }
}
