"""The published RegNets, as values of the controls."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from netspace.design.units import parse_size
from netspace.design.zoo import names

_PARAMETERS = {
    "depth": "d",
    "initial_width": "w0",
    "slope": "wa",
    "multiplier": "wm",
    "group_width": "g",
    "bottleneck_ratio": "b",
}


@cache
def presets() -> Mapping[str, Mapping[str, str]]:
    """For each RegNet of the zoo that is given by its six parameters: the controls' texts."""
    found = {name: _parameters(name) for name in names() if name.startswith("regnet_")}
    named = {name: _texts(plain) for name, plain in found.items() if plain}
    return dict(sorted(named.items(), key=lambda pair: _kind_and_flops(pair[0])))


def _kind_and_flops(name: str) -> tuple[str, float]:
    """'regnet_x_1_6gf' to ('x', 1.6e9)."""
    _, kind, size = name.split("_", 2)
    return kind, parse_size(size.replace("_", ".").removesuffix("f"))


def preset_of(texts: Mapping[str, str]) -> str | None:
    """The published RegNet that has these parameters."""
    for name, preset in presets().items():
        if all(_same(texts[key], value) for key, value in preset.items()):
            return name
    return None


def _parameters(name: str) -> Mapping[str, float]:
    packaged = files("netspace.design").joinpath("zoo", f"{name}.yaml")
    plain: Mapping[str, Mapping[str, float]] = yaml.safe_load(packaged.read_text("utf-8"))
    return plain.get("regnet", {})


def _texts(plain: Mapping[str, float]) -> Mapping[str, str]:
    texts = {short: f"{plain.get(name, 1):g}" for name, short in _PARAMETERS.items()}
    return texts | {"se": "1" if plain.get("se_ratio") else ""}


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other
