// Dynamics: the plane of the two principal axes, with trajectories, fixed points, eigenvalues and Lyapunov exponents.

import { Problem, shared, unpacked } from "lab/api.js";
import { counted, field, four, h, options, plural, s } from "lab/dom.js";
import { trained } from "lab/sources.js";
import { on } from "lab/state.js";

const KINDS = { stable: "stable", saddle: "saddle: some directions grow", neutral: "neutral", slow: "slow point" };
const SIZE = 560;

export class DynamicsPanel {
  constructor(element, source = trained) {
    this.element = element;
    this.source = source;
    this.found = null;
    this.visible = false;
    this.busy = false;
  }

  begin() {
    this.member = h("select", { onchange: () => this.look() });
    this.memberField = field(this.source.label, this.member, { class: this.source.live ? "" : "wide" });
    this.input = h("select", { onchange: () => this.look() });
    options(this.input, [["zero", "zero"], ["mean", "the mean of the sequences"]], "zero");
    this.button = h("button", { onclick: () => this.look() }, "Look again");
    this.follow = h("input", { type: "checkbox", onchange: () => this.look() });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.plane = h("div", {});
    this.points = h("div", { class: "scroll" });
    this.eigen = h("figure", {});
    this.exponents = h("figure", {});
    this.words = h("p", { role: "status" });
    this.axes = h("p", { class: "note" });
    const follow = this.source.live ? h("label", { class: "check" }, this.follow, "Follow as it learns") : null;
    const controls = shared ? null : h("div", { class: "fields" }, this.memberField, field("Constant input", this.input, { class: "wide" }), h("div", {}, this.button), follow);
    this.work = h("div", { class: "panel", hidden: true }, controls ?? this.memberField, this.problem,
      h("div", { class: "charts" },
        h("figure", { class: "seven" }, h("figcaption", {}, h("h3", {}, "Phase plane"), this.axes), this.plane),
        h("div", { class: "five points" }, h("h3", {}, "Fixed points"), this.words, this.points),
        h("div", { class: "half" }, this.eigen), h("div", { class: "half" }, this.exponents)));
    this.empty = h("div", { class: "nothing" }, h("p", {}, shared ? "The page was shared without a look at dynamics." : "Train a cell first, if only for a moment: then its dynamics can be looked at here."));
    this.element.append(h("h2", { class: "hidden-words" }, "Dynamics"), this.empty, this.work);
    if (this.source === trained) on("run", () => this.renewed());
    else this.renewed();
    on("look", () => this.follow.checked && this.visible && this.look());
  }

  // Another network than before.
  renewed() {
    this.found = null;
    if (!this.source.there) return;
    const choices = this.source.choices();
    options(this.member, choices.map((name, k) => [String(k), name]), "0");
    this.memberField.hidden = choices.length < 2;
    if (this.visible) this.look();
  }

  shown() {
    this.visible = true;
    if (this.source.there && !this.found && (!shared || Object.keys(shared.dynamics).length)) this.look();
  }

  left() {
    this.visible = false;
  }

  async look() {
    if (!this.source.there || this.busy) return;
    this.busy = true;
    this.button.disabled = true;
    this.button.textContent = "Looking …";
    try {
      const found = await this.source.ask("dynamics", Number(this.member.value || 0), { input: this.input.value });
      this.found = found;
      this.chosen = Math.min(this.chosen || 0, Math.max(0, found.points.length - 1));
      this.problem.hidden = true;
      this.show();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem.hidden = false;
      this.problem.textContent = error.message;
    } finally {
      this.busy = false;
      this.button.disabled = false;
      this.button.textContent = "Look again";
    }
    this.empty.hidden = true;
    this.work.hidden = false;
  }

  show() {
    const { found } = this;
    this.axes.textContent = `States along their first two principal axes, which hold ${found.explained.map((share) => `${(100 * share).toFixed(0)} %`).join(" and ")} of what differs. Arrows are one step under the constant input.`;
    const reduced = found.few ? "" : ` The states are ${counted(found.n)} numbers: shown are the points in which runs settle, and the first exponents; saddles are not looked for.`;
    this.words.textContent = `Under the constant input: ${found.verdict}.${reduced}`;
    this.planePicture();
    this.table();
    this.eigenvalues();
    this.lyapunov();
  }

  planePicture() {
    const { found } = this;
    const along = unpacked(found.trajectories), from = unpacked(found.arrows.from), by = unpacked(found.arrows.by);
    const [rows, T] = along.shape;
    const xs = [], ys = [];
    for (let k = 0; k < from.values.length; k += 2) (xs.push(from.values[k]), ys.push(from.values[k + 1]));
    const low = [Math.min(...xs), Math.min(...ys)], high = [Math.max(...xs), Math.max(...ys)];
    const span = Math.max(high[0] - low[0], high[1] - low[1], 1e-9);
    const middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
    const room = 34;
    const scale = (SIZE - 2 * room) / span;
    const wide = (high[0] - low[0]) * scale + 2 * room, tall = Math.max(200, (high[1] - low[1]) * scale + 2 * room);
    const at = (x, y) => [wide / 2 + (x - middle[0]) * scale, tall / 2 - (y - middle[1]) * scale];
    const picture = s("svg", { viewBox: `0 0 ${wide.toFixed(1)} ${tall.toFixed(1)}`, width: "100%", role: "group", "aria-label": `Phase plane with ${plural(found.points.length, "fixed point")}` });
    picture.style.maxHeight = "640px";
    const cell = span / 15;
    let longest = 1e-12;
    for (let k = 0; k < by.values.length; k += 2) longest = Math.max(longest, Math.hypot(by.values[k], by.values[k + 1]));
    const arrows = [];
    for (let k = 0; k < by.values.length; k += 2) {
      const [dx, dy] = [by.values[k], by.values[k + 1]];
      const size = Math.hypot(dx, dy);
      if (size < 1e-9) continue;
      const length = cell * 0.85 * Math.sqrt(size / longest);
      const [x0, y0] = at(from.values[k], from.values[k + 1]);
      const [x1, y1] = at(from.values[k] + (dx / size) * length, from.values[k + 1] + (dy / size) * length);
      const angle = Math.atan2(y1 - y0, x1 - x0);
      const head = (turn) => `${(x1 - 4 * Math.cos(angle + turn)).toFixed(1)} ${(y1 - 4 * Math.sin(angle + turn)).toFixed(1)}`;
      arrows.push(`M${x0.toFixed(1)} ${y0.toFixed(1)}L${x1.toFixed(1)} ${y1.toFixed(1)}M${head(0.5)}L${x1.toFixed(1)} ${y1.toFixed(1)}L${head(-0.5)}`);
    }
    picture.append(s("path", { d: arrows.join(""), stroke: "var(--edge)", "stroke-width": 1, fill: "none", opacity: 0.75 }));
    for (let r = 0; r < rows; r += 1) {
      const points = [...Array(T).keys()].map((t) => at(along.values[(r * T + t) * 2], along.values[(r * T + t) * 2 + 1]).map((v) => v.toFixed(1)).join(" "));
      picture.append(s("polyline", { points: points.join(","), fill: "none", stroke: "var(--accent)", "stroke-width": 1.2, opacity: 0.45, "stroke-linejoin": "round" }));
      const [x, y] = points.at(-1).split(" ");
      picture.append(s("circle", { cx: x, cy: y, r: 2.4, fill: "var(--accent)", opacity: 0.7 }));
    }
    const [sx, sy] = at(along.values[0], along.values[1]);
    picture.append(s("circle", { cx: sx, cy: sy, r: 4, fill: "none", stroke: "var(--ink)", "stroke-width": 1.5 }), s("text", { x: sx + 9, y: sy - 7, "font-size": 12, style: "fill: var(--soft)" }, "start"));
    found.points.forEach((point, k) => {
      const [x, y] = at(...point.place);
      if (x < -40 || y < -40 || x > wide + 40 || y > tall + 40) return;
      const mark = s("g", { tabindex: "0", role: "button", "aria-label": `Fixed point ${k + 1}: ${KINDS[point.kind]}, largest eigenvalue ${four(point.radius)}`, "aria-pressed": String(k === this.chosen), onclick: () => this.choose(k), onkeydown: (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), this.choose(k)) }, symbol(point.kind, x, y, k === this.chosen));
      mark.style.cursor = "pointer";
      picture.append(mark);
    });
    const kinds = [...new Set(found.points.map((point) => point.kind))];
    const legend = h("div", { class: "legend" }, h("span", {}, line("var(--accent)"), "trajectories, a dot where they end"), ...kinds.map((kind) => h("span", {}, sample(kind), KINDS[kind])));
    legend.style.paddingLeft = "0";
    this.plane.replaceChildren(picture, legend);
  }

  choose(k) {
    this.chosen = k;
    this.planePicture();
    this.table();
    this.eigenvalues();
  }

  table() {
    const { points, count } = this.found;
    if (!points.length) return this.points.replaceChildren();
    const rows = points.slice(0, 12).map((point, k) => h("tr", {}, h("td", {}, h("button", { class: "plain", "aria-pressed": String(k === this.chosen), onclick: () => this.choose(k) }, `${k + 1}`)), h("td", {}, sample(point.kind), point.kind), h("td", { class: "number" }, point.radius.toFixed(4)), h("td", { class: "number" }, String(point.growing))));
    this.points.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "no."), h("th", {}, "kind"), h("th", { class: "number" }, "largest |λ|"), h("th", { class: "number" }, "grow"))), h("tbody", {}, rows)),
      count > rows.length ? h("p", { class: "note" }, `The ${rows.length} most stable of ${count}.`) : "");
    return undefined;
  }

  eigenvalues() {
    const point = this.found.points[this.chosen];
    if (!point) return this.eigen.replaceChildren();
    const values = point.eigenvalues;
    const most = Math.max(1.15, ...values.map(([re, im]) => Math.max(Math.abs(re), Math.abs(im)) * 1.12));
    const size = 320, at = (v) => size / 2 + (v / most) * (size / 2 - 24);
    const up = (v) => size / 2 - (v / most) * (size / 2 - 24);
    const picture = s("svg", { viewBox: `0 0 ${size} ${size}`, width: "100%", role: "img", "aria-label": `Eigenvalues at point ${this.chosen + 1}; the largest has size ${four(point.radius)}` });
    picture.style.maxWidth = "360px";
    picture.append(
      s("line", { x1: 12, y1: size / 2, x2: size - 12, y2: size / 2, stroke: "var(--line)" }), s("line", { x1: size / 2, y1: 12, x2: size / 2, y2: size - 12, stroke: "var(--line)" }),
      s("circle", { cx: size / 2, cy: size / 2, r: at(1) - size / 2, fill: "none", stroke: "var(--edge)" }),
      s("text", { x: size - 14, y: size / 2 - 6, "text-anchor": "end", "font-size": 11.5, style: "fill: var(--soft)" }, "real"), s("text", { x: size / 2 + 6, y: 20, "font-size": 11.5, style: "fill: var(--soft)" }, "imaginary"),
      s("text", { x: at(1) + 3, y: size / 2 + 14, "font-size": 11.5, style: "fill: var(--soft)" }, "1"),
      ...values.map(([re, im]) => s("circle", { cx: at(re), cy: up(im), r: 3.4, fill: Math.hypot(re, im) > 1 ? "var(--warm)" : "var(--accent)", opacity: 0.85 })),
    );
    this.eigen.replaceChildren(h("figcaption", {}, h("h3", {}, `Eigenvalues at point ${this.chosen + 1}`), h("p", { class: "note" }, "Of one step's Jacobian. Inside the circle a direction shrinks, outside it grows.")), picture);
    return undefined;
  }

  lyapunov() {
    const { exponents, error, verdict } = this.found.lyapunov;
    const shown = exponents.map((value, k) => [value, error[k]]).filter(([value]) => value > -50);
    const wide = 360, tall = 240, left = 56, bottom = 34;
    const high = Math.max(0.05, ...shown.map(([v, e]) => v + 2 * e)), low = Math.min(-0.05, ...shown.map(([v, e]) => v - 2 * e));
    const y = (v) => 12 + ((high - v) / (high - low)) * (tall - 12 - bottom), x = (k) => left + ((k + 0.5) / Math.max(1, shown.length)) * (wide - left - 12);
    const picture = s("svg", { viewBox: `0 0 ${wide} ${tall}`, width: "100%", role: "img", "aria-label": `Lyapunov exponents: ${verdict}` });
    picture.style.maxWidth = "480px";
    const words = (value, px, py, anchor) => s("text", { x: px, y: py, "text-anchor": anchor, "font-size": 11.5, style: "fill: var(--soft)" }, value);
    picture.append(s("line", { x1: left, y1: y(0), x2: wide - 12, y2: y(0), stroke: "var(--edge)" }), words("0", left - 8, y(0) + 4, "end"));
    if (y(low) - y(0) > 18) picture.append(words(four(low), left - 8, y(low) + 4, "end"));
    if (y(0) - y(high) > 18) picture.append(words(four(high), left - 8, y(high) + 4, "end"));
    shown.forEach(([value, e], k) => picture.append(
      s("line", { x1: x(k), y1: y(0), x2: x(k), y2: y(value), stroke: "var(--line)" }),
      s("line", { x1: x(k), y1: y(value - 2 * e), x2: x(k), y2: y(value + 2 * e), stroke: "var(--accent)", opacity: 0.6 }),
      s("circle", { cx: x(k), cy: y(value), r: shown.length > 40 ? 2.2 : 3.2, fill: value > 0 ? "var(--warm)" : "var(--accent)" })));
    picture.append(words("number of the exponent", (left + wide) / 2, tall - 4, "middle"), words("1", x(0), tall - 18, "middle"), words(String(shown.length), x(shown.length - 1), tall - 18, "middle"));
    this.exponents.replaceChildren(h("figcaption", {}, h("h3", {}, "Lyapunov exponents"), h("p", { class: "note" }, `Nats a step, under the constant input. ${verdict[0].toUpperCase()}${verdict.slice(1)}.`)), picture);
  }
}

function symbol(kind, x, y, chosen) {
  const ring = chosen ? [s("circle", { cx: x, cy: y, r: 11, fill: "none", stroke: "var(--ink)", "stroke-width": 1.5 })] : [];
  const hit = s("circle", { cx: x, cy: y, r: 12, fill: "transparent" });
  if (kind === "stable") return [hit, ...ring, s("circle", { cx: x, cy: y, r: 5.5, fill: "var(--accent)", stroke: "var(--paper)", "stroke-width": 1.5 })];
  if (kind === "saddle") return [hit, ...ring, s("path", { d: `M${x - 5} ${y - 5}l10 10M${x + 5} ${y - 5}l-10 10`, stroke: "var(--warm)", "stroke-width": 3, "stroke-linecap": "round" })];
  if (kind === "neutral") return [hit, ...ring, s("path", { d: `M${x} ${y - 6}l6 6-6 6-6-6z`, fill: "none", stroke: "var(--accent)", "stroke-width": 2 })];
  return [hit, ...ring, s("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, fill: "none", stroke: "var(--third)", "stroke-width": 2 })];
}

function sample(kind) {
  const picture = s("svg", { viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true" }, ...symbol(kind, 7, 7, false));
  picture.style.cssText = "vertical-align: -2px; margin-right: 6px";
  return picture;
}

function line(colour) {
  const mark = h("i", {});
  mark.style.borderTopColor = colour;
  return mark;
}
