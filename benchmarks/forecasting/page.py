"""Writes the tables of docs/forecasting.md from measurements' JSON: `python -m benchmarks.forecasting.page [FILE ...]`.

Without files, those of `benchmarks/results/forecasting`; of what was measured several times the newest is taken. What
is not there is said to be not measured.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.forecasting.contenders import CONTENDERS
from benchmarks.forecasting.run import RESULTS
from benchmarks.markdown import markdown, paragraph

PAGE = Path(__file__).parent.parent.parent / "docs" / "forecasting.md"
NAMES = {"elman": "Elman", "statsforecast SeasonalNaive": "seasonal naive", "statsforecast Theta": "Theta"}
NAMES |= {"statsforecast AutoETS": "AutoETS"}
SIMPLE = ("elman", "statsforecast AutoETS", "statsforecast Theta", "statsforecast SeasonalNaive")
PUBLISHED = ("THETA", "ForecastPro", "Auto-ANN", "NAIVE2")
M3 = ("M3 yearly", "M3 quarterly", "M3 monthly", "M3 other")
Entry = dict[str, Any]


@dataclass
class Measured:
    """What was measured, by how (`all`, `apart`, `drawn`), group, contender and problem; each a list of rounds."""

    found: dict[tuple[str, str, str], dict[str, list[Entry]]]
    machines: dict[str, str]
    versions: dict[str, str]

    @staticmethod
    def of(results: Iterable[dict[str, Any]]) -> Measured:
        """Of several files, the newest last."""
        measured = Measured({}, {}, {})
        for result in results:
            if not result["before"]:
                measured.take(result)
        return measured

    def take(self, result: dict[str, Any]) -> None:
        """What one file holds, in place of what is older."""
        how = "apart" if result["apart"] else "drawn" if result["most"] else "all"
        self.machines[how] = f"{result['machine']['processor']}, {result['threads']} threads"
        fresh: dict[tuple[str, str, str], dict[str, list[Entry]]] = {}
        for each in result["entries"]:
            rounds = fresh.setdefault((how, each["group"], each["contender"]), {})
            rounds.setdefault(each["problem"], []).append(each)
            if "version" in each:
                self.versions[each["contender"].split()[0]] = each["version"]
        self.found |= fresh

    def problems(self, how: str, group: str, contender: str) -> dict[str, list[Entry]]:
        """What was measured of a contender, without what failed."""
        found = self.found.get((how, group, contender), {})
        good = {name: [e for e in rounds if "missing" not in e] for name, rounds in found.items()}
        return {name: rounds for name, rounds in good.items() if rounds}

    def mean(self, how: str, groups: Sequence[str], contender: str, score: str) -> float | None:
        """The mean over all series of some groups; None where something is lacking."""
        parts = [self.problems(how, group, contender) for group in groups]
        if not all(parts):
            return None
        entries = [rounds[0] for part in parts for rounds in part.values()]
        return sum(e[score] * e["series"] for e in entries) / sum(e["series"] for e in entries)

    def seconds(self, how: str, group: str, contender: str, clock: str) -> float | None:
        """The median over rounds of what all problems took together."""
        rounds = list(self.problems(how, group, contender).values())
        if not rounds:
            return None
        return median(sum(each[k][clock] for each in rounds) for k in range(min(map(len, rounds))))

    def missing(self, how: str, group: str, contender: str) -> str:
        """Why there is no figure."""
        found = self.found.get((how, group, contender), {})
        return next((e["missing"] for rounds in found.values() for e in rounds if "missing" in e), "not measured")


def figure(value: float | None, digits: int = 2) -> str:
    return "not measured" if value is None else f"{value:.{digits}f}"


def times(ratio: float) -> str:
    """A ratio of times in two digits, or in whole ones."""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"


def best(values: Sequence[float | None], digits: int = 2) -> list[str]:
    """The figures of a row, the lowest in bold."""
    lowest = min((round(v, digits) for v in values if v is not None), default=None)
    return [
        f"**{figure(v, digits)}**" if v is not None and round(v, digits) == lowest else figure(v, digits)
        for v in values
    ]


def called(contender: str) -> str:
    return NAMES.get(contender, contender.removeprefix("published "))


def accuracy(m: Measured) -> str:
    """Competitions, a panel, and R's data sets."""
    return "\n\n".join([m3(m), m3_apart(m), m4(m), of_r(m)])


def m3(m: Measured) -> str:
    who = ["elman", *(f"published {name}" for name in PUBLISHED), *SIMPLE[1:]]
    rows = [
        (name, count(m, groups), *best([m.mean("all", groups, each, "smape") for each in who]))
        for name, groups in [*((g.removeprefix("M3 "), [g]) for g in M3), ("all", list(M3))]
    ]
    took = [m.seconds("all", group, "elman", "fit_s") for group in M3]
    together = f", in {sum(t for t in took if t):.0f} s altogether" if all(took) else ""
    text = f"""
        **M3**, sMAPE: every third series of the competition (Makridakis and Hibon 2000), each period learnt as one
        collection{together}. Elman's networks were pretrained on these training parts, among others; no truth of a test
        part was. THETA, ForecastPro, Auto-ANN and NAIVE2 are the forecasts that were submitted; AutoETS, Theta and
        seasonal naive are statsforecast's."""
    heading = ("", "series", *(called(each) for each in who))
    return f"{paragraph(text)}\n\n{markdown(heading, rows)}"


def count(m: Measured, groups: Sequence[str]) -> str:
    parts = [m.problems("all", group, "elman") for group in groups]
    return str(sum(rounds[0]["series"] for part in parts for rounds in part.values()))


def m3_apart(m: Measured) -> str:
    """Each series by itself, which no network learns."""
    rows = []
    for group in M3:
        mine, theirs = m.problems("apart", group, "elman"), m.problems("apart", group, "published THETA")
        if mine:
            scores = [m.mean("apart", [group], each, "smape") for each in ("elman", "published THETA")]
            took = [e["fit_s"] + e["predict_s"] for rounds in mine.values() for e in rounds]
            rows.append((group.removeprefix("M3 "), f"{len(mine)}", *best(scores), f"{median(took):.1f} s"))
            assert len(theirs) == len(mine)
    text = """
        The same **one series at a time**, so that only what the networks were taught before helps: a seeded draw of
        series of each period, and the median time from data to intervals."""
    table = markdown(("", "series", "Elman", "THETA", "time of Elman"), rows)
    return f"{paragraph(text)}\n\n{table if rows else 'Not measured.'}"


def m4(m: Measured) -> str:
    rows = []
    for name, group in (("M4 hourly", "M4 hourly"), ("M4 weekly", "M4 weekly"), ("visitor nights", "tourism")):
        rows.append((name, count(m, [group]), *best([m.mean("all", [group], each, "mase") for each in SIMPLE])))
    text = """
        **M4** (every third hourly and weekly series; Makridakis et al. 2020) and the visitor nights of 20 regions of
        Australia by quarters (`visnights` of R's package fpp2), MASE. The winner of M4, ES-RNN, published 0.89 and 2.36
        for all hourly and weekly series."""
    return f"{paragraph(text)}\n\n{markdown(('', 'series', *map(called, SIMPLE)), rows)}"


def of_r(m: Measured) -> str:
    parts = [m.problems("all", "R", each) for each in SIMPLE]
    names = [name for name in parts[0] if all(name in part for part in parts)]
    if not names:
        return "**R's data sets**: not measured."
    scores = {name: [part[name][0]["mase"] for part in parts] for name in names}
    to_ets = {name: mine / ets for name, (mine, ets, *_) in scores.items()}
    to_better = {name: mine / min(ets, naive) for name, (mine, ets, _, naive) in scores.items()}
    worst = max(to_better, key=lambda name: to_better[name])
    took = [rounds[0]["fit_s"] + rounds[0]["predict_s"] for rounds in parts[0].values()]
    rows = [(name, *best(each), f"{to_ets[name]:.2f}") for name, each in scores.items()]
    text = f"""
        **{len(names)} data sets of R**, each by itself, the last season or two as the truth, MASE. By AutoETS's MASE,
        Elman's is {median(to_ets.values()):.2f} in the median; by the better of AutoETS and (seasonal) naive it is
        {to_better[worst]:.2f} at worst, for {worst}. From data to intervals it takes {median(took):.1f} s in the
        median, {max(took):.1f} s at most."""
    return f"{paragraph(text)}\n\n{markdown(('', *map(called, SIMPLE), 'Elman / AutoETS'), rows)}"


def coverage(m: Measured) -> str:
    """Of intervals, by collection and level."""
    rows = []
    for how, label in (("all", ""), ("apart", ", one by one")):
        for name, groups in (("M3", M3), ("M4 hourly", ["M4 hourly"]), ("M4 weekly", ["M4 weekly"]), ("R", ["R"])):
            shares = [covered(m, how, groups, "elman", level) for level in ("80", "90", "95")]
            theirs = covered(m, how, groups, "statsforecast AutoETS", "90")
            if shares[0] is not None:
                rows.append((name + label, *(percent(s) for s in shares), percent(theirs)))
    heading = ("", "Elman, 80 %", "90 %", "95 %", "AutoETS, 90 %")
    return markdown(heading, rows) if rows else "Not measured."


def percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.1f}"


def covered(m: Measured, how: str, groups: Sequence[str], contender: str, level: str) -> float | None:
    """The share of all values."""
    parts = [m.problems(how, group, contender) for group in groups]
    entries = [rounds[0] for part in parts for rounds in part.values()]
    if not all(parts) or any(level not in e["coverage"] for e in entries):
        return None
    return sum(e["coverage"][level] * e["values"] for e in entries) / sum(e["values"] for e in entries)


def peers(m: Measured) -> str:
    """Neural forecasters on the same draw of series."""
    groups = dict.fromkeys(group for how, group, _ in m.found if how == "drawn")
    tried = {contender for how, _, contender in m.found if how == "drawn"}
    neural = [each.name for each in CONTENDERS if is_neural(each.name) and each.name in tried]
    if not neural:
        return "Not measured."
    drawn = [found for key, found in m.found.items() if key[0] == "drawn"]
    loads = [e["load"] for found in drawn for rounds in found.values() for e in rounds if "load" in e] or [0]
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(m.versions.items()) if name != "elman")
    text = f"""
        A seeded draw of series of each collection, the same for everyone, as training takes long ({libraries};
        {m.machines["drawn"]}). Each contender runs in a process of its own, one after the other; importing is not
        timed. MASE, and times as multiples of Elman's, of the clock and, in brackets, of the processors, as other
        programs used them too (load averages of {min(loads):.0f} to {max(loads):.0f}): the latter tell more. "Tuned" is
        what a good user would set: how, is in `benchmarks/forecasting/of_neuralforecast.py` and `of_darts.py`. A
        network of theirs is trained for each collection; R's series one by one."""
    sections = [of_group(m, group, [*SIMPLE, *neural]) for group in groups]
    return "\n\n".join([paragraph(text), *sections, paragraph(left_out(neural, list(groups)))])


def left_out(contenders: Sequence[str], groups: Sequence[str]) -> str:
    """Who and what was not measured at all."""
    nobody = [each.name for each in CONTENDERS if is_neural(each.name) and each.name not in contenders]
    nothing = [each for each in (*M3, "M4 hourly", "M4 weekly", "tourism", "R") if each not in groups]
    who = f"Not measured: {', '.join(nobody)}. " if nobody else ""
    return who + (f"Neural forecasters were not measured on {', '.join(nothing)}." if nothing else "")


def is_neural(contender: str) -> bool:
    return contender.startswith(("neuralforecast", "darts"))


def of_group(m: Measured, group: str, who: Sequence[str]) -> str:
    own = {clock: m.seconds("drawn", group, "elman", clock) for clock in ("fit_s", "fit_cpu_s", "predict_s")}
    ours = m.problems("drawn", group, "elman")
    if not ours:
        return f"{group}: not measured."
    rows = []
    for each in who:
        part = m.problems("drawn", group, each)
        if len(part) < len(ours):
            rows.append((called(each), m.missing("drawn", group, each), "", ""))
            continue
        clocks = [m.seconds("drawn", group, each, clock) for clock in own]
        fit, cpu, predict = (t / max(o, 1e-3) for t, o in zip(clocks, own.values(), strict=True) if t and o)
        mase = m.mean("drawn", [group], each, "mase")
        rows.append((called(each), figure(mase, 3), f"{times(fit)} ({times(cpu)})", times(predict)))
    series = sum(rounds[0]["series"] for rounds in ours.values())
    own_text = f"Elman's training takes {own['fit_s']:.1f} s, its forecast {own['predict_s']:.1f} s"
    heading = (f"{group}, {series} series", "MASE", "training time", "forecasting time")
    return f"{markdown(heading, rows)}\n\n{own_text}."


SECTIONS = {"accuracy": accuracy, "coverage": coverage, "peers": peers}


def written(text: str, m: Measured) -> str:
    """The page with its tables between their marks."""
    for name, section in SECTIONS.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
        if not mark.search(text):
            sys.exit(f"benchmarks: the page has no place for {name}")
        made = f"{section(m)}\n"
        text = mark.sub(lambda found, made=made: found[1] + made + found[2], text)
    return text


def main() -> None:
    """Read what was measured, write the page."""
    files = [Path(name) for name in sys.argv[1:]] or sorted(RESULTS.glob("*.json"))
    if not files:
        sys.exit("benchmarks/results/forecasting has no measurement: run `make bench-forecast` first")
    measured = Measured.of(json.loads(file.read_text()) for file in files)
    PAGE.write_text(written(PAGE.read_text(), measured))
    print(f"Written to {PAGE}")


if __name__ == "__main__":
    main()
