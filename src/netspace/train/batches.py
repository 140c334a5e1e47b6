"""Training batches from images in memory, augmented as whole tensors."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netspace.recipe import Recipe
from netspace.train.data import DataSet, Split
from netspace.train.device import Compute


class Batches:
    """The images of one split on a device, given out as normalised channels-last batches.

    Images stay uint8 (N, H, W, C), so permuting a batch to (N, C, H, W) is channels-last for free.
    """

    def __init__(self, split: Split, data: DataSet, compute: Compute):
        device = compute.device
        self._images = _tensor(split.images).to(device)
        self._labels = _tensor(split.labels).to(device)
        self._mean = torch.tensor(data.mean, device=device) * 255
        self._scale = 1 / (torch.tensor(data.std, device=device) * 255)
        self._dtype = compute.dtype

    def __len__(self) -> int:
        return len(self._labels)

    def in_order(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Every image once, as it is: (N, C, H, W) batches and labels."""
        for start in range(0, len(self), batch_size):
            rows = slice(start, start + batch_size)
            yield self._normalised(self._images[rows]), self._labels[rows]

    def shuffled(self, recipe: Recipe, chance: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of augmented batches; the last, smaller batch is left out."""
        batch_size = min(recipe.batch_size, len(self))
        order = torch.randperm(len(self), generator=chance).to(self._labels.device)
        for start in range(0, len(self) - batch_size + 1, batch_size):
            rows = order[start : start + batch_size]
            images = self._augmented(self._images[rows], recipe, chance)
            yield self._normalised(images), self._labels[rows]

    def _normalised(self, images: Tensor) -> Tensor:
        scaled = (images - self._mean) * self._scale
        return scaled.to(self._dtype).permute(0, 3, 1, 2)

    def _augmented(self, images: Tensor, recipe: Recipe, chance: torch.Generator) -> Tensor:
        """Each image shifted and mirrored by its own draw, in a single gather."""
        count, height, width, _ = images.shape
        margin = round(recipe.crop_share * height)
        padded = self._mean.to(torch.uint8).repeat(
            count, height + 2 * margin, width + 2 * margin, 1
        )
        padded[:, margin : margin + height, margin : margin + width] = images
        shift = torch.randint(0, 2 * margin + 1, (2, count, 1), generator=chance)
        mirrored = torch.rand(count, 1, generator=chance) < (0.5 if recipe.flip else 0.0)
        columns = torch.arange(width).expand(count, width)
        columns = torch.where(mirrored, width - 1 - columns, columns) + shift[0]
        rows = torch.arange(height).expand(count, height) + shift[1]
        place = images.device
        which = torch.arange(count, device=place)[:, None, None]
        return padded[which, rows.to(place)[:, :, None], columns.to(place)[:, None, :]]


def _tensor(array: NDArray[Any]) -> Tensor:
    """The array as a tensor that shares its memory, and is only read."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def stratified_part(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Indices of `count` images with about the class shares of the whole, at least one a class.

    The same seed gives nested parts: a smaller one lies in every larger one.
    """
    order = np.random.default_rng(np.random.SeedSequence(seed)).permutation(len(labels))
    shuffled = labels[order]
    rank = np.empty(len(labels), dtype=np.float64)
    for label, size in zip(*np.unique(shuffled, return_counts=True), strict=True):
        rank[shuffled == label] = (np.arange(size) + 0.5) / size
        rank[np.flatnonzero(shuffled == label)[0]] = 0.0
    return np.sort(order[np.argsort(rank, kind="stable")[:count]])
