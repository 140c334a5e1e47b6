"""A network for other tools: as one file of plain PyTorch, and as YAML."""

import textwrap
from collections.abc import Iterator, Sequence

import yaml

from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.design.serial import to_plain
from netspace.errors import SpecError
from netspace.present.source.functions import definitions
from netspace.present.source.layout import LINE_LENGTH

_CHAIN = '''\
def chain(**steps: nn.Module) -> nn.Sequential:
    """The steps one after the other; their names become the names of the weights."""
    return nn.Sequential(OrderedDict(steps))
'''

_RESIDUAL = '''\
class Residual(nn.Module):
    """after(f(x) + proj(x)), or + x where there is no proj; after(f(x)) if not joined."""

    def __init__(
        self,
        f: nn.Module,
        proj: nn.Module | None = None,
        after: nn.Module | None = None,
        joined: bool = True,
    ) -> None:
        super().__init__()
        self.f = f
        self.proj = proj
        self.after = nn.Identity() if after is None else after
        self.joined = joined

    def forward(self, x: Tensor) -> Tensor:
        y = self.f(x)
        if self.joined:
            y = y + (x if self.proj is None else self.proj(x))
        return self.after(y)
'''

_CONCAT = '''\
class Concat(nn.Module):
    """The outputs of the branches, one after the other along the channels."""

    def __init__(self, **branches: nn.Module) -> None:
        super().__init__()
        for name, branch in branches.items():
            self.add_module(name, branch)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.children()], dim=1)
'''

_GATE = '''\
class Gate(nn.Sequential):
    """x times its steps' output, which is one factor per channel (squeeze-and-excitation)."""

    def __init__(self, **steps: nn.Module) -> None:
        super().__init__(OrderedDict(steps))

    def forward(self, x: Tensor) -> Tensor:
        return x * super().forward(x)
'''


_CLASSES = {"Residual": _RESIDUAL, "Concat": _CONCAT, "Gate": _GATE}


def torch_source(
    network: Network,
    *,
    class_names: Sequence[str] = (),
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    weights: str = "winner.safetensors",
) -> str:
    """The source of a module in plain PyTorch whose `network()` builds this network.

    The state has the names and shapes of `netspace.train.build.build(network)`. mean, std: of each
    channel of the images, at values of 0 to 1. weights: the file that its docstring shows to load.
    Raises SpecError if their numbers do not fit the network, or its images are too small for it.
    """
    _check(network, len(class_names), len(mean), len(std))
    functions = ["\n".join(definition) + "\n" for definition in definitions(network)]
    body = "".join(functions)
    classes = [text for use, text in _CLASSES.items() if f"{use}(" in body]
    header = "\n".join(
        (
            f'"""{_docstring(network, weights)}"""',
            "",
            "from collections import OrderedDict",
            "",
            *(("import torch",) if _CONCAT in classes else ()),
            f"from torch import {'Tensor, ' if classes else ''}nn",
            "",
            *_constants(network, class_names, mean, std),
            "",
        )
    )
    return "\n\n".join((header, *classes, _CHAIN, *functions))


def yaml_text(network: Network) -> str:
    """The network as YAML, which `netspace.design.zoo.network` reads back from a file."""
    # Without a flow style of its own, YAML writes the innermost mappings on one line each.
    text: str = yaml.safe_dump(
        to_plain(network), sort_keys=False, default_flow_style=None, width=LINE_LENGTH
    )
    return text


def _check(network: Network, classes: int, means: int, stds: int) -> None:
    """The lengths of what is said about the images, 0 where nothing is."""
    if classes not in (0, network.classes):
        raise SpecError(f"{classes} class names for {network.classes} classes; give all or none")
    if (means, stds) not in ((0, 0), (network.channels, network.channels)):
        raise SpecError(
            f"{means} means and {stds} standard deviations for {network.channels} channels; "
            "give one of each per channel or none"
        )


def _docstring(network: Network, weights: str) -> str:
    cost = count(network)
    height, width = network.resolution
    facts = (
        f"resolution {height}x{width} (height x width), channels {network.channels}, "
        f"classes {network.classes}\n"
        f"flops {cost.flops:,} (multiply-adds), params {cost.params:,}, "
        f"activations {cost.activations:,}, per image"
    )
    title = f"{_prose(network.name) or 'A network'}: a convolutional network in plain PyTorch."
    note = f"Note: {_prose(network.note)}" if network.note else ""
    depth = network.stochastic_depth
    dropping = _DROPPING.format(rate=depth) if depth else ""
    # The opening quotes take three columns.
    opening = (textwrap.fill(text, LINE_LENGTH - 3) for text in (title, note, dropping))
    loading = _LOADING.format(weights=_prose(weights))
    return "\n\n".join((*filter(None, opening), facts, loading))


_DROPPING = (
    "Stochastic depth, a share of up to {rate:g} of the images for which training leaves a block "
    "out, is not part of this module; its outputs in eval mode are the same."
)

_LOADING = """\
To use it with trained weights:

    from safetensors.torch import load_file

    model = network()
    model.load_state_dict(load_file("{weights}"))
    model.eval()
"""

_PREPARING = (
    "# Images: resized to RESOLUTION, values of 0 to 1, then (image - MEAN) / STD by channel."
)


def _prose(text: str) -> str:
    """Text that can stand inside of a docstring, on one line."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.replace("\\", "/").replace('"', "'").split())


def _constants(
    network: Network, class_names: Sequence[str], mean: Sequence[float], std: Sequence[float]
) -> Iterator[str]:
    height, width = network.resolution
    yield f"RESOLUTION = ({height}, {width})  # height and width in pixels"
    yield f"CHANNELS = {network.channels}"
    yield f"CLASSES = {network.classes}"
    if class_names:
        yield from _tuple("CLASS_NAMES", [_literal(name) for name in class_names])
    if mean:
        yield ""
        yield _PREPARING
        yield from _tuple("MEAN", [repr(float(value)) for value in mean])
        yield from _tuple("STD", [repr(float(value)) for value in std])


def _tuple(name: str, items: Sequence[str]) -> list[str]:
    flat = f"{name} = ({', '.join(items)}{',' if len(items) == 1 else ''})"
    if len(flat) <= LINE_LENGTH:
        return [flat]
    return [f"{name} = (", *(f"    {item}," for item in items), ")"]


def _literal(text: str) -> str:
    """The string as a literal, in double quotes where that needs no escape."""
    literal = repr(text)
    return literal if '"' in literal else f'"{literal[1:-1]}"'
