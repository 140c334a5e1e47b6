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
    from netspace.design.blocks import Basic, Bottleneck, MBConv, Vanilla
    from netspace.design.complexity import Complexity, count
    from netspace.design.network import Head, Network, Stage, Stem
    from netspace.design.pieces import Squeeze
    from netspace.design.regnet import RegNet
    from netspace.design.zoo import network
    from netspace.errors import NetspaceError, UserError
    from netspace.present.draw import draw
    from netspace.recipe import Recipe
    from netspace.spaces.families import space
    from netspace.spaces.space import Space
    from netspace.train.build import build
    from netspace.train.data import load

_HOMES = {
    "Basic": "design.blocks",
    "Bottleneck": "design.blocks",
    "Complexity": "design.complexity",
    "Head": "design.network",
    "MBConv": "design.blocks",
    "NetspaceError": "errors",
    "Network": "design.network",
    "Recipe": "recipe",
    "RegNet": "design.regnet",
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
    "good_range": "analyse.insight",
    "load": "train.data",
    "load_study": "config",
    "network": "design.zoo",
    "space": "spaces.families",
    "summarise": "analyse.summary",
}

__all__ = [
    "Basic",
    "Bottleneck",
    "Complexity",
    "Head",
    "MBConv",
    "NetspaceError",
    "Network",
    "Recipe",
    "RegNet",
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
    "good_range",
    "load",
    "load_study",
    "network",
    "space",
    "summarise",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netspace' has no attribute '{name}'")
    return getattr(import_module(f"netspace.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
