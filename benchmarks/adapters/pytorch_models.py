"""The models of the workloads in PyTorch, time-major, with the weights that everyone begins with."""

from __future__ import annotations

from functools import partial

import torch
from benchmarks.adapters.pytorch_cells import CUSTOM
from benchmarks.comparisons import AUTOCAST, LAYER
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence

from elman.bench.weights import Weights, attention, weights
from elman.bench.workload import Workload

BUILT_IN = {
    "relu": partial(nn.RNN, nonlinearity="relu"),
    "tanh": nn.RNN,
    "gru": nn.GRU,
    "lstm": nn.LSTM,
}
ORDER = {"gru": [1, 0, 2]}  # PyTorch's order of the gates: r, z, n


def model_of(workload: Workload, variant: str, member: int = 0) -> nn.Module:
    """Called with inputs and lengths, None where rows are not ragged."""
    if workload.attends:
        return EncoderDecoder(workload)
    model = Model(workload, "packed" in variant, member)
    if LAYER in variant:
        model.recurrent = InBfloat16(model.recurrent)
    return Autocast(model) if AUTOCAST in variant else model


class Autocast(nn.Module):
    """A model whose products, its recurrent layer too, are of bfloat16 numbers, and whose outputs are float32."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.model(x, lengths).float()


class InBfloat16(nn.Module):
    """A recurrent layer run in bfloat16 throughout, its states too, whose parameters stay float32."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        rounded = {name: value.bfloat16() for name, value in self.layer.named_parameters()}
        output, _ = functional_call(self.layer, rounded, (x.bfloat16(),))
        return output.float(), None


class Model(nn.Module):
    """An embedding where there are indices, a recurrent layer, a dense readout at every step or at the last one."""

    def __init__(self, workload: Workload, packed: bool = False, member: int = 0) -> None:
        super().__init__()
        given = weights(workload, member)
        self.every_step, self.packed, self.directions = workload.every_step, packed, workload.directions
        self.embedding = embedding(given) if workload.vocabulary else None
        if workload.cell in CUSTOM:
            self.recurrent = CUSTOM[workload.cell](workload, given)
        else:
            self.recurrent = built_in(workload, given, *([weights(workload, 1)] if workload.bidirectional else []))
        self.readout = dense(given.readout, given.readout_bias)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        x = x if self.embedding is None else self.embedding(x)
        if self.packed:
            _, (h, _) = self.recurrent(pack_padded_sequence(x, lengths, enforce_sorted=False))
            return self.readout(h[0])
        output, states = self.recurrent(x)
        if self.directions == 2:
            return self.readout(torch.cat(tuple(states[0]), dim=1))  # those of an LSTM: h, then c
        if lengths is not None:
            return self.readout(output[lengths - 1, torch.arange(x.shape[1])])
        return self.readout(output if self.every_step else output[-1])


class EncoderDecoder(nn.Module):
    """A decoder that begins where the encoder ended and attends to what it saw."""

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        first, second, between = weights(workload), weights(workload, 1), attention(workload)
        self.embedding, self.embedding_before = embedding(first), embedding(second)
        self.encoder, self.decoder = built_in(workload, first), built_in(workload, second)
        self.query = dense(between.query, between.query_bias)
        self.joined = dense(between.joined, between.joined_bias)
        self.readout = dense(first.readout, first.readout_bias)

    def forward(self, x: tuple[Tensor, Tensor], _: None = None) -> Tensor:
        source, before = x
        memory, last = self.encoder(self.embedding(source))
        states, _ = self.decoder(self.embedding_before(before), last)
        queries, keys = self.query(states).transpose(0, 1), memory.transpose(0, 1)
        found = nn.functional.scaled_dot_product_attention(queries, keys, keys).transpose(0, 1)
        return self.readout(torch.tanh(self.joined(torch.cat((states, found), dim=2))))


def embedding(given: Weights) -> nn.Embedding:
    return nn.Embedding.from_pretrained(torch.from_numpy(given.embedding), freeze=False)


def dense(weight, bias) -> nn.Linear:
    layer = nn.Linear(*reversed(weight.shape))
    with torch.no_grad():
        layer.weight[:], layer.bias[:] = torch.from_numpy(weight), torch.from_numpy(bias)
    return layer


def built_in(workload: Workload, *given: Weights) -> nn.Module:
    """The layer of torch.nn, of each direction. It has each bias twice: only what the equations have is trained."""
    layer = BUILT_IN[workload.cell](workload.features, workload.hidden, bidirectional=len(given) == 2)
    for of_direction, direction in zip(given, ("", "_reverse"), strict=False):
        set_direction(workload, layer, of_direction, direction)
    return layer


def set_direction(workload: Workload, layer: nn.Module, given: Weights, direction: str) -> None:
    order = ORDER.get(workload.cell, list(range(len(given.bias))))
    part = {kind: getattr(layer, f"{kind}_l0{direction}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    with torch.no_grad():
        part["weight_ih"][:] = torch.from_numpy(given.input[order]).flatten(0, 1)
        part["weight_hh"][:] = torch.from_numpy(given.state[order]).flatten(0, 1)
        part["bias_ih"][:] = torch.from_numpy(given.bias[order]).flatten()
        part["bias_hh"].zero_()
    if workload.cell == "gru":
        of_candidate = torch.arange(3 * workload.hidden) >= 2 * workload.hidden
        part["bias_hh"].register_hook(lambda gradient: gradient * of_candidate)
    else:
        part["bias_hh"].requires_grad_(False)
