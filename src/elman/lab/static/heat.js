// Heat maps: one pixel a value, scaled up; a cross that the mouse or the arrow keys move, and what stands there.

import { four, h } from "lab/dom.js";
import { on } from "lab/state.js";
import { palette } from "lab/theme.js";

export class Heat {
  // rows from the bottom up where `up`; kind "two-sided" (around 0), "one-sided" or "bytes" (see `setBytes`)
  constructor({ title, about, xlabel, ylabel, height = 160, up = false, pick = null, move = null, label = null, ytext = null, square = false }) {
    Object.assign(this, { xlabel, ylabel, height, up, pick, move, label, ytext, square });
    this.rows = 0;
    this.cols = 0;
    this.at = null;
    this.canvas = h("canvas", { width: 1, height: 1 });
    this.crossX = h("div", { class: "cross-x", hidden: true });
    this.crossY = h("div", { class: "cross-y", hidden: true });
    this.frame = h("div", {
      class: "frame", tabindex: "0", role: "application", "aria-roledescription": "heat map", "aria-label": `${title}. Arrow keys move the cross.`,
      onpointermove: (event) => this.hover(event),
      onpointerleave: () => this.shown(this.at),
      onclick: (event) => this.choose(this.place(event)),
      onkeydown: (event) => this.key(event),
    }, this.canvas, this.crossX, this.crossY);
    this.y = h("div", { class: "y", "aria-hidden": "true" });
    this.x = h("div", { class: "x", "aria-hidden": "true" });
    this.reading = h("span", { class: "reading", role: "status" });
    this.bar = h("canvas", { width: 256, height: 1, "aria-hidden": "true" });
    this.low = h("span", {});
    this.high = h("span", {});
    this.scaleName = h("span", {});
    this.scale = h("div", { class: "scale" }, this.low, this.bar, this.high, this.scaleName);
    this.heading = h("h3", {}, title);
    this.note = about ? h("p", { class: "note" }, about) : null;
    this.element = h("figure", {}, h("figcaption", {}, this.heading, this.reading, this.note), h("div", { class: "heat" }, this.y, this.frame, this.x), this.scale);
    on("theme", () => this.paint());
  }

  // values[row * cols + col]
  set(values, rows, cols, kind, most = null) {
    let largest = most;
    if (largest === null) {
      largest = 0;
      for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    }
    this.largest = largest || 1;
    Object.assign(this, { values, rows, cols, kind });
    this.scaleWords(kind === "two-sided" ? `−${four(this.largest)}` : "0", four(this.largest), "");
    this.paint();
  }

  // Shades 0 to 255, and what they mean.
  setBytes(bytes, rows, cols, low, high, name) {
    Object.assign(this, { values: bytes, rows, cols, kind: "bytes" });
    this.scaleWords(low, high, name);
    this.paint();
  }

  scaleWords(low, high, name) {
    this.low.textContent = low;
    this.high.textContent = high;
    this.scaleName.textContent = name;
  }

  shade(value) {
    if (this.kind === "bytes") return value;
    const share = Number.isFinite(value) ? value / this.largest : 0;
    const t = this.kind === "two-sided" ? (share + 1) / 2 : share;
    return Math.max(0, Math.min(255, Math.round(t * 255)));
  }

  paint() {
    if (!this.rows) return;
    const { rows, cols } = this;
    const colours = palette(this.kind === "two-sided" ? "two-sided" : "one-sided");
    if (this.canvas.width !== cols || this.canvas.height !== rows) Object.assign(this.canvas, { width: cols, height: rows });
    this.canvas.getContext("2d").putImageData(this.picture(colours), 0, 0);
    this.canvas.style.height = this.square ? "auto" : `${this.height}px`;
    this.canvas.style.aspectRatio = this.square ? `${cols} / ${rows}` : "auto";
    if (this.barOf !== colours) {
      const strip = new ImageData(256, 1);
      new Uint32Array(strip.data.buffer).set(colours);
      this.bar.getContext("2d").putImageData(strip, 0, 0);
      this.barOf = colours;
    }
    this.axes();
    if (this.at) this.at = [Math.min(this.at[0], rows - 1), Math.min(this.at[1], cols - 1)];
    this.shown(this.at);
  }

  picture(colours) {
    const { rows, cols, values } = this;
    const picture = new ImageData(cols, rows), pixels = new Uint32Array(picture.data.buffer);
    for (let r = 0; r < rows; r += 1) {
      const line = (this.up ? rows - 1 - r : r) * cols;
      for (let k = 0; k < cols; k += 1) pixels[line + k] = colours[this.shade(values[r * cols + k])];
    }
    return picture;
  }

  axes() {
    const { rows, cols } = this;
    if (this.drawnAxes === `${rows}/${cols}`) return;
    this.drawnAxes = `${rows}/${cols}`;
    const place = (r) => `${(100 * (this.up ? rows - 1 - r + 0.5 : r + 0.5)) / rows}%`;
    const marks = this.ytext ? [...Array(rows).keys()] : rows > 1 ? [0, rows - 1] : [];
    this.y.replaceChildren(...marks.map((r) => {
      const mark = h("span", {}, this.ytext ? this.ytext(r) : String(r + 1));
      mark.style.top = place(r);
      return mark;
    }), h("span", { class: "name" }, this.ytext ? "" : this.ylabel));
    const ticks = cols > 2 ? [0, Math.round((cols - 1) / 2), cols - 1] : [...Array(cols).keys()];
    this.x.replaceChildren(...ticks.map((k) => {
      const mark = h("span", { class: k === 0 && cols > 2 ? "first" : k === cols - 1 && cols > 2 ? "last" : "" }, String(k + 1));
      mark.style.left = k === 0 && cols > 2 ? "0" : k === cols - 1 && cols > 2 ? "100%" : `${(100 * (k + 0.5)) / cols}%`;
      return mark;
    }), h("span", { class: "name" }, this.xlabel));
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const k = Math.floor((this.cols * (event.clientX - box.left)) / box.width);
    const line = Math.floor((this.rows * (event.clientY - box.top)) / box.height);
    const inside = (value, most) => Math.max(0, Math.min(most - 1, value));
    return [inside(this.up ? this.rows - 1 - line : line, this.rows), inside(k, this.cols)];
  }

  hover(event) {
    if (this.rows) this.shown(this.place(event));
  }

  choose(at) {
    if (!this.rows) return;
    this.at = at;
    this.shown(at);
    if (this.pick) this.pick(...at);
  }

  key(event) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [this.up ? 1 : -1, 0], ArrowDown: [this.up ? -1 : 1, 0], Home: [0, -1e9], End: [0, 1e9] };
    const step = steps[event.key];
    if (!step || !this.rows) return;
    event.preventDefault();
    const [r, k] = this.at || [0, -1];
    const inside = (value, most) => Math.max(0, Math.min(most - 1, value));
    this.choose([inside(r + step[0], this.rows), inside(k + step[1], this.cols)]);
  }

  cross(at) {
    this.at = at;
    this.shown(at);
  }

  shown(at) {
    this.crossX.hidden = this.crossY.hidden = !at;
    if (!at) {
      this.reading.textContent = "";
      return;
    }
    const [r, k] = at;
    const line = this.up ? this.rows - 1 - r : r;
    this.crossX.style.left = `${(100 * (k + 0.5)) / this.cols}%`;
    this.crossY.style.top = `${(100 * (line + 0.5)) / this.rows}%`;
    const value = this.values[r * this.cols + k];
    this.reading.textContent = this.label ? this.label(r, k, value) : `${this.ylabel} ${r + 1}, ${this.xlabel} ${k + 1}: ${four(value)}`;
  }
}
