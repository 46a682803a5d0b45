// Results: a folder that another command wrote: its pages, pictures and tables.

import { ask } from "lab/api.js";
import { Lines } from "lab/charts.js";
import { four, h, plural } from "lab/dom.js";
import { ModelView } from "lab/model.js";
import { colours } from "lab/theme.js";

const MOST_ROWS = 200;

export class ResultsPanel {
  constructor(element) {
    this.element = element;
  }

  begin() {
    this.list = h("div", { class: "row", role: "group", "aria-label": "Files" });
    this.view = h("div", { class: "panel" });
    this.title = h("h2", {}, "Results");
    this.element.append(this.title, this.list, this.view);
    this.load();
  }

  async load() {
    try {
      const { name, files, left_out: more } = await ask("results");
      this.title.textContent = name;
      this.buttons = files.map((file) => h("button", { class: "plain", "aria-pressed": "false", onclick: () => this.open(file) }, file.name));
      this.files = files;
      this.list.replaceChildren(...this.buttons);
      this.list.hidden = files.length < 2;
      if (more) this.list.append(h("span", { class: "note" }, `and ${plural(more, "more file")}`));
      if (files.length) await this.open(files[0]);
    } catch (error) {
      this.view.replaceChildren(h("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  async open(file) {
    this.buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(this.files[k] === file)));
    const address = `results/${file.name.split("/").map(encodeURIComponent).join("/")}`;
    if (file.kind === "page") return this.view.replaceChildren(h("iframe", { class: "viewer", src: address, title: file.name, sandbox: "allow-scripts" }));
    if (file.kind === "model") return this.view.replaceChildren(new ModelView(file.name).element);
    if (file.kind === "picture") return this.view.replaceChildren(h("img", { class: "viewer-picture", src: address, alt: file.name }));
    const response = await fetch(address);
    const text = response.ok ? await response.text() : `${file.name} cannot be shown: it is larger than 20 MB, or is gone`;
    if (file.kind === "table" && response.ok) return this.view.replaceChildren(...tableOf(text, file.name));
    const shown = file.kind === "data" ? pretty(text) : text;
    return this.view.replaceChildren(h("div", { class: "code" }, h("pre", { tabindex: "0", "aria-label": file.name }, shown.slice(0, 200000))));
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Rows of a CSV file, with quotation marks where a field has a comma.
function rowsOf(text) {
  const rows = [[]];
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^,\n\r]*)(,|\r?\n|$)/g)) {
    const value = match[1].startsWith('"') ? match[1].slice(1, -1).replaceAll('""', '"') : match[1];
    rows.at(-1).push(value);
    if (match[2] !== ",") {
      if (match.index + match[0].length >= text.length) break;
      rows.push([]);
    }
  }
  return rows.filter((row) => row.length > 1 || row[0]);
}

function tableOf(text, name) {
  const [head, ...rows] = rowsOf(text);
  if (!head) return [h("p", { class: "soft" }, `${name} is empty.`)];
  const numeric = head.map((_, k) => rows.length > 1 && rows.every((row) => row[k] === "" || Number.isFinite(Number(row[k]))));
  const found = [];
  if (rows.length > 2 && rows.length <= 20000) found.push(...chartOf(head, rows, numeric, name));
  const cell = (tag, value, k) => h(tag, { class: numeric[k] ? "number" : "", title: value }, tag === "td" && numeric[k] && /\.\d{3,}/.test(value ?? "") ? four(Number(value)) : value ?? "");
  found.push(h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name }, h("table", {}, h("thead", {}, h("tr", {}, head.map((value, k) => cell("th", value, k)))), h("tbody", {}, rows.slice(0, MOST_ROWS).map((row) => h("tr", {}, head.map((_, k) => cell("td", row[k], k))))))));
  if (rows.length > MOST_ROWS) found.push(h("p", { class: "note" }, `The first ${MOST_ROWS} of ${rows.length} rows.`));
  return found;
}

// Lines of its numbers along the first column, if that rises; intervals, as lo-80 and hi-80, as bands.
function chartOf(head, rows, numeric, name) {
  const at = (title) => head.indexOf(title);
  const levels = head.toReversed().filter((title) => title.startsWith("lo-") && at(title.replace("lo-", "hi-")) > 0);
  const inBands = levels.flatMap((title) => [title.replace("lo-", "hi-"), title]);
  const plain = head.filter((title, k) => k > 0 && numeric[k] && !inBands.includes(title)).slice(0, 5);
  if (!plain.length) return [];
  const colour = [(c) => c.accent, (c) => c.warm, (c) => c.ink, (c) => c.third, (c) => c.soft];
  const edges = inBands.map((label) => ({ label, colour: () => colours().line, width: 0.6, inLegend: false }));
  const series = [...edges, ...plain.map((label, k) => ({ label, colour: () => colour[k](colours()), width: 1.8 }))]; // lines above bands
  const bands = levels.map((title, k) => [2 * k, 2 * k + 1, `${title.slice(3)} %`]);
  const first = rows.map((row) => Number(row[0]));
  const along = numeric[0] && first.every((value, k) => k === 0 || value > first[k - 1]);
  const chart = new Lines({ title: name, series, bands, xlabel: along ? head[0] : "row", ylabel: "value", height: 280 });
  const column = (title) => rows.map((row) => (row[at(title)] === "" || row[at(title)] === undefined ? null : Number(row[at(title)])));
  requestAnimationFrame(() => chart.set([along ? first : rows.map((_, k) => k + 1), ...[...inBands, ...plain].map(column)]));
  return [chart.element];
}
