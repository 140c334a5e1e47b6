"""What a network costs, read off a running module: independent of how netspace counts."""

import torch
from torch import Tensor, nn

from netspace.design.complexity import Complexity, count, parts
from netspace.design.network import Network
from netspace.train.build import build


class Oracle:
    """Multiply-adds and output elements, read off a running module by hooks."""

    def __init__(self, module: nn.Module):
        self.flops = self.activations = 0
        self.maps: dict[str, tuple[int, ...]] = {}
        self.params = sum(parameter.numel() for parameter in module.parameters())
        for part in module.modules():
            if isinstance(part, nn.Conv2d | nn.Linear | nn.MaxPool2d):
                part.register_forward_hook(self._add)
        for name, part in module.named_children():
            part.register_forward_hook(self._noting(name))

    def _noting(self, name):
        def note(_part, _inputs, out: Tensor) -> None:
            self.maps[name] = tuple(out.shape[1:])

        return note

    def _add(self, part: nn.Module, _inputs: tuple[Tensor], out: Tensor) -> None:
        elements = out[0].numel()
        self.activations += elements
        if isinstance(part, nn.Conv2d):
            height, width = part.kernel_size
            each = part.in_channels // part.groups * height * width + (part.bias is not None)
        elif isinstance(part, nn.Linear):
            each = part.in_features + (part.bias is not None)
        else:
            each = 0
        self.flops += elements * each


def run(network: Network, device: str = "cpu") -> tuple[Oracle, Tensor]:
    """The network run on two images; on the device `meta` shapes are worked out, nothing else."""
    with torch.device(device):
        module = build(network).eval()
        oracle = Oracle(module)
        with torch.inference_mode():
            out = module(torch.zeros(2, network.channels, *network.resolution))
    return oracle, out


def check(network: Network, device: str = "cpu") -> None:
    """Assert that the count, and each part's output map, are what the module does."""
    oracle, out = run(network, device)
    expected = Complexity(flops=oracle.flops, params=oracle.params, activations=oracle.activations)
    assert count(network) == expected
    assert out.shape == (2, network.classes)
    for part in parts(network)[:-1]:
        shape = part.output
        assert oracle.maps[part.name] == (shape.channels, shape.height, shape.width)
