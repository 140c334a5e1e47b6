"""What one position of the last map sees, against the size of the image."""

from collections.abc import Sequence
from dataclasses import dataclass

from figures_style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    QUIET,
    VERMILLION,
    label,
    log_ticks,
    look,
    panels,
    svg,
)
from matplotlib.axes import Axes

from netspace.design import zoo
from netspace.design.complexity import parts
from netspace.design.factors import PRESETS
from netspace.design.network import Network
from netspace.design.reaching import by_preset

KINDS = {
    "VGG, AlexNet, LeNet": (("vgg", "alexnet", "lenet"), QUIET, "v"),
    "ResNet, ResNeXt": (("resnet", "resnext", "wide_resnet"), PINK, "o"),
    "MobileNet, MnasNet, GoogLeNet": (("mobilenet", "mnasnet", "googlenet"), GREEN, "^"),
    "EfficientNet": (("efficientnet",), VERMILLION, "D"),
    "RegNet": (("regnet",), BLUE, "s"),
}
NAMED = {
    "lenet5": "LeNet-5",
    "vgg11": "VGG-11",
    "resnet20_cifar": "ResNet-20",
    "resnet110_cifar": "ResNet-110",
    "resnet50": "ResNet-50",
    "resnet152": "ResNet-152",
    "efficientnet_b7": "EfficientNet-B7",
}
SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A network's input size and the side of what one position of its last map sees, pixels."""

    resolution: int
    size: int

    @property
    def share(self) -> float:
        """Sides of the image that a position sees."""
        return self.size / self.resolution


def seen(network: Network) -> Seen:
    """What the position sees: stem and stages, without the head."""
    return Seen(resolution=network.resolution[0], size=parts(network)[-2].reach.size)


def resolution_alone() -> list[Seen]:
    """EfficientNet-B0 as it is, at the resolutions of B0 to B7."""
    base = zoo.network("efficientnet_b0")
    return [seen(base.for_input(resolution=one.resolution)) for one in compound()]


def compound() -> list[Seen]:
    """EfficientNet-B0 scaled by the published presets b0 to b7."""
    base = zoo.network("efficientnet_b0")
    return [seen(by_preset(base, name).after) for name in PRESETS]


def receptive_fields() -> str:
    """The zoo's receptive fields, and what scaling does to EfficientNet-B0's."""
    with look():
        figure, (left, right) = panels(2, height=4.2)
        _zoo(left)
        _scaled(right)
        return svg(figure)


def _zoo(axes: Axes) -> None:
    axes.plot([16, 4096], [16, 4096], color=INK, lw=0.8)
    axes.text(
        70,
        74,
        "the whole image",
        rotation=45,
        rotation_mode="anchor",
        transform_rotates_text=True,
        color=INK,
    )
    for words, (prefixes, colour, mark) in KINDS.items():
        found = [seen(zoo.network(n)) for n in zoo.names() if n.startswith(prefixes)]
        x, y = [one.resolution for one in found], [one.size for one in found]
        axes.plot(x, y, mark, color=colour, label=words, alpha=0.8)
    for name, words in NAMED.items():
        one = seen(zoo.network(name))
        side = -7 if name in ("efficientnet_b7", "resnet152") else 7
        label(axes, one.resolution, one.size, words, INK, right=side)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        log_ticks(axis, SIZES)
    axes.set_xlim(24, 1000)
    axes.set_ylim(10, 4500)
    axes.set_xlabel("image size (pixels, log scale)")
    axes.set_ylabel("receptive field of the last map (pixels, log scale)")
    axes.set_title("The networks of the zoo at their own image size")
    axes.legend(loc="lower right", fontsize=7.5, frameon=False, handletextpad=0.2)


def _scaled(axes: Axes) -> None:
    _share(axes, compound(), VERMILLION, "D", "compound: B0 to B7", at=3, up=8)
    _share(axes, resolution_alone(), ORANGE, "o", "B0, resolution alone", at=3, up=6)
    axes.axhline(1, color=INK, lw=0.8)
    axes.text(600, 1.05, "the whole image", color=INK, ha="right", va="bottom")
    axes.set_ylim(0, 6)
    axes.set_xlabel("image size (pixels)")
    axes.set_ylabel("receptive field / image size")
    axes.set_title("EfficientNet-B0 scaled in two ways")


def _share(
    axes: Axes, found: Sequence[Seen], colour: str, mark: str, words: str, *, at: int, up: float
) -> None:
    x, y = [one.resolution for one in found], [one.share for one in found]
    axes.plot(x, y, f"{mark}-", color=colour)
    label(axes, x[at], y[at], words, colour, right=4, up=up)
