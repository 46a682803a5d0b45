// Train: choose a task, watch the loss, what is said of sequences that were never learnt, and how far gradients reach.

import { ask, listen, Problem, sendTable, shared, unpacked, unpackedBytes } from "lab/api.js";
import { Lines } from "lab/charts.js";
import { counted, field, four, h, options, plural, raised, seldom } from "lab/dom.js";
import { Heat } from "lab/heat.js";
import { on, state, tell } from "lab/state.js";
import { colours, members } from "lab/theme.js";

const STANDING = { running: "Learning", paused: "Paused", stopped: "Stopped", failed: "Cannot go on", done: "Done", shared: "Shared" };

export class TrainPanel {
  constructor(element) {
    this.element = element;
    this.source = null;
    this.tasks = new Map();
    this.sample = 0;
    this.paint = seldom(200, () => this.painted());
    this.paintLooks = seldom(200, () => this.looksPainted());
  }

  begin() {
    this.controls();
    this.tiles = h("div", { class: "tiles" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.charts = h("div", { class: "charts" });
    this.empty = h("div", { class: "nothing" }, h("p", {}, "Nothing was trained yet. The cell on the left learns the task above, one press away."));
    this.element.append(h("h2", { class: "hidden-words" }, "Train"));
    if (!shared) this.element.append(this.form);
    this.element.append(this.problem, this.tiles, this.empty, this.charts);
    if (!shared) this.chosen();
    on("cell", () => this.enable());
  }

  controls() {
    if (shared) return;
    const number = (value, least, most, step = 1) => h("input", { type: "number", value: String(value), min: String(least), max: String(most), step: String(step) });
    for (const task of state.start.tasks) this.tasks.set(task.name, task);
    this.tasks.set("table", { name: "table", title: "A series of yours", about: "The next value of a series in a CSV file.", steps: 30, least: 4, most: 200, rows: 1024, features: 1 });
    this.task = h("select", { onchange: () => this.chosen() });
    options(this.task, [...this.tasks.values()].map((task) => [task.name, task.title]), "adding");
    this.steps = number(40, 4, 200);
    this.rows = number(1024, 1, 4096);
    this.seed = number(0, 0, 1e9);
    this.batch = number(32, 1, 1024);
    this.optimizer = h("select", {});
    options(this.optimizer, state.start.optimizers.map((name) => [name, { adam: "Adam", rmsprop: "RMSProp", sgd: "SGD" }[name] || name]), "adam");
    this.rate = h("input", { type: "range", min: "-4", max: "0", step: "0.05", value: String(Math.log10(0.005)), oninput: () => this.rated() });
    this.rateWords = h("output", {});
    this.about = h("p", { class: "intro" });
    this.corpus = h("textarea", { class: "note", rows: "4", placeholder: "The text that ships with the lab. Paste another one, 200 characters or more.", onchange: () => this.featured() });
    this.corpusField = field("Text", this.corpus, { hidden: true });
    this.file = h("input", { type: "file", accept: ".csv,text/csv,.txt", onchange: () => this.file.files[0] && this.dropped(this.file.files[0]) });
    this.dropWords = h("span", {}, "Drop a CSV file with a series here, or choose one: ");
    this.drop = h("div", { class: "drop", hidden: true }, this.dropWords, this.file);
    for (const name of ["dragover", "dragleave", "drop"]) this.drop.addEventListener(name, (event) => this.dragged(event));
    this.startButton = h("button", { class: "main", onclick: () => this.start() }, "Train");
    this.pauseButton = h("button", { onclick: () => this.control(state.news && state.news.status === "paused" ? "resume" : "pause"), hidden: true }, "Pause");
    this.stopButton = h("button", { onclick: () => this.control("stop"), hidden: true }, "Stop");
    const rateField = field("Learning rate", this.rate, { class: "wide" });
    rateField.firstChild.append(" ", this.rateWords);
    this.form = h("div", {},
      h("div", { class: "fields" }, field("Task", this.task, { class: "wide" }), field("Steps", this.steps), field("Sequences", this.rows), field("Batch", this.batch), field("Optimiser", this.optimizer), field("Seed", this.seed), rateField),
      this.about, this.corpusField, this.drop, h("div", { class: "row" }, this.startButton, this.pauseButton, this.stopButton));
    this.form.className = "panel form";
    this.rated(true);
  }

  get rateValue() {
    return Number((10 ** Number(this.rate.value)).toPrecision(2));
  }

  rated(quiet = false) {
    this.rateWords.textContent = four(this.rateValue);
    this.rate.setAttribute("aria-valuetext", four(this.rateValue));
    if (!quiet && this.going) this.control("rate", this.rateValue);
  }

  get going() {
    return Boolean(state.news) && ["running", "paused"].includes(state.news.status);
  }

  chosen() {
    const task = this.tasks.get(this.task.value);
    this.about.textContent = task.about;
    this.steps.disabled = !task.steps;
    this.steps.value = String(task.steps || 8);
    Object.assign(this.steps, { min: String(task.least), max: String(task.most) });
    this.rows.value = String(task.rows);
    this.corpusField.hidden = task.name !== "characters";
    this.drop.hidden = task.name !== "table";
    this.featured();
  }

  featured() {
    const task = this.tasks.get(this.task.value);
    const own = task.name === "characters" && this.corpus.value;
    state.features = own ? new Set(this.corpus.value).size : task.features;
    this.enable();
    tell("task");
  }

  dragged(event) {
    event.preventDefault();
    this.drop.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop" && event.dataTransfer.files[0]) this.dropped(event.dataTransfer.files[0]);
  }

  async dropped(file) {
    this.say("");
    try {
      await sendTable(file);
      this.table = file.name;
      this.dropWords.textContent = `${file.name} is here. Another one: `;
    } catch (error) {
      this.say(error.message);
    }
    this.enable();
  }

  enable() {
    if (shared) return;
    const wrong = state.cells.some((panel) => panel.error || !panel.read);
    this.startButton.disabled = wrong || (this.task.value === "table" && !this.table);
    this.startButton.textContent = state.cells.length > 1 ? "Train both" : "Train";
    const status = state.news ? state.news.status : "";
    this.pauseButton.hidden = this.stopButton.hidden = !this.going;
    this.startButton.hidden = this.going;
    this.pauseButton.textContent = status === "paused" ? "Go on" : "Pause";
    for (const control of [this.task, this.rows, this.seed, this.batch, this.optimizer, this.corpus, this.file]) control.disabled = this.going;
    this.steps.disabled = this.going || !this.tasks.get(this.task.value).steps;
  }

  say(problem) {
    this.problem.hidden = !problem;
    this.problem.textContent = problem;
  }

  async control(what, rate) {
    try {
      await ask("control", rate === undefined ? { what } : { what, rate });
    } catch (error) {
      this.say(error.message);
    }
  }

  async start() {
    this.say("");
    const asked = {
      task: this.task.value, rows: Number(this.rows.value), steps: Number(this.steps.value), seed: Number(this.seed.value), batch_size: Number(this.batch.value),
      optimizer: this.optimizer.value, rate: this.rateValue, members: state.cells.map((panel) => ({ text: panel.text, units: panel.size })),
    };
    if (asked.task === "characters" && this.corpus.value) asked.corpus = this.corpus.value;
    this.startButton.disabled = true;
    try {
      const run = await ask("train", asked);
      this.prepare(run);
      if (this.source) this.source.close();
      this.source = listen((news) => this.hear(news), () => this.lost());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.say(error.message);
      this.enable();
    }
  }

  lost() {
    if (!this.going) return;
    state.news = { ...state.news, status: "stopped" };
    this.say("The connection to the lab is gone: is `elman lab` still running?");
    this.enable();
  }

  // --- what a training tells --------------------------------------------------------------------------------

  prepare(run) {
    state.run = { ...run, x: unpacked(run.x), y: unpacked(run.y) };
    state.losses = run.members.map(() => []);
    state.looks = run.members.map(() => null);
    state.news = { status: "running", members: run.members.map(() => ({ epochs: 0, seconds: 0, error: "" })) };
    this.sample = 0;
    this.build();
    tell("run");
    this.enable();
  }

  hear(news) {
    if (news.kind === "whole") {
      state.losses = news.members.map((member) => member.losses);
      state.looks = news.looks;
      state.news = news;
    } else if (news.kind === "news") {
      news.members.forEach((member, k) => member.losses && joined(state.losses[k], member.losses, member.epochs));
      state.news = news;
    } else if (news.kind === "look") {
      state.looks = news.looks.map((look, k) => look || state.looks[k]);
      this.paintLooks();
      tell("look");
      return;
    } else if (news.kind === "end") state.news = { ...state.news, status: news.status };
    if (news.kind === "whole") this.paintLooks();
    if (this.standing !== state.news.status) {
      this.standing = state.news.status;
      this.enable();
      this.painted();
    } else this.paint();
    tell("news");
  }

  build() {
    const { run } = state;
    const several = run.members.length > 1;
    const named = run.members.map((one, k) => (several && run.members[0].name === run.members[1].name ? `${one.name} ${"AB"[k]}` : one.name));
    this.named = named;
    this.empty.hidden = true;
    const each = named.map((label, k) => ({ label, colour: () => members()[k], width: 1.8 }));
    const simple = run.line ? [{ label: run.simple, colour: () => colours().third, dash: [5, 4], width: 1.2 }] : [];
    const what = { mse: "mean squared error", softmax_cross_entropy: "cross entropy (nats)", binary_cross_entropy: "cross entropy (nats)" }[run.loss] || run.loss;
    this.loss = new Lines({ title: "Loss", series: [...each, ...simple], xlabel: "epoch", ylabel: what, log: true, height: 250 });
    this.samples = this.samplesFigure();
    this.triangles = run.members.map((_, k) => this.triangleFigure(several ? named[k] : ""));
    const how = several ? "half" : "half";
    this.charts.replaceChildren(h("div", { class: "half" }, this.loss.element), h("div", { class: "half" }, this.samples), ...this.triangles.map((one) => h("div", { class: how }, one.element)));
    if (!several) this.charts.append(h("div", { class: "half" }, this.explanation()));
    this.painted();
    this.looksPainted();
  }

  explanation() {
    const what = state.run.everyStep ? "the loss at a step" : "what is said at a step";
    this.horizonWords = h("p", {});
    return h("div", { class: "soft small" }, h("h3", {}, "How to read it"), h("p", {}, `Each row is a step t, each column an earlier step s. The stronger its colour, the more ${what} t depends on the state after step s. The diagonal is a step's own state; the way to its left is memory. A cell that forgets shows a narrow band, one that can learn long gaps fills the triangle.`), this.horizonWords);
  }

  samplesFigure() {
    const { run } = state;
    const rows = run.x.shape[0];
    const pick = h("div", { class: "row sequences", role: "group", "aria-label": "Sequence" }, h("span", { class: "note" }, "sequence"), ...[...Array(rows).keys()].map((k) => h("button", { class: "plain", "aria-label": `sequence ${k + 1}`, "aria-pressed": String(k === 0), onclick: (event) => this.another(k, event.target.parentElement) }, String(k + 1))));
    if (run.classes && run.targets.length > 1) {
      this.heats = run.members.map((one, k) => new Heat({ title: run.members.length > 1 ? this.named[k] : "Probabilities", xlabel: "step", ylabel: "class", height: Math.max(90, Math.min(220, run.targets.length * 16)), ytext: run.targets.length <= 14 ? (r) => run.targets[r] : null, label: (r, t, v) => `step ${t + 1}: ${run.targets[r]} ${(100 * v).toFixed(0)} %${this.wanted(t)}` }));
      this.lines = null;
      return h("div", {}, h("h3", {}, "What it says of sequences it never learnt"), pick, this.truth = h("p", { class: "note" }), ...this.heats.map((one) => one.element));
    }
    this.heats = null;
    const outputs = run.targets.length;
    const target = [...Array(outputs).keys()].map((k) => ({ label: outputs > 1 ? `wanted: ${run.targets[k]}` : "wanted", colour: () => colours().third, width: run.everyStep ? 3.2 : 0, points: !run.everyStep, dash: undefined }));
    const said = run.members.flatMap((_, m) => [...Array(outputs).keys()].map((k) => ({ label: outputs > 1 ? (k ? "" : this.named[m]) : this.named[m], colour: () => members()[m], width: 1.5 })));
    this.lines = new Lines({ title: "A sequence it never learnt", series: [...target, ...said].slice(0, outputs > 1 ? undefined : 3), xlabel: "step", ylabel: outputs > 1 ? "outputs, one above another" : run.targets[0], height: 250 });
    this.lines.key = keyOf(this.lines, outputs, this.named);
    return h("div", {}, this.lines.element, pick);
  }

  wanted(t) {
    const { run } = state;
    const [, T] = run.y.shape;
    if (!run.everyStep) return t === run.steps - 1 ? `, wanted ${run.targets[run.y.values[this.sample]]}` : "";
    return `, wanted ${run.targets[run.y.values[this.sample * T + t]]}`;
  }

  another(k, row) {
    this.sample = k;
    for (const [number, button] of [...row.querySelectorAll("button")].entries()) button.setAttribute("aria-pressed", String(number === k));
    this.samplesPainted();
  }

  triangleFigure(name) {
    const what = state.run.everyStep ? "∂ loss at t / ∂ state after s" : "∂ output at t / ∂ state after s";
    return new Heat({
      title: `Gradient horizon${name ? `: ${name}` : ""}`, about: `Size of ${what}`, xlabel: "state after step s", ylabel: "step t", square: true,
      label: (t, k, v) => (v ? `t ${t + 1}, s ${k + 1}: ${four(this.sizeOf(v, name))}` : `t ${t + 1}, s ${k + 1}: nothing`),
    });
  }

  sizeOf(shade, name) {
    const look = state.looks[name ? this.named.indexOf(name) : 0];
    return 10 ** (look.triangle.top + ((shade - 1) / 254 - 1) * look.triangle.decades);
  }

  // --- painting ---------------------------------------------------------------------------------------------

  painted() {
    const { run, news, losses } = state;
    if (!run || !this.loss) return;
    const epochs = Math.max(1, ...losses.map((one) => one.length));
    const kept = thinned(epochs);
    const lines = losses.map((one) => kept.map((k) => (k < one.length ? one[k] : null)));
    const simple = run.line ? [kept.map(() => run.line)] : [];
    this.loss.set([kept.map((k) => k + 1), ...lines, ...simple], `The loss after ${epochs} epochs: ${losses.map((one, k) => `${this.named[k]} ${four(one.at(-1))}`).join(", ")}`);
    this.tilesPainted();
    const problems = news.members.map((member, k) => (member.error ? `${this.named[k]}: ${member.error}` : "")).filter(Boolean);
    if (problems.length) this.say(problems.join("\n"));
  }

  looksPainted() {
    const { run, looks } = state;
    if (!run || !this.loss) return;
    looks.forEach((look, k) => {
      if (!look) return;
      const { triangle } = look;
      if (triangle && triangle.top !== null) this.triangles[k].setBytes(unpackedBytes(triangle.bytes), triangle.steps, triangle.steps, `10${raised(Math.round(triangle.top - triangle.decades))}`, four(10 ** triangle.top), "logarithmic");
    });
    if (this.horizonWords && looks[0] && looks[0].triangle) this.horizonWords.textContent = horizonSaid(looks[0].triangle);
    this.samplesPainted();
  }

  tilesPainted() {
    const { run, news, losses, looks } = state;
    const tile = (value, what) => [value, what];
    const tiles = [tile(STANDING[news.status] || news.status, `epoch ${counted(Math.max(...losses.map((one) => one.length)))}`)];
    run.members.forEach((_, k) => {
      const name = run.members.length > 1 ? `${this.named[k]}: ` : "";
      const look = looks[k];
      tiles.push(tile(four(losses[k].at(-1)), `${name}loss, learning`));
      if (look && look.accuracy !== null) tiles.push(tile(`${(100 * look.accuracy).toFixed(0)} %`, `${name}right, never learnt`));
      else tiles.push(tile(four(look && look.held), `${name}loss, never learnt`));
    });
    tiles.push(tile(`${news.members.reduce((a, one) => a + one.seconds, 0).toFixed(1)} s`, plural(run.members.reduce((a, one) => a + one.parameters, 0), "parameter")));
    if (this.tiles.children.length !== tiles.length) this.tiles.replaceChildren(...tiles.map(() => h("div", { class: "tile" }, h("div", { class: "value" }), h("div", { class: "what" }))));
    tiles.forEach((words, k) => words.forEach((word, part) => {
      const place = this.tiles.children[k].children[part];
      if (place.textContent !== word) place.textContent = word;
    }));
    document.getElementById("standing").textContent = `${STANDING[news.status] || news.status} · epoch ${counted(Math.max(...losses.map((one) => one.length)))} · loss ${losses.map((one) => four(one.at(-1))).join(" and ")}`;
  }

  samplesPainted() {
    const { run, looks } = state;
    const T = run.steps, O = run.targets.length;
    const said = looks.map((look) => (look && look.samples ? unpacked(look.samples) : null));
    const of = (packed, t, k) => packed.values[(this.sample * T + t) * O + k];
    if (this.heats) {
      this.truth.textContent = run.everyStep ? `Wanted: ${inRuns([...Array(T).keys()].map((t) => run.targets[run.y.values[this.sample * run.y.shape[1] + t]]))}` : `Wanted at the end: ${run.targets[run.y.values[this.sample]]}`;
      this.heats.forEach((heat, m) => {
        if (!said[m]) return;
        const values = new Float32Array(T * O);
        for (let t = 0; t < T; t += 1) for (let k = 0; k < O; k += 1) values[k * T + t] = of(said[m], t, k);
        heat.set(values, O, T, "one-sided", 1);
      });
      return;
    }
    const steps = [...Array(T).keys()].map((t) => t + 1);
    const apart = O > 1 ? 2.6 : 0;
    const bottom = run.loss === "binary_cross_entropy";
    const squashed = (v) => (bottom ? 1 / (1 + Math.exp(-v)) : v);
    const target = [...Array(O).keys()].map((k) => steps.map((_, t) => (run.everyStep ? run.y.values[(this.sample * T + t) * O + k] + k * apart : t === T - 1 ? run.y.values[this.sample * O + k] : null)));
    const lines = said.flatMap((one) => [...Array(O).keys()].map((k) => steps.map((_, t) => (one ? squashed(of(one, t, k)) + k * apart : null))));
    this.lines.set([steps, ...target, ...lines]);
  }
}

// A legend for several outputs that stand above one another: what is wanted, and each cell once.
function keyOf(lines, outputs, named) {
  return () => {
    const entry = (label, colour) => {
      const line = h("i", {});
      line.style.borderTopColor = colour;
      return h("span", {}, line, label);
    };
    lines.legend.replaceChildren(entry("wanted", colours().third), ...named.map((name, k) => entry(name, members()[k])));
  };
}

// At most so many epochs, so that long trainings are drawn as fast as short ones.
function thinned(epochs, most = 600) {
  if (epochs <= most) return [...Array(epochs).keys()];
  return [...Array(most).keys()].map((k) => Math.round((k * (epochs - 1)) / (most - 1)));
}

// The newest losses behind those before them; of what was told twice, as where a page begins to listen, one remains.
function joined(losses, more, epochs) {
  losses.length = Math.min(losses.length, epochs - more.length);
  losses.push(...more);
}

// Words one after another, those that come again and again counted; letters as a text.
function inRuns(words) {
  if (words.every((one) => [...one].length === 1)) return words.join("");
  const runs = [];
  for (const word of words) {
    if (runs.length && runs.at(-1)[0] === word) runs.at(-1)[1] += 1;
    else runs.push([word, 1]);
  }
  return runs.map(([word, count]) => (count > 2 ? `${count} × ${word}` : Array(count).fill(word).join(", "))).join(", ");
}

// How many steps back the gradient of the last step has fallen to a hundredth.
export function horizonSaid(triangle) {
  const bytes = unpackedBytes(triangle.bytes), T = triangle.steps;
  const last = [...bytes.slice((T - 1) * T, T * T)];
  const top = Math.max(...last);
  if (!top) return "";
  const hundredth = top - (2 / triangle.decades) * 254;
  const from = last.lastIndexOf(top);
  let far = from;
  while (far > 0 && last[far - 1] >= hundredth) far -= 1;
  if (far === 0) return `From the last step the gradient reaches back over all ${T} steps without falling to a hundredth.`;
  return `From the last step the gradient falls to a hundredth within ${plural(from - far + 1, "step")}.`;
}
