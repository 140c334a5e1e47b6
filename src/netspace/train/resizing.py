"""Images at the resolution of the network that is to see them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from netspace.train.data import Split

_CHUNK = 256
"""Images resized at once, which bounds the memory beside the images and their result."""


def fitted(split: Split, resolution: tuple[int, int]) -> Split:
    """The split with its images at (height, width) in pixels; the same one where they are so.

    The whole of each image is resized, as the images are when decoded: bilinear, averaged over all
    pixels where it shrinks. Another aspect ratio stretches it.
    """
    if split.images.shape[1:3] == resolution:
        return split
    return Split(images=_resized(split.images, resolution), labels=split.labels)


def _resized(images: NDArray[np.uint8], resolution: tuple[int, int]) -> NDArray[np.uint8]:
    count, _, _, channels = images.shape
    result = np.empty((count, *resolution, channels), dtype=np.uint8)
    for start in range(0, count, _CHUNK):
        rows = slice(start, start + _CHUNK)
        # As uint8 torch computes in whole numbers: the same on every processor and thread count.
        some = torch.tensor(images[rows]).permute(0, 3, 1, 2)
        fit = functional.interpolate(some, size=resolution, mode="bilinear", antialias=True)
        result[rows] = fit.permute(0, 2, 3, 1).numpy()
    result.flags.writeable = False
    return result
