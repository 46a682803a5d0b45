// A chart: a frame that is read and zoomed by mouse, by fingers and by keys.

class Chart extends Zoomed {
  constructor(figure, data) {
    super(figure, data);
    this.tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
    this.words = h("p", { class: "hidden-words", role: "status" });
    this.box.append(this.tip, this.words);
    this.listen();
  }

  drawn() {
    super.drawn();
    if (this.at && this.inside(this.at.x)) this.show(this.at);
    else this.hide();
  }

  // --- reading ---

  listen() {
    const place = (event) => {
      const frame = this.svg.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };
    const down = new Map();
    let start = null, apart = 0;
    this.svg.addEventListener("pointerdown", (event) => {
      down.set(event.pointerId, place(event));
      if (event.pointerType === "mouse" && event.button === 0) {
        start = place(event);
        this.svg.setPointerCapture(event.pointerId);
      }
      if (down.size === 2) apart = spread(down);
      this.read(...place(event));
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (down.has(event.pointerId)) down.set(event.pointerId, place(event));
      if (down.size === 2) {
        const now = spread(down);
        if (Math.abs(now - apart) > 12) {
          this.zoom(Math.min(2, Math.max(0.5, apart / now)));
          apart = now;
        }
        return;
      }
      if (start) this.choose(start, place(event));
      this.read(...place(event));
    });
    const up = (event) => {
      down.delete(event.pointerId);
      if (start && event.type === "pointerup") this.take(start, place(event));
      start = null;
    };
    this.svg.addEventListener("pointerup", up);
    this.svg.addEventListener("pointercancel", up);
    this.svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && !start && this.hide());
    this.svg.addEventListener("dblclick", () => this.reset());
    this.svg.addEventListener("keydown", (event) => this.pressed(event));
    this.svg.addEventListener("blur", () => this.hide());
  }

  // The part that is dragged over: of all heights where lines are, a box where both axes are zoomed.
  box_of([x, y], [u, v]) {
    const inside = (pixel, scale) => Math.max(Math.min(scale.from, scale.to), Math.min(Math.max(scale.from, scale.to), pixel));
    const across = [inside(Math.min(x, u), this.x), inside(Math.max(x, u), this.x)];
    const up = this.data.plane ? [inside(Math.min(y, v), this.y), inside(Math.max(y, v), this.y)] : [this.y.from, this.y.to].sort((a, b) => a - b);
    return [across, up];
  }

  choose(from, to) {
    const [[left, right], [top, bottom]] = this.box_of(from, to);
    this.chosen = s("rect", { class: "chosen", x: left, y: top, width: right - left, height: bottom - top });
  }

  take(from, to) {
    const [across, up] = this.box_of(from, to);
    this.chosen = null;
    if (across[1] - across[0] > 8 && (!this.data.plane || up[1] - up[0] > 8)) {
      this.narrow("x", ...across);
      if (this.data.plane) this.narrow("y", ...up);
    }
    this.draw();
  }

  read(x, y) {
    this.at = this.data.plane ? this.nearest(x, y) : this.along(x);
    if (this.at) this.show(this.at);
    else this.hide();
  }

  // The place that is nearest along x, and all values there.
  along(pixel) {
    let best = null, far = Infinity;
    for (const layer of this.seen) {
      if (layer.kind === "rule" || layer.level) continue;
      const places = this.middles(layer);
      for (let k = 0; k < places.length; k += 1) {
        const away = Math.abs(this.x.at(places[k]) - pixel);
        if (places[k] !== null && away < far && this.inside(places[k])) [best, far] = [places[k], away];
      }
    }
    return best === null ? null : { x: best };
  }

  inside(place) {
    return place >= this.x.low && place <= this.x.high;
  }

  middles(layer) {
    const places = this.places(layer);
    return layer.kind === "bars" ? places.slice(1).map((place, k) => (place + places[k]) / 2) : places;
  }

  // The point that is nearest in the plane, or the cell.
  nearest(x, y) {
    let best = null, far = Infinity;
    for (const layer of this.seen) {
      if (layer.kind === "cells") {
        const col = Math.round(this.x.back(x)), row = Math.round(this.y.back(y));
        if (col >= 0 && row >= 0 && col < layer.cols && row < layer.rows) return { x: col, y: row, layer, k: row * layer.cols + col };
      }
      if (layer.kind !== "dots" && layer.kind !== "line") continue;
      this.places(layer).forEach((place, k) => {
        const [u, v] = [this.x.at(place), this.y.at(layer.y[k])];
        const away = u === null || v === null ? Infinity : Math.hypot(u - x, v - y) + (layer.kind === "line" ? 6 : 0);
        if (away < far) [best, far] = [{ x: place, y: layer.y[k], layer, k }, away];
      });
    }
    return best;
  }

  // What is said at a place: a heading, and a line a layer.
  lines(at) {
    if (at.layer) return this.point(at);
    const found = [];
    let name = null;
    for (const layer of this.seen) {
      if (layer.kind === "rule" || layer.level) continue;
      const k = this.middles(layer).indexOf(at.x);
      if (k < 0) continue;
      const value = layer.y ? four((layer.read || layer.y)[k], 5) : layer.low[k] === null ? "–" : `${four(layer.low[k], 5)} to ${four(layer.high[k], 5)}`;
      if (value === "–" && layer.kind !== "line") continue;
      if (layer.label || layer.kind === "bars") found.push([layer, `${layer.label || this.y.what.label}: ${value}`]);
      name = layer.names?.[k] ?? name;
      if (layer.kind === "bars") name = `${four(this.places(layer)[k])} to ${four(this.places(layer)[k + 1])}`;
    }
    return [name ?? `${this.x.what.label || "x"} ${this.x.said(at.x)}`, found];
  }

  point({ layer, k, x, y }) {
    const axis = (name, value) => `${this[name].what.label || name}: ${this[name].said(value)}`;
    if (layer.kind !== "cells") return [layer.names?.[k] ?? layer.label, [[layer, axis("x", x)], [layer, axis("y", y)]]];
    const value = `${four(layer.values[k])} ${layer.unit}`.trim();
    return [layer.counts ? `${layer.counts[k]} (${value})` : value, [[null, axis("y", y)], [null, axis("x", x)]]];
  }

  show(at) {
    const u = this.x.at(at.x), v = at.layer ? this.y.at(at.y) : null;
    const marks = [s("path", { class: "cross", d: `M${r(u)} ${this.y.from}V${this.y.to}` })];
    if (at.layer?.kind === "cells") marks.push(s("path", { class: "cross", d: `M${this.x.from} ${r(v)}H${this.x.to}` }));
    else if (at.layer) marks.splice(0, 1, s("circle", { class: "found", cx: r(u), cy: r(v), r: 5 }));
    else for (const layer of this.seen) if (layer.kind === "line") {
      const height = this.y.at(layer.y[this.places(layer).indexOf(at.x)]);
      if (height !== null && height >= TOP - 1) marks.push(s("circle", { class: "found", cx: r(u), cy: r(height), r: 3.5 }));
    }
    this.over.replaceChildren(...marks, ...(this.chosen ? [this.chosen] : []));
    const [heading, lines] = this.lines(at);
    this.tip.replaceChildren(h("b", { dir: "auto" }, heading), ...lines.map(([layer, text]) => h("span", layer ? { class: `c-${layer.colour}`, dir: "auto" } : { dir: "auto" }, ...(layer && layer.label ? [h("i")] : []), text)));
    this.tip.hidden = false;
    const wide = this.box.clientWidth, over = this.tip.offsetWidth;
    this.tip.style.left = `${Math.max(0, u + 14 + over > wide ? u - 14 - over : u + 14)}px`;
    this.tip.style.top = `${v === null ? TOP : Math.max(0, v - this.tip.offsetHeight - 8)}px`;
    return `${heading}: ${lines.map(([, text]) => text).join("; ")}`;
  }

  hide() {
    this.tip.hidden = true;
    if (this.over) this.over.replaceChildren(...(this.chosen ? [this.chosen] : []));
  }

  // --- keys ---

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key], up = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "0" || event.key === "Escape") this.reset();
    else if (across && event.shiftKey) this.pan(0.25 * across);
    else if (across || up || event.key === "Home" || event.key === "End") this.step(event.key, across || 0, up || 0);
    else return;
    event.preventDefault();
    if (this.at) this.words.textContent = this.show(this.at);
  }

  step(key, across, up) {
    const cells = this.seen.find((layer) => layer.kind === "cells");
    if (cells) {
      const inside = (value, most) => Math.max(0, Math.min(most - 1, value));
      const x = key === "Home" ? 0 : key === "End" ? cells.cols - 1 : inside((this.at?.x ?? -1) + across, cells.cols), y = inside((this.at?.y ?? 0) + up, cells.rows);
      this.at = { x, y, layer: cells, k: y * cells.cols + x };
      return;
    }
    const all = this.order();
    if (!all.length) return;
    const here = this.at ? all.findIndex((one) => one.x === this.at.x && one.layer === this.at.layer && one.k === this.at.k) : -1;
    const next = key === "Home" ? 0 : key === "End" ? all.length - 1 : here < 0 ? 0 : here + (across || up);
    this.at = all[Math.max(0, Math.min(all.length - 1, next))];
  }

  // Places from the left to the right, those in the window.
  order() {
    const found = [];
    for (const layer of this.seen) {
      if (layer.kind === "rule" || layer.level || (this.data.plane && layer.kind !== "dots")) continue;
      this.middles(layer).forEach((x, k) => x !== null && this.inside(x) && found.push(this.data.plane ? { x, y: layer.y[k], layer, k } : { x }));
    }
    found.sort((a, b) => a.x - b.x);
    return this.data.plane ? found.filter((one) => one.y !== null) : found.filter((one, k) => !k || one.x !== found[k - 1].x);
  }
}

function spread(down) {
  const [[x, y], [u, v]] = [...down.values()];
  return Math.max(Math.hypot(x - u, y - v), 1);
}
