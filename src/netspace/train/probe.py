"""How long training takes here: a few real steps, timed."""

import time
from dataclasses import dataclass, replace

import torch

from netspace.design.network import Network
from netspace.recipe import Recipe
from netspace.train.data import DataSet, Split
from netspace.train.resizing import fitted
from netspace.train.trainer import evaluate, train

STEPS = 12
EPOCHS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Seconds of one image in a training step, of one in an evaluation, and of a start."""

    training: float
    evaluation: float
    start: float = 0.0

    def seconds(self, epochs: int, train_images: int, validation_images: int) -> float:
        """Seconds of a whole training, an evaluation after each epoch included."""
        epoch = train_images * self.training + validation_images * self.evaluation
        return self.start + epochs * epoch


def measure_speed(
    network: Network, recipe: Recipe, data: DataSet, *, device: torch.device
) -> Speed:
    """Train for two epochs of a few batches and time the second one; the first one warms up."""
    count = STEPS * recipe.batch_size
    few = replace(
        data,
        train=fitted(_first(data.train, count), network.resolution),
        validation=fitted(_first(data.validation, count), network.resolution),
    )
    brief = replace(recipe, epochs=EPOCHS, warmup_epochs=0, train_images=None)
    training = train(network, brief, few, seed=0, device=device)
    begin = time.perf_counter()
    evaluate(training.module, few.validation, few, device=device, precision=recipe.precision)
    evaluation = time.perf_counter() - begin
    steps = sum(epoch.seconds for epoch in training.curve)
    return Speed(
        training=training.curve[-1].seconds / len(few.train.labels),
        evaluation=evaluation / len(few.validation.labels),
        start=max(0.0, training.seconds - steps - EPOCHS * evaluation),
    )


def _first(split: Split, count: int) -> Split:
    return Split(images=split.images[:count], labels=split.labels[:count])
