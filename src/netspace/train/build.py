"""A network as a torch module: one interpretation of its tree of layers."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard, assert_never

import torch
from torch import Tensor, nn

from netspace.design.complexity import count, measure
from netspace.design.elementwise import everywhere
from netspace.design.layers import (
    Act,
    Activation,
    Chain,
    Concat,
    Conv,
    Dropout,
    Flatten,
    Gate,
    GlobalPool,
    Layer,
    Linear,
    Norm,
    Pool,
    Repeat,
    Residual,
    Shape,
    When,
)
from netspace.design.network import Network, layers

ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
    "sigmoid": nn.Sigmoid,
    "hardsigmoid": nn.Hardsigmoid,
    "tanh": nn.Tanh,
}


class ResidualModule(nn.Module):
    """after(f(x) + proj(x)); without `joined`, after(f(x))."""

    def __init__(self, f: nn.Module, proj: nn.Module | None, after: nn.Module, joined: bool):
        super().__init__()
        self.f = f
        if proj is not None:
            self.proj = proj
        self.after = after
        self._projects, self._joined = proj is not None, joined
        self.drop_rate = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H', W')."""
        y: Tensor = self.f(x)
        if self._joined:
            if self.training and self.drop_rate:
                y = _dropped(y, self.drop_rate)
            y = y + (self.proj(x) if self._projects else x)
        out: Tensor = self.after(y)
        return out


def _dropped(x: Tensor, rate: float) -> Tensor:
    """Zeros for this share of the images, drawn at random; the rest scaled up to make up for it."""
    kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= rate
    return x * (kept / (1 - rate)).to(x.dtype)


class ConcatModule(nn.Module):
    """The outputs of the branches, one after the other along the channels."""

    def __init__(self, branches: Mapping[str, nn.Module]):
        super().__init__()
        for name, branch in branches.items():
            self.add_module(name, branch)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, sum of the branches' C, H', W')."""
        return torch.cat([branch(x) for branch in self.children()], dim=1)


class GateModule(nn.Sequential):
    """x * body(x), the body's (N, C, 1, 1) spread over all positions."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        gate: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return x * gate


def build(
    network: Network, *, classes: int | None = None, channels: int | None = None, seed: int = 0
) -> nn.Module:
    """The network as a module from (N, C, H, W) images to (N, classes) logits, freshly initialised.

    Convolutions: normal of variance 2 / fan-out; classifier: normal of deviation 0.01; biases 0
    (as in the RegNet code). The seed leaves torch's global generators as they were. Names of the
    state read like `s2.b1.f.a.weight`. Raises SpecError where layers do not fit each other.
    """
    adapted = network.for_input(classes=classes, channels=channels)
    count(adapted)  # says what does not fit in our words, before torch says it in its own
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would touch GPUs as well
        module = _module(layers(adapted), adapted.input)
        for part in module.modules():
            _initialise(part)
    _set_drop_rates(module, adapted.drop_rates)
    return module


def _set_drop_rates(module: nn.Module, rates: Sequence[float]) -> None:
    """Give each block its rate; a block without a sum has nothing to drop."""
    blocks = (
        block
        for name, stage in module.named_children()
        if name not in ("stem", "head")
        for block in stage.children()
        if not isinstance(block, nn.MaxPool2d | nn.AvgPool2d)
    )
    for block, rate in zip(blocks, rates, strict=True):
        if isinstance(block, ResidualModule):
            block.drop_rate = rate


def _initialise(part: nn.Module) -> None:
    if isinstance(part, nn.Conv2d):
        fan_out = part.kernel_size[0] * part.kernel_size[1] * part.out_channels // part.groups
        nn.init.normal_(part.weight, std=math.sqrt(2 / fan_out))
        if part.bias is not None:
            nn.init.zeros_(part.bias)
    elif isinstance(part, nn.Linear):
        nn.init.normal_(part.weight, std=0.01)
        nn.init.zeros_(part.bias)


def _module(layer: Layer, shape: Shape) -> nn.Module:
    match layer:
        case Conv():
            return _convolution(layer, shape)
        case Norm():
            return nn.BatchNorm2d(shape.channels, eps=layer.eps, momentum=layer.momentum)
        case Act():
            return ACTIVATIONS[layer.function]()
        case Pool():
            return _pool(layer)
        case GlobalPool():
            return nn.AdaptiveAvgPool2d(layer.size)
        case Flatten():
            return nn.Flatten()
        case Dropout():
            return nn.Dropout(layer.rate)
        case Linear():
            features = shape.channels * shape.height * shape.width
            return nn.Linear(features, layer.width, bias=layer.bias)
        case Chain():
            return _fill(nn.Sequential(), layer, shape)
        case Residual():
            return _residual(layer, shape)
        case Concat():
            return ConcatModule({name: _module(branch, shape) for name, branch in layer.branches})
        case Gate():
            return _fill(GateModule(), layer.body, shape)
        case Repeat() | When():
            raise TypeError(
                f"{type(layer).__name__} stands only as a step of a Chain or a shortcut"
            )
        case _:
            assert_never(layer)


def _convolution(conv: Conv, shape: Shape) -> nn.Conv2d:
    return nn.Conv2d(
        shape.channels,
        conv.width,
        conv.kernel,
        conv.stride,
        conv.margin,
        groups=conv.groups,
        bias=conv.bias,
    )


def _pool(pool: Pool) -> nn.Module:
    kind = nn.MaxPool2d if pool.function == "max" else nn.AvgPool2d
    return kind(pool.kernel, pool.stride, pool.padding, ceil_mode=pool.round_up)


def _fill(module: nn.Sequential, chain: Chain, shape: Shape) -> nn.Sequential:
    flat = False
    before: Layer | None = None
    for name, step in chain.expanded():
        if isinstance(step, Linear) and not flat:
            module.add_module(f"{name}_flatten", nn.Flatten())
            flat = True
        if works_in_place(step, before):
            module.add_module(name, ACTIVATIONS[step.function](inplace=True))
        else:
            module.add_module(name, _module(step, shape))
        _, shape = measure(step, shape)
        before = step
    return module


def _residual(layer: Residual, shape: Shape) -> ResidualModule:
    _, after = measure(layer.body, shape)
    shortcut: Layer = layer.shortcut
    if isinstance(shortcut, When):
        shortcut = shortcut.layer if shortcut.present else Chain()
    return ResidualModule(
        f=_module(layer.body, shape),
        proj=None if shortcut == Chain() else _module(shortcut, shape),
        after=_after(layer, after),
        joined=layer.joined,
    )


def _after(layer: Residual, shape: Shape) -> nn.Module:
    if works_in_place(layer.after, layer):
        return ACTIVATIONS[layer.after.function](inplace=True)
    return _module(layer.after, shape)


def works_in_place(step: Layer, before: Layer | None) -> TypeGuard[Act]:
    """Whether a layer is an activation that overwrites what the one before it put out.

    Only what a convolution, norm, linear layer or sum has just made is read by nobody else: the
    input of a chain may also go into a sum, a gate or another branch.
    """
    summed = isinstance(before, Residual) and everywhere(before.joined)
    makes = summed or isinstance(before, Conv | Norm | Linear)
    return makes and isinstance(step, Act) and step.function not in ("sigmoid", "tanh")
