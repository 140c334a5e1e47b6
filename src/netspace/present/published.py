"""Networks published with an ImageNet error and what they cost: the backdrop of a contest.

The packaged table is written by docs/published.py from pycls's model zoo (facebookresearch/pycls,
MIT) and timm's results (huggingface/pytorch-image-models, Apache-2.0).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias, cast, get_args

from netspace.contest_study import Origin

Source: TypeAlias = Literal["pycls", "timm"]
Cost: TypeAlias = Literal["flops", "params", "activations", "cpu_ms"]
COSTS: tuple[Cost, ...] = get_args(Cost)

ORIGINS: Mapping[str, Origin] = {
    "ConvNeXt": "handcrafted",
    "DenseNet": "handcrafted",
    "EfficientNet": "searched",
    "EfficientNet-v2": "searched",
    "MnasNet": "searched",
    "MobileNet-v1": "handcrafted",
    "MobileNet-v2": "handcrafted",
    "MobileNet-v3": "searched",
    "MobileNet-v4": "searched",
    "RegNetX": "design space",
    "RegNetY": "design space",
    "ResNeXt": "handcrafted",
    "ResNet": "handcrafted",
    "SE-ResNet": "handcrafted",
    "VGG": "handcrafted",
    "Wide ResNet": "handcrafted",
}
"""Where the networks of each family come from; those scaled up from a searched one: searched."""

SOURCES = (
    "Published errors: pycls's model zoo (facebookresearch/pycls, MIT; all trained by one recipe) "
    "and timm's results (huggingface/pytorch-image-models, Apache-2.0; recipes vary)."
)
MEASURED = "Published milliseconds are timm's: one image on an Intel i9."


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One network with the weights that somebody published.

    recipe: what trained it; errors of two recipes do not compare. resolution: of the images, in
    pixels. flops, params, activations: exact for pycls, rounded for timm. error: top-1 on
    ImageNet's validation images, in percent. cpu_ms: one image on an Intel i9.
    gpu_images_per_second: on an RTX 4090, in large batches. None: not measured.
    """

    name: str
    family: str
    source: Source
    recipe: str
    resolution: int
    flops: int
    params: int
    activations: int
    error: float
    cpu_ms: float | None
    gpu_images_per_second: float | None

    @property
    def origin(self) -> Origin:
        """Whether people, a design space or a search made the family."""
        return ORIGINS[self.family]

    def cost(self, name: Cost) -> float | None:
        """Per image; None where it is not known."""
        known: float | None = getattr(self, name)
        return known


@cache
def published() -> tuple[Published, ...]:
    """All of them, by source, family and flops."""
    table = files("netspace.present").joinpath("published_networks.csv")
    lines = [line for line in table.read_text("utf-8").splitlines() if not line.startswith("#")]
    return tuple(_read(row) for row in csv.DictReader(lines))


def _read(row: Mapping[str, str]) -> Published:
    return Published(
        name=row["name"],
        family=row["family"],
        source=cast(Source, row["source"]),
        recipe=row["recipe"],
        resolution=int(row["resolution"]),
        flops=int(row["flops"]),
        params=int(row["params"]),
        activations=int(row["activations"]),
        error=float(row["error"]),
        cpu_ms=_known(row["cpu_ms"]),
        gpu_images_per_second=_known(row["gpu_images_per_second"]),
    )


def _known(text: str) -> float | None:
    return float(text) if text else None
