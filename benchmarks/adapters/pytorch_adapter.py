"""PyTorch: eager, the loop of its tutorials; for custom cells a loop over torch operations, also compiled.

Batches are time-major, the optimiser is fused where there is a fused one; "memory kept" tunes the allocator, "flushed"
takes denormal numbers as zeros, "autocast" multiplies in bfloat16.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from benchmarks.adapters.allocator import keep_memory
from benchmarks.adapters.pytorch_ensembles import ensemble
from benchmarks.adapters.pytorch_models import Model, model_of
from benchmarks.comparisons import FLUSHED, KEPT
from torch import Tensor, nn

from elman.bench import sgemm
from elman.bench.data import before
from elman.bench.mean_losses import outputs_loss
from elman.bench.turns import Run
from elman.bench.workload import Workload


def version() -> str:
    return torch.__version__


def prepare(workload: Workload, variant: str, threads: int) -> Run:
    """What PyTorch does in an epoch."""
    if FLUSHED in variant:
        torch.set_flush_denormal(True)  # before there are threads, which inherit it
    torch.set_num_threads(threads)
    if KEPT in variant:
        keep_memory()
    if variant in sgemm.WAYS:
        return product(torch.bfloat16 if sgemm.WAYS[variant] else torch.float32)
    if workload.members > 1:
        return ensemble(workload, variant, list(batches(workload)), OPTIMIZERS[workload.optimizer])
    model = model_of(workload, variant)
    if "compiled" in variant:
        compiled(workload, model)
    return {"training": training, "inference": inference, "streaming": streaming}[workload.task](workload, model)


def compiled(workload: Workload, model: Model) -> None:
    """All of the model, or so many steps of its loop: `torch.compile` unrolls what it is given."""
    if workload.cell in COMPILED_STEPS:
        model.recurrent.compile_pieces(COMPILED_STEPS[workload.cell])
    else:
        model.compile()


STEPS = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}
COMPILED_STEPS = {"layer_norm_lstm": 5}  # faster than all 100, which compile for minutes
LOSSES = {"mse": nn.MSELoss(), "softmax_cross_entropy": nn.CrossEntropyLoss()}
OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adam": partial(torch.optim.Adam, eps=1e-7, fused=True),
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.9, eps=1e-7),  # alpha is rho; others have epsilon under the root
}


def batches(workload: Workload) -> Iterator[tuple[Tensor | tuple[Tensor, Tensor], Tensor, Tensor | None]]:
    """Inputs (T, B, F), targets (T, B, O) or (B, O), lengths (B,); ragged batches end where their longest row does.

    Inputs of a decoder come with those of its encoder.
    """
    x, target = map(torch.from_numpy, workload.data())
    lengths = torch.from_numpy(workload.lengths())
    for rows in torch.arange(len(x)).split(workload.batch):
        of_batch = x[rows, : int(lengths[rows].max())].transpose(0, 1).contiguous()
        wanted = target[rows].transpose(0, 1).contiguous() if workload.every_step else target[rows]
        if workload.attends:
            of_batch = of_batch, torch.from_numpy(before(target[rows].numpy())).T.contiguous()
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


def product(dtype: torch.dtype) -> Run:
    a, b = (torch.from_numpy(operand).to(dtype) for operand in sgemm.operands())
    out = torch.empty_like(a)
    return sgemm.run(lambda: torch.mm(a, b, out=out))
