// What the parts of the page have in common, and who is told when it changes.

const listeners = new Map();

export const state = {
  start: null, // tasks, cells, optimizers
  cells: [], // {text, units, read, name}
  run: null, // what the last training is: task, members, samples
  news: null, // how it stands
  losses: [[], []],
  looks: [null, null],
};

export function on(what, does) {
  if (!listeners.has(what)) listeners.set(what, []);
  listeners.get(what).push(does);
}

export function tell(what, ...given) {
  for (const does of listeners.get(what) || []) does(...given);
}
