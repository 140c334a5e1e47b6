"""A network as a backbone: its maps at several strides, for detection and segmentation heads."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from netspace.design.complexity import count, measure
from netspace.design.layers import Chain
from netspace.design.network import Network, layers
from netspace.design.receptive import Reach, reach
from netspace.errors import SpecError
from netspace.train.build import build

USUAL = (4, 8, 16, 32)
"""The strides that heads of detection and segmentation are made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The last map at one stride: its channels, and the step that puts it out, as in `s2.b3`."""

    stride: int
    width: int
    step: str


class Features(nn.Module):
    """A network without its head, from (N, C, H, W) images to the last map at each stride.

    strides, widths: of the maps, in pixels and channels, from the finest map to the coarsest. What
    lies behind the last of them is left out. Names of the state are those of the network.
    """

    def __init__(self, module: nn.Module, levels: Sequence[Level]):
        super().__init__()
        self.strides = tuple(level.stride for level in levels)
        self.widths = tuple(level.width for level in levels)
        self._names = {level.step: str(number) for number, level in enumerate(levels)}
        for name, part in _needed(module, levels[-1].step):
            self.add_module(name, part)
        self.training = module.training

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        """The maps (N, width, H / stride, W / stride) by name: "0" is the finest."""
        maps: OrderedDict[str, Tensor] = OrderedDict()
        for name, part in self.named_children():
            for step, layer in part.named_children():
                x = layer(x)
                if f"{name}.{step}" in self._names:
                    maps[self._names[f"{name}.{step}"]] = x
        return maps

    def extra_repr(self) -> str:
        """What print(features) says before the parts."""
        return f"strides={self.strides}, widths={self.widths}"


def features(
    network: Network,
    *,
    module: nn.Module | None = None,
    strides: Sequence[int] | None = None,
    channels: int | None = None,
    seed: int = 0,
) -> Features:
    """The network as a backbone, with the maps that torchvision's pyramids and heads take.

    module: what `build` made of this network, trained or not; its layers are shared and not copied,
    so that training one trains both, and its head is left alone. None builds a fresh one from the
    seed. strides: which maps; None: those of 4, 8, 16 and 32 that the network has. channels: of the
    images, the network's own if None. Raises SpecError for a stride that the network has no map at,
    or a module of another network.
    """
    adapted = network.for_input(channels=channels)
    count(adapted)  # says which stage it is that does not fit
    chosen = _chosen(adapted, strides)
    if module is None:
        return Features(build(adapted, seed=seed), chosen)
    _check_fits(module, adapted, chosen)
    return Features(module, chosen)


def levels(network: Network) -> tuple[Level, ...]:
    """The last map at each stride that stem and stages come to, from the finest to the coarsest."""
    found: dict[int, Level] = {}
    shape, seen = network.input, Reach()
    for part, layer in layers(network).steps[:-1]:
        assert isinstance(layer, Chain), "stem and stages are chains"
        for name, step in layer.expanded():
            _, shape = measure(step, shape)
            seen = reach(step, seen)
            found[seen.stride] = Level(
                stride=seen.stride, width=shape.channels, step=f"{part}.{name}"
            )
    return tuple(found.values())


def _chosen(network: Network, strides: Sequence[int] | None) -> tuple[Level, ...]:
    known = {level.stride: level for level in levels(network)}
    wanted = sorted(set(USUAL) & set(known) if strides is None else set(strides))
    missing = [stride for stride in wanted if stride not in known]
    if missing or not wanted:
        name = f"network '{network.name}'" if network.name else "the network"
        lacking = missing or (USUAL if strides is None else wanted)
        said = f"no map at stride {_joined(lacking)}" if lacking else "maps, but none was asked for"
        raise SpecError(f"{name} has {said}; give strides among {_joined(known)}")
    return tuple(known[stride] for stride in wanted)


def _joined(strides: Iterable[int]) -> str:
    return ", ".join(str(stride) for stride in strides)


def _needed(module: nn.Module, last: str) -> Iterator[tuple[str, nn.Sequential]]:
    """Stem and stages, with their own layers, up to the step."""
    for name, part in module.named_children():
        kept = nn.Sequential()
        for step, layer in part.named_children():
            kept.add_module(step, layer)
            if f"{name}.{step}" == last:
                yield name, kept
                return
        yield name, kept


def _check_fits(module: nn.Module, network: Network, chosen: Sequence[Level]) -> None:
    """Raise SpecError unless the module has the layers that the network's own would have."""
    with torch.device("meta"):
        wanted = Features(build(network), chosen).state_dict()
    state = module.state_dict()
    for name, tensor in wanted.items():
        if name not in state or state[name].shape != tensor.shape:
            there = f"is {tuple(state[name].shape)}" if name in state else "is missing"
            raise SpecError(
                f"module: {name} {there}, but the network's is {tuple(tensor.shape)}; give what "
                "ns.build made of this network"
            )
