// The frame of a chart: its axes, and its layers within; drawn again whenever its width, its window or its layers change.

const TOP = 26, BOTTOM = 40, RIGHT = 14, LETTER = 6.4;

class Frame {
  constructor(figure, data) {
    this.data = data;
    this.name = figure.dataset.name;
    this.off = new Set(data.layers.flatMap((layer, k) => (layer.hidden ? [k] : [])));
    this.window = {};
    if (data.x.start !== undefined) this.window.x = [data.x.start, this.ends("x")[1]];
    this.box = figure.querySelector(".plot");
    this.svg = s("svg", { class: "drawn", tabindex: "0", role: "application", "aria-roledescription": "chart", "aria-label": `${this.name}. Arrow keys read values, plus and minus zoom, 0 shows all.` });
    this.box.replaceChildren(this.svg);
    if (data.left) figure.append(h("p", { class: "note" }, `${data.left.toLocaleString("en-GB")} values are not drawn: of each stretch there are the lowest and the highest.`));
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
    if (axis === "y") this.empty = false;
    for (const layer of this.seen) this.values(layer, axis).forEach(take);
    if (low > high) {
      if (axis === "y") this.empty = true;
      [low, high] = what.log ? [1, 10] : [0, 1];
    }
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
    return (places[k + 1] ?? places[k]) >= low && (places[k - 1] ?? places[k]) <= high;
  }

  // --- drawing ---

  draw() {
    let wide = this.box.clientWidth;
    if (wide < 60) return;
    wide = Math.min(wide, this.data.wide ?? wide);
    const tall = this.data.square ? Math.min(wide, 420) : this.data.height;
    const [low, high] = this.window.y || this.ends("y");
    const { y: what } = this.data;
    const rough = new Scale(what, low, high, 0, 1).marks(what.names ? 1e9 : Math.max(2, tall / 45));
    const left = Math.min(Math.max(34, 12 + LETTER * Math.max(...rough.map(([, text]) => text.length), 1)), wide * 0.32);
    const right = this.data.square ? wide - Math.max(RIGHT, wide - left - (tall - TOP - BOTTOM)) : wide - RIGHT;
    this.x = new Scale(this.data.x, ...(this.window.x || this.ends("x")), left, right);
    this.y = this.data.down ? new Scale(what, low, high, TOP, tall - BOTTOM) : new Scale(what, low, high, tall - BOTTOM, TOP);
    const clip = `clip-${(Frame.count = (Frame.count || 0) + 1)}`;
    const inside = s("g", { "clip-path": `url(#${clip})` });
    for (const layer of this.seen) inside.append(...DRAW[layer.kind](layer, this.places(layer), this.x, this.y));
    const edge = this.data.plane ? 4 : 1;
    const frame = s("clipPath", { id: clip }, s("rect", { x: left - edge, y: TOP - edge, width: Math.max(right - left + 2 * edge, 0), height: tall - BOTTOM - TOP + 2 * edge }));
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    this.svg.setAttribute("height", tall);
    this.svg.setAttribute("width", wide);
    this.over = s("g");
    this.svg.replaceChildren(s("defs", {}, frame), ...this.axes(left, right, tall), inside, this.over);
    if (this.empty) this.over.append(s("text", { x: (left + right) / 2, y: (TOP + tall - BOTTOM) / 2, "text-anchor": "middle" }, "There is nothing to draw."));
    this.drawn();
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
}

function cut(text, most) {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, Math.max(1, most - 1)).join("")}…`;
}

function padded(what, low, high, room, cells) {
  if (cells) return [low, high];
  if (what.names) return [-0.6, what.names.length - 0.4];
  if (what.log) {
    const by = low === high ? 2 : room ? 10 ** (0.04 * (Math.log10(high) - Math.log10(low))) : 1;
    return [Math.max(low / by, Number.MIN_VALUE), Math.min(high * by, Number.MAX_VALUE)];
  }
  const by = low === high ? Math.abs(low) * 0.1 || 0.5 : room ? high * 0.05 - low * 0.05 : 0;
  return [Math.max(low - by, -Number.MAX_VALUE), Math.min(high + by, Number.MAX_VALUE)];
}
