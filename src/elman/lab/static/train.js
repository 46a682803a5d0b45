// Train: choose a task, watch the loss, what is said of sequences that were never learnt, and how far gradients reach.

import { ask, listen, Problem, sendTable, shared, unpacked } from "lab/api.js";
import { Lines } from "lab/charts.js";
import { counted, field, four, h, options, plural, seldom } from "lab/dom.js";
import { explanation, Horizon } from "lab/horizon.js";
import { isNarrow } from "lab/bar.js";
import { Samples } from "lab/samples.js";
import { Stale } from "lab/stale.js";
import { on, state, tell } from "lab/state.js";
import { colours, members } from "lab/theme.js";

const STANDING = { running: "Learning", paused: "Paused", stopped: "Stopped", failed: "Cannot go on", done: "Done", shared: "Shared" };

export class TrainPanel {
  constructor(element) {
    this.element = element;
    this.source = null;
    this.tasks = new Map();
    this.due = new Set(); // pictures of what has changed
    this.paint = seldom(200, () => this.painted());
  }

  begin() {
    this.controls();
    this.tiles = h("div", { class: "tiles" });
    this.problem = h("p", { class: "problem", role: "alert", hidden: true });
    this.charts = h("div", { class: "charts" });
    this.empty = h("div", { class: "nothing" }, h("p", {}, "Nothing was trained yet. The cell in the editor learns the task above, one press away."));
    this.element.append(h("h2", { class: "hidden-words" }, "Train"));
    if (!shared) this.element.append(this.form);
    this.stale = new Stale({ again: () => this.again(), going: () => this.going });
    this.element.append(this.problem, this.stale.element, this.tiles, this.empty, this.charts);
    if (!shared) this.chosen();
    on("cell", () => this.enable());
  }

  controls() {
    if (shared) return;
    const number = (value, least, most, step = 1) => h("input", { type: "number", value: String(value), min: String(least), max: String(most), step: String(step) });
    for (const task of state.start.tasks) this.tasks.set(task.name, task);
    this.tasks.set("table", { name: "table", title: "A series of yours", about: "The next value of a series in a CSV file.", steps: 30, least: 4, most: 200, rows: 1024, features: 1 });
    this.task = h("select", { onchange: () => this.chosen() });
    options(this.task, [...this.tasks.values()].map((task) => [task.name, task.title]), state.start.first.task);
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
    this.reading = this.readingFields();
    this.drop = h("div", { class: "drop", hidden: true }, this.dropWords, this.file, h("details", {}, h("summary", {}, "How it is read"), h("div", { class: "fields" }, Object.values(this.reading).map(([label, control]) => field(label, control)))));
    for (const name of ["dragover", "dragleave", "drop"]) this.drop.addEventListener(name, (event) => this.dragged(event));
    this.startButton = h("button", { class: "main", onclick: () => this.start() }, "Train");
    this.pauseButton = h("button", { onclick: () => this.control(state.news && state.news.status === "paused" ? "resume" : "pause"), hidden: true }, "Pause");
    this.stopButton = h("button", { onclick: () => this.control("stop"), hidden: true }, "Stop");
    const rateField = field("Learning rate", this.rate, { class: "wide" });
    rateField.firstChild.append(" ", this.rateWords);
    this.form = h("div", {},
      h("div", { class: "fields" }, field("Task", this.task, { class: "wide" }), field("Steps", this.steps), field("Sequences", this.rows), field("Batch", this.batch), field("Optimiser", this.optimizer), field("Seed", this.seed), rateField),
      this.about, this.corpusField, this.drop, this.buttons = h("div", { class: "row" }, this.startButton, this.pauseButton, this.stopButton));
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

  // What is found in a file, unless it is said here.
  readingFields() {
    const words = (placeholder) => h("input", { type: "text", placeholder, ...again });
    const again = { onchange: () => this.dropping && this.dropped(this.dropping) };
    const chosen = (all) => {
      const select = h("select", again);
      options(select, all, all[0][0]);
      return select;
    };
    return {
      target: ["Values", words("a column")],
      time: ["Times", words("a column")],
      where: ["Only rows with", words("store=a")],
      dates: ["Dates", chosen([["", "as found"], ["day", "day first"], ["month", "month first"]])],
      fill: ["Gaps", chosen([["none", "are refused"], ["linear", "a line"], ["forward", "the last value"]])],
      date_format: ["Form of times", words("%d.%m.%Y")],
      order: ["Order of rows", chosen([["", "as they are"], ["sort", "sorted by time"]])],
      missing: ["Missing is written", words("-999")],
      decimal: ["Decimal mark", words(".")],
      thousands: ["Thousands mark", words(",")],
    };
  }

  async dropped(file) {
    this.say("");
    this.dropping = file;
    try {
      const found = await sendTable(file, Object.fromEntries(Object.entries(this.reading).map(([name, [, control]]) => [name, control.value])));
      this.table = found.name;
      this.tasks.get("table").most = found.most;
      this.steps.max = String(found.most);
      this.steps.value = String(Math.min(Number(this.steps.value), found.most));
      this.dropWords.textContent = `${found.name} is here. Another one: `;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.say(error.message);
    }
    this.enable();
  }

  enable() {
    if (shared) return;
    const wrong = state.cells.some((panel) => !panel.ready);
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
      this.follow();
      if (isNarrow()) this.seen();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.say(error.message);
      this.enable();
    }
  }

  // Once what goes on has ended.
  async again() {
    if (!this.going) return this.start();
    this.anew = true;
    return this.control("stop");
  }

  follow() {
    if (this.source) this.source.close();
    this.source = listen((news) => this.hear(news), () => this.quiet(), () => this.lost());
  }

  // The training that this page began before it was loaded again.
  restore(run, asked) {
    this.task.value = asked.task;
    if (asked.task === "table") this.table = "the file from before";
    this.chosen();
    for (const [control, value] of [[this.steps, asked.steps], [this.rows, asked.rows], [this.seed, asked.seed], [this.batch, asked.batch_size], [this.optimizer, asked.optimizer], [this.rate, Math.log10(asked.rate)], [this.corpus, asked.corpus]]) {
      if (value !== undefined) control.value = String(value);
    }
    this.rated(true);
    this.prepare(run);
    this.follow();
  }

  quiet() {
    if (!this.going || this.waiting) return;
    this.waiting = setTimeout(() => this.say("The lab does not answer. If `elman lab` was stopped, start it again and open its new address; else this page goes on by itself."), 2500);
  }

  lost() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    if (!this.going) return;
    state.news = { ...state.news, status: "stopped" };
    this.say("The connection to the lab is gone: is `elman lab` still running?");
    this.enable();
    this.painted();
  }

  // --- what a training tells --------------------------------------------------------------------------------

  prepare(run) {
    state.run = { ...run, x: unpacked(run.x), y: unpacked(run.y) };
    state.losses = run.members.map(() => []);
    state.looks = run.members.map(() => null);
    state.news = { status: "running", members: run.members.map(() => ({ epochs: 0, seconds: 0, error: "" })) };
    this.build();
    tell("run");
    this.enable();
  }

  hear(news) {
    if (this.waiting) {
      clearTimeout(this.waiting);
      this.waiting = 0;
      this.say("");
    }
    if (news.kind === "whole") state.losses = news.members.map((member) => member.losses);
    else if (news.kind === "news") news.members.forEach((member, k) => joined(state.losses[k], member.losses, member.epochs));
    if (news.looks) this.looked(news.looks);
    if (news.kind === "look") return this.paint();
    state.news = news.kind === "end" ? { ...state.news, status: news.status } : news;
    this.due.add("loss");
    if (this.standing !== state.news.status) {
      this.standing = state.news.status;
      this.enable();
      this.painted();
      this.stale.look();
      if (this.anew && !this.going) {
        this.anew = false;
        this.start();
      }
      document.getElementById("told").textContent = this.standingWords(); // what a screen reader says: not every epoch
    } else this.paint();
    return tell("news");
  }

  // What is new of each network; what is not stays.
  looked(looks) {
    state.looks = looks.map((look, k) => ({ ...state.looks[k], ...look }));
    if (looks.some((look) => look.samples)) this.due.add("samples");
    looks.forEach((look, k) => look.triangle && this.due.add(k));
    tell("look");
  }

  // Where the pictures are, on a screen that has no room for them beside the equations.
  seen() {
    this.element.hidden || this.tiles.scrollIntoView({ block: "start" });
  }

  shown() {
    this.visible = true;
    this.painted();
  }

  left() {
    this.visible = false;
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
    this.samples = new Samples(named);
    this.triangles = run.members.map((_, k) => new Horizon(k, several ? named[k] : ""));
    this.charts.replaceChildren(h("div", { class: "half" }, this.loss.element), h("div", { class: "half" }, this.samples.element), ...this.triangles.map((one) => h("div", { class: "half" }, one.element)));
    if (!several) this.charts.append(h("div", { class: "half" }, explanation()));
    this.due = new Set(["loss", "samples", ...run.members.keys()]);
    this.painted();
  }

  // --- painting ---------------------------------------------------------------------------------------------

  // All that has changed in one picture; nothing while another tab is shown.
  painted() {
    const { run, news } = state;
    if (!run || !this.loss) return;
    written(document.getElementById("standing"), this.standingWords());
    const problems = news.members.map((member, k) => (member.error ? `${this.named[k]}: ${member.error}` : "")).filter(Boolean);
    if (problems.length) this.say(problems.join("\n"));
    if (!this.visible) return;
    this.tilesPainted();
    for (const what of this.due) {
      if (what === "loss") this.lossPainted();
      else if (what === "samples") this.samples.paint();
      else if (state.looks[what]) this.triangles[what].show(state.looks[what].triangle);
    }
    this.due.clear();
  }

  standingWords() {
    const { news, losses } = state;
    return `${STANDING[news.status] || news.status} · epoch ${counted(this.epochs)} · loss ${losses.map((one) => four(one.at(-1))).join(" and ")}`;
  }

  get epochs() {
    return Math.max(...state.losses.map((one) => one.length));
  }

  lossPainted() {
    const { run, losses } = state;
    const kept = thinned(Math.max(1, this.epochs));
    const lines = losses.map((one) => Array.from(kept, (k) => one[k] ?? null));
    const simple = run.line ? [Float64Array.from(kept, () => run.line)] : [];
    const words = this.going ? "" : `The loss after ${this.epochs} epochs: ${losses.map((one, k) => `${this.named[k]} ${four(one.at(-1))}`).join(", ")}`;
    this.loss.set([kept.map((k) => k + 1), ...lines, ...simple], words);
  }

  tilesPainted() {
    const tiles = this.tileWords();
    if (this.tiles.children.length !== tiles.length) this.tiles.replaceChildren(...tiles.map(() => h("div", { class: "tile" }, h("div", { class: "value" }), h("div", { class: "what" }))));
    tiles.forEach((words, k) => words.forEach((word, part) => written(this.tiles.children[k].children[part], word)));
  }

  tileWords() {
    const { run, news, losses, looks } = state;
    const found = [[STANDING[news.status] || news.status, `epoch ${counted(this.epochs)}`]];
    run.members.forEach((_, k) => {
      const name = run.members.length > 1 ? `${this.named[k]}: ` : "", look = looks[k];
      found.push([four(losses[k].at(-1)), `${name}loss, learning`]);
      if (look && look.accuracy !== null) found.push([`${(100 * look.accuracy).toFixed(0)} %`, `${name}right, never learnt`]);
      else found.push([four(look && look.held), `${name}loss, never learnt`]);
    });
    const sum = (of) => of.reduce((a, b) => a + b, 0);
    found.push([`${sum(news.members.map((one) => one.seconds)).toFixed(1)} s`, plural(sum(run.members.map((one) => one.parameters)), "parameter")]);
    return found;
  }
}

// A text that stays where it is the same: another one is laid out and painted.
function written(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

// At most so many epochs, so that long trainings are drawn as fast as short ones.
function thinned(epochs, most = 600) {
  const length = Math.min(epochs, most);
  return Int32Array.from({ length }, (_, k) => Math.round((k * (epochs - 1)) / Math.max(1, length - 1)));
}

// The newest losses behind those before them; of what was told twice, as where a page begins to listen, one remains.
function joined(losses, more, epochs) {
  losses.length = Math.min(losses.length, epochs - more.length);
  losses.push(...more);
}
