// A chart: drawn again whenever its width, its window or its layers change; read by pointer and by keys.

const TOP = 26, BOTTOM = 40, RIGHT = 14, LETTER = 6.4;

class Chart {
  constructor(figure, data) {
    this.data = data;
    this.name = figure.dataset.name;
    this.window = {};
    this.box = figure.querySelector(".plot");
    this.off = new Set(data.layers.flatMap((layer, k) => (layer.hidden ? [k] : [])));
    if (data.x.start !== undefined) this.window.x = [data.x.start, this.ends("x")[1]];
    this.at = null;
    this.svg = s("svg", { class: "drawn", tabindex: "0", role: "application", "aria-roledescription": "chart", "aria-label": `${this.name}. Arrow keys read values, plus and minus zoom, 0 shows all.` });
    this.tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
    this.words = h("p", { class: "hidden-words", role: "status" });
    this.box.replaceChildren(this.svg, this.tip, this.words);
    this.under = h("div", { class: "under" });
    figure.append(this.under);
    if (data.left) figure.append(h("p", { class: "note" }, `${data.left.toLocaleString("en-GB")} values are not drawn: of each stretch there are the lowest and the highest.`));
    this.key();
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  places(layer) {
    return layer.x === undefined ? [] : this.data.places[layer.x];
  }

  get seen() {
    return this.data.layers.filter((_, k) => !this.off.has(k));
  }

  // --- where axes begin and end ---

  ends(axis) {
    const what = this.data[axis];
    let low = Infinity, high = -Infinity;
    const take = (value) => {
      if (value === null || value === undefined || (what.log && value <= 0)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    };
    for (const layer of this.seen) this.values(layer, axis).forEach(take);
    if (low > high) [low, high] = what.log ? [1, 10] : [0, 1];
    [low, high] = padded(what, low, high, axis === "y" || Boolean(this.data.plane), this.seen.some((layer) => layer.kind === "cells"));
    return [what.low ?? low, what.high ?? high];
  }

  // The values of a layer along an axis; of y those inside the window of x.
  values(layer, axis) {
    const places = this.places(layer), level = layer.level === true;
    if (layer.kind === "cells") return [-0.5, (axis === "x" ? layer.cols : layer.rows) - 0.5];
    if (layer.kind === "rule") return axis === "y" ? [layer.y] : [layer.at];
    if (layer.kind === "spans" && level) return axis === "y" ? places : [...layer.low, ...layer.high];
    if (axis === "x") return places;
    const inside = this.window.x && !this.data.plane ? (k) => this.near(places, k) : () => true;
    const of = layer.y ? [layer.y] : [layer.low, layer.high];
    const found = of.flatMap((list) => list.filter((_, k) => inside(k)));
    return layer.kind === "bars" ? [0, ...found] : found;
  }

  // Whether a value is in the window, or the next one is: lines go on to its border.
  near(places, k) {
    const [low, high] = this.window.x;
    return (places[Math.min(k + 1, places.length - 1)] ?? low) >= low && (places[Math.max(k - 1, 0)] ?? high) <= high;
  }

  // --- drawing ---

  draw() {
    const wide = this.box.clientWidth;
    if (wide < 60) return;
    const tall = this.data.square ? Math.min(wide, 420) : this.data.height;
    const [low, high] = this.window.y || this.ends("y");
    const { y: what } = this.data;
    const rough = new Scale(what, low, high, 0, 1).marks(what.names ? 1e9 : Math.max(2, tall / 45));
    const left = Math.min(Math.max(34, 12 + LETTER * Math.max(...rough.map(([, text]) => text.length), 1)), wide * 0.32);
    const right = this.data.square ? wide - Math.max(RIGHT, wide - left - (tall - TOP - BOTTOM)) : wide - RIGHT;
    this.x = new Scale(this.data.x, ...(this.window.x || this.ends("x")), left, right);
    this.y = this.data.down ? new Scale(what, low, high, TOP, tall - BOTTOM) : new Scale(what, low, high, tall - BOTTOM, TOP);
    const clip = `clip-${(Chart.count = (Chart.count || 0) + 1)}`;
    const inside = s("g", { "clip-path": `url(#${clip})` });
    for (const layer of this.seen) inside.append(...DRAW[layer.kind](layer, this.places(layer), this.x, this.y));
    const edge = this.data.plane ? 4 : 1;
    const frame = s("clipPath", { id: clip }, s("rect", { x: left - edge, y: TOP - edge, width: Math.max(right - left + 2 * edge, 0), height: tall - BOTTOM - TOP + 2 * edge }));
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    this.svg.setAttribute("height", tall);
    this.over = s("g");
    this.svg.replaceChildren(s("defs", {}, frame), ...this.axes(left, right, tall), inside, this.over);
    this.tools();
    if (this.at) this.show(this.at);
  }

  axes(left, right, tall) {
    const found = [], bottom = tall - BOTTOM, letters = (pixels) => Math.max(3, Math.floor(pixels / LETTER));
    for (const [value, text] of this.y.marks(this.y.what.names ? (bottom - TOP) / 14 : Math.max(2, tall / 45))) {
      const at = r(this.y.at(value));
      if (!this.y.what.names) found.push(s("path", { class: "grid", d: `M${left} ${at}H${right}` }));
      found.push(s("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, cut(text, letters(left - 8))));
    }
    const most = this.x.what.names ? (right - left) / 26 : (right - left) / (this.x.what.time === undefined ? 70 : 96);
    const marks = this.x.marks(Math.max(1, most));
    const room = marks.length > 1 ? Math.abs(this.x.at(marks[1][0]) - this.x.at(marks[0][0])) - 6 : right - left;
    for (const [value, text] of marks) {
      const at = r(this.x.at(value)), short = this.x.what.names ? cut(text, letters(room)) : text, half = (short.length * LETTER) / 2;
      const anchor = at + half > right + RIGHT ? "end" : at - half < 0 ? "start" : "middle";
      if (!this.x.what.names) found.push(s("path", { class: "grid", d: `M${at} ${TOP}V${bottom}` }));
      found.push(s("text", { x: anchor === "end" ? right + RIGHT - 2 : at, y: bottom + 16, "text-anchor": anchor }, short));
    }
    found.push(s("path", { class: "grid", d: `M${left} ${bottom}H${right}` }));
    if (this.y.what.label) found.push(s("text", { x: 0, y: 12 }, cut(this.y.what.label, letters(right))));
    if (this.x.what.label) found.push(s("text", { x: right, y: tall - 6, "text-anchor": "end" }, cut(this.x.what.label, letters(right))));
    return found;
  }

  // What each layer is, as buttons that take it away and bring it back; and those that zoom.
  key() {
    const named = this.data.layers.map((layer, k) => [layer, k]).filter(([layer]) => layer.label);
    const buttons = named.map(([layer, k]) => {
      const mark = h("i", { class: `key c-${layer.colour} ${layer.kind === "band" || layer.kind === "bars" ? "wide" : layer.kind === "dots" ? "dot" : layer.dash ? "dashed" : ""}` });
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

  tools() {
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
    let best = null, far = 40;
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
      const value = layer.y ? four(layer.y[k], 5) : layer.low[k] === null ? "–" : `${four(layer.low[k], 5)} to ${four(layer.high[k], 5)}`;
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

const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`);

function spread(down) {
  const [[x, y], [u, v]] = [...down.values()];
  return Math.max(Math.hypot(x - u, y - v), 1);
}

function padded(what, low, high, room, cells) {
  if (cells) return [low, high];
  if (what.names) return [-0.6, what.names.length - 0.4];
  if (what.log) return low === high ? [low / 2, high * 2] : room ? [low / (high / low) ** 0.04, high * (high / low) ** 0.04] : [low, high];
  if (low === high) return [low - (Math.abs(low) * 0.1 || 0.5), high + (Math.abs(high) * 0.1 || 0.5)];
  return room ? [low - (high - low) * 0.05, high + (high - low) * 0.05] : [low, high];
}
