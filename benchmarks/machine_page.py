"""What the pages say of one machine: a section of docs/performance.md, and all figures in docs/performance/NAME.md."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.comparisons import COMPARISONS, KEPT
from benchmarks.machine_files import title
from benchmarks.markdown import markdown, paragraph
from benchmarks.run import goals_of
from benchmarks.table import goal_name, spread

from elman.bench.figures import time_text

IMPORT_GOAL_S = 0.15
NAMES = {"elman": "Elman", "numpy": "NumPy", "pytorch": "PyTorch", "jax": "JAX", "keras": "Keras"}
NAMES |= {"onnxruntime": "ONNX Runtime"}
BY_NAME = {comparison.workload.name: comparison for comparison in COMPARISONS}


def section(name: str, results: dict[str, Any]) -> str:
    """Elman beside the best peer in every workload."""
    machine = results["machine"]
    facts = ", ".join(str(machine[key]) for key in ("instructions", "caches") if machine.get(key))
    libraries = ", ".join(f"{NAMES[library]} {version}" for library, version in versions(results).items())
    products = "; ".join(filter(None, (products_text(results, kind) for kind in ("float32", "bfloat16"))))
    text = f"""
        {results["time"][:10]}, {results["threads"]} threads each. {facts}; {machine["memory_gib"]} GiB;
        {machine["system"]}, Python {machine["python"]}; {libraries}. {products}. {disturbances(results)}
        {results.get("lacks", "")} [All figures](performance/{name}.md)."""
    heading = ("", "Elman", "best peer", "its time by Elman's", "goal", "share of product")
    table = markdown(heading, (best_row(workload, results) for workload in results["workloads"]))
    return f"## {title(machine)}\n\n{paragraph(text)}\n\n{table}"


def details(name: str, results: dict[str, Any]) -> str:
    """A page of everything that was measured on a machine."""
    head = f"""# {title(results["machine"])}, {results["time"][:10]}

What [Performance](../performance.md) has in short: all contenders, what importing them costs, and memory.

![How many times Elman's time each peer takes]({name}.png)"""
    parts = (head, contenders(results), memory_and_import(results), low_memory(results))
    return "\n\n".join(filter(None, parts)) + "\n"


# --- one workload --------------------------------------------------------------------------------------------


def best_row(workload: dict[str, Any], results: dict[str, Any]) -> tuple[str, ...]:
    ours, best = workload["contenders"][0], best_peer(workload)
    time = time_text(ours["ms"]) if "ms" in ours else ours["missing"]
    peer = f"{best['best']}, {time_text(best['ms'])}" if best else "none could be measured"
    reached = "; ".join(map(goal_words, goals(workload, results)))
    return workload["name"], time, peer, ratio_words(workload), reached, share_words(workload, results)


def goals(workload: dict[str, Any], results: dict[str, Any]) -> list[dict[str, Any]]:
    """What was reached of the goals that there are now for such a machine; none for a workload that is no more."""
    comparison = BY_NAME.get(workload["name"])
    if comparison is None:
        return []
    return goals_of(comparison, workload["contenders"], results["machine"]["instructions"])


def share_words(workload: dict[str, Any], results: dict[str, Any]) -> str:
    """As "97% (80%: yes)": the share of the matrix product, and whether the goal for it is met, where there is one."""
    ours, comparison = workload["contenders"][0], BY_NAME.get(workload["name"])
    if "ms" not in ours:
        return ""
    share, numbers = ours["fraction_of_sgemm"], workload["product"]["numbers"]
    of_others = " of float32" if "bfloat16" in ours["variant"] and numbers == "float32" else ""
    goal = comparison.share_wanted(numbers, results["machine"]["instructions"]) if comparison else 0
    met = "yes" if share >= goal else "**no**"
    return f"{share:.0%}{of_others}" + (f" ({goal:.0%}: {met})" if goal else "")


def ratio_words(workload: dict[str, Any]) -> str:
    """As "2.40", or "1.19; 2.13 without" where the best peer keeps its memory."""
    best, without = best_peer(workload), best_peer(workload, kept=False)
    if not best:
        return ""
    differ = KEPT in best["best"] and without
    return f"{best['ratio']:.2f}" + (f"; {without['ratio']:.2f} without" if differ else "")


def goal_words(goal: dict[str, Any]) -> str:
    """As "3x: yes", or "10x over loop: **no**, 4.95"."""
    if "ratio" not in goal:
        return f"{goal_name(goal)}: not measured ({goal.get('missing') or 'no such contender'})"
    met = "yes" if goal_met(goal) else "**no**"
    return f"{goal_name(goal)}: {met}" + (f", {goal['ratio']:.2f}" if goal["against"] else "")


def goal_met(goal: dict[str, Any]) -> bool:
    return goal.get("ratio", 0) >= goal["factor"]


def best_peer(workload: dict[str, Any], kept: bool = True) -> dict[str, Any]:
    """Name, time and ratio of the fastest one that is not Elman, if there is any; with tuned allocators or not."""
    others = [e for e in workload["contenders"][1:] if e.get("ratios") and e["library"] != "elman"]
    others = [e for e in others if kept or KEPT not in e["variant"]]
    if not others:
        return {}
    best = min(others, key=lambda e: e["ms"])
    return {"best": f"{best['library']} {best['variant']}", "ms": best["ms"], "ratio": median(best["ratios"])}


# --- everything ----------------------------------------------------------------------------------------------


def memory_and_import(results: dict[str, Any]) -> str:
    """What each library costs before it does anything large."""
    rows = [(NAMES[each["library"]], *import_figures(each, results)) for each in results["imports"]]
    if not rows:
        return ""
    ours = next(each for each in results["imports"] if each["library"] == "elman")
    more = ours["first_use_s"]
    verdict = "met" if ours["seconds"] + more <= IMPORT_GOAL_S else "**not met**"
    text = f"""
        Import beyond NumPy's, the median of fresh processes. Elman loads most of itself when it is first used: its
        first network takes {more:.3f} s more. The goal for both together is {IMPORT_GOAL_S} s: {verdict}.
        Memory: the peak of the workload that needs least, library and data included."""
    return f"## Import and memory\n\n{paragraph(text)}\n\n{markdown(('', 'import', 'memory'), rows)}"


def import_figures(each: dict[str, Any], results: dict[str, Any]) -> tuple[str, str]:
    if "missing" in each:
        return (each["missing"], "")
    memory = [e["memory_mib"] for e in entries(results) if e["library"] == each["library"] and "missing" not in e]
    return (f"{each['seconds']:.3f} s", f"{min(memory):.0f} MiB" if memory else "")


def low_memory(results: dict[str, Any]) -> str:
    """`fit(memory="low")` beside the normal one."""
    rows = [
        (
            f"{found['steps']:,}",
            *(f"{found[kind]['peak_mib']:.0f} MiB, {time_text(found[kind]['ms'])}" for kind in ("normal", "low")),
            f"{found['normal']['peak_mib'] / found['low']['peak_mib']:.1f}",
            f"{found['time_ratio']:.2f}",
        )
        for found in results.get("memory", ())
    ]
    text = """
        W7's network on longer sequences, in the memory of sqrt(T) steps beside that of all: the peak of an update
        beyond data and network, and its time."""
    table = markdown(("steps", "normal", "low", "times less memory", "times the time"), rows)
    return f'## `fit(memory="low")`\n\n{paragraph(text)}\n\n{table}' if rows else ""


def contenders(results: dict[str, Any]) -> str:
    rows = []
    for workload in results["workloads"]:
        for number, each in enumerate(workload["contenders"]):
            name = "" if number else f"{workload['name']}, one {workload['unit']}"
            rows.append((name, f"{each['library']} {each['variant']}", *contender_figures(each)))
    heading = ("", "", "time (lowest-highest)", "by Elman's", "GFLOP/s", "of product", "loss", "peak MiB")
    return "## All contenders\n\n" + markdown(heading, rows)


def contender_figures(each: dict[str, Any]) -> tuple[str, ...]:
    if "missing" in each:
        return (each["missing"], "", "", "", "", "")
    agrees = {True: "", False: " **differs**", None: " (another model)"}[each["loss_agrees"]]
    return (
        spread(each),
        f"{median(each['ratios']):.2f}" if each["ratios"] else "",
        f"{each['gflops']:.3g}",
        f"{each['fraction_of_sgemm']:.0%}",
        f"{each['loss']:.4f}{agrees}",
        f"{each['memory_mib']:.0f}",
    )


def products_text(results: dict[str, Any], numbers: str) -> str:
    """How fast the libraries multiply such numbers."""
    found = [each for each in results["products"] if each.get("numbers", "float32") == numbers]
    speeds = ", ".join(f"{NAMES[each['library']]} {each['gflops']:.0f}" for each in found)
    return f"{numbers} products of 1024 x 1024, GFLOP/s: {speeds}" if found else ""


def disturbances(results: dict[str, Any]) -> str:
    disturbed = sum(e.get("disturbed_rounds", 0) for e in entries(results))
    turns = results["rounds"] * sum("missing" not in e for e in entries(results))
    return f"Other programs took more than 5 % of the processors in {disturbed} of {turns} turns."


def entries(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for workload in results["workloads"] for each in workload["contenders"]]


def versions(results: dict[str, Any]) -> dict[str, str]:
    """Of the peers that were measured."""
    return {e["library"]: e["version"] for e in entries(results) if "missing" not in e and e["library"] != "elman"}
