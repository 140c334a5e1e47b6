"""Training one network: the only loop in netspace that learns weights."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from netspace.design.network import Network
from netspace.errors import SpecError, TrainingError
from netspace.recipe import Precision, Recipe
from netspace.train.batches import Batches, stratified_part
from netspace.train.build import build
from netspace.train.data import DataSet, Split
from netspace.train.device import Compute
from netspace.train.resizing import fitted
from netspace.train.state import Learner, Progress, StateFile
from netspace.train.weights import take_over
from netspace.trial import Epoch

EVALUATION_BATCH = 250
CHECK_EVERY = 20
"""Steps between two looks at whether the loss is finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What one training gave: error on the validation split in percent, and the trained module.

    Of a training in parts: what all of them together gave until now.
    """

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
    until: int | None = None,
    state: Path | None = None,
    start: Path | None = None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Training:
    """Train on data's train split; the error is the last trained epoch's on validation.

    Images of another resolution than the network's are resized to it.
    until: stop after this epoch; the learning rate falls as over all the recipe's epochs.
    state: go on from this file if it is there, else train from scratch; and save there at the end
    what a further part goes on from. One that has come beyond `until` gives what it has.
    start: weights of this network trained on other images; all but the classifier begins there.
    Raises TrainingError when the loss or the final outputs are not finite, or memory runs out,
    DataError for a state that is damaged or another training's, StorageError where it cannot be
    written. Repeatable for the same seed, device and thread count, in however many parts.
    """
    if recipe.flip is None:
        recipe = replace(recipe, flip=data.flip)
    last = _last_epoch(recipe, until)
    kept = None if state is None else StateFile.of(state, network, recipe, seed)
    compute = Compute.of(device, recipe.precision)
    gpus = [device] if device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=gpus):  # dropout draws from the global generators
            torch.manual_seed(seed)
            learner = _learner(network, recipe, seed, compute, start)
            return _train(network, recipe, data, learner, compute, last, kept, on_epoch)
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


def _last_epoch(recipe: Recipe, until: int | None) -> int:
    if until is None:
        return recipe.epochs
    if not 1 <= until <= recipe.epochs:
        raise SpecError(f"until {until} must lie from 1 to the recipe's epochs {recipe.epochs}")
    return until


def _train(
    network: Network,
    recipe: Recipe,
    data: DataSet,
    learner: Learner,
    compute: Compute,
    last: int,
    kept: StateFile | None,
    on_epoch: Callable[[Epoch], None],
) -> Training:
    began = time.perf_counter()
    images = Batches(fitted(_part(data.train, recipe), network.resolution), data, compute)
    validation = Batches(fitted(data.validation, network.resolution), data, compute)
    past = Progress() if kept is None else kept.restore(learner)
    curve, finite = list(past.curve), True
    for number in range(len(curve) + 1, last + 1):
        epoch, finite = _epoch(learner, images, validation, recipe, number, compute)
        curve.append(epoch)
        on_epoch(epoch)
    if not finite:
        raise TrainingError("diverged: the trained network's outputs are not finite")
    reached = past
    if len(curve) > len(past.curve):
        reached = past.further(tuple(curve), time.perf_counter() - began, compute.setting())
        if kept is not None:
            kept.save(learner, reached)
    return Training(
        module=learner.module,
        curve=reached.curve,
        error=reached.curve[-1].validation_error_percent,
        seconds=reached.seconds,
        setting=reached.setting,
    )


def _learner(
    network: Network, recipe: Recipe, seed: int, compute: Compute, start: Path | None = None
) -> Learner:
    module = build(network, seed=seed)
    if start is not None:
        take_over(module, start)
    module.to(compute.device)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Learner(
        module=module,
        optimizer=_optimizer(module, recipe),
        order=torch.Generator().manual_seed(seed),
        device=compute.device,
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


def _epoch(
    learner: Learner,
    images: Batches,
    validation: Batches,
    recipe: Recipe,
    number: int,
    compute: Compute,
) -> tuple[Epoch, bool]:
    """Train for one epoch and judge the network; whether all its outputs were finite."""
    began = time.perf_counter()
    loss = _fit_once(learner, images, recipe, number, compute)
    seconds = time.perf_counter() - began
    error, finite = _error(learner.module, validation, compute)
    epoch = Epoch(
        number=number,
        learning_rate=recipe.learning_rate_at(number - 1),
        train_loss=loss,
        validation_error_percent=error,
        seconds=seconds,
    )
    return epoch, finite


def _fit_once(
    learner: Learner, images: Batches, recipe: Recipe, number: int, compute: Compute
) -> float:
    """Train on every image once, in epoch `number`; the mean loss over them."""
    learner.module.train()
    steps = max(1, len(images) // recipe.batch_size)
    total, rate = torch.zeros((), device=compute.device), 0.0
    for step, (batch, labels) in enumerate(images.shuffled(recipe, learner.order)):
        rate = recipe.learning_rate_at(number - 1 + step / steps)
        for group in learner.optimizer.param_groups:
            group["lr"] = rate
        with compute.autocast():
            logits = learner.module(batch)
        loss = functional.cross_entropy(
            logits.float(), labels, label_smoothing=recipe.label_smoothing
        )
        learner.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        learner.optimizer.step()
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
