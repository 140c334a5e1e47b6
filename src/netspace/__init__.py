"""netspace: find a convolutional network that fits your images and your budget, and see why.

Public names resolve on first use, so that `import netspace` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netspace.analyse.edf import edf
    from netspace.analyse.insight import good_range
    from netspace.analyse.summary import expected_best, summarise
    from netspace.analyse.verdict import compare
    from netspace.config import Study, load_study
    from netspace.design.blocks import (
        Basic,
        Bottleneck,
        Inception,
        MBConv,
        Plain,
        Separable,
        Vanilla,
    )
    from netspace.design.complexity import Complexity, count
    from netspace.design.fit import fit_regnet
    from netspace.design.network import Head, Network, Stage, Stem
    from netspace.design.pieces import Pooling, Squeeze
    from netspace.design.reaching import scale
    from netspace.design.regnet import RegNet
    from netspace.design.zoo import network
    from netspace.errors import NetspaceError, UserError
    from netspace.present.draw import draw
    from netspace.recipe import Recipe
    from netspace.spaces.families import space
    from netspace.spaces.space import Space
    from netspace.train.build import build
    from netspace.train.data import load
    from netspace.train.features import features
    from netspace.train.published import load_weights

_HOMES = {
    "Basic": "design.blocks",
    "Bottleneck": "design.blocks",
    "Complexity": "design.complexity",
    "Head": "design.network",
    "Inception": "design.blocks",
    "MBConv": "design.blocks",
    "NetspaceError": "errors",
    "Network": "design.network",
    "Plain": "design.blocks",
    "Pooling": "design.pieces",
    "Recipe": "recipe",
    "RegNet": "design.regnet",
    "Separable": "design.blocks",
    "Space": "spaces.space",
    "Squeeze": "design.pieces",
    "Stage": "design.network",
    "Stem": "design.network",
    "Study": "config",
    "UserError": "errors",
    "Vanilla": "design.blocks",
    "build": "train.build",
    "compare": "analyse.verdict",
    "count": "design.complexity",
    "draw": "present.draw",
    "edf": "analyse.edf",
    "expected_best": "analyse.summary",
    "features": "train.features",
    "fit_regnet": "design.fit",
    "good_range": "analyse.insight",
    "load": "train.data",
    "load_study": "config",
    "load_weights": "train.published",
    "network": "design.zoo",
    "scale": "design.reaching",
    "space": "spaces.families",
    "summarise": "analyse.summary",
}

__all__ = [
    "Basic",
    "Bottleneck",
    "Complexity",
    "Head",
    "Inception",
    "MBConv",
    "NetspaceError",
    "Network",
    "Plain",
    "Pooling",
    "Recipe",
    "RegNet",
    "Separable",
    "Space",
    "Squeeze",
    "Stage",
    "Stem",
    "Study",
    "UserError",
    "Vanilla",
    "build",
    "compare",
    "count",
    "draw",
    "edf",
    "expected_best",
    "features",
    "fit_regnet",
    "good_range",
    "load",
    "load_study",
    "load_weights",
    "network",
    "scale",
    "space",
    "summarise",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netspace' has no attribute '{name}'")
    return getattr(import_module(f"netspace.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
