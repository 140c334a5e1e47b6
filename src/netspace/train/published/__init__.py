"""Published weights: those of timm, torchvision and netspace, given to modules built here."""

from netspace.train.published.loading import load_weights

__all__ = ["load_weights"]
