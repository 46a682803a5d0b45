// One step of a cell as blocks and wires, from left to right; the places come with it.

import { s } from "lab/dom.js";

const COLUMN = 122, ROW = 66, WIDE = 39, HIGH = 20.5; // of a unit, and half a block
const LEFT = 84, RIGHT = 84, TOP = 22, BOTTOM = 58;
const GREEK = { alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", zeta: "ζ", eta: "η", theta: "θ", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", rho: "ρ", sigma: "σ", tau: "τ", phi: "φ", chi: "χ", psi: "ψ", omega: "ω" };

// A name of the equations: `W_z` with its index below.
export function mathName(name, more = "") {
  const parts = name.replace(/'$/, "").split("_").filter((part) => part !== "hat" || name === "hat");
  const hat = /(^hat_|_hat)/.test(name) ? "\u0302" : "";
  const base = (GREEK[parts[0]] || parts[0] || name) + hat;
  const index = [...parts.slice(1).map((part) => GREEK[part] || part), more].filter(Boolean).join(",");
  const found = [s("tspan", { class: base.length > 3 ? "" : "math" }, base)];
  if (index) found.push(s("tspan", { class: "math", "font-size": "72%", dy: "0.32em" }, index), s("tspan", { dy: "-0.23em" }, "\u200b"));
  return found;
}

export function drawn(drawing, title) {
  const wide = drawing.width * COLUMN + LEFT + RIGHT;
  const outputRoom = drawing.output ? 34 : 0;
  const high = drawing.height * ROW + TOP + BOTTOM + outputRoom;
  const at = (point) => {
    const [x, y] = drawing.places[point];
    return [LEFT + x * COLUMN, TOP + outputRoom + (drawing.height - y) * ROW];
  };
  const blocks = new Map(drawing.blocks.map((block) => [block.name, block]));
  const left = Math.min(...drawing.blocks.map((block) => at(block.name)[0]));
  const entrance = (k) => [left - WIDE - 22 - 13 * k, TOP + outputRoom + drawing.height * ROW + 12];
  const picture = s("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, role: "img", "aria-label": title });
  picture.append(
    s("rect", { x: LEFT, y: TOP + outputRoom - 8, width: drawing.width * COLUMN, height: drawing.height * ROW + 16, rx: 14, fill: "var(--sunk)", stroke: "var(--line)" }),
  );
  for (const wire of drawing.wires) picture.append(...path(drawing, blocks, wire, at, entrance));
  drawing.inputs.forEach((input, k) => {
    const [x, y] = entrance(k);
    picture.append(s("text", { x, y: y + 40, "text-anchor": "middle", "font-size": 16 }, mathName(input, "t")));
  });
  for (const state of drawing.states) {
    const [x, y] = at(state), [out, above] = at(`${state}.out`);
    picture.append(
      s("line", { x1: x - 26, y1: y, x2: x, y2: y, stroke: "var(--accent)", "stroke-width": 1.8 }),
      s("text", { x: x - 32, y: y + 5, "text-anchor": "end", "font-size": 16 }, mathName(state, "t−1")),
      s("line", { x1: out, y1: above, x2: out + 20, y2: above, stroke: "var(--accent)", "stroke-width": 1.8 }),
      s("path", { d: `M${out + 19} ${above - 4.5}l8 4.5-8 4.5z`, fill: "var(--accent)" }),
      s("text", { x: out + 33, y: above + 5, "font-size": 16 }, mathName(state, "t")),
    );
  }
  for (const block of drawing.blocks) picture.append(box(block, at(block.name), drawing.outputs.includes(block.name)));
  if (drawing.output && drawing.places[drawing.outputs[0]]) {
    const [x, y] = at(drawing.outputs[0]);
    picture.append(
      s("line", { x1: x, y1: y - HIGH, x2: x, y2: 26, stroke: "var(--ink)", "stroke-width": 1.5 }),
      s("path", { d: `M${x - 4.5} 27l4.5-8 4.5 8z`, fill: "var(--ink)" }),
      s("text", { x, y: 14, "text-anchor": "middle", "font-size": 16 }, mathName(drawing.output, "t")),
    );
  }
  return picture;
}

function box(block, [x, y], isState) {
  const gate = block.op === "sigmoid";
  const shape = { x: x - WIDE, y: y - HIGH, width: 2 * WIDE, height: 2 * HIGH, rx: 8, fill: gate ? "var(--accent-soft)" : "var(--raised)", stroke: isState ? "var(--accent)" : "var(--edge)", "stroke-width": isState ? 1.8 : 1 };
  return s("g", {}, s("rect", shape),
    s("text", { x, y: y - 1, "text-anchor": "middle", "font-size": block.name.length > 8 ? 11 : 15 }, mathName(block.name, block.name.endsWith("'") ? "t" : "")),
    s("text", { x, y: y + 13, "text-anchor": "middle", "font-size": 10.5, style: "fill: var(--soft)" }, block.glyph));
}

function path(drawing, blocks, wire, at, entrance) {
  const fromInput = drawing.inputs.indexOf(wire.source);
  const arrives = blocks.has(wire.user);
  const state = drawing.states.includes(wire.source) || wire.user.endsWith(".out");
  const colour = fromInput >= 0 ? "var(--third)" : state ? "var(--accent)" : "var(--edge)";
  let [x, y] = fromInput >= 0 ? entrance(fromInput) : at(wire.source);
  if (blocks.has(wire.source)) x += WIDE;
  let d = `M${x} ${y + (fromInput >= 0 ? 18 : 0)}`;
  if (fromInput >= 0) d += `L${x} ${y}`;
  const points = wire.points.slice(1).map(at);
  points[points.length - 1] = [points.at(-1)[0], points.at(-1)[1] - arrival(drawing, wire, at) ];
  points.forEach(([px, py], k) => {
    const last = k === points.length - 1;
    const end = px - (arrives && last ? WIDE + 7 : last ? 0 : 30);
    const middle = (x + end) / 2;
    d += k === 0 && fromInput >= 0 ? `C${x} ${py} ${x} ${py} ${Math.max(end, x + 1)} ${py}` : `C${middle} ${y} ${middle} ${py} ${end} ${py}`;
    [x, y] = [end, py];
    if (!last) {
      d += `L${px + 30} ${py}`;
      x = px + 30;
    }
  });
  const found = [s("path", { d, fill: "none", stroke: colour, "stroke-width": state ? 1.8 : 1.3 })];
  if (arrives) {
    found.push(s("path", { d: `M${x - 1} ${y - 3.6}l7.5 3.6-7.5 3.6z`, fill: colour }));
    const by = blocks.get(wire.user).weights[wire.source];
    if (by && by.length) {
      found.push(s("text", { x: x - 5, y: y - 5, "text-anchor": "end", "font-size": 11.5, class: "weight" }, by.slice(0, 2).flatMap((name, k) => [...(k ? [" "] : []), ...mathName(name)])));
    }
  }
  return found;
}

// How far above or below a block's middle a wire arrives, so that none hides another.
function arrival(drawing, wire, at) {
  if (wire.user.endsWith(".out")) return 0;
  const into = drawing.wires.filter((other) => other.user === wire.user);
  const height = (one) => (drawing.inputs.includes(one.source) && one.points.length === 2 ? 1e6 : at(one.points.at(-2))[1]);
  const order = [...into].sort((a, b) => height(b) - height(a));
  return 0.62 * 2 * HIGH * ((order.indexOf(wire) + 0.5) / order.length - 0.5);
}
