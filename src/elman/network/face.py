"""The face of a network: what the modules that serve it know of one, so that none has to import it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from elman.engine.interface import Engine
from elman.engine.stage import LayerSpec, Source
from elman.equations.graph import Graph
from elman.network.doors import Door
from elman.network.fed_back import Unrolled
from elman.network.layers import Layer
from elman.network.parameters import Parameters
from elman.network.structure import Structure
from elman.training.ends import End
from elman.training.penalties import Penalty
from elman.training.protocol import Aim, Trainable


class Net(Trainable, Protocol):
    """A network; `elman.network.network.Network` says what each of these is."""

    structure: Structure
    layers: list[Layer]
    graphs: list[Graph]
    layer_names: list[str]
    params: Parameters
    ends: tuple[End, ...]
    frozen: frozenset[str]
    metadata: dict[str, str]
    products: str | None
    engine_name: str
    threads: int | None

    def __call__(self, x: Any, *, state: Any = None, return_state: bool = False, lengths: Any = None) -> Any: ...

    @property
    def arena(self) -> np.ndarray: ...

    @property
    def doors(self) -> tuple[Door, ...]: ...

    @property
    def inputs(self) -> int: ...

    @property
    def outputs(self) -> int: ...

    @property
    def sequence_output(self) -> bool: ...

    @property
    def indices(self) -> int: ...

    @property
    def differentiator(self) -> Engine: ...

    @property
    def last_op(self) -> str: ...

    def engine(self) -> Engine: ...

    def unrolled(self, output: int, fed: int) -> Unrolled: ...

    def trainer(self, aims: Sequence[Aim]) -> Engine: ...

    def new_engine(self) -> Engine: ...

    def specs(self, more: Sequence[Source] = ()) -> tuple[list[LayerSpec], list[Source]]: ...

    @property
    def penalties(self) -> tuple[Penalty, ...]: ...

    def state_sizes(self) -> list[list[int]]: ...

    def flat_state(self, state: Any, rows: int, name: str = "state") -> list[np.ndarray] | None: ...

    def nested_state(self, flat: list[np.ndarray]) -> list[tuple[np.ndarray, ...]]: ...

    def returned(self, outputs: Sequence[np.ndarray]) -> Any: ...

    def check_input(self, x: np.typing.ArrayLike) -> np.ndarray: ...
