// Where the panels that look at a network take it from: the training of this page, or a model that was opened.

import { ask, Problem, shared } from "lab/api.js";
import { state } from "lab/state.js";

const MISSING = {
  scrub: () => `a shared page has the first sequences only: expected 1 to ${new Set(Object.keys(shared.scrubs).map((key) => key.split("/")[1])).size}`,
  dynamics: () => "the page was shared without a look at this cell's dynamics",
};

function kept(what, number, body) {
  const found = what === "scrub" ? shared.scrubs[`${number}/${body.row}`] : shared.dynamics[String(number)];
  if (!found) throw new Problem(MISSING[what]());
  return found;
}

export const trained = {
  label: "Cell",
  live: !shared, // whether it changes
  pokes: !shared, // whether it can be asked for more than what is there
  get there() {
    return Boolean(state.run);
  },
  get classes() {
    return state.run.classes;
  },
  choices: () => state.run.members.map((one, k) => one.name + (state.run.members.length > 1 ? ` ${"AB"[k]}` : "")),
  ask: async (what, number, body) => (shared ? kept(what, number, body) : ask(what, { member: number, ...body })),
};

// names: of the layers that can be chosen; first: the number of the one to begin with
export const opened = (names, first = 0) => ({
  first,
  label: "Layer",
  live: false,
  pokes: true,
  there: true,
  classes: false,
  choices: () => names,
  ask: (what, number, body) => ask(`opened/${what}`, { layer: names[number], ...body }),
});
