"""Where the layers of a built module stand, which is what names elsewhere are made from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from torch import nn

_BLOCK = re.compile(r"(s\d+\.b\d+)\.(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A layer with weights: its name, and its name within its block (`f.a`, `stem.conv`).

    layer: its number among all layers, also those without weights. block: the number of its block
    in the network. step: of its convolution or squeeze in the block. All count from 0.
    expanded: its block begins with an expanding convolution.
    """

    name: str
    inside: str
    layer: int
    block: int = 0
    step: int = 0
    expanded: bool = False


def sites(module: nn.Module) -> list[Site]:
    """Every layer of a built module that has weights, in order."""
    leaves = [name for name, part in module.named_modules() if _is_layer(part)]
    numbers = {name: number for number, name in enumerate(leaves)}
    weighted = [name for name in leaves if module.get_submodule(name).state_dict()]
    found: list[Site] = []
    blocks = 0
    for block, members in groupby(weighted, key=_block):
        names = list(members)
        if block:
            found += _in_block(names, blocks, numbers)
            blocks += 1
        else:
            found += [Site(name=name, inside=name, layer=numbers[name]) for name in names]
    return found


def _is_layer(part: nn.Module) -> bool:
    return not isinstance(part, nn.Sequential) and not any(True for _ in part.children())


def _block(name: str) -> str:
    match = _BLOCK.match(name)
    return match[1] if match else ""


def _in_block(names: list[str], block: int, numbers: dict[str, int]) -> Iterator[Site]:
    inside = [name.removeprefix(f"{_block(name)}.") for name in names]
    steps = list(dict.fromkeys(_step(part) for part in inside))
    for name, part in zip(names, inside, strict=True):
        yield Site(
            name=name,
            inside=part,
            layer=numbers[name],
            block=block,
            step=steps.index(_step(part)),
            expanded="f.expand" in inside,
        )


def _step(inside: str) -> str:
    """The convolution that a norm belongs to; the squeeze that a convolution belongs to."""
    return re.sub(r"_norm$|\.(down|up)$", "", inside)
