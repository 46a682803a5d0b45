// Line charts by uPlot in the page's colours, with labels of their axes and a legend that says what each line is.

import { counted, four, h, raised } from "lab/dom.js";
import { on } from "lab/state.js";
import { colours, mixed } from "lab/theme.js";

/* global uPlot */

export class Lines {
  // series: [{label, colour: () => css, dash, width, points}], cursor: a step that a vertical line marks
  constructor({ title, about, series, xlabel, ylabel, height = 240, log = false, legend = true, pick = null, range = null, bands = [] }) {
    Object.assign(this, { series, xlabel, ylabel, height, log, pick, range, title, bands });
    this.data = [[0], ...series.map(() => [null])];
    this.at = null;
    this.box = h("div", { class: "lines" });
    this.reading = h("span", { class: "reading" });
    this.words = h("p", { class: "hidden-words" });
    this.element = h("figure", {}, h("figcaption", {}, h("h3", {}, title), this.reading, about ? h("p", { class: "note" }, about) : null), this.box, legend ? (this.legend = h("div", { class: "legend" })) : null, this.words);
    this.plot = null;
    new ResizeObserver(() => this.resize()).observe(this.box);
    on("theme", () => this.build());
  }

  build() {
    if (this.plot) this.plot.destroy();
    this.plot = null;
    const width = this.box.clientWidth;
    if (width < 40) return;
    const c = colours();
    const axis = (label, side) => ({
      label, labelFont: `12px ${c.sans}`, labelSize: 20, labelGap: 2, font: `11.5px ${c.sans}`, stroke: c.soft, grid: { stroke: c.line, width: 1 }, ticks: { show: false }, size: side ? 52 : 26, gap: 4,
      ...(side && this.log ? { splits: (_, __, low, high) => decades(low, high) } : {}),
      ...(side ? {} : { values: (_, splits) => splits.map((v) => (Number.isInteger(v) ? (Math.abs(v) < 1e4 ? String(v) : counted(v)) : "")) }),
      ...(side ? { values: (_, splits) => splits.map((v) => (v === null ? "" : short(v))) } : {}),
    });
    this.plot = new uPlot(
      {
        width, height: this.height, padding: [8, 18, 0, 0],
        scales: { x: { time: false }, y: this.log ? { distr: 3 } : this.range ? { range: () => this.range } : { range: (_, low, high) => padded(low, high) } },
        axes: [axis(this.xlabel, false), axis(this.ylabel, true)],
        legend: { show: false },
        bands: this.bands.map(([upper, lower]) => ({ series: [upper + 1, lower + 1], fill: `rgb(${mixed(c.paper, c.accent, 0.22).join(" ")} / 0.6)` })),
        cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
        series: [{}, ...this.series.map((one) => ({ stroke: one.colour(), width: one.width || 1.6, dash: one.dash, points: { show: Boolean(one.points), size: 8, fill: one.colour() }, spanGaps: false }))],
        hooks: {
          setCursor: [(plot) => this.read(plot.cursor.idx)],
          draw: [(plot) => this.mark(plot)],
        },
      },
      this.data,
      this.box,
    );
    if (this.pick) this.plot.over.addEventListener("click", () => this.plot.cursor.idx !== null && this.pick(this.data[0][this.plot.cursor.idx]));
    this.key();
  }

  key() {
    if (!this.legend) return;
    const band = (name, k) => {
      const swatch = h("i", { class: "band" });
      swatch.style.background = colours().accent;
      swatch.style.opacity = String(0.16 + 0.14 * k);
      return h("span", {}, swatch, name);
    };
    this.legend.replaceChildren(...this.bands.map(([, , name], k) => band(name, k)), ...this.series.filter((one) => one.inLegend !== false).map((one) => {
      const line = h("i", { class: one.points && one.width === 0 ? "dot" : one.dash ? "dash" : "" });
      line.style[one.points && one.width === 0 ? "background" : "borderTopColor"] = one.colour();
      return h("span", {}, line, one.label);
    }));
  }

  set(data, words = "") {
    this.data = data;
    if (!this.plot) this.build();
    else this.plot.setData(data);
    if (words) this.words.textContent = words;
  }

  // Other lines than before.
  again(series, data) {
    this.series = series;
    this.data = data;
    this.build();
  }

  cursor(at) {
    this.at = at;
    if (this.plot) this.plot.redraw(false);
  }

  mark(plot) {
    if (this.at === null) return;
    const x = Math.round(plot.valToPos(this.at, "x", true));
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colours().soft;
    ctx.setLineDash([3, 3]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }

  read(index) {
    if (index === null || index === undefined) {
      this.reading.textContent = "";
      return;
    }
    const values = this.series.map((one, k) => [one.label, this.data[k + 1][index]]).filter(([, v]) => v !== null && v !== undefined);
    this.reading.textContent = `${this.xlabel} ${this.data[0][index]}: ${values.slice(0, 4).map(([label, v]) => `${label} ${four(v)}`).join(", ")}`;
  }

  resize() {
    if (!this.plot) this.build();
    else if (Math.abs(this.plot.width - this.box.clientWidth) > 1 && this.box.clientWidth > 40) this.plot.setSize({ width: this.box.clientWidth, height: this.height });
  }
}

// Marks of a logarithmic axis: powers of ten, and 2 and 5 of each where there are few.
function decades(low, high) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const factors = last - first <= 2 ? [1, 2, 5] : [1];
  const found = [];
  for (let power = first; power <= last; power += Math.ceil((last - first) / 7) || 1) for (const factor of factors) found.push(factor * 10 ** power);
  return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

function padded(low, high) {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = low === high ? Math.abs(low) * 0.1 || 0.5 : (high - low) * 0.06;
  return [low - room, high + room];
}

function short(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1e5 || size < 1e-3) {
    const power = Math.floor(Math.log10(size) + 1e-9);
    const digits = Number((value / 10 ** power).toPrecision(2));
    return `${digits === 1 ? "" : `${digits}·`}10${raised(power)}`;
  }
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
