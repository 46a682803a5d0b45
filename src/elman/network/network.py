"""The network: a chain or a graph of layers, with its parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from elman.attributes import NETWORK, answering
from elman.checks import as_seed, whole
from elman.engine.bfloat16 import check_products
from elman.engine.stage import LayerSpec, Source
from elman.equations.graph import Graph
from elman.errors import OptionError
from elman.hints import NETWORK_MADE, hinted_class
from elman.network import arguments, freezing
from elman.network.calling import (
    call,
    check_batch,
    check_input,
    check_results,
    flat_state,
    nested_state,
    returned,
)
from elman.network.composites import Composite
from elman.network.doors import Door, doors_of
from elman.network.ends import ends_of
from elman.network.engines import Engined, Engines
from elman.network.files import checked, describe, file_header, save, structure_of
from elman.network.freezing import freeze, unfreeze
from elman.network.generate import generate
from elman.network.gradients import backward, loss_and_grads
from elman.network.layers import Layer
from elman.network.one_by_one import generate_each
from elman.network.parameters import Parameters, flat, initialise, layout
from elman.network.penalties import penalties_of
from elman.network.stream import step, stream, streams
from elman.network.structure import Structure
from elman.network.summary import explain, short, summary
from elman.network.traced import trace
from elman.training.ends import End
from elman.training.evaluating import evaluate
from elman.training.fit import fit
from elman.training.history import History
from elman.training.judged_by import Judge, from_file
from elman.training.one_update import train_on_batch
from elman.training.penalties import Penalty


@answering(NETWORK)
@hinted_class(NETWORK_MADE)
class Network(Engined):
    """A chain of layers, ``Network(3, [GRU(8), Dense(2)])``, or a graph, ``Network(function, inputs={"x": 3})``.

    A graph is written as a function of sequences, which runs once: layers are called, and what they return are values
    that may be added, multiplied (one of one feature goes with any width), put beside one another (`elman.concat`),
    moved and gathered over time (`shift`, `reverse`, `repeat`, `pool`), attended to (`attend`) and given to several
    layers. A layer called twice has the same parameters. Layers are called by the variables that hold what they return.

    Parameters
    ----------
    function : function, or int
        Of sequences, one argument for each input; returns one value or several, as a tuple or a dict. For a chain the
        features F of its input; 1 where the first layer is an `Embedding`.
    layers : sequence of Layer, optional
        Of a chain: what `Recurrent`, `GRU`, `Dense` ... return. Each place is a layer: `[GRU(8)] * 3` are three.
    inputs : dict of str to int or `Static`, or int, optional
        The features of each argument of the function; `Static` where it is one vector a row, (B, F), without time. Each
        sequence has its own number of steps, unless the network puts two together step by step. For a chain the same as
        `function`.
    seed : int, default 0
        Fixes the initial parameters, the order of training rows and the dropout masks.
    dtype : dtype, default float32
        float32 or float64, of parameters and all computation.
    products : {"bfloat16"}, optional
        Round what matrix products multiply to bfloat16 (8 significant bits), and sum in float32: faster on a processor
        with such instructions (AMX, AVX512-BF16). All else stays float32. Part of the model, as `dtype` is. See [1]_.
    engine : {"native", "numpy"}, optional
        What runs it; by default native if it was built.
    threads : int, optional
        At most so many; by default all cores. Results do not depend on it.

    Attributes
    ----------
    params : Parameters
        By name: ``net.params["0.W_z"]`` reads, assignment writes; see `elman.network.parameters`.
    trained_with : (loss, loss_weights) or None
        Of the last training; what `evaluate` judges by where no loss is named. A file holds a loss that has a name.
    arena : ndarray, shape (P,)
        All parameters in one flat array, to be read.
    ends : tuple of End
        The outputs: their features, time axes, and the op that makes each.
    penalties : tuple of Penalty
        On values of layers; see `ActivityPenalty`.
    structure, layers, graphs, layer_names
        What each layer reads; the layers, their equations with sizes, and their names.
    frozen : frozenset of str
        Names of the parameters that training leaves as they are; see `freeze`. It is part of the model.
    trainable : tuple of str
        Names of those that it changes.

    Notes
    -----
    Any number of threads may use a network at once: calls, gradients, generation and streams do not wait for one
    another, and each has the numbers that it has alone. Where one of them writes to parameters meanwhile, the others
    have the old values or the new ones, never some of each; of a network that is being trained they get an
    `EngineError` and use a copy. A network goes on in the child of a fork. Signals are answered during a call: Ctrl-C
    ends it within a moment, and leaves parameters and states as they were before what was not done.

    References
    ----------
    .. [1] D. Kalamkar et al., A study of BFLOAT16 for deep learning training, arXiv:1905.12322 (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from elman.network import Dense, GRU, Network
    >>> net = Network(inputs=3, layers=[GRU(8), Dense(2)], seed=0)
    >>> net(np.zeros((4, 10, 3))).shape
    (4, 10, 2)

    A graph: a decoder that begins where a bidirectional encoder ended, and attends to what it saw.

    >>> import elman as el
    >>> def translate(source, target):
    ...     memory = el.Bidirectional(el.GRU(8))(source)
    ...     h = el.GRU(16)(target, state=memory.final)
    ...     return el.Dense(5)(el.concat(h, el.attend(h, memory)))
    >>> net = el.Network(translate, inputs={"source": 1, "target": 2})
    >>> net((np.zeros((4, 9, 1)), np.zeros((4, 6, 2)))).shape
    (4, 6, 5)
    """

    structure: Structure
    seed: int
    dtype: np.dtype[Any]
    products: str | None
    engine_name: str
    threads: int | None
    layers: list[Layer]
    graphs: list[Graph]
    layer_names: list[str]
    ends: tuple[End, ...]
    penalties: tuple[Penalty, ...]
    params: Parameters

    def __init__(
        self,
        function: Callable[..., Any] | int | None = None,
        layers: Sequence[Layer | Composite] | None = None,
        *,
        inputs: Any = None,
        seed: int = 0,
        dtype: np.typing.DTypeLike = np.float32,
        products: str | None = None,
        engine: str | None = None,
        threads: int | None = None,
    ):
        self._set_up(arguments.structure(function, layers, inputs), seed, dtype, products, engine, threads)
        self._initialise()

    def _set_up(self, structure: Structure, seed: Any, dtype: Any, products: Any, engine: Any, threads: Any) -> None:
        """Everything but the values of parameters, for which no memory is taken yet."""
        self.structure, self.seed = structure, as_seed(seed)
        self.dtype = arguments.dtype(dtype)
        self.products = products if check_products(products, self.dtype) else None
        self.engine_name = arguments.engine(engine)
        self.threads = None if threads is None else whole(threads, "threads")
        self.metadata: dict[str, str] = {}
        self.updates = self.epochs = 0
        self.frozen: frozenset[str] = frozenset()
        self.history: History | None = None
        self.trained_with: Judge | None = None
        self._bind()

    def _bind(self) -> None:
        """What follows from the layers and their sizes."""
        parts = [part for part in self.structure.parts if part.graph is not None]
        self.layers = [part.layer for part in parts]
        self.graphs = [part.graph for part in parts if part.graph is not None]
        self.layer_names = [part.name for part in parts]
        self.ends = ends_of(self.structure, self.dtype)
        self.penalties = penalties_of(self.structure, self.dtype)
        self._places = layout(self.structure.parts)
        self._state_sizes = self.structure.free_states()
        self._size = sum(place.size for place in self._places.values())
        self._engines = Engines(self)
        if self._size > np.iinfo(np.intp).max // self.dtype.itemsize:
            raise self._too_large()

    @property
    def inputs(self) -> int:
        """Features F of the only input."""
        return arguments.only("inputs", self.structure.inputs).width

    @property
    def outputs(self) -> int:
        """Features O of the only output."""
        return arguments.only("outputs", self.ends).outputs

    @property
    def sequence_output(self) -> bool:
        """Whether the only output is (B, T, O) or (B, O)."""
        return arguments.only("outputs", self.ends).sequence_output

    @property
    def last_op(self) -> str:
        """The op that makes the only output, such as ``"sigmoid"`` or, of sums and products, ``"add"``."""
        return arguments.only("outputs", self.ends).last_op

    @property
    def indices(self) -> int:
        """How many indices the first layer has; 0 where the input is no index."""
        return self.doors[0].indices if len(self.doors) == 1 else 0

    @property
    def doors(self) -> tuple[Door, ...]:
        """The inputs, as users give them."""
        return self._doors

    @functools.cached_property
    def _doors(self) -> tuple[Door, ...]:
        return doors_of(self)

    def specs(self, more: Sequence[Source] = ()) -> tuple[list[LayerSpec], list[Source]]:
        """The layers for the scheduler, and which of them are outputs, and `more` of them.

        Parameters
        ----------
        more : sequence of sources
            Outputs beside the network's own.

        Returns
        -------
        layers : list of LayerSpec
        outputs : list of sources
        """
        return self.structure.specs(self._offset, more)

    def _offset(self, number: int, parameter: str) -> int:
        part = self.structure.parts[number]
        owner, name = part.tied.get(parameter, (number, parameter))
        return self._places[f"{self.structure.parts[owner].name}.{name}"].offset

    def _initialise(self, known: Mapping[str, np.ndarray] | None = None) -> None:
        """Have parameters as training begins with them."""
        try:
            self._take(np.zeros(self._size, self.dtype))
            initialise(self.params, self.structure.parts, self.seed, known)
            self.frozen = freezing.at_first(self)
        except (MemoryError, OverflowError) as error:
            raise self._too_large() from error

    def _too_large(self) -> OptionError:
        return OptionError(f"there is no memory for the {self._size:,} parameters: take smaller layers")

    def _take(self, arena: np.ndarray) -> None:
        """Have these values as parameters."""
        self.params = Parameters(self._places, arena)

    @property
    def arena(self) -> np.ndarray:
        """All parameters in one flat array, to be read; `Parameters.write` changes them."""
        return self.params.arena

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as a model file would: equations as data, parameters bit for bit."""
        found = (describe(self), self.engine_name, self.threads, dict(self.metadata), self.arena.copy())
        return Network.restored, found

    @classmethod
    def of_structure(
        cls,
        structure: Structure,
        *,
        seed: int = 0,
        dtype: np.typing.DTypeLike = np.float32,
        products: str | None = None,
        engine: str | None = None,
        threads: int | None = None,
        known: Mapping[str, np.ndarray] | None = None,
    ) -> Network:
        """A network of layers that are put together already; `known` has constants that their cells have not.

        Parameters
        ----------
        structure : Structure
            Which layer reads what.
        seed : int, default 0
            Of parameters, unless they are known.
        dtype : dtype, default float32
            Of all numbers.
        products : str, optional
            As for `Network`.
        engine : str, optional
            As for `Network`.
        threads : int, optional
            As for `Network`.
        known : mapping of str to ndarray, optional
            Values by parameter name.

        Returns
        -------
        Network
        """
        network = cls.__new__(cls)
        network._set_up(structure, seed, dtype, products, engine, threads)
        network._initialise(known)
        return network

    @classmethod
    def restored(
        cls,
        description: dict[str, Any],
        engine: str | None = None,
        threads: int | None = None,
        metadata: dict[str, str] | None = None,
        parameters: np.ndarray | dict[str, np.ndarray] | None = None,
    ) -> Network:
        """The network of a description (`elman.network.files.describe`), with its parameters, if given.

        Parameters come by name or as the flat array; their shapes are looked at before any memory is taken.

        Parameters
        ----------
        description : dict
            Of its layers.
        engine : str, optional
            As for `Network`.
        threads : int, optional
            As for `Network`.
        metadata : dict of str to str, optional
            That the file had.
        parameters : ndarray, or dict of str to ndarray, optional
            Drawn anew by default.

        Returns
        -------
        Network
        """
        description = checked(description)
        options = {"products": description.get("products"), "engine": engine, "threads": threads}
        options |= {name: description[name] for name in ("seed", "dtype")}
        network = cls.__new__(cls)
        network._set_up(structure_of(description), **options)
        network.updates, network.epochs = description["updates"], description["epochs"]
        network.metadata = dict(metadata or {})
        if parameters is None:
            network._initialise()
        else:
            network._take(flat(parameters, network._places, network.dtype))
        network.frozen = freezing.restored(network, description.get("frozen", []))
        network.trained_with = from_file(description)
        return network

    @property
    def trainable(self) -> tuple[str, ...]:
        """The parameters that training changes by gradients: not what is frozen, nor moments of a `BatchNorm`."""
        return freezing.trainable(self)

    # The functions themselves, whose first argument is the network: their options and defaults stand in one place.
    __call__ = call
    returned = returned
    check_input = check_input
    check_batch = check_batch
    check_results = check_results
    flat_state = flat_state
    nested_state = nested_state
    fit = fit
    train_on_batch = train_on_batch
    evaluate = evaluate
    generate = generate
    generate_each = generate_each
    loss_and_grads = loss_and_grads
    backward = backward
    freeze = freeze
    unfreeze = unfreeze
    stream = stream
    streams = streams
    step = step
    trace = trace
    explain = explain
    summary = summary
    __repr__ = short
    save = save
    file_header = file_header

    def where(self, index: int) -> str:
        """The parameter at a place of the flat array, as ``0.W_i[3, 2]``.

        Parameters
        ----------
        index : int
            Its place.

        Returns
        -------
        str
        """
        return self.params.where(index)

    def state_sizes(self) -> list[list[int]]:
        """The widths of the states of each layer that has any whose initial values are the caller's.

        Returns
        -------
        list of list of int
        """
        return [list(sizes) for sizes in self._state_sizes]
