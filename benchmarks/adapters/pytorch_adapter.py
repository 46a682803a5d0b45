"""PyTorch: eager, the loop of its tutorials; for custom cells a loop over torch operations, also compiled.

Batches are time-major, the optimiser is fused where there is a fused one; "memory kept" tunes the allocator.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from benchmarks.adapters.allocator import keep_memory
from benchmarks.comparisons import KEPT
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from elman.bench import sgemm
from elman.bench.mean_losses import outputs_loss
from elman.bench.turns import Run
from elman.bench.weights import weights
from elman.bench.workloads import Workload


def version() -> str:
    return torch.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """What PyTorch does in an epoch."""
    torch.set_num_threads(threads)
    if KEPT in variant:
        keep_memory()
    if variant == "sgemm":
        return product()
    model = Model(workload, variant)
    if "compiled" in variant:
        compiled(workload, model)
    return {"training": training, "inference": inference, "streaming": streaming}[workload.task](workload, model)


def compiled(workload: Workload, model: Model) -> None:
    """All of the model, or so many steps of its loop: `torch.compile` unrolls what it is given."""
    if workload.cell in COMPILED_STEPS:
        model.recurrent.compile_pieces(COMPILED_STEPS[workload.cell])
    else:
        model.compile()


class CustomCell(nn.Module):
    """A loop over time in Python; the products of all inputs are done beforehand, in one."""

    def __init__(self, workload: Workload, weights) -> None:
        super().__init__()
        self.hidden, self.gates, self.steps = workload.hidden, len(weights.bias), workload.steps
        self.of_input = nn.Parameter(torch.from_numpy(weights.input).flatten(0, 1))  # (G H, F)
        self.of_state = nn.Parameter(torch.from_numpy(weights.state).flatten(0, 1))  # (G H, H)
        self.bias = nn.Parameter(torch.from_numpy(weights.bias).flatten())

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        h = v = x.new_zeros(x.shape[1], self.hidden)
        outputs = []
        for inputs in self.inputs(x).split(self.steps):
            of_piece, h, v = self.piece(inputs, h, v)
            outputs.append(of_piece)
        return torch.cat(outputs), None

    def piece(self, inputs: Tensor, h: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Some steps: their outputs (steps, B, H), and the next states."""
        outputs = []
        for of_step in inputs.unbind():
            h, v = self.step(of_step, h, v)
            outputs.append(h)
        return torch.stack(outputs), h, v

    def compile_pieces(self, steps: int) -> None:
        """Compile the loop over so many steps."""
        self.steps, self.piece = steps, torch.compile(self.piece, dynamic=False)


class Oscillator(CustomCell):
    def inputs(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.of_input, self.bias)

    def step(self, x: Tensor, h: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        products = torch.addmm(x, h, self.of_state.T)
        k, d = torch.sigmoid(products[:, : 2 * self.hidden]).chunk(2, dim=1)
        v = d * v + k * (torch.tanh(products[:, 2 * self.hidden :]) - h)
        return h + 0.5 * v, v


class LayerNormLSTM(CustomCell):
    def __init__(self, workload: Workload, weights) -> None:
        super().__init__(workload, weights)
        self.gain_input = nn.Parameter(torch.ones(self.gates, self.hidden))
        self.gain_state = nn.Parameter(torch.ones(self.gates, self.hidden))
        self.memory = nn.LayerNorm(self.hidden)
        self.normalise = partial(nn.functional.layer_norm, normalized_shape=(self.hidden,))

    def inputs(self, x: Tensor) -> Tensor:
        products = (x @ self.of_input.T).unflatten(2, (self.gates, self.hidden))
        return self.gain_input * self.normalise(products) + self.bias.unflatten(0, (self.gates, self.hidden))

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        products = (h @ self.of_state.T).unflatten(1, (self.gates, self.hidden))
        i, f, g, o = (x + self.gain_state * self.normalise(products)).unbind(1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.memory(c)), c


BUILT_IN = {
    "relu": partial(nn.RNN, nonlinearity="relu"),
    "tanh": nn.RNN,
    "gru": nn.GRU,
    "lstm": nn.LSTM,
}
STEPS = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}
CUSTOM = {"oscillator": Oscillator, "layer_norm_lstm": LayerNormLSTM}
COMPILED_STEPS = {"layer_norm_lstm": 5}  # faster than all 100, which compile for minutes
ORDER = {"gru": [1, 0, 2]}  # PyTorch's order of the gates: r, z, n
LOSSES = {"mse": nn.MSELoss(), "softmax_cross_entropy": nn.CrossEntropyLoss()}
OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adam": partial(torch.optim.Adam, eps=1e-7, fused=True),
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.9, eps=1e-7),  # alpha is rho; others have epsilon under the root
}


class Model(nn.Module):
    """An embedding where there are indices, a recurrent layer, a dense readout at every step or at the last one."""

    def __init__(self, workload: Workload, variant: str) -> None:
        super().__init__()
        self.every_step, self.packed, given = workload.every_step, "packed" in variant, weights(workload)
        self.embedding = None
        if workload.vocabulary:
            self.embedding = nn.Embedding.from_pretrained(torch.from_numpy(given.embedding), freeze=False)
        self.recurrent = (
            CUSTOM[workload.cell](workload, given) if workload.cell in CUSTOM else built_in(workload, given)
        )
        self.readout = nn.Linear(workload.hidden, workload.outputs)
        with torch.no_grad():
            self.readout.weight[:], self.readout.bias[:] = map(torch.from_numpy, (given.readout, given.readout_bias))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        x = x if self.embedding is None else self.embedding(x)
        if self.packed:
            _, (h, _) = self.recurrent(pack_padded_sequence(x, lengths, enforce_sorted=False))
            return self.readout(h[0])
        output, _ = self.recurrent(x)
        if lengths is not None:
            return self.readout(output[lengths - 1, torch.arange(x.shape[1])])
        return self.readout(output if self.every_step else output[-1])


def built_in(workload: Workload, given) -> nn.Module:
    """The layer of torch.nn. It has each bias twice: only the one that the equations have is trained."""
    layer = BUILT_IN[workload.cell](workload.features, workload.hidden)
    order = ORDER.get(workload.cell, list(range(len(given.bias))))
    with torch.no_grad():
        layer.weight_ih_l0[:] = torch.from_numpy(given.input[order]).flatten(0, 1)
        layer.weight_hh_l0[:] = torch.from_numpy(given.state[order]).flatten(0, 1)
        layer.bias_ih_l0[:] = torch.from_numpy(given.bias[order]).flatten()
        layer.bias_hh_l0.zero_()
    if workload.cell == "gru":
        of_candidate = torch.arange(3 * workload.hidden) >= 2 * workload.hidden
        layer.bias_hh_l0.register_hook(lambda gradient: gradient * of_candidate)
    else:
        layer.bias_hh_l0.requires_grad_(False)
    return layer


def batches(workload: Workload) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """Inputs (T, B, F), targets (T, B, O) or (B, O), lengths (B,); ragged batches end where their longest row does."""
    x, target = map(torch.from_numpy, workload.data())
    lengths = torch.from_numpy(workload.lengths())
    for rows in torch.arange(len(x)).split(workload.batch):
        of_batch = x[rows, : int(lengths[rows].max())].transpose(0, 1).contiguous()
        wanted = target[rows].transpose(0, 1).contiguous() if workload.every_step else target[rows]
        yield of_batch, wanted, lengths[rows] if workload.ragged else None


def training(workload: Workload, model: nn.Module) -> Run:
    loss_of, data = LOSSES[workload.loss], list(batches(workload))
    optimizer = OPTIMIZERS[workload.optimizer](model.parameters(), lr=workload.learning_rate)

    def epoch() -> float:
        losses = []
        for x, target, lengths in data:
            optimizer.zero_grad()
            y = model(x, lengths)
            loss = loss_of(y.flatten(0, -2), target.flatten()) if target.dtype == torch.int64 else loss_of(y, target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    return Run(epoch)


def inference(workload: Workload, model: nn.Module) -> Run:
    data = list(batches(workload))

    @torch.inference_mode()
    def epoch() -> list[Tensor]:
        return [model(x) for x, _, _ in data]

    return Run(epoch, outputs_loss(workload.loss, torch.cat([target for _, target, _ in data]).numpy()))


def streaming(workload: Workload, model: Model) -> Run:
    """With the module for single steps, which is faster than the layer for sequences."""
    x, target = workload.data()
    cell = STEPS[workload.cell](workload.features, workload.hidden)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in model.recurrent.state_dict().items()})

    @torch.inference_mode()
    def epoch() -> list[Tensor]:
        state, outputs = None, []
        for now in torch.from_numpy(x).unbind(1):
            state = cell(now, state)
            outputs.append(model.readout(state[0] if workload.cell == "lstm" else state))
        return outputs

    return Run(epoch, outputs_loss(workload.loss, target[0]))


def product() -> Run:
    a, b = map(torch.from_numpy, sgemm.operands())
    out = torch.empty_like(a)
    return sgemm.run(lambda: torch.mm(a, b, out=out))
