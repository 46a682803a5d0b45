// Shapes of layers as SVG. Texts are never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...children);
  return element;
}

const r = (pixel) => Math.round(pixel * 10) / 10;
const classed = (layer, name) => [name, `c-${layer.colour}`, layer.dash ? "dash" : "", layer.heavy ? "heavy" : "", layer.faint ? "faint" : ""].filter(Boolean).join(" ");

// A path through points, broken where one is missing; a point that stands alone is a dot, by its round ends.
function pathOf(points, steps = false) {
  let found = "", pen = false, before = 0;
  for (const [x, y] of points) {
    const there = x !== null && y !== null && Number.isFinite(x) && Number.isFinite(y);
    if (there && !pen) found += `M${r(x)} ${r(y)}h0`;
    else if (there) found += steps ? `L${r(x)} ${before}L${r(x)} ${r(y)}` : `L${r(x)} ${r(y)}`;
    if (there) before = r(y);
    pen = there;
  }
  return found;
}

const DRAW = {
  line(layer, places, x, y) {
    const points = places.map((place, k) => [x.at(place), y.at(layer.y[k])]);
    const found = layer.tint ? tinted(layer, points) : [s("path", { class: classed(layer, "line"), d: pathOf(points, layer.steps) })];
    if (layer.dots) found.push(s("path", { class: `dots ${classed(layer, "")}`, d: dotted(points) }));
    return found;
  },
  band(layer, places, x, y) {
    const found = [];
    let run = [];
    const close = () => {
      if (run.length) found.push(`M${[...run.map(([a, , b]) => `${r(a)} ${r(b)}`), ...run.toReversed().map(([a, b]) => `${r(a)} ${r(b)}`)].join("L")}Z`);
      run = [];
    };
    places.forEach((place, k) => {
      const along = x.at(place), low = y.at(layer.low[k]), high = y.at(layer.high[k]);
      if (along === null || low === null || high === null) close();
      else run.push([along, low, high]);
    });
    close();
    return [s("path", { class: classed(layer, "band"), d: found.join(""), opacity: layer.strength })];
  },
  dots(layer, places, x, y) {
    const d = dotted(places.map((place, k) => [x.at(place), y.at(layer.y[k])]));
    return [s("path", { class: classed(layer, "dots"), d, "stroke-width": layer.size })];
  },
  bars(layer, places, x, y) {
    const floor = y.at(Math.max(0, y.what.log ? y.low : 0));
    return layer.y.map((value, k) => {
      const top = y.at(value), left = x.at(places[k]), right = x.at(places[k + 1]);
      if ([top, floor, left, right].includes(null)) return null;
      return s("rect", { class: classed(layer, "bar"), x: r(left + 0.5), y: r(Math.min(top, floor)), width: r(Math.max(right - left - 1, 1)), height: r(Math.abs(floor - top)) });
    }).filter(Boolean);
  },
  spans(layer, places, x, y) {
    const d = places.map((place, k) => {
      const along = layer.level ? x : y, at = (layer.level ? y : x).at(place);
      const low = along.at(layer.low[k]), high = along.at(layer.high[k]);
      if (at === null || low === null || high === null) return "";
      return layer.level ? `M${r(low)} ${r(at)}H${r(high)}` : `M${r(at)} ${r(low)}V${r(high)}`;
    });
    return [s("path", { class: classed(layer, "span"), d: d.join("") })];
  },
  rule(layer, places, x, y) {
    if (layer.at !== undefined) return x.at(layer.at) === null ? [] : [s("path", { class: classed(layer, "rule"), d: `M${r(x.at(layer.at))} ${y.from}V${y.to}` })];
    if (layer.y !== undefined) return y.at(layer.y) === null ? [] : [s("path", { class: classed(layer, "rule"), d: `M${x.from} ${r(y.at(layer.y))}H${x.to}` })];
    const low = Math.max(x.low, y.low), high = Math.min(x.high, y.high);
    return low < high ? [s("path", { class: classed(layer, "rule"), d: `M${r(x.at(low))} ${r(y.at(low))}L${r(x.at(high))} ${r(y.at(high))}` })] : [];
  },
  cells(layer, places, x, y) {
    const left = x.at(-0.5), right = x.at(layer.cols - 0.5), top = y.at(-0.5), bottom = y.at(layer.rows - 0.5);
    if (!layer.values.length || [left, right, top, bottom].includes(null)) return [];
    const turned = top > bottom ? `translate(0 ${r(top + bottom)}) scale(1 -1)` : null; // where y rises upwards
    const image = s("image", { class: "pixels", href: pixels(layer), x: r(left), y: r(Math.min(top, bottom)), width: r(right - left), height: r(Math.abs(bottom - top)), transform: turned, preserveAspectRatio: "none" });
    return [image, ...written(layer, x, y)];
  },
};

const dotted = (points) => points.map(([x, y]) => (x === null || y === null ? "" : `M${r(x)} ${r(y)}h0`)).join("");

// A line whose parts have the colour of what they added, over a quiet one.
function tinted(layer, points) {
  const found = [s("path", { class: "line c-grey", d: pathOf(points) })];
  const parts = Array.from({ length: 9 }, () => "");
  for (let k = 0; k + 1 < points.length; k += 1) {
    const [a, b] = [points[k], points[k + 1]];
    if ([...a, ...b].includes(null)) continue;
    const tint = ((layer.tint[k] ?? 0) + (layer.tint[k + 1] ?? 0)) / 2;
    parts[Math.max(0, Math.min(8, Math.round(4 + 4 * tint)))] += `M${r(a[0])} ${r(a[1])}L${r(b[0])} ${r(b[1])}`;
  }
  parts.forEach((d, k) => d && k !== 4 && found.push(s("path", { class: `line heavy tint-${k}`, d })));
  return found;
}

// --- heat maps: one pixel a value, scaled up ---------------------------------------------------------------------

const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
const mixed = (one, other, share) => one.map((value, k) => Math.round(value + (other[k] - value) * share));

function shades() {
  const style = getComputedStyle(document.documentElement);
  const [still, cold, warm] = ["still", "cold", "warm"].map((name) => rgb(style.getPropertyValue(`--${name}`).trim()));
  return (share) => mixed(still, share < 0 ? warm : cold, Math.min(1, Math.abs(share)));
}

function pixels(layer) {
  const canvas = h("canvas", { width: layer.cols, height: layer.rows });
  const context = canvas.getContext("2d"), picture = context.createImageData(layer.cols, layer.rows), shade = shades();
  layer.values.forEach((value, k) => picture.data.set(value === null ? [0, 0, 0, 0] : [...shade(value / layer.most), 255], 4 * k));
  context.putImageData(picture, 0, 0);
  return canvas.toDataURL();
}

// What stands in cells, where there is room for it.
function written(layer, x, y) {
  const wide = Math.abs(x.at(1) - x.at(0)), tall = Math.abs(y.at(1) - y.at(0));
  if (!layer.counts || tall < 15) return [];
  const found = [];
  for (let row = 0; row < layer.rows; row += 1) {
    for (let col = 0; col < layer.cols; col += 1) {
      const count = layer.counts[row * layer.cols + col], text = String(count);
      if (!count || wide < 7 * text.length + 6) continue;
      const dark = layer.values[row * layer.cols + col] / layer.most > 0.55;
      found.push(s("text", { class: dark ? "written on-dark" : "written", x: r(x.at(col)), y: r(y.at(row) + 4) }, text));
    }
  }
  return found;
}
