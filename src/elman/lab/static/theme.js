// Colours, as the style sheet has them now; those who draw are told when light turns to dark.

import { tell } from "lab/state.js";

let known = null;

export function colours() {
  if (known) return known;
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "raised", "sunk", "ink", "soft", "line", "edge", "accent", "cold", "warm", "still", "second", "third", "wrong"];
  known = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  known.sans = style.getPropertyValue("--sans").trim();
  return known;
}

export const members = () => [colours().accent, colours().second];

const between = (a, b, share) => a.map((value, k) => Math.round(value + (b[k] - value) * share));

export const mixed = (one, other, share) => between(rgb(one), rgb(other), share);

export function rgb(hex) {
  const number = parseInt(hex.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

const palettes = new Map();

// 256 colours from still to one end ("one-sided"), or from one end over still to the other ("two-sided"), as pixels of a canvas.
export function palette(kind) {
  if (!palettes.has(kind)) palettes.set(kind, new Uint32Array(new Uint8Array(shades(kind).flatMap((rgb) => [...rgb, 255])).buffer));
  return palettes.get(kind);
}

function shades(kind) {
  const c = colours();
  const found = [];
  for (let k = 0; k < 256; k += 1) {
    const t = k / 255;
    if (kind === "two-sided") found.push(t < 0.5 ? mixed(c.warm, c.still, t * 2) : mixed(c.still, c.cold, t * 2 - 1));
    else found.push(t < 0.8 ? mixed(c.still, c.accent, t / 0.8) : between(rgb(c.accent), mixed(c.accent, c.ink, 0.45), (t - 0.8) / 0.2));
  }
  return found;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  known = null;
  palettes.clear();
  tell("theme");
});
