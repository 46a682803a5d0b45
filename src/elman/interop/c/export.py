"""To C: any network as NAME.h and NAME.c, with a main.c that reads CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from elman import checks
from elman.errors import ConversionError, OptionError
from elman.files import check_writable, write_folder
from elman.interop.c.compiled import Compiled, compiler
from elman.interop.c.files import Files, Size, files_of
from elman.interop.c.functions import OWN
from elman.interop.c.names import checked_name, remark
from elman.interop.c.program import Choices, Program, stripped
from elman.interop.c.weights import KINDS
from elman.interop.peers import OURS
from elman.interop.proof import TOLERANCE, Trial, ours, prove, trials
from elman.interop.report import Mapped, Report
from elman.network import Network
from elman.network.prefixes import hindrance_of_prefixes, prefix_network
from elman.network.stepwise import hindrance

MATH = ("libm", "own")
PLACE = "--c (path=... in Python)"  # how a caller is told another folder


@overload
def to_c(
    net: Network,
    path: str | Path,
    *,
    name: str | None = None,
    weights: str = "float32",
    math: str = "libm",
    max_steps: int | None = None,
    main: bool = True,
    constants: Mapping[str, Any] | None = None,
    about: str = "",
    data: Any = None,
    compiler: str | None = None,
    tolerance: float | None = None,
    return_report: Literal[False] = False,
) -> tuple[Path, ...]: ...
@overload
def to_c(
    net: Network,
    path: str | Path,
    *,
    name: str | None = None,
    weights: str = "float32",
    math: str = "libm",
    max_steps: int | None = None,
    main: bool = True,
    constants: Mapping[str, Any] | None = None,
    about: str = "",
    data: Any = None,
    compiler: str | None = None,
    tolerance: float | None = None,
    return_report: Literal[True],
) -> tuple[tuple[Path, ...], Report]: ...
def to_c(
    net: Network,
    path: str | Path,
    *,
    name: str | None = None,
    weights: str = "float32",
    math: str = "libm",
    max_steps: int | None = None,
    main: bool = True,
    constants: Mapping[str, Any] | None = None,
    about: str = "",
    data: Any = None,
    compiler: str | None = None,
    tolerance: float | None = None,
    return_report: bool = False,
) -> tuple[Path, ...] | tuple[tuple[Path, ...], Report]:
    """Write a network as C99: NAME.h and NAME.c, without heap and without a library but math.h.

    ``NAME_reset(state)``, ``NAME_step(state, x, y)`` and ``NAME_run(state, x, steps, y)`` give the numbers of the
    network. One that needs whole sequences (a layer in reverse, attention) has no step; its run takes at most
    `max_steps`. Pools over time and causal convolutions go step by step. Where a compiler is found the code is compiled
    without warnings and run beside the network; if they differ nothing is written.

    Parameters
    ----------
    net : Network
        Any: every cell, also a user's; several inputs and outputs. A float64 network becomes `double`.
    path : str or Path
        A folder, or the file NAME.c in one.
    name : str, optional
        What everything in the files begins with, an identifier of C; by default that of the file, or ``net``.
    weights : {"float32", "int8"}, default "float32"
        Weights bit for bit, or matrices and tables in bytes with a scale for each row, a fourth of the flash: the
        report says what it costs.
    math : {"libm", "own"}, default "libm"
        Functions of math.h, or exp, tanh, sigmoid, log and their like written out, which compilers vectorise; the
        header states their largest errors. float32 only.
    max_steps : int, optional
        Of a network that needs whole sequences: what the buffers in its state hold.
    main : bool, default True
        Whether a main.c is written too, which reads CSV from the standard input and writes CSV.
    constants : dict of str to array, optional
        Vectors that the caller's code needs beside the network, such as means and spreads of its inputs: NAME_mean.
    about : str, optional
        More for the comment at the top of the header.
    data : array, or tuple or dict of them, optional
        With int8 weights, inputs as the network takes them, on which the loss in accuracy is measured; by default
        random ones.
    compiler : str, optional
        What compiles the code for its proof; by default cc, gcc or clang. Where there is none the report says that
        nothing was run.
    tolerance : float, optional
        The largest difference that is allowed; 1e-5, in float64 1e-10.
    return_report : bool, default False

    Returns
    -------
    tuple of Path
        The files.
    Report
        With `return_report`: flash, RAM, multiply-adds and differences.

    Raises
    ------
    ConversionError
        If a network cannot be said in C, or differs there.
    OptionError
        If an option makes no sense, or the files cannot be written; nothing is written then.

    Examples
    --------
    >>> import elman as el
    >>> net = el.Network(3, [el.GRU(8), el.Dense(2)])
    >>> [file.name for file in el.interop.to_c(net, "weather", name="weather")]
    ['weather.h', 'weather.c', 'main.c']
    """
    folder, called = _place(path, name)
    _check(net, weights, math, data)
    checks.flag(return_report, "return_report")
    cc = _compiler(compiler)
    allowed = TOLERANCE[net.dtype] if tolerance is None else checks.real(tolerance, "tolerance", 0)
    names = [f"{called}.h", f"{called}.c", *(["main.c"] if checks.flag(main, "main") else [])]
    check_writable(folder, names, option=PLACE)
    program, files, report = texts_of(
        net, called, weights, math, max_steps, constants=_constants(net, constants), about=about
    )
    if cc is None:
        report = report.noting("no compiler of C was found (cc, gcc, clang): nothing was compiled or run")
    else:
        report = _proved(program, files, cc, allowed, report, data)
    written = {names[0]: files.header, names[1]: files.code, "main.c": files.main}
    write_folder(folder, {n: partial(Path.write_text, data=written[n], encoding="utf-8") for n in names}, option=PLACE)
    paths = tuple(folder / n for n in names)
    return (paths, report) if return_report else paths


def texts_of(
    net: Network,
    name: str,
    weights: str = "float32",
    math: str = "libm",
    max_steps: int | None = None,
    *,
    constants: Any = (),
    about: str = "",
) -> tuple[Program, Files, Report]:
    """The program of a network, its files, and what is known of it before it runs; options as for `to_c`."""
    steps, taken, note = _mode(net, max_steps)
    choices = Choices(name, weights, math == "own", steps, constants)
    program = Program(taken, net, choices)
    files = files_of(program, _about(net, about))
    return program, files, _report(program, files.size, [*note, *_notes(choices, files)])


# --- what is asked for ----------------------------------------------------------------------------------------


def _place(path: Any, name: str | None) -> tuple[Path, str]:
    """The folder and the name."""
    place = checks.path(path)
    if place.suffix in (".c", ".h"):
        stem = checked_name(place.stem)
        if name is not None and name != stem:
            raise OptionError(f"name is {name!r} and the file {place}: leave one of them out")
        return place.parent, stem
    return place, checked_name("net" if name is None else name)


def _check(net: Any, weights: Any, math: Any, data: Any) -> None:
    checks.instance(net, Network, "net", "a Network; of another model, its network (model.network_)")
    for value, what, known in ((weights, "weights", KINDS), (math, "math", MATH)):
        if not isinstance(value, str) or value not in known:
            hint = checks.nearest(value, known)
            raise OptionError(f"{what} is {checks.shown(value)}{hint}; expected one of {', '.join(known)}")
    if net.products is not None:
        raise ConversionError(
            f"the network rounds what its products multiply to {net.products}, and C multiplies {net.dtype}: load its "
            "parameters into a network without products=..."
        )
    if net.dtype != np.float32 and (math == "own" or weights == "int8"):
        what = "math='own'" if math == "own" else "weights='int8'"
        raise OptionError(f"{what} is for float32, and the network is of {net.dtype}: leave it out")
    if data is not None and weights != "int8":
        raise OptionError("data measures what int8 weights cost, and the weights are float32: leave data out")


def _constants(net: Network, constants: Any) -> tuple[tuple[str, np.ndarray, str], ...]:
    """What the caller's code needs, as vectors."""
    if constants is None:
        return ()
    if not isinstance(constants, Mapping):
        raise OptionError(f"constants is {checks.shown(constants)}; expected a dict of vectors by name")
    found = []
    for name, values in constants.items():
        checked_name(name)
        if name in ("state", "reset", "step", "run"):
            raise OptionError(f"the constant {name!r} is called as what every network has: give another name")
        vector = checks.floats(values, f"constants[{name!r}]", finite=True).reshape(-1).astype(net.dtype)
        if not len(vector):
            raise OptionError(f"constants[{name!r}] is empty; expected a vector")
        found.append((name, vector, f"of the caller: {name}"))
    return tuple(found)


def _compiler(wanted: Any) -> str | None:
    return compiler(None if wanted is None else checks.text(wanted, "compiler"))


def _mode(net: Network, max_steps: Any) -> tuple[int, Network, list[str]]:
    """How many steps are buffered (0: it goes step by step), the network that is written, and what to note."""
    fixed = _fixed(net)
    why = hindrance(stripped(net.structure, fixed))
    most = None if max_steps is None else checks.whole(max_steps, "max_steps", 1, 2**20)
    if not why:
        return _no_steps(most), net, []
    if not hindrance_of_prefixes(net.structure):
        note = "a step returns what the network says of the sequence up to there; what it gathers is gathered so far"
        return _no_steps(most), prefix_network(net), [note]
    if most is None:
        raise ConversionError(
            f"{why}, so that it needs whole sequences: say by max_steps= (--max-steps) how many steps there can be"
        )
    return most, net, [f"no step, for {why}: {most} steps at most"]


def _no_steps(most: int | None) -> int:
    if most is not None:
        raise OptionError(
            "max_steps is for a network that needs whole sequences; this one goes step by step: leave it out"
        )
    return 0


def _fixed(net: Network) -> list[int]:
    """The numbers of the layers whose values depend on nothing."""
    parts = enumerate(net.structure.parts)
    return [k for k, p in parts if p.graph is not None and not (p.sources or p.memories or p.graph.states)]


def _about(net: Network, more: str) -> str:
    layers = ", ".join(dict.fromkeys(graph.name for graph in net.graphs))
    first = f"a network of {len(net.layers)} layer{'s' * (len(net.layers) != 1)} ({layers}), made by {OURS}"
    return "\n".join(map(remark, [first, *checks.text(more, "about").splitlines()]))


# --- what is said ---------------------------------------------------------------------------------------------


def _report(program: Program, size: Size, notes: Sequence[str]) -> Report:
    mapped = []
    for layer in program.layers:
        if layer.written is not None and layer.spec.graph.parameters:
            ours_ = ", ".join(f"{layer.spec.name}.{p}" for p in layer.spec.graph.parameters)
            mapped.append(
                Mapped(f"{layer.name}()", ours_[:80], f"states {', '.join(layer.fields)}" if layer.fields else "")
            )
    whole = program.choices.max_steps
    facts = (
        f"flash: {size.flash:,} bytes of weights, and the code",
        f"RAM: {size.ram:,} bytes of state, {size.stack:,} bytes of arrays on the stack at most",
        f"{size.products:,} multiply-adds for " + (f"a sequence of {whole} steps" if whole else "a step"),
    )
    return Report(OURS, "C99", tuple(mapped), notes=(*facts, *notes))


def _notes(choices: Choices, files: Files) -> list[str]:
    found = []
    if choices.own:
        said = [f"{n.removeprefix('own_')} {OWN[n].split(',')[0]}" for n in OWN if f" {n}(" in files.code]
        found.append("own functions, with their largest errors: " + "; ".join(said))
    return found


def _proved(program: Program, files: Files, cc: str, allowed: float, report: Report, data: Any) -> Report:
    """The report after both sides have run."""
    choices, net, taken = program.choices, program.whole, program.net
    most = choices.max_steps or None
    report = replace(report, target=f"C99 ({Path(cc).name})")
    if choices.weights == "float32":
        return prove(net, Compiled.alone(program, files, cc), report, trials(net, most=most), tolerance=allowed)
    exact = Program(taken, net, replace(choices, weights="float32"))
    report = prove(
        net, Compiled.alone(exact, files_of(exact, ""), cc), report, trials(net, most=most), tolerance=allowed
    )
    rounded = Program(taken, net, replace(choices, weights="rounded"))
    bytes_, floats = Compiled.alone(program, files, cc), Compiled.alone(rounded, files_of(rounded, ""), cc)
    apart = _apart(net, bytes_, floats)
    if not apart <= max(allowed, 1e-5) * 10:
        raise ConversionError(
            f"int8 weights and the numbers that they stand for differ by {apart:.2g}: please report the model"
        )
    return report.noting(
        f"int8 weights and the numbers that they stand for differ by {apart:.2g}", *_loss(net, bytes_, data)
    )


def _apart(net: Network, a: Compiled, b: Compiled) -> float:
    worst = 0.0
    for trial in trials(net, most=a.program.choices.max_steps or None):
        for x, y in zip(a(trial), b(trial), strict=True):
            worst = max(worst, float(np.abs(x - y).max(initial=0)) / max(1.0, float(np.abs(y).max(initial=0))))
    return worst


def _loss(net: Network, run: Compiled, data: Any) -> list[str]:
    """What the bytes cost, output by output: on data, or on random input, which is said."""
    if data is None:
        trial, where = next(trials(net, most=run.program.choices.max_steps or None, seed=1)), "random input"
    else:
        inputs, _ = net.check_batch(data, None)
        trial, where = Trial("data", inputs), f"the data given ({len(inputs[0])} rows)"
    names = net.structure.names or ("output",)
    found = []
    for name, a, b in zip(names, ours(net, trial), run(trial), strict=False):
        error = a.astype(np.float64) - b
        spread = float(a.std()) or 1.0
        square = float(np.sqrt(np.mean(error**2)))
        found.append(
            f"int8 weights on {where}: {name} differs by {square:.3g} (root mean square) and "
            f"{float(np.abs(error).max()):.3g} at most, where it spreads by {spread:.3g}"
        )
    return found
