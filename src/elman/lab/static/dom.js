// Elements without a framework: `h("p", {class: "soft"}, "text", child)`; texts are never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

export const h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);

export function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

let numbered = 0;
export const unique = (what) => `${what}-${(numbered += 1)}`;

// A control below its label.
export function field(label, control, more = {}) {
  control.id = control.id || unique("field");
  return h("div", more, h("label", { for: control.id }, label), control);
}

export function options(select, choices, chosen) {
  select.replaceChildren(...choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
  if (chosen !== undefined) select.value = chosen;
}

export function four(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [digits, power] = value.toExponential(2).split("e");
    return `${digits.replace("-", "−")} · 10${raised(Number(power))}`;
  }
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

export const raised = (number) => [...String(number)].map((d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])).join("");

export const counted = (number) => number.toLocaleString("en-GB").replaceAll(",", " ");

export const plural = (number, what) => `${counted(number)} ${what}${number === 1 ? "" : "s"}`;

// A function that is called once things have been quiet for a while.
export function later(milliseconds, does) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => does(...given), milliseconds);
  };
}

// A function that is called with a picture, but not more often than so; what is asked for in between is done once.
export function seldom(milliseconds, does) {
  let waiting = false, last = 0;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => requestAnimationFrame((now) => {
      waiting = false;
      last = now;
      does();
    }), Math.max(0, last + milliseconds - performance.now()));
  };
}
