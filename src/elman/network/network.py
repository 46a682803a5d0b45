"""The network: a chain of layers with its parameters."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.engine.bfloat16 import check_products
from elman.errors import OptionError
from elman.network import checks
from elman.network.engines import DOT, new_engine
from elman.network.files import describe, layers_of, save
from elman.network.layers import Layer
from elman.network.parameters import Parameters, initialise, layout
from elman.network.stream import Stream
from elman.training.losses import Loss, prepare_target

if TYPE_CHECKING:
    from elman.training.history import History

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
        Writable views by name, ``net.params["0.W_z"]``.
    arena : ndarray, shape (P,)
        All parameters in one flat array.

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
        self.inputs, self.layers, self.seed = checks.count(inputs, "inputs"), checks.layers(layers), checks.seed(seed)
        self.dtype = checks.dtype(dtype)
        self.products = products if check_products(products, self.dtype) else None
        self.engine_name, self.threads = checks.engine(engine), threads
        self.metadata: dict[str, str] = {}
        self.updates = self.epochs = 0
        self.history: History | None = None
        self._bind()
        self.arena = np.zeros(sum(p.size for p in self._places.values()), self.dtype)
        self.params = Parameters(self._places, self.arena)
        initialise(self.params, self.layers, self.graphs, self.seed)

    def _bind(self) -> None:
        """Trace every layer and give it its sizes."""
        self.graphs, features, self.sequence_output = [], self.inputs, True
        for layer in self.layers:
            graph = layer.graph(features)
            self.graphs.append(graph)
            features = checks.width(graph.outputs[0])
            self.sequence_output = self.sequence_output and not layer.last_only
        self.outputs = features
        self._places = layout(self.graphs)
        self._engines: dict[Any, Any] = {}

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
        arena: np.ndarray | None = None,
    ) -> Network:
        """The network of a description (`elman.network.files.describe`) and, if given, its parameters."""
        names = ("inputs", "seed", "dtype")
        network = cls(
            layers=layers_of(description),
            products=description.get("products"),
            engine=engine,
            threads=threads,
            **{n: description[n] for n in names},
        )
        network.updates, network.epochs = description["updates"], description["epochs"]
        network.metadata = dict(metadata or {})
        if arena is not None:
            network.arena[:] = arena
        return network

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
        """
        x = self.check_input(x)
        y, final = self.engine(None).forward(
            self.arena, x, lengths=checks.lengths(lengths), states=self._flat_state(state, len(x)), memory=memory
        )
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
        y, state = self(np.asarray(x)[:, None, :], state=state, return_state=True)
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
        loss, lengths, sample_weight, memory, truncate
            As for `fit`; see `elman.training.fit`.
        state : list of tuples of arrays (B, H), optional
            Initial states; zeros by default.

        Returns
        -------
        loss : float
        grads : dict of str to ndarray
            The same names and shapes as `params`.
        """
        x = self.check_input(x)
        loss, target, wide = prepare_target(self, loss, target)
        weights = None if sample_weight is None else np.asarray(sample_weight, self.dtype)
        found = self.engine(loss, wide).gradients(
            self.arena,
            x,
            target,
            weights=weights,
            lengths=checks.lengths(lengths),
            states=self._flat_state(state, len(x)),
            memory=memory,
            truncate=truncate,
        )
        return found.loss, dict(Parameters(self._places, found.parameters))

    def backward(
        self,
        x: np.typing.ArrayLike,
        output_gradient: np.typing.ArrayLike,
        *,
        state: Any = None,
        state_gradients: Any = None,
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
            dL/d final states.

        Returns
        -------
        grads : dict of str to ndarray
            dL/d parameters by name.
        input_gradient : ndarray, shape (B, T, F)
        initial_state_gradients : list of tuples of ndarray
        """
        x = self.check_input(x)
        rows = len(x) * (x.shape[1] if self.sequence_output else 1)  # the engine's loss is a mean over rows and steps
        given = self._flat_state(state_gradients, len(x))
        found = self.engine(DOT, self.outputs).gradients(
            self.arena,
            x,
            np.asarray(output_gradient, self.dtype),
            states=self._flat_state(state, len(x)),
            want_input=True,
            want_states=True,
            state_gradients=None if given is None else [g / rows for g in given],
        )
        assert found.initial_states is not None
        grads = {name: value * rows for name, value in Parameters(self._places, found.parameters).items()}
        return grads, found.input * rows, self._nested_state([s * rows for s in found.initial_states])

    def fit(self, x: np.typing.ArrayLike, target: np.typing.ArrayLike, **options: Any) -> History:
        """Train; see `elman.training.fit` for every option.

        Parameters
        ----------
        x : array, shape (N, T, F)
            Inputs; a strided view (windows over a series) is not copied.
        target : array, shape (N, T, O) or (N, O); class indices (N, T) or (N,)
            Targets.
        **options
            ``loss="mse"``, ``optimizer="adam"``, ``batch_size=32``, ``epochs=10``, ``validation_data=(x, target)``,
            ``callbacks=[...]``, ``shuffle=True``, ``verbose=1``, ``memory="normal"``,
            ``truncate=None`` and others of `elman.training.fit`.

        Returns
        -------
        History
        """
        from elman.training.fit import fit

        return fit(self, x, target, **options)

    def train_on_batch(self, x: np.typing.ArrayLike, target: np.typing.ArrayLike, **options: Any) -> float:
        """One update with all rows given; its loss. See `elman.training.fit.train_on_batch` for the options."""
        from elman.training.fit import train_on_batch

        return train_on_batch(self, x, target, **options)

    def evaluate(
        self, x: np.typing.ArrayLike, target: np.typing.ArrayLike, loss: Any = "mse", **options: Any
    ) -> float | dict[str, float]:
        """The mean loss over a data set, without dropout and without training; see `elman.training.evaluate`.

        With ``metrics=["accuracy"]`` a dict of the loss and the metrics.
        """
        from elman.training.fit import evaluate

        return evaluate(self, x, target, loss=loss, **options)

    # --- what training needs --------------------------------------------------------------------------------

    def engine(self, loss: Loss | None = None, target_width: int = 0) -> Any:
        """The engine that runs this network, or (with a loss) trains it."""
        key = (loss, target_width)
        if key not in self._engines:
            self._engines[key] = self.new_engine(loss, target_width)
        return self._engines[key]

    def new_engine(self, loss: Loss | None = None, target_width: int = 0) -> Any:
        """Another engine for this network, which nobody else uses."""
        return new_engine(self, loss, target_width)

    def check_input(self, x: np.typing.ArrayLike) -> np.ndarray:
        """x as (B, T, F) of the network's dtype, indices as int64; not copied if it is so already."""
        return checks.network_input(x, self.inputs, self.dtype, self._holds_indices)

    @functools.cached_property
    def _holds_indices(self) -> bool:
        return checks.holds_indices(self.graphs[0])

    def where(self, index: int) -> str:
        """The parameter at a place of the flat array, as ``0.W_i[3, 2]``."""
        for name, place in self._places.items():
            if place.offset <= index < place.offset + place.size:
                inside = np.unravel_index(index - place.offset, place.shape)
                return f"{name}[{', '.join(str(int(i)) for i in inside)}]"
        raise OptionError(f"there is no parameter number {index}; there are {self.arena.size}")

    def state_sizes(self) -> list[list[int]]:
        """The widths of the states of each layer that has any."""
        return [[checks.width(s) for s in g.states] for g in self.graphs if g.states]

    def _flat_state(self, state: Any, rows: int) -> list[np.ndarray] | None:
        return None if state is None else checks.flat_state(state, self.state_sizes(), rows, self.dtype)

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

        found = None if loss is None else resolve_loss(loss)
        names = {place.offset: name for name, place in self._places.items()}
        return describe(self.engine(found, target_width or self.outputs).plan, names)

    def summary(self) -> str:
        """A line a layer: what it is, what it returns, how many parameters."""
        lines, rows = [], zip(self.layers, self.graphs, strict=True)
        for number, (layer, graph) in enumerate(rows):
            count = sum(p.size for name, p in self._places.items() if name.startswith(f"{number}."))
            shape = (
                f"(B, {checks.width(graph.outputs[0])})"
                if layer.last_only
                else f"(B, T, {checks.width(graph.outputs[0])})"
            )
            lines.append(f"{number}  {layer.cell.name:<18} {shape:<14} {count:>10,}")
        return "\n".join([*lines, f"   {'total':<33} {self.arena.size:>10,}"])
