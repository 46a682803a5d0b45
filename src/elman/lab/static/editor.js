// A text area whose words are coloured by a copy behind it; what is wrong is underlined there.

import { h } from "lab/dom.js";

const PIECES = /(#[^\n]*)|("""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')|\b(def|return|cell|True|False|None)\b|\b(p\.\w+)|([\s\S])/g;

function coloured(text) {
  const found = [];
  let plain = "";
  const flush = () => {
    if (plain) found.push([plain, ""]);
    plain = "";
  };
  for (const match of text.matchAll(PIECES)) {
    const kind = match[1] || match[2] ? "c" : match[3] ? "k" : match[4] ? "w" : "";
    if (!kind) plain += match[0];
    else {
      flush();
      found.push([match[0], kind]);
    }
  }
  flush();
  return found;
}

function offset(text, line, column) {
  const lines = text.split("\n");
  let at = 0;
  for (let k = 0; k < Math.min(line - 1, lines.length); k += 1) at += lines[k].length + 1;
  return Math.min(at + column - 1, text.length);
}

export class Editor {
  constructor({ label, change, readOnly = false, describedBy }) {
    this.mark = null;
    this.behind = h("pre", { "aria-hidden": "true" });
    this.area = h("textarea", {
      "aria-label": label, spellcheck: "false", autocapitalize: "off", autocomplete: "off", autocorrect: "off", wrap: "off",
      readOnly, "aria-describedby": describedBy,
      oninput: () => {
        this.mark = null;
        this.paint();
        change(this.area.value);
      },
      onscroll: () => this.follow(),
      onkeydown: (event) => this.key(event),
    });
    this.element = h("div", { class: "editor" }, this.behind, this.area);
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.area.rows = Math.min(26, Math.max(5, text.trimEnd().split("\n").length + 1));
    this.mark = null;
    this.paint();
  }

  // Where something is wrong; nothing without a place.
  wrong(error) {
    this.mark = null;
    if (error && error.line) {
      const first = offset(this.text, error.line, error.column);
      const end = this.text.indexOf("\n", first);
      const most = end < 0 ? this.text.length : end;
      this.mark = [first, Math.max(Math.min(first + error.length, most), first)];
    }
    this.element.classList.toggle("bad", Boolean(error));
    this.area.setAttribute("aria-invalid", error ? "true" : "false");
    this.paint();
  }

  paint() {
    const pieces = [];
    let at = 0;
    for (const [text, kind] of coloured(this.text)) {
      for (const [part, bad] of this.parts(text, at)) {
        const classes = [kind, bad && "bad-here"].filter(Boolean).join(" ");
        pieces.push(classes ? h("span", { class: classes }, part) : part);
      }
      at += text.length;
    }
    if (this.mark && this.mark[0] === this.mark[1]) pieces.push(h("span", { class: "bad-here" }, " "));
    this.behind.replaceChildren(...pieces, "\n");
    this.follow();
  }

  parts(text, at) {
    if (!this.mark || this.mark[1] <= at || this.mark[0] >= at + text.length) return [[text, false]];
    const [first, last] = [Math.max(this.mark[0] - at, 0), Math.min(this.mark[1] - at, text.length)];
    return [[text.slice(0, first), false], [text.slice(first, last), true], [text.slice(last), false]].filter(([t]) => t);
  }

  follow() {
    this.behind.scrollTop = this.area.scrollTop;
    this.behind.scrollLeft = this.area.scrollLeft;
  }

  // Enter keeps the indentation; Tab leaves the field, as everywhere on the page.
  key(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    const { selectionStart: at, value } = this.area;
    const line = value.slice(value.lastIndexOf("\n", at - 1) + 1, at);
    const indent = line.match(/^[ \t]*/)[0] + (/:\s*$/.test(line) ? "    " : "");
    if (!indent) return;
    event.preventDefault();
    this.area.setRangeText(`\n${indent}`, at, this.area.selectionEnd, "end");
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
