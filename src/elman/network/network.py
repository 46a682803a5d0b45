"""The network: a chain or a graph of layers, with its parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from elman.checks import all_finite, as_seed, flag, whole
from elman.engine.bfloat16 import check_products
from elman.engine.interface import Batch, Engine, How
from elman.engine.stage import LayerSpec, Source
from elman.equations.graph import Graph
from elman.errors import OptionError
from elman.hints import NETWORK_MADE, hinted_class
from elman.hints import of_network as hint_of
from elman.network import arguments, freezing
from elman.network.composites import Composite
from elman.network.doors import Door, doors_of, taken
from elman.network.ends import ends_of
from elman.network.engines import Engines, runner
from elman.network.fed_back import Unrolled
from elman.network.files import checked, describe, file_header, save, structure_of
from elman.network.freezing import freeze, unfreeze
from elman.network.generate import generate
from elman.network.gradients import backward, loss_and_grads
from elman.network.layers import Layer
from elman.network.one_by_one import generate_each
from elman.network.padding import check_padding, repeat_last
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
from elman.training.protocol import Aim, Arrays

State = list[tuple[np.ndarray, ...]]


@hinted_class(NETWORK_MADE)
class Network:
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

    def _only(self, what: str, several: Sequence[Any]) -> Any:
        """Of an input or output, where there is one."""
        if len(several) == 1:
            return several[0]
        raise OptionError(f"the network has {len(several)} {what}, and this needs a network with one")

    @property
    def inputs(self) -> int:
        """Features F of the only input."""
        return self._only("inputs", self.structure.inputs).width

    @property
    def outputs(self) -> int:
        """Features O of the only output."""
        return self._only("outputs", self.ends).outputs

    @property
    def sequence_output(self) -> bool:
        """Whether the only output is (B, T, O) or (B, O)."""
        return self._only("outputs", self.ends).sequence_output

    @property
    def last_op(self) -> str:
        """The op that makes the only output, such as ``"sigmoid"`` or, of sums and products, ``"add"``."""
        return self._only("outputs", self.ends).last_op

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

    if not TYPE_CHECKING:  # which would take any name for one of ours

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(f"Network has no {name!r}{hint_of(name)}", name=name, obj=self)

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

    # --- running --------------------------------------------------------------------------------------------

    @overload
    def __call__(
        self,
        x: Arrays,
        *,
        state: Any = None,
        return_state: Literal[True],
        lengths: Arrays | None = None,
        memory: str = "normal",
        padding: str = "zero",
    ) -> tuple[Any, State]: ...

    @overload
    def __call__(
        self,
        x: Arrays,
        *,
        state: Any = None,
        return_state: bool = False,
        lengths: Arrays | None = None,
        memory: str = "normal",
        padding: str = "zero",
    ) -> Any: ...

    def __call__(
        self,
        x: Arrays,
        *,
        state: Any = None,
        return_state: bool = False,
        lengths: Arrays | None = None,
        memory: str = "normal",
        padding: str = "zero",
    ) -> Any:
        """Run the network, without dropout.

        Parameters
        ----------
        x : array, shape (B, T, F); or (B, T) where F is 1
            Input; of a network with several a tuple of them, or a dict by name.
        state : list of tuples of arrays (B, H), optional
            Initial states, one tuple for each layer that has states of its own; zeros by default.
        return_state : bool, default False
            Also return the final states, good as `state` of the next call.
        lengths : array of int, shape (B,), optional
            Steps in use of each row; what lies behind is not computed, see `padding`. Of a network with several time
            axes a dict by input.
        memory : {"normal", "low"}, default "normal"
            "low" takes about sqrt(T) steps at a time, for sequences that do not fit into memory: the same numbers.
        padding : {"zero", "last"}, default "zero"
            What outputs of all steps hold behind a row's end: zeros, or the output of its last step again, as a
            recurrent layer of Keras has it where a mask ends. A row of length 0 has zeros.

        Returns
        -------
        y : ndarray, shape (B, T, O), or (B, O) after a layer with ``return_sequences=False``
            A tuple or a dict of them, where the network's function returns one.
        state : list of tuples of ndarray
            With `return_state` only.

        Raises
        ------
        ShapeError, DataError
            If x, a state or lengths do not fit the network or hold a NaN, an infinity or what is no index; if a result
            is not finite: which, and where.
        """
        flag(return_state, "return_state")
        check_padding(padding, self.ends)
        inputs, steps = self.check_batch(x, lengths)
        batch = Batch(inputs, lengths=steps, states=self.flat_state(state, len(inputs[0])))
        outputs, final = self.params.read(
            lambda version: self.engine().forward(self.arena, batch, How(memory), version=version)
        )
        self.check_results(outputs, final)
        if padding == "last":
            repeat_last(outputs, self.ends, steps)
        y = self.returned(outputs)
        return (y, self.nested_state(final)) if return_state else y

    def returned(self, outputs: Sequence[np.ndarray]) -> Any:
        """Outputs as the network's function returns them: one, a tuple or a dict.

        Parameters
        ----------
        outputs : sequence of ndarray
            In their order.

        Returns
        -------
        ndarray, tuple or dict
        """
        if self.structure.names is None:
            return outputs[0]
        return dict(zip(self.structure.names, outputs, strict=True)) if self.structure.by_name else tuple(outputs)

    def unrolled(self, output: int, fed: int) -> Unrolled:
        """What makes an input step by step from an output, both by number; see `elman.network.unrolling`.

        Parameters
        ----------
        output : int
            Which output is fed back.
        fed : int
            As which input.

        Returns
        -------
        Unrolled
        """
        return self._engines.unrolled(output, fed)

    @property
    def trainable(self) -> tuple[str, ...]:
        """The parameters that training changes by gradients: not what is frozen, nor moments of a `BatchNorm`."""
        return freezing.trainable(self)

    # The functions themselves, whose first argument is the network: their options and defaults stand in one place.
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

    def engine(self) -> Engine:
        """What runs this network.

        Returns
        -------
        Engine
        """
        return self._engines.runner

    def trainer(self, aims: Sequence[Aim], whole: bool = False) -> Engine:
        """What trains this network with a loss for each output; `whole`: with gradients of frozen parameters too.

        Parameters
        ----------
        aims : sequence of Aim
            A loss for each output.
        whole : bool, default False
            Whether frozen parameters get gradients.

        Returns
        -------
        Engine
        """
        return self._engines.trainer(aims, whole)

    @property
    def differentiator(self) -> Engine:
        """What takes any gradient of the output back to parameters, input and states, without dropout."""
        return self._engines.differentiator

    def release_engines(self) -> None:
        """Give back the memory of the engines, which hold the values of their largest batch; others are made if needed.

        Examples
        --------
        >>> import elman as el
        >>> net = el.Network(1, [el.GRU(4)])
        >>> before = net([[[1.0]]])
        >>> net.release_engines()
        >>> bool((net([[[1.0]]]) == before).all())
        True
        """
        self._engines = Engines(self)

    @property
    def architecture(self) -> dict[str, Any]:
        """What the plans of its engines depend on, as plain data."""
        return self._engines.architecture

    def share_plans(self, other: Network) -> None:
        """Have the plans of engines in common with a network of the same architecture.

        Parameters
        ----------
        other : Network
            Of the same architecture.
        """
        self._engines.plans = other._engines.plans

    def new_engine(self) -> Engine:
        """Another engine that runs this network, which nobody else uses.

        Returns
        -------
        Engine
        """
        return runner(self)

    def check_input(self, x: np.typing.ArrayLike) -> np.ndarray:
        """The only input as (B, T, F) of the network's dtype, all finite, indices as int64; not copied if it is so.

        Parameters
        ----------
        x : array, shape (B, T, F)
            The input.

        Returns
        -------
        ndarray
        """
        return self._only("inputs", self.check_batch(x, None)[0])

    def check_batch(self, x: Any, lengths: Any) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray | None, ...]]:
        """Inputs of the network's dtype or of indices, finite where they are in use, and the lengths of time axes.

        Parameters
        ----------
        x : array, or tuple or dict of them
            Inputs.
        lengths : array of int, or dict of them, or None
            Steps in use of each row.

        Returns
        -------
        inputs : tuple of ndarray
        lengths : tuple of ndarray or None
            One a time axis.
        """
        return taken(self.doors, self.structure.time_axes, x, lengths)

    def check_results(self, outputs: Sequence[np.ndarray], states: Sequence[np.ndarray] = ()) -> None:
        """Raise `DataError` unless outputs and final states are finite: it names what is not, and where it began.

        Parameters
        ----------
        outputs : sequence of ndarray
            What a run gave.
        states : sequence of ndarray
            The final ones.
        """
        if all_finite(*outputs, *states):
            return
        results = dict(zip(self.structure.names or ("output",), outputs, strict=True))
        arguments.check_results(self, {**results, **{f"state {k}": s for k, s in enumerate(states)}})

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

    def flat_state(self, state: Any, rows: int, name: str = "state") -> list[np.ndarray] | None:
        """A state as its arrays in a row, checked; None stays None.

        Parameters
        ----------
        state : list of tuples of arrays, or None
            As callers give it.
        rows : int
            B, that each array must have.
        name : str, default "state"
            For errors.

        Returns
        -------
        list of ndarray, or None
        """
        return None if state is None else arguments.flat_state(state, self._state_sizes, rows, self.dtype, name)

    def nested_state(self, flat: list[np.ndarray]) -> State:
        """The way back of `flat_state`: a tuple of arrays for each layer that has states.

        Parameters
        ----------
        flat : list of ndarray
            In their order.

        Returns
        -------
        list of tuples of ndarray
        """
        left = iter(flat)
        return [tuple(next(left) for _ in sizes) for sizes in self._state_sizes]
