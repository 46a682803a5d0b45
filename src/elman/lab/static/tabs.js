// Tabs: panels of which one is shown, chosen by the mouse or by the arrow keys.

import { h, unique } from "lab/dom.js";

export class Tabs {
  constructor(element, label) {
    this.list = h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: (event) => this.key(event) });
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
      if (chosen) this.list.scrollLeft = one.button.offsetLeft - this.list.offsetLeft - 40; // on narrow screens
      if (chosen && one.made.shown) one.made.shown();
      if (!chosen && one.made.left) one.made.left();
    }
  }

  key(event) {
    const now = this.all.findIndex((one) => one.button === document.activeElement);
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: this.all.length - 1 }[event.key];
    if (to === undefined || now < 0) return;
    const next = this.all[(to + this.all.length) % this.all.length];
    event.preventDefault();
    this.show(next.title);
    next.button.focus();
  }
}
