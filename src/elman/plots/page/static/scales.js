// Scales and their marks: numbers, logarithms, dates, names; and numbers as people read them.

const DAY = 86400000;
const FAR = 1e9; // pixels: as far away as anything is drawn
// Steps between marks of dates: milliseconds, or months where they differ in length.
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1.5e4, 3e4, 6e4, 3e5, 9e5, 1.8e6, 36e5, 108e5, 216e5, 432e5].map((ms) => [ms, 0]),
  ...[1, 2, 7, 14].map((days) => [days * DAY, 0]),
  ...[1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 24000, 60000].map((months) => [months * 30.44 * DAY, months]),
];

const raised = (number) => [...String(number)].map((d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d])).join("");

function four(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [front, power] = value.toExponential(2).split("e");
    return `${Number(front)}·10${raised(Number(power))}`.replace("1·10", "10").replace("-", "−");
  }
  const short = size >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
  return apart(String(short));
}

// Digits in threes where there are many.
const apart = (text) => text.replace("-", "−").replace(/^(−?\d{1,3})((?:\d{3})+)(?=\.|$)/, (whole, first, rest) => (rest.length + first.length > 5 ? `${first}${rest.replace(/\d{3}/g, "\u2009$&")}` : whole));

const two = (number) => String(number).padStart(2, "0");

// A date as short as it can be where marks are so many milliseconds apart.
function dated(ms, step) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "";
  const year = date.getUTCFullYear() < 0 ? `−${-date.getUTCFullYear()}` : String(date.getUTCFullYear()).padStart(4, "0");
  if (step >= 360 * DAY) return year;
  if (step >= 27 * DAY) return `${year}-${two(date.getUTCMonth() + 1)}`;
  const day = `${year}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  if (step >= DAY) return day;
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  if (step >= 60000) return clock === "00:00" ? day : clock;
  return `${clock}:${two(date.getUTCSeconds())}${step < 1000 ? `.${String(date.getUTCMilliseconds()).padStart(3, "0")}` : ""}`;
}

class Scale {
  // from: pixels at both ends; what: an axis of the page's data
  constructor(what, low, high, from, to) {
    Object.assign(this, { what, low, high, from, to });
    [this.first, this.last] = [low, high].map((end) => this.along(end));
  }

  // Half of a number, as a range of numbers may be larger than any number.
  along(value) {
    return this.what.log ? Math.log10(value) : value / 2;
  }

  at(value) {
    if (value === null || value === undefined || (this.what.log && value <= 0)) return null;
    const found = this.from + ((this.along(value) - this.first) / (this.last - this.first)) * (this.to - this.from);
    return Number.isNaN(found) ? null : Math.max(-FAR, Math.min(FAR, found));
  }

  back(pixel) {
    const along = this.first + ((pixel - this.from) / (this.to - this.from)) * (this.last - this.first);
    return this.what.log ? 10 ** along : 2 * along;
  }

  // Places of about so many marks, each with its text.
  marks(most) {
    if (this.what.names) return this.named(most);
    if (this.what.log) return this.decades(most);
    if (this.what.time !== undefined) return this.dates(most);
    return this.numbers(most);
  }

  numbers(most) {
    const rough = this.high / Math.max(most, 1) - this.low / Math.max(most, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    let step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999) || power;
    if (this.what.whole) step = Math.max(1, Math.round(step));
    const found = [];
    for (let k = Math.ceil(this.low / step - 1e-9); k * step <= this.high + step * 1e-9 && found.length < 50; k += 1) found.push([k * step, this.text(k * step, step)]);
    return found;
  }

  text(value, step) {
    if (value === 0) return "0";
    const largest = Math.max(Math.abs(this.low), Math.abs(this.high));
    if (largest >= 1e6 || largest < 1e-3) return four(Number(value.toPrecision(6)), 6);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return apart(value.toFixed(Math.min(digits, 10)));
  }

  decades(most) {
    const low = Math.floor(this.first), high = Math.ceil(this.last);
    const factors = high - low <= 1 ? [1, 2, 3, 5, 7] : high - low <= 3 ? [1, 2, 5] : [1];
    const every = Math.max(1, Math.ceil((high - low) / most));
    const found = [];
    for (let power = low; power <= high; power += every) for (const factor of factors) found.push(Number(`${factor}e${power}`));
    const inside = found.filter((value) => value >= this.low * 0.999 && value <= this.high * 1.001);
    return inside.length > 1 ? inside.map((value) => [value, four(value)]) : this.numbers(most);
  }

  dates(most) {
    const rough = (this.high - this.low) / Math.max(most, 1);
    const [step, months] = STEPS.find(([ms]) => ms >= Math.max(rough, 0.9 * (this.what.time || 0))) || STEPS.at(-1);
    const found = [];
    if (!months) {
      const start = step === 7 * DAY || step === 14 * DAY ? 4 * DAY : 0; // Mondays
      for (let k = Math.ceil((this.low - start) / step); start + k * step <= this.high && found.length < 50; k += 1) found.push(start + k * step);
    } else {
      const begin = new Date(this.low);
      let month = Math.floor((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / months) * months;
      for (; found.length < 50; month += months) {
        const date = new Date(0);
        date.setUTCFullYear(Math.floor(month / 12), ((month % 12) + 12) % 12, 1);
        const ms = date.getTime();
        if (!(ms <= this.high)) break;
        if (ms >= this.low) found.push(ms);
      }
    }
    return found.map((ms) => [ms, dated(ms, step)]);
  }

  named(most) {
    const { names } = this.what;
    const first = Math.max(0, Math.ceil(this.low)), last = Math.min(names.length - 1, Math.floor(this.high));
    const every = Math.max(1, Math.ceil((last - first + 1) / Math.max(most, 1)));
    const found = [];
    for (let k = Math.ceil(first / every) * every; k <= last; k += every) found.push([k, names[k]]);
    return found;
  }

  // What is said of a value; a date with all that it has.
  said(value) {
    if (this.what.names) return this.what.names[Math.round(value)] ?? "";
    if (this.what.time !== undefined) return this.what.time ? dated(value, this.what.time) : `${dated(value, DAY)} ${value % DAY ? dated(value, value % 60000 ? 1000 : 60000) : "00:00"}`;
    return four(value, 6);
  }
}
