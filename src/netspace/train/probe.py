"""How long training takes here: a few real steps, timed."""

import time
from dataclasses import dataclass, replace

import torch

from netspace.design.network import Network
from netspace.recipe import Recipe
from netspace.train.data import DataSet, Split
from netspace.train.trainer import evaluate, train

STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Seconds that one image costs: in a training step, and in an evaluation."""

    training: float
    evaluation: float

    def epoch(self, train_images: int, validation_images: int) -> float:
        """Seconds of one epoch with its evaluation."""
        return train_images * self.training + validation_images * self.evaluation


def measure_speed(
    network: Network, recipe: Recipe, data: DataSet, *, device: torch.device
) -> Speed:
    """Time the second of two epochs on a few batches; the first one warms up."""
    few = replace(
        data,
        train=_first(data.train, STEPS * recipe.batch_size),
        validation=_first(data.validation, STEPS * recipe.batch_size),
    )
    brief = replace(recipe, epochs=2, warmup_epochs=0, train_images=None)
    training = train(network, brief, few, seed=0, device=device)
    start = time.perf_counter()
    evaluate(training.module, few.validation, few, device=device, precision=recipe.precision)
    evaluation = time.perf_counter() - start
    return Speed(
        training=training.curve[-1].seconds / len(few.train.labels),
        evaluation=evaluation / len(few.validation.labels),
    )


def _first(split: Split, count: int) -> Split:
    return Split(images=split.images[:count], labels=split.labels[:count])
