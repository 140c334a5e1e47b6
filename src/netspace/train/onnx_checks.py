"""What an ONNX model answers, held against torch and against the labels of real images."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from netspace.design.network import Network
from netspace.errors import DataError, NetspaceError
from netspace.train.data import Split
from netspace.train.onnx_export import INPUT, session
from netspace.train.onnx_graph import Floats

TOLERANCE = 1e-4
"""How far a logit may lie from torch's; where logits exceed 20, their `RELATIVE` part."""
RELATIVE = 5e-6
BATCH_SIZES = (1, 2, 5)
"""Of the random images, that show whether the batch is free and its rows apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """That onnxruntime answers as torch does: on so many images, random and real.

    largest_difference: of any logit. Top-1 was the same on all of them.
    """

    random_images: int
    real_images: int
    largest_difference: float

    @property
    def sentence(self) -> str:
        """What was compared, and what came out."""
        on = f"{self.random_images} random"
        on += f" and {self.real_images} real images" if self.real_images else " images alone"
        return (
            f"onnxruntime against torch on {on}: logits differ by at most "
            f"{self.largest_difference:.1e}, top-1 the same on all."
        )


def check_parity(
    network: Network, module: nn.Module, model: bytes, real: Iterable[Floats] = ()
) -> Parity:
    """Compare the model with the module in eval mode, on random images and on real batches.

    Random images go through in batches of several sizes, and once more one by one. The module keeps
    the mode that it was in. Raises NetspaceError where they differ, DataError for logits that are
    not finite.
    """
    runs = session(model)
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        batches = list(random_batches(network))
        worst = [_compared(module, runs.run(None, {INPUT: batch})[0], batch) for batch in batches]
        alone = [runs.run(None, {INPUT: image[None]})[0] for image in batches[-1]]
        worst.append(_compared(module, np.concatenate(alone), batches[-1]))
        count = 0
        for batch in real:
            worst.append(_compared(module, runs.run(None, {INPUT: batch})[0], batch))
            count += len(batch)
    finally:
        for part, training in modes:
            part.training = training
    return Parity(
        random_images=sum(map(len, batches)), real_images=count, largest_difference=max(worst)
    )


def random_batches(network: Network) -> Iterator[Floats]:
    """Normal noise (N, C, H, W) in batches of several sizes, the same every time."""
    chance = np.random.default_rng(0)
    for size in BATCH_SIZES:
        shape = (size, network.channels, *network.resolution)
        yield chance.standard_normal(shape, dtype=np.float32)


def _compared(module: nn.Module, answered: Floats, batch: Floats) -> float:
    """The largest difference of any logit on this batch."""
    device = next(module.parameters()).device
    with torch.inference_mode():
        expected: Floats = module(torch.from_numpy(batch).to(device)).float().cpu().numpy()
    if not np.isfinite(expected).all():
        raise DataError("logits are not finite; the weights are damaged, train the network again")
    difference = float(np.abs(answered - expected).max())
    largest = float(np.abs(expected).max())
    limit = max(TOLERANCE, RELATIVE * largest)
    if not difference <= limit:
        raise NetspaceError(
            f"the ONNX model differs from torch by {difference:.1e} (at most {limit:.1e} is "
            f"rounding, for logits up to {largest:.3g}); nothing was written"
        )
    _require_same_class(answered, expected)
    return difference


def _require_same_class(answered: Floats, expected: Floats) -> None:
    """Raise NetspaceError for another top-1, unless torch itself rates the two classes alike."""
    rows = np.arange(len(expected))
    gap = expected.max(axis=1) - expected[rows, answered.argmax(axis=1)]
    told = np.finfo(np.float32).eps * np.abs(expected).max(axis=1)
    if wrong := int((gap > 4 * told).sum()):
        raise NetspaceError(
            f"the ONNX model names another class than torch on {wrong} of {len(rows)} images; "
            "nothing was written"
        )


def prepared(
    images: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float], batch_size: int
) -> Iterator[Floats]:
    """Images (N, H, W, C) as batches (n, C, H, W) of what a model takes."""
    middle, spread = (np.asarray(values, dtype=np.float32) * 255 for values in (mean, std))
    for start in range(0, len(images), batch_size):
        normalised = (images[start : start + batch_size] - middle) / spread
        yield np.ascontiguousarray(normalised.transpose(0, 3, 1, 2), dtype=np.float32)


def error_percent(
    model: bytes,
    split: Split,
    mean: Sequence[float],
    std: Sequence[float],
    *,
    batch_size: int = 32,
) -> float:
    """Top-1 error of the model over every image of the split; one not finite is wrong."""
    runs, right, start = session(model), 0, 0
    for batch in prepared(split.images, mean, std, batch_size):
        logits = runs.run(None, {INPUT: batch})[0]
        labels = split.labels[start : start + len(batch)]
        right += int(((logits.argmax(axis=1) == labels) & np.isfinite(logits).all(axis=1)).sum())
        start += len(batch)
    return 100.0 * (1 - right / len(split.labels))
