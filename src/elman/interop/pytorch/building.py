"""The module of a network: which of its layers are PyTorch's own, which parameters are shared, which train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from elman.engine.slots import ONCE
from elman.equations.graph import Graph
from elman.equations.symbols import width
from elman.interop.pytorch.gates import ORDERS, Row
from elman.interop.pytorch.layers import BatchNorm, Dense, GraphLayer, free
from elman.interop.pytorch.module import Given, NetworkModule, Plan, Step
from elman.interop.pytorch.programs import program_of
from elman.interop.pytorch.standard import Standard, signature, standard_of
from elman.interop.report import Mapped
from elman.network import Network
from elman.network.flow import Part


class Builder:
    """Makes the layers of a module, one after the other."""

    def __init__(self, net: Network):
        self.net, self.structure = net, net.structure
        self.dtype = getattr(torch, net.dtype.name)
        self.layers = nn.ModuleDict()
        self.rows: dict[str, tuple[str, Row]] = {}
        self.mapped: list[Mapped] = []
        self.notes: list[str] = []
        self._own: dict[int, Standard] = {}  # the layers that are PyTorch's own, by the number of the part
        self._keys: dict[int, str] = {}  # the module's layer of each part
        self._shared: dict[tuple[int, str], Any] = {}  # the tensor of a part's parameter, where it has one to itself

    def module(self) -> NetworkModule:
        """The whole."""
        parts = self.structure.parts
        found = {k: standard_of(part) for k, part in enumerate(parts)}
        self._own = {k: one for k, one in found.items() if one is not None and self._fits(k, one)}
        steps = [self._step(k, part) for k, part in enumerate(parts)]
        axes = [self.structure.axis(source) for source in self.structure.outputs]
        plan = Plan(
            tuple(Given(d.given.name, d.given.width, d.given.axis, d.whole) for d in self.net.doors),
            tuple(steps),
            tuple(tuple(self.structure.axis(m) for m in part.memories) for part in parts),
            tuple((s.number, s.state) for s in self.structure.outputs),
            tuple(-1 if axis == ONCE else axis for axis in axes),
            self.structure.names,
            self.structure.by_name,
        )
        module = NetworkModule(plan, self.layers, self.rows, self.dtype)
        write(module, self.net.params)
        return module.eval()

    # --- which of them are PyTorch's own ------------------------------------------------------------------------

    def _fits(self, number: int, own: Standard) -> bool:
        """Whether a layer can be PyTorch's: what is stacked there is neither shared nor frozen in parts."""
        part = self.structure.parts[number]
        assert part.graph is not None
        if not own.is_recurrent:
            return own.kind != "BatchNorm" or not part.tied
        if "proj_size" in own.options and not width(part.graph.states[0]) < width(part.graph.states[1]):
            return False
        if part.tied and self._twin(number) is None:
            return False
        users = [k for k, p in enumerate(self.structure.parts) if any(o == number for o, _ in p.tied.values())]
        return all(self._twin(k) == number for k in users) and self._trains_as_one(number, own)

    def _twin(self, number: int) -> int | None:
        """The part whose parameters, all of them, another call of the same layer has; None where there is none."""
        part = self.structure.parts[number]
        owners = {owner for owner, _ in part.tied.values()}
        if part.graph is None or len(owners) != 1 or set(part.tied) != set(part.graph.parameters):
            return None
        (owner,) = owners
        other = self.structure.parts[owner].graph
        alike = other is not None and signature(other) == signature(part.graph)
        return owner if alike and all(name == theirs for name, (_, theirs) in part.tied.items()) else None

    def _trains_as_one(self, number: int, own: Standard) -> bool:
        frozen: dict[str, set[bool]] = {}
        for row in own.rows:
            is_frozen = self._name(number, row.ours) in self.net.frozen
            for tensor in filter(None, (row.theirs, row.plus if own.kind == "GRU" else "")):
                frozen.setdefault(tensor, set()).add(is_frozen)
        bias = frozen.get("bias_ih_l0")
        if own.kind == "GRU" and bias == {False}:
            frozen.pop("bias_hh_l0")  # with the candidate's frozen, the others there are zero and stay so
        return all(len(said) == 1 for said in frozen.values())

    def _name(self, number: int, parameter: str) -> str:
        owner, name = self.structure.parts[number].tied.get(parameter, (number, parameter))
        return f"{self.structure.parts[owner].name}.{name}"

    # --- one part -----------------------------------------------------------------------------------------------

    def _step(self, number: int, part: Part) -> Step:
        sources = tuple((s.number, s.state) for s in part.sources)
        along = self._along(number, part)
        if part.graph is None:
            assert part.move is not None
            return Step("", part.move.kind, sources, axis=along, number=part.move.number)
        half = self._half(number)
        key = self._keys[number - 1] if half == 1 else self._layer(number, part, half)
        self._keys[number] = key
        if half == 1:
            self._note_rows(number, self._own[number], key, "_l0_reverse")
        return Step(
            key,
            self._own[number].kind if number in self._own else "graph",
            sources,
            tuple(None if s is None else (s.number, s.state) for s in part.initial),
            tuple((s.number, s.state) for s in part.memories),
            along,
            sizes=tuple(width(s) for s in part.graph.states),
            reverse=part.layer.reverse,
            last=part.layer.last_only,
            half=half,
        )

    def _along(self, number: int, part: Part) -> int:
        """The time axis that a part runs along."""
        if part.move is not None and part.move.kind == "repeat":
            return self.structure.axes[number]
        found = [self.structure.axis(s) for s in part.sources]
        return next((axis for axis in found if axis != ONCE), -1)

    def _half(self, number: int) -> int:
        """Which direction of a layer in both a part is; -1 of others."""
        if self._is_pair(number):
            return 0
        return 1 if number and self._is_pair(number - 1) else -1

    def _is_pair(self, number: int) -> bool:
        if number + 1 >= len(self.structure.parts):
            return False
        if number and self._keys.get(number - 1) and self._is_pair(number - 1):
            return False
        there, back = self.structure.parts[number : number + 2]
        one, other = self._own.get(number), self._own.get(number + 1)
        if one is None or other is None or not one.is_recurrent or one.rows != other.rows:
            return False
        alone = not (there.initial or back.initial or there.tied or back.tied)
        users = {owner for p in self.structure.parts for owner, _ in p.tied.values()} & {number, number + 1}
        ways = (there.layer.reverse, back.layer.reverse) == (False, True)
        assert there.graph is not None and back.graph is not None
        sizes = [[width(s) for s in g.states] for g in (there.graph, back.graph)]
        same = one.options == other.options and sizes[0] == sizes[1]
        return alone and not users and ways and same and there.sources == back.sources

    def _layer(self, number: int, part: Part, half: int) -> str:
        """The name of a part's layer among the module's, which is made unless another part has it."""
        twin = self._twin(number)
        if number in self._own and twin is not None and twin in self._own:
            return self._keys[twin]
        name = part.name.removesuffix(".forward") if half == 0 else part.name
        key = free(self.layers, name)
        if number in self._own:
            self.layers[key] = self._standard(number, part, self._own[number], half == 0)
            self._note_rows(number, self._own[number], key, "_l0")
        else:
            self.layers[key] = self._graph(number, part, key)
        return key

    def _note_rows(self, number: int, own: Standard, key: str, ending: str) -> None:
        """Remember where parameters lie, and whether they train."""
        layer, part = self.layers[key], self.structure.parts[number]
        theirs: dict[str, list[str]] = {}
        for row in own.rows:
            places = {f: getattr(row, f).replace("_l0", ending) for f in ("theirs", "plus")}
            row = Row(row.ours, places["theirs"], row.block, row.blocks, places["plus"])
            theirs.setdefault(row.theirs, []).append(row.ours)
            if row.ours in part.tied:
                continue
            self.rows[f"{part.name}.{row.ours}"] = (key, row)
            tensor = getattr(layer, row.theirs)
            if f"{part.name}.{row.ours}" in self.net.frozen and isinstance(tensor, nn.Parameter):
                tensor.requires_grad_(False)
            if row.plus and own.kind != "GRU":
                getattr(layer, row.plus).requires_grad_(False)
        how = ORDERS.get(own.kind, "")
        for tensor, names in theirs.items():
            self.mapped.append(Mapped(f"layers.{key}.{tensor}", ", ".join(f"{part.name}.{n}" for n in names), how))

    def _standard(self, number: int, part: Part, own: Standard, both: bool) -> Any:
        graph = part.graph
        assert graph is not None
        features = width(graph.inputs[0]) if graph.inputs else 0
        options: dict[str, Any] = {**own.options, "dtype": self.dtype}
        if own.is_recurrent:
            units = width(graph.states[-1])
            if "proj_size" in options:
                options["proj_size"] = width(graph.states[0])
            if own.kind == "GRU" and own.options["bias"]:
                self._note_twice(part)
            return getattr(nn, own.kind)(features, units, batch_first=True, bidirectional=both, **options)
        if own.kind == "Dropout":
            return nn.Dropout(**own.options)
        made = self._plain(number, part, own, graph, features, options)
        for row in own.rows:
            if row.ours in part.tied:
                setattr(made, row.theirs, self._shared[part.tied[row.ours]])
            self._shared[number, row.ours] = getattr(made, row.theirs)
        return made

    def _plain(self, number: int, part: Part, own: Standard, graph: Graph, features: int, options: Any) -> Any:
        """A layer without states, which has a tensor for each parameter."""
        if own.kind == "Embedding":
            rows, columns = graph.shape("E")
            return nn.Embedding(rows, columns, dtype=self.dtype)
        if own.kind == "LayerNorm":
            return nn.LayerNorm(features, **options)
        if own.kind == "Linear":
            units = graph.shape("W")[0]
            if own.after is None:
                return nn.Linear(features, units, **options)
            after = GraphLayer(program_of(own.after), {}, {}, dtype=self.dtype)
            return Dense(features, units, bias=own.options["bias"], after=after, dtype=self.dtype)
        values = {row.ours: self._value(number, row.ours) for row in own.rows}
        moving = f"{part.name}.mean" not in self.net.frozen
        g, b = (nn.Parameter(values[n]) for n in "gb")
        return BatchNorm(g, b, values["mean"], values["variance"], **part.layer.batch, moving=moving)

    def _note_twice(self, part: Part) -> None:
        self.notes.append(
            f"{part.name}: an nn.GRU has two biases of each gate, which are summed: the second ones begin at 0, and "
            "train too"
        )

    def _value(self, number: int, parameter: str) -> Any:
        return torch.tensor(np.array(self.net.params[self._name(number, parameter)]))

    def _graph(self, number: int, part: Part, key: str) -> GraphLayer:
        graph = part.graph
        assert graph is not None
        trained: dict[str, Any] = {}
        fixed: dict[str, Any] = {}
        for name, parameter in graph.parameters.items():
            owner = part.tied.get(name, (number, name))
            if owner not in self._shared:
                value = self._value(number, name)
                frozen = self._name(number, name) in self.net.frozen
                is_fixed = bool(parameter.fixed)
                self._shared[owner] = value if is_fixed else nn.Parameter(value, requires_grad=not frozen)
            kept = self._shared[owner]
            (trained if isinstance(kept, nn.Parameter) else fixed)[name] = kept
        layer = GraphLayer(
            program_of(graph), trained, fixed, reverse=part.layer.reverse, last=part.layer.last_only, dtype=self.dtype
        )
        for name, theirs in layer.attributes.items():
            if name not in part.tied:
                self.rows[f"{part.name}.{name}"] = (key, Row(name, theirs))
                self.mapped.append(Mapped(f"layers.{key}.{theirs}", f"{part.name}.{name}"))
        if not layer.attributes:
            self.mapped.append(Mapped(f"layers.{key}", part.name, "equations"))
        return layer


def write(module: NetworkModule, params: Mapping[str, np.ndarray]) -> None:
    """Give a module the parameters of a network."""
    for key, layer in module.layers.items():
        held = layer.state_dict(keep_vars=True)
        rows = [(name, row) for name, (where, row) in module.rows.items() if where == key]
        named = {n for _, row in rows for n in (row.theirs, row.plus) if n}
        arrays = {n: held[n].detach().cpu().numpy().copy() for n in named}
        for name, row in rows:
            row.write(np.asarray(params[name]), arrays)
        with torch.no_grad():
            for n, array in arrays.items():
                held[n].copy_(torch.from_numpy(array))
