"""The network: a chain of layers with its parameters."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elman.checks import as_seed, flag, numbers, whole
from elman.engine.bfloat16 import check_products
from elman.engine.interface import Batch, Engine, How, Trains
from elman.equations import Graph
from elman.equations.ops import row_of
from elman.errors import ModelFileError, OptionError, ShapeError
from elman.network import checks, freezing
from elman.network.engines import Engines, runner
from elman.network.files import describe, layers_of, save
from elman.network.layers import Layer
from elman.network.parameters import Parameters, initialise, layout, views
from elman.network.stream import Stream
from elman.training.checks import as_lengths, check_finite, check_indices
from elman.training.examples import examples
from elman.training.fit import evaluate, fit, train_on_batch
from elman.training.history import History
from elman.training.losses import Loss
from elman.training.weighing import ClassWeight, Weighting

State = list[tuple[np.ndarray, ...]]


class Network:
    """A chain of layers.

    Parameters
    ----------
    inputs : int
        Features F of the input; 1 where the first layer is an `Embedding`.
    layers : sequence of Layer
        What `Recurrent`, `GRU`, `Dense` ... return.
    seed : int, default 0
        Fixes the initial parameters, the order of training rows and the dropout masks.
    dtype : dtype, default float32
        float32 or float64, of parameters and all computation.
    products : {"bfloat16"}, optional
        Round what matrix products multiply, weights, states and gradients, to bfloat16 (8 significant bits), and sum
        in float32: faster on a processor with such instructions (AMX, AVX512-BF16), and about as fast elsewhere. The
        parameters, the optimiser and everything else stay float32. It is part of the model, as `dtype` is. See [1]_.
    engine : {"native", "numpy"}, optional
        What runs it; by default native if it was built.
    threads : int, optional
        At most so many; by default all cores. Results do not depend on it.

    Attributes
    ----------
    params : Parameters
        By name: ``net.params["0.W_z"]`` reads, assignment writes; see `elman.network.parameters`.
    arena : ndarray, shape (P,)
        All parameters in one flat array, to be read.
    outputs : int
        Features O of the output.
    indices : int
        How many indices the first layer has; 0 where the input is no index.
    frozen : frozenset of str
        Names of the parameters that training leaves as they are; see `freeze`. It is part of the model.
    trainable : tuple of str
        Names of those that it changes.
    last_op : str
        The op that makes the outputs, such as ``"sigmoid"`` or, of sums and products, ``"add"``.

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
    """

    def __init__(
        self,
        inputs: int,
        layers: Sequence[Layer],
        *,
        seed: int = 0,
        dtype: np.typing.DTypeLike = np.float32,
        products: str | None = None,
        engine: str | None = None,
        threads: int | None = None,
    ):
        self._set_up(inputs, layers, seed, dtype, products, engine, threads)
        self._initialise()

    def _set_up(
        self, inputs: Any, layers: Any, seed: Any, dtype: Any, products: Any, engine: Any, threads: Any
    ) -> None:
        """Everything but the values of parameters, for which no memory is taken yet."""
        self.inputs, self.layers, self.seed = whole(inputs, "inputs"), checks.layers(layers), as_seed(seed)
        self.dtype = checks.dtype(dtype)
        self.products = products if check_products(products, self.dtype) else None
        self.engine_name, self.threads = checks.engine(engine), None if threads is None else whole(threads, "threads")
        self.metadata: dict[str, str] = {}
        self.updates = self.epochs = 0
        self.frozen: frozenset[str] = frozenset()
        self.history: History | None = None
        self._bind()

    def _bind(self) -> None:
        """Trace every layer and give it its sizes."""
        self.graphs, features, self.sequence_output = [], self.inputs, True
        for number, layer in enumerate(self.layers):
            if layer.cell.states and not self.sequence_output:
                raise OptionError(
                    f"layers[{number}] ({layer.cell.name}) has states, but a layer before it returns its last step "
                    "only, so that it would run over a single step: give that one return_sequences=True"
                )
            graph = layer.graph(features)
            self.graphs.append(graph)
            features = checks.width(graph.outputs[0])
            self.sequence_output = self.sequence_output and not layer.last_only
        self.outputs, self.last_op = features, _last_op(self.graphs)
        self.indices = _indices(self.graphs[0])
        self._places = layout(self.graphs)
        self._size = sum(place.size for place in self._places.values())
        self._engines = Engines(self)
        if self._size > np.iinfo(np.intp).max // self.dtype.itemsize:
            raise self._too_large()

    def _initialise(self) -> None:
        """Have parameters as training begins with them."""
        try:
            self._take(np.zeros(self._size, self.dtype))
            initialise(self.params, self.layers, self.graphs, self.seed)
        except (MemoryError, OverflowError) as error:
            raise self._too_large() from error

    def _too_large(self) -> OptionError:
        return OptionError(
            f"the network would have {self._size:,} parameters, for which there is no memory: take smaller layers"
        )

    def _take(self, arena: np.ndarray) -> None:
        """Have these values as parameters."""
        self.params = Parameters(self._places, arena)

    @property
    def arena(self) -> np.ndarray:
        """All parameters in one flat array, to be read; `Parameters.write` changes them."""
        return self.params.arena

    def __repr__(self) -> str:
        cells = ", ".join(f"{layer.cell.name}({layer.units or ''})" for layer in self.layers)
        numbers = f"dtype={self.dtype}" + (f", products={self.products!r}" if self.products else "")
        return f"Network(inputs={self.inputs}, layers=[{cells}], parameters={self.arena.size}, {numbers})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle as a model file would: equations as data, parameters bit for bit."""
        found = (describe(self), self.engine_name, self.threads, dict(self.metadata), self.arena.copy())
        return Network.restored, found

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
        """
        layers = layers_of(description)
        names = ("inputs", "seed", "dtype")
        options = {"products": description.get("products"), "engine": engine, "threads": threads}
        options |= {name: description[name] for name in names}
        network = cls.__new__(cls)
        network._set_up(layers=layers, **options)
        for name in ("updates", "epochs"):
            setattr(network, name, whole(description[name], name, least=0))
        network.metadata = dict(metadata or {})
        if parameters is None:
            network._initialise()
        else:
            network._take(network._flat(parameters))
        network.frozen = freezing.restored(network, description.get("frozen", []))
        return network

    def _flat(self, parameters: np.ndarray | dict[str, np.ndarray]) -> np.ndarray:
        """Parameters in one flat array."""
        if isinstance(parameters, np.ndarray):
            if parameters.shape != (self._size,):
                raise ShapeError(f"parameters have shape {parameters.shape}; expected ({self._size},)")
            return np.array(parameters, self.dtype)
        if set(parameters) != set(self._places):
            raise ModelFileError(f"holds parameters {sorted(parameters)}, its layers have {sorted(self._places)}")
        for name, place in self._places.items():
            if parameters[name].shape != place.shape:
                raise ShapeError(f"{name} has shape {parameters[name].shape}, its layer expects {place.shape}")
        parts = [np.ravel(parameters[name]) for name in self._places]
        return np.concatenate([np.empty(0, self.dtype), *parts], dtype=self.dtype, casting="same_kind")

    # --- running --------------------------------------------------------------------------------------------

    def __call__(
        self,
        x: np.typing.ArrayLike,
        *,
        state: Any = None,
        return_state: bool = False,
        lengths: np.typing.ArrayLike | None = None,
        memory: str = "normal",
    ) -> Any:
        """Run the network, without dropout.

        Parameters
        ----------
        x : array, shape (B, T, F); or (B, T) where F is 1
            Input.
        state : list of tuples of arrays (B, H), optional
            Initial states, one tuple for each layer that has states; zeros by default.
        return_state : bool, default False
            Also return the final states, good as `state` of the next call.
        lengths : array of int, shape (B,), optional
            Steps in use of each row; what lies behind is not computed, and zero in the output.
        memory : {"normal", "low"}, default "normal"
            "low" takes about sqrt(T) steps at a time, for sequences that do not fit into memory: the same numbers.

        Returns
        -------
        y : ndarray, shape (B, T, O), or (B, O) after a layer with ``return_sequences=False``
        state : list of tuples of ndarray
            With `return_state` only.

        Raises
        ------
        ShapeError, DataError
            If x, a state or lengths do not fit the network or hold a NaN, an infinity or what is no index; if a result
            is not finite: which, and where.
        """
        flag(return_state, "return_state")
        x, steps = self.check_batch(x, lengths)
        batch = Batch.of(x, lengths=steps, states=self._flat_state(state, len(x)))
        (y,), final = self.engine().forward(self.arena, batch, How(memory), version=self.params.version)
        self.check_results(y, final)
        return (y, self._nested_state(final)) if return_state else y

    def stream(self, rows: int = 1, state: Any = None) -> Stream:
        """Steps one by one, as the values arrive; see `Stream`.

        Parameters
        ----------
        rows : int, default 1
            How many sequences go side by side, B.
        state : list of tuples of arrays (B, H), optional
            Initial states; zeros by default.
        """
        return Stream(self, rows, state)

    def step(self, x: np.typing.ArrayLike, state: Any = None) -> tuple[np.ndarray, State]:
        """One time step: x (B, F) to y (B, O), and the state for the next."""
        array = numbers(x, "x")
        if array.ndim != 2:
            raise ShapeError(f"x has shape {array.shape}; expected (B, F) = (rows, {self.inputs} features), one step")
        y, state = self(array[:, None, :], state=state, return_state=True)
        return (y[:, 0] if y.ndim == 3 else y), state

    def trace(self, x: np.typing.ArrayLike, state: Any = None) -> dict[str, np.ndarray]:
        """Every named value of the equations over time, such as a GRU's ``z``; see `elman.network.trace.trace`."""
        from elman.network.trace import trace

        return trace(self, x, state)

    def generate(
        self,
        context: np.typing.ArrayLike,
        steps: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> np.ndarray:
        """Feed the network its own output; see `elman.network.generate`.

        Parameters
        ----------
        context : array, shape (B, T, F), or (T, F) or (T,) for one sequence; of indices (B, T) or (T,)
            What the network sees first.
        steps : int
            How many values to generate.
        temperature, top_k, top_p, seed
            How the next index is drawn, where the first layer is an `Embedding`.

        Returns
        -------
        ndarray, shape (B, steps, F), or (steps, F) or (steps,) as the context; of indices (B, steps) or (steps,)
        """
        from elman.network.generate import generate

        return generate(self, context, steps, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed)

    # --- learning -------------------------------------------------------------------------------------------

    def loss_and_grads(
        self,
        x: np.typing.ArrayLike,
        target: np.typing.ArrayLike,
        loss: Any = "mse",
        *,
        lengths: np.typing.ArrayLike | None = None,
        state: Any = None,
        sample_weight: np.typing.ArrayLike | None = None,
        class_weight: ClassWeight = None,
        missing: str = "refuse",
        memory: str = "normal",
        truncate: int | None = None,
    ) -> tuple[float, dict[str, np.ndarray]]:
        """The loss of one batch and its gradient by parameter name, dropout included (with the mask of key 0).

        Parameters
        ----------
        x : array, shape (B, T, F)
            Input.
        target : array, shape (B, T, O) or (B, O); class indices (B, T) or (B,)
            Target.
        loss, lengths, sample_weight, class_weight, missing, memory, truncate
            As for `fit`; see `elman.training.fit`.
        state : list of tuples of arrays (B, H), optional
            Initial states; zeros by default.

        Returns
        -------
        loss : float
        grads : dict of str to ndarray
            The same names and shapes as `params`.
        """
        data = examples(self, x, target, loss, lengths, Weighting(sample_weight, class_weight, missing))
        found = self.trainer(data.loss, data.width).gradients(
            self.arena,
            replace(data.batch, states=self._flat_state(state, len(data))),
            How(memory, truncate),
            version=self.params.version,
        )
        gradients = views(self._places, found.parameters)
        named = {f"the gradient of {name}": value for name, value in gradients.items()}
        checks.check_results(self, {"the loss": np.asarray(found.loss), **named})
        return found.loss, gradients

    def backward(
        self,
        x: np.typing.ArrayLike,
        output_gradient: np.typing.ArrayLike,
        *,
        state: Any = None,
        state_gradients: Any = None,
        lengths: np.typing.ArrayLike | None = None,
        memory: str = "normal",
    ) -> tuple[dict[str, np.ndarray], np.ndarray, State]:
        """Backpropagate any gradient of the outputs and of the final states.

        Parameters
        ----------
        x : array, shape (B, T, F)
            Input.
        output_gradient : array, of the output's shape
            dL/dy.
        state : list of tuples of arrays, optional
            Initial states.
        state_gradients : list of tuples of arrays, optional
            dL/d final states, those at each row's own end.
        lengths : array of int, shape (B,), optional
            Steps in use of each row; `output_gradient` is not looked at behind them, and `input_gradient` is 0 there.
        memory : {"normal", "low"}, default "normal"
            As for `fit`; see `elman.training.fit`.

        Returns
        -------
        grads : dict of str to ndarray
            dL/d parameters by name.
        input_gradient : ndarray, shape (B, T, F)
        initial_state_gradients : list of tuples of ndarray
        """
        x, steps = self.check_batch(x, lengths)
        batch = Batch.of(
            x,
            self._output_gradient(output_gradient, x, steps),
            steps,
            states=self._flat_state(state, len(x)),
            state_gradients=self._flat_state(state_gradients, len(x), "state_gradients"),
        )
        found = self.differentiator.gradients(
            self.arena, batch, How(memory), want_input=True, want_states=True, version=self.params.version
        )
        assert found.initial_states is not None
        grads = views(self._places, found.parameters)
        before = self._nested_state(found.initial_states)
        named = {f"the gradient of {name}": value for name, value in grads.items()}
        named |= {f"the gradient of state[{i}][{j}]": s for i, group in enumerate(before) for j, s in enumerate(group)}
        checks.check_results(self, {**named, "the gradient of x": found.inputs[0]})
        return grads, found.inputs[0], before

    def _output_gradient(self, given: Any, x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        """A gradient of the output as the engine takes it."""
        array = numbers(given, "output_gradient")
        expected = (*x.shape[: 1 + self.sequence_output], self.outputs)
        if array.shape != expected:
            raise ShapeError(f"output_gradient has shape {array.shape}; expected {expected}, that of the output")
        with np.errstate(over="ignore"):
            found = np.asarray(array, self.dtype)
        check_finite(found, "output_gradient", lengths if self.sequence_output else None)
        return found

    def freeze(self, *patterns: str) -> list[str]:
        """Have training leave some parameters as they are, with all that an optimiser remembers of them.

        Neither a gradient nor a weight decay changes them, and they do not count in `clip_norm`. `loss_and_grads` gives
        their gradients all the same. A `BatchNorm` whose ``mean`` and ``variance`` are frozen uses these in training,
        too, and they stay as they are.

        Parameters
        ----------
        *patterns : str
            Names of parameters, in which ``*`` stands for any characters, ``?`` for one and ``[WU]`` for either.

        Returns
        -------
        list of str
            The parameters that a pattern fits.

        Raises
        ------
        OptionError
            If a pattern fits none, or one of the two moments of a `BatchNorm` would be frozen without the other.

        Examples
        --------
        >>> from elman.network import Dense, GRU, Network
        >>> net = Network(3, [GRU(8), Dense(2)])
        >>> net.freeze("1.*")
        ['1.W', '1.b']
        >>> net.unfreeze("*.b")
        ['1.b']
        >>> sorted(net.frozen)
        ['1.W']
        """
        found = freezing.fitting(self, patterns, "freeze")
        self.frozen = freezing.checked(self, self.frozen.union(found))
        return found

    def unfreeze(self, *patterns: str) -> list[str]:
        """Have training change some parameters again; see `freeze`. Returns those of them that were frozen."""
        found = [name for name in freezing.fitting(self, patterns, "unfreeze") if name in self.frozen]
        self.frozen = freezing.checked(self, self.frozen.difference(found))
        return found

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the parameters that training changes by their gradients: neither those that are frozen nor the
        running moments of a `BatchNorm`."""
        return freezing.trainable(self)

    # The functions themselves, whose first argument is the network: their options and defaults stand in one place.
    fit = fit
    train_on_batch = train_on_batch
    evaluate = evaluate

    # --- what training needs --------------------------------------------------------------------------------

    def engine(self) -> Engine:
        """What runs this network."""
        return self._engines.runner

    def trainer(self, loss: Loss, target_width: int) -> Trains:
        """What trains this network with a loss; see `elman.network.engines.Engines`."""
        return self._engines.trainer(loss, target_width)

    @property
    def differentiator(self) -> Engine:
        """What takes any gradient of the output back to parameters, input and states, without dropout."""
        return self._engines.differentiator

    def new_engine(self) -> Engine:
        """Another engine that runs this network, which nobody else uses."""
        return runner(self)

    def check_input(self, x: np.typing.ArrayLike) -> np.ndarray:
        """x as (B, T, F) of the network's dtype, all finite, indices as int64; not copied if it is so already."""
        return self.check_batch(x, None)[0]

    def check_batch(self, x: np.typing.ArrayLike, lengths: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """x as (B, T, F) of the network's dtype or of indices, finite where it is in use, and its lengths."""
        array = checks.network_input(x, self.inputs, self.dtype, self._holds_indices)
        steps = as_lengths(lengths, *array.shape[:2])
        check_finite(array, "x", steps)
        if self.indices:
            check_indices(array, self.indices, "x", steps)
        if self._holds_indices:
            with np.errstate(invalid="ignore"):  # past a row's end may be anything
                found = array.astype(np.int64, copy=False)
            array = found if self.indices or (found == array).all() else array  # an engine says which is none
        return array, steps

    @functools.cached_property
    def _holds_indices(self) -> bool:
        return checks.holds_indices(self.graphs[0])

    def check_results(self, y: np.ndarray, states: Sequence[np.ndarray] = ()) -> None:
        """Raise `DataError` unless an output and final states are finite: it names the parameter that is not, or where
        values grew too large."""
        checks.check_results(self, {"output": y, **{f"state {k}": s for k, s in enumerate(states)}})

    def where(self, index: int) -> str:
        """The parameter at a place of the flat array, as ``0.W_i[3, 2]``."""
        index = whole(index, "index", least=0)
        for name, place in self._places.items():
            if place.offset <= index < place.offset + place.size:
                inside = np.unravel_index(index - place.offset, place.shape)
                return f"{name}[{', '.join(str(int(i)) for i in inside)}]"
        raise OptionError(f"there is no parameter number {index}; there are {self.arena.size}")

    def state_sizes(self) -> list[list[int]]:
        """The widths of the states of each layer that has any."""
        return [[checks.width(s) for s in g.states] for g in self.graphs if g.states]

    def _flat_state(self, state: Any, rows: int, name: str = "state") -> list[np.ndarray] | None:
        return None if state is None else checks.flat_state(state, self.state_sizes(), rows, self.dtype, name)

    def _nested_state(self, flat: list[np.ndarray]) -> State:
        left = iter(flat)
        return [tuple(next(left) for _ in sizes) for sizes in self.state_sizes()]

    # --- files and text -------------------------------------------------------------------------------------

    def save(self, path: str | Path, metadata: dict[str, str] | None = None) -> Path:
        """Write the network to a safetensors file; see `elman.load`."""
        return save(self, path, metadata)

    def explain(self, loss: Any = None, target_width: int = 0) -> str:
        """What the engine does for this network, instruction by instruction; with a loss, the backward pass too."""
        from elman.engine.describe import describe
        from elman.training.losses import resolve_loss

        target_width = whole(target_width, "target_width", 0)
        found = None if loss is None else resolve_loss(loss)
        names = {place.offset: name for name, place in self._places.items()}
        engine = self.engine() if found is None else self.trainer(found, target_width or self.outputs)
        return describe(engine.plan, names)

    def summary(self) -> str:
        """A line a layer: what it is, what it returns, how many parameters, and which of them are frozen."""
        lines, steps = [], "T, "
        for number, (layer, graph) in enumerate(zip(self.layers, self.graphs, strict=True)):
            count = sum(place.size for place in self._places.values() if place.layer == number)
            steps = "" if layer.last_only else steps  # and behind such a layer there are none either
            shape = f"(B, {steps}{checks.width(graph.outputs[0])})"
            lines.append(f"{number}  {layer.cell.name:<18} {shape:<14} {count:>10,}{freezing.note(self, number)}")
        frozen = sum(self._places[name].size for name in self.frozen)
        last = f"   {'total':<33} {self.arena.size:>10,}" + (f"  {frozen:,} frozen" if frozen else "")
        return "\n".join([*lines, last])


def _indices(graph: Graph) -> int:
    """How many rows a table has that the input is an index of; 0 without one."""
    tables = [n.inputs[0] for n in graph.nodes() if row_of(n).role == "table" and n.inputs[1] in set(graph.inputs)]
    return checks.width(tables[0]) if tables else 0


def _last_op(graphs: Sequence[Graph]) -> str:
    """The op that makes the outputs; "softmax", though that is made of others."""
    passed_on = [g for g in graphs if g.outputs[0] not in set(g.inputs)]
    if not passed_on:
        return "input"
    last = passed_on[-1].outputs[0]
    shares = last.op == "div" and last.inputs[0].op == "exp" and last.inputs[1].op == "sum"
    return "softmax" if shares and last.inputs[1].inputs[0] is last.inputs[0] else last.op
