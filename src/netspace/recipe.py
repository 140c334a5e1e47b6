"""How a network is trained, as a value."""

import math
from dataclasses import dataclass
from typing import Literal

from netspace.errors import SpecError

Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """SGD with Nesterov momentum, linear warm-up, then a cosine to zero.

    epochs: passes over the training images.
    train_images: use a stratified part of so many images; None is all of them.
    batch_size: images per step; a last, smaller batch of an epoch is left out.
    learning_rate: at its peak, for batches of `batch_size`.
    weight_decay: on weights; norms and biases are not decayed.
    crop_share: random shift of up to this share of the image's side, the border filled with mean.
    flip: mirror half of the images left to right; None is as the data set allows.
    precision: auto is bf16 where the device computes in it, else fp32.
    """

    epochs: int = 10
    train_images: int | None = None
    batch_size: int = 64
    learning_rate: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup_epochs: float = 1.0
    label_smoothing: float = 0.1
    crop_share: float = 0.125
    flip: bool | None = None
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "train_images"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SpecError(f"{name} {value} must be at least 1")
        if self.batch_size < 2:
            raise SpecError("batch_size 1 must be at least 2: batch normalisation needs two images")
        if not self.learning_rate > 0 or not math.isfinite(self.learning_rate):
            raise SpecError(f"learning_rate {self.learning_rate} must be above 0; 0.2 is usual")
        if not 0 <= self.warmup_epochs <= self.epochs:
            raise SpecError(
                f"warmup_epochs {self.warmup_epochs:g} must lie from 0 to epochs {self.epochs}"
            )
        for name in ("momentum", "label_smoothing", "crop_share"):
            if not 0 <= getattr(self, name) < 1:
                raise SpecError(f"{name} {getattr(self, name)} must be at least 0 and below 1")
        if self.weight_decay < 0:
            raise SpecError(f"weight_decay {self.weight_decay} must be at least 0")

    def learning_rate_at(self, epoch: float) -> float:
        """The learning rate after so many epochs, fractions included; never negative."""
        if epoch < self.warmup_epochs:
            return self.learning_rate * epoch / self.warmup_epochs
        rest = self.epochs - self.warmup_epochs
        done = min(1.0, (epoch - self.warmup_epochs) / rest) if rest else 0.0
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
