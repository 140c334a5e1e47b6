"""A foreign tensor put into the shape and the meaning that it has here."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A tensor that can be loaded, and what was done to it; nothing done if empty."""

    value: Tensor
    change: str = ""


def fitted(name: str, value: Tensor, wanted: Tensor) -> Fitted | None:
    """The tensor for our layer of this name; None where it is of another layer's shape."""
    if value.shape == wanted.shape:
        return Fitted(value=value)
    before, after = list(value.shape), list(wanted.shape)
    # A convolution that sees its whole input is a linear layer over the flattened map.
    dense = {value.ndim, wanted.ndim} == {2, 4} and before[0] == after[0]
    if dense and value.numel() == wanted.numel():
        return Fitted(value=value.reshape(wanted.shape))
    if (
        name == "stem.conv.weight"
        and value.ndim == 4
        and [before[0], *before[2:]] == [after[0], *after[2:]]
    ):
        return recoloured(value, after[1])
    return None


def recoloured(weight: Tensor, channels: int) -> Fitted:
    """The stem's weight (C', C, k, k) for images of so many channels.

    An image that is alike in all channels gives what it gave before: fewer channels share the sum
    of the weights evenly (one gets all of it); more take the old ones in turn, each old one shared
    among those that take it.
    """
    before = weight.shape[1]
    if channels < before:
        each = weight.sum(dim=1, keepdim=True) / channels
        value = each.expand(-1, channels, -1, -1)
        done = "summed for 1" if channels == 1 else f"summed and shared by {channels}"
    else:
        taken = torch.arange(channels, device=weight.device) % before
        value = weight[:, taken] / taken.bincount()[taken].view(1, -1, 1, 1)
        done = f"repeated for {channels}"
    return Fitted(value=value, change=f"{before} input channels {done}")


def rescaled(scale: Tensor, variance: Tensor, *, eps_there: float, eps_here: float) -> Fitted:
    """The scale of a batch normalisation that adds another eps to its variance.

    With it the outputs in evaluation are the same: scale / sqrt(variance + eps) is kept.
    """
    ratio = (variance.double() + eps_here) / (variance.double() + eps_there)
    return Fitted(
        value=(scale * ratio.sqrt()).to(scale.dtype),
        change=f"scaled from eps {eps_there:g} to {eps_here:g}",
    )
