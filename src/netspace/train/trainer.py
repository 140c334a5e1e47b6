"""Training one network: the only loop in netspace that learns weights."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from netspace.design.network import Network
from netspace.errors import TrainingError
from netspace.recipe import Precision, Recipe
from netspace.train.batches import Batches, stratified_part
from netspace.train.build import build
from netspace.train.data import DataSet, Split
from netspace.train.device import Compute
from netspace.train.resizing import fitted
from netspace.trial import Epoch

EVALUATION_BATCH = 250
CHECK_EVERY = 20
"""Steps between two looks at whether the loss is finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What one training gave: error on the validation split in percent, and the trained module."""

    module: nn.Module
    curve: tuple[Epoch, ...]
    error: float
    seconds: float
    setting: Mapping[str, str]


def train(
    network: Network,
    recipe: Recipe,
    data: DataSet,
    *,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Training:
    """Train from scratch on data's train split; the error is the last epoch's on validation.

    Images of another resolution than the network's are resized to it.
    Raises TrainingError when the loss or the final outputs are not finite, or memory runs out.
    Repeatable for the same seed, device and thread count.
    """
    if recipe.flip is None:
        recipe = replace(recipe, flip=data.flip)
    compute = Compute.of(device, recipe.precision)
    gpus = [device] if device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=gpus):  # dropout draws from the global generators
            torch.manual_seed(seed)
            return _train(network, recipe, data, seed, compute, on_epoch)
    except (MemoryError, RuntimeError) as fault:
        if isinstance(fault, MemoryError) or _is_out_of_memory(fault):
            raise TrainingError(f"out of memory: {str(fault).splitlines()[0]}") from None
        raise


def evaluate(
    module: nn.Module,
    split: Split,
    data: DataSet,
    *,
    device: torch.device,
    precision: Precision = "auto",
    resolution: tuple[int, int] | None = None,
) -> float:
    """Top-1 error in percent over every image of the split, in eval mode.

    resolution: (height, width) at which the module sees the images; None is as they are.
    Raises TrainingError where an output is not finite.
    """
    compute = Compute.of(device, precision)
    seen = split if resolution is None else fitted(split, resolution)
    error, finite = _error(module, Batches(seen, data, compute), compute)
    if not finite:
        raise TrainingError("the network's outputs are not finite")
    return error


def _train(
    network: Network,
    recipe: Recipe,
    data: DataSet,
    seed: int,
    compute: Compute,
    on_epoch: Callable[[Epoch], None],
) -> Training:
    start = time.perf_counter()
    module = build(network, seed=seed).to(compute.device)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = Batches(fitted(_part(data.train, recipe), network.resolution), data, compute)
    validation = Batches(fitted(data.validation, network.resolution), data, compute)
    optimizer = _optimizer(module, recipe)
    chance = torch.Generator().manual_seed(seed)
    curve, finite = list[Epoch](), True
    for number in range(1, recipe.epochs + 1):
        began = time.perf_counter()
        loss = _one_epoch(module, images, recipe, optimizer, chance, number, compute)
        seconds = time.perf_counter() - began
        error, finite = _error(module, validation, compute)
        curve.append(
            Epoch(
                number=number,
                learning_rate=recipe.learning_rate_at(number - 1),
                train_loss=loss,
                validation_error_percent=error,
                seconds=seconds,
            )
        )
        on_epoch(curve[-1])
    if not finite:
        raise TrainingError("diverged: the trained network's outputs are not finite")
    return Training(
        module=module,
        curve=tuple(curve),
        error=curve[-1].validation_error_percent,
        seconds=time.perf_counter() - start,
        setting=compute.setting(),
    )


def _part(split: Split, recipe: Recipe) -> Split:
    """The recipe's part of the training images: the same one for every network."""
    if recipe.train_images is None or recipe.train_images >= len(split.labels):
        return split
    rows = stratified_part(split.labels, recipe.train_images, seed=0)
    return Split(images=split.images[rows], labels=split.labels[rows])


def _optimizer(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    decayed = [p for p in module.parameters() if p.ndim > 1]
    plain = [p for p in module.parameters() if p.ndim <= 1]
    return torch.optim.SGD(
        [
            {"params": decayed, "weight_decay": recipe.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
        fused=True,
    )


def _one_epoch(
    module: nn.Module,
    images: Batches,
    recipe: Recipe,
    optimizer: torch.optim.Optimizer,
    chance: torch.Generator,
    number: int,
    compute: Compute,
) -> float:
    """Train for one epoch; the mean loss over its images."""
    module.train()
    steps = max(1, len(images) // recipe.batch_size)
    total, rate = torch.zeros((), device=compute.device), 0.0
    for step, (batch, labels) in enumerate(images.shuffled(recipe, chance)):
        rate = recipe.learning_rate_at(number - 1 + step / steps)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with compute.autocast():
            logits = module(batch)
        loss = functional.cross_entropy(
            logits.float(), labels, label_smoothing=recipe.label_smoothing
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.detach()
        if step % CHECK_EVERY == 0:
            _require_finite(total, number, rate)
    _require_finite(total, number, rate)
    return float(total) / steps


def _require_finite(total: Tensor, number: int, rate: float) -> None:
    if not torch.isfinite(total):
        raise TrainingError(
            f"diverged: loss {float(total)} in epoch {number} at learning rate {rate:.4g}"
        )


@torch.no_grad()
def _error(module: nn.Module, batches: Batches, compute: Compute) -> tuple[float, bool]:
    """Error in percent, and whether all outputs were finite; one that is not counts as wrong."""
    module.eval()
    right = torch.zeros((), dtype=torch.int64, device=compute.device)
    finite = torch.ones((), dtype=torch.bool, device=compute.device)
    for batch, labels in batches.in_order(EVALUATION_BATCH):
        with compute.autocast():
            logits = module(batch)
        sound = torch.isfinite(logits).all(dim=1)
        finite &= sound.all()
        right += ((logits.argmax(1) == labels) & sound).sum()
    return 100.0 * (1 - int(right) / len(batches)), bool(finite)


def _is_out_of_memory(fault: RuntimeError) -> bool:
    told = str(fault)
    return isinstance(fault, torch.OutOfMemoryError) or "allocate memory" in told
