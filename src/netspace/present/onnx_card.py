"""What an ONNX file says of itself, in its metadata and in the JSON beside it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netspace.design.complexity import count
from netspace.design.network import Network
from netspace.errors import SpecError

STEPS = (
    "turn the picture upright as its EXIF orientation says",
    "bring it to 8 bits a channel: grey for 1 channel, RGB for 3, transparency over white",
    "resize its shorter side to `decoded` pixels (bilinear, antialiased), keep the middle square",
    "resize that to `resolution` (bilinear, antialiased) where it differs",
    "divide by 255, subtract `mean`, divide by `std` by channel, as float32 (N, C, H, W)",
)
"""How pictures become `images`; what netspace does before training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How a network's images were prepared, and what its classes are called.

    decoded: side of the square, in pixels. mean, std: by channel, in units of full scale.
    """

    decoded: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    class_names: tuple[str, ...]

    def check(self, network: Network, source: str) -> None:
        """Raise SpecError unless this fits the network. source: where it comes from, in words."""
        found, needed = len(self.class_names), network.classes
        if found != needed:
            raise SpecError(
                f"{source} names {found} classes, but the network tells {needed} apart; give the "
                "network and the images that belong together"
            )
        if len(self.mean) != network.channels or len(self.std) != network.channels:
            raise SpecError(
                f"{source} has {len(self.mean)} channels, but the network takes "
                f"{network.channels}; give the network and the images that belong together"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that is told of an ONNX model.

    weights: where they come from. numbers: 'float32' or 'int8 static'. preparation: None where
    nothing is known of the images.
    """

    network: Network
    weights: str
    numbers: str
    opset: int
    version: str
    preparation: Preparation | None

    def facts(self) -> dict[str, Any]:
        """What stands in the file's metadata, by name."""
        network, cost = self.network, count(self.network)
        told: dict[str, Any] = {
            "netspace": self.version,
            "network": network.name,
            "weights": self.weights,
            "numbers": self.numbers,
            "opset": self.opset,
            "flops": cost.flops,
            "params": cost.params,
            "activations": cost.activations,
            "resolution": list(network.resolution),
            "channels": network.channels,
            "classes": network.classes,
        }
        if self.preparation is not None:
            told["decoded"] = self.preparation.decoded
            told["mean"], told["std"] = list(self.preparation.mean), list(self.preparation.std)
            told["class_names"] = list(self.preparation.class_names)
            told["preparation"] = list(STEPS)
        return told

    def metadata(self) -> dict[str, str]:
        """The facts as ONNX keeps them: each one as JSON, texts as they are."""
        return {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in self.facts().items()
        }


def card_text(card: Card, shapes: Mapping[str, Sequence[Any]], checks: Mapping[str, Any]) -> str:
    """The JSON beside a model: its facts, what was checked, and the shape of every value."""
    told = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in card.facts().items()]
    told += [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in checks.items()]
    lines = (f"    {json.dumps(name)}: {json.dumps(shape)}" for name, shape in shapes.items())
    told.append('  "shapes": {\n' + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(told) + "\n}\n"
