// What is below a chart and changes what is seen: its legend, whose names are buttons, and the window on its axes.

class Zoomed extends Frame {
  constructor(figure, data) {
    super(figure, data);
    this.at = null;
    this.under = h("div", { class: "under" });
    figure.append(this.under);
    this.key();
  }

  // What each layer is, as buttons that take it away and bring it back; and those that zoom.
  key() {
    const named = this.data.layers.map((layer, k) => [layer, k]).filter(([layer]) => layer.label);
    const buttons = named.map(([layer, k]) => {
      const mark = h("i", { class: `key c-${layer.colour} ${layer.kind === "band" || layer.kind === "bars" ? "wide" : layer.kind === "dots" ? "dot" : layer.dash ? "dashed" : ""}` });
      const wider = this.data.layers.slice(0, k).filter((one) => layer.kind === "band" && one.kind === "band" && one.colour === layer.colour);
      if (wider.length) mark.style.setProperty("--strength", String(Math.min(0.4 + 0.3 * wider.length, 1)));  // it lies upon them
      const button = h("button", { type: "button", "aria-pressed": String(!this.off.has(k)), dir: "auto" }, mark, layer.label);
      button.addEventListener("click", () => {
        if (!this.off.delete(k)) this.off.add(k);
        button.setAttribute("aria-pressed", String(!this.off.has(k)));
        this.at = null;
        this.hide();
        this.draw();
      });
      return button;
    });
    const tool = (text, label, does) => {
      const button = h("button", { type: "button", "aria-label": `${label}: ${this.name}`, title: label }, text);
      button.addEventListener("click", does);
      return button;
    };
    this.whole = tool("⤢", "Show all", () => this.reset());
    const tools = h("span", { class: "tools" }, tool("+", "Zoom in", () => this.zoom(0.5)), tool("−", "Zoom out", () => this.zoom(2)), this.whole);
    const cells = this.data.layers.find((layer) => layer.kind === "cells");
    this.under.append(...(cells ? [this.scale(cells)] : []), ...buttons, tools);
  }

  drawn() {
    this.whole.disabled = !this.window.x && !this.window.y;
  }

  // What the colours of a heat map say.
  scale(layer) {
    this.bar = h("canvas", { width: 64, height: 1, "aria-hidden": "true" });
    const [low, high] = [layer.signed ? -layer.most : 0, layer.most];
    return h("span", { class: "scale" }, four(low), this.bar, `${four(high)} ${layer.unit}`);
  }

  // Colours that are pixels, when light turns to dark.
  recolour() {
    if (this.bar) {
      const layer = this.data.layers.find((one) => one.kind === "cells"), shade = shades();
      const context = this.bar.getContext("2d"), picture = context.createImageData(64, 1);
      for (let k = 0; k < 64; k += 1) picture.data.set([...shade(layer.signed ? (2 * k) / 63 - 1 : k / 63), 255], 4 * k);
      context.putImageData(picture, 0, 0);
      this.draw();
    }
  }

  // --- zoom ---

  reset() {
    this.window = {};
    this.draw();
  }

  // Around what is read, or the middle: by a factor of the width.
  zoom(factor) {
    for (const axis of this.data.plane ? ["x", "y"] : ["x"]) {
      const scale = this[axis], middle = this.at ? scale.at(this.at[axis]) : null;
      const centre = middle === null || !Number.isFinite(middle) ? (scale.from + scale.to) / 2 : middle;
      this.narrow(axis, centre - (centre - scale.from) * factor, centre + (scale.to - centre) * factor);
    }
    this.draw();
  }

  narrow(axis, from, to) {
    const scale = this[axis], ends = [scale.back(from), scale.back(to)].sort((a, b) => a - b);
    const kept = this.window;
    this.window = axis === "x" ? {} : { x: kept.x };
    const [low, high] = this.ends(axis);
    this.window = kept;
    const least = (high - low) * 1e-4, inside = [Math.max(low, ends[0]), Math.min(high, ends[1])];
    if (inside[0] <= low && inside[1] >= high) delete this.window[axis];
    else if (inside[1] - inside[0] > least) this.window[axis] = inside;
  }

  pan(share) {
    if (!this.window.x) return;
    const wide = this.x.to - this.x.from;
    const before = this.window.x;
    this.narrow("x", this.x.from + share * wide, this.x.to + share * wide);
    if (this.window.x && Math.abs(this.window.x[1] - this.window.x[0] - (before[1] - before[0])) > 1e-9 * Math.abs(before[1])) this.window.x = before;
    this.draw();
  }
}
