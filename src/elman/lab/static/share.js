// Share: one file with everything on this page, and the program that repeats the training.

import { ask, Problem, shared, sharedPage } from "lab/api.js";
import { field, h } from "lab/dom.js";
import { on, state } from "lab/state.js";

export class SharePanel {
  constructor(element) {
    this.element = element;
  }

  begin() {
    this.title = h("input", { type: "text", maxlength: "120", placeholder: "What it shows" });
    this.save = h("button", { class: "main", onclick: () => this.download() }, "Save the page as one file");
    this.said = h("p", { class: "soft small", role: "status" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.code = h("pre", { tabindex: "0" });
    this.copy = h("button", { onclick: () => this.copied() }, "Copy");
    const file = h("section", { class: "panel" }, h("h2", {}, "One file"),
      h("p", { class: "intro" }, "The equations, the losses, what the network said, how far its gradients reached, its values on three sequences, and its dynamics if you looked at them. It opens in any browser, without a network and without Elman."),
      field("Title", this.title), h("div", { class: "row" }, this.save, this.said));
    this.program = h("section", { class: "panel" }, h("h2", {}, "The program"), h("p", { class: "intro" }, "A cell of a notebook that makes the same data, the same cell and the same training, bit for bit."),
      h("div", { class: "code" }, this.code), h("div", { class: "row" }, this.copy));
    this.work = h("div", { class: "panel", hidden: true }, shared ? (shared.note ? h("p", {}, shared.note) : null) : file, this.problem, this.program);
    this.empty = h("div", { class: "nothing" }, h("p", {}, "Train a cell first: then the page can be saved as one file, with the program that repeats it."));
    this.element.append(h("h2", { class: "hidden-words" }, "Share"), this.empty, this.work);
    on("run", () => {
      this.code.textContent = "";
      this.empty.hidden = true;
      this.work.hidden = false;
    });
  }

  async shown() {
    if (!state.run) return;
    await this.doing(async () => {
      this.code.textContent = shared ? shared.notebook : (await ask("notebook", {})).code;
    });
  }

  async doing(does) {
    this.problem.hidden = true;
    try {
      await does();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem.hidden = false;
      this.problem.textContent = error.message;
    }
  }

  async download() {
    this.save.disabled = true;
    this.said.textContent = "Writing …";
    await this.doing(async () => {
      const page = await sharedPage({ title: this.title.value });
      const name = `${(this.title.value || state.run.members.map((one) => one.name).join("-and-") || "elman-lab").replace(/[^\w-]+/g, "-").toLowerCase()}.html`;
      const link = h("a", { href: URL.createObjectURL(page), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      this.said.textContent = `${name}, ${(page.size / 1e6).toFixed(1)} MB`;
    });
    this.save.disabled = false;
    if (!this.problem.hidden) this.said.textContent = "";
  }

  async copied() {
    try {
      await navigator.clipboard.writeText(this.code.textContent);
      this.copy.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(this.code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      this.copy.textContent = "Selected: press Ctrl C";
    }
    setTimeout(() => (this.copy.textContent = "Copy"), 2500);
  }
}
