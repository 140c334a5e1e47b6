"""What the tables say of the article's claims: the numbers of regnets-and-efficientnets.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path

from claims_data import (
    AUTHORS,
    AUTHORS_AUGMENTED,
    CORE_I9,
    EFFICIENTNET,
    FAMILIES,
    LATER,
    NATIVE,
    REGNET_X,
    REGNET_Y,
    RTX_4090,
    SPEEDS,
    V100,
    V100_TRAINING,
    Key,
    Row,
    article_networks,
    convolutional,
    family,
    published,
    timed,
    trained,
)
from claims_numbers import (
    Interval,
    Prediction,
    error_gap,
    error_line,
    exponent,
    log_line,
    prediction,
    ratio,
)

from netspace.analyse.replicates import Estimate

REGNETS = (REGNET_X, REGNET_Y)
LIKE_FLOPS = (3e9, 6e9)
"""Flops that count as alike: a factor of two around ResNet-50's."""

Gaps = Sequence[tuple[Row, Estimate]]
Ratios = Sequence[tuple[Row, Interval]]


def no_slower(rows: Sequence[Row], than: Row, device: str) -> list[Row]:
    """The networks that take at most the time of another one on a device."""
    return [row for row in rows if row.milliseconds[device] <= than.milliseconds[device]]


@dataclass(frozen=True)
class Findings:
    """All numbers of the page, from the tables in a folder."""

    facts: Path

    @cached_property
    def article(self) -> list[Row]:
        """RegNets and EfficientNets under the article's recipe, timed on a V100."""
        return [row for row in published(self.facts) if row.family in FAMILIES]

    @cached_property
    def later(self) -> list[Row]:
        """RegNets of torchvision's new recipe, EfficientNets of their authors' with AutoAugment."""
        return [
            *trained(self.facts, REGNETS, LATER),
            *trained(self.facts, (EFFICIENTNET,), AUTHORS_AUGMENTED),
        ]

    @cached_property
    def without_augmentation(self) -> list[Row]:
        """The same RegNets, and EfficientNets of their authors' without AutoAugment."""
        return [
            *trained(self.facts, REGNETS, LATER),
            *trained(self.facts, (EFFICIENTNET,), AUTHORS),
        ]

    @cached_property
    def speeds(self) -> list[Row]:
        """The article's RegNets, and EfficientNets near their own image size, timed by timm."""
        return article_networks(self.facts)

    @cached_property
    def timm(self) -> Mapping[Key, Row]:
        """All networks that timm timed on both devices."""
        return timed(self.facts)

    def gaps(self, rows: Sequence[Row], regnet: str) -> Gaps:
        """Each EfficientNet's error less a RegNet family's, where that family reaches."""
        line = error_line(family(rows, regnet))
        found = ((row, error_gap(row, line)) for row in family(rows, EFFICIENTNET))
        return [(row, gap) for row, gap in found if isfinite(gap.value)]

    def rivals(self, rows: Sequence[Row], device: str) -> list[tuple[Row, Row]]:
        """Each EfficientNet, and the RegNet of the lowest error that takes no more time."""
        regnets = [row for row in rows if row.family in REGNETS]
        return [
            (row, min(faster, key=lambda other: other.error_percent))
            for row in family(rows, EFFICIENTNET)
            if (faster := no_slower(regnets, row, device))
        ]

    def ratios(self, regnet: str, quantity: str) -> Ratios:
        """Activations or time of each EfficientNet over a RegNet family's at equal flops."""
        rows = self.speeds if quantity in SPEEDS else self.article
        line = log_line(family(rows, regnet), quantity)
        return [(row, ratio(row, line, quantity)) for row in family(rows, EFFICIENTNET)]

    @cached_property
    def exponents(self) -> dict[str, Interval]:
        """The power of flops that each family's activations grow with."""
        return {name: exponent(family(self.article, name), "activations") for name in FAMILIES}

    @cached_property
    def pair(self) -> tuple[Row, Row]:
        """The two networks of the article's "5x faster": RegNetX-8.0GF and EfficientNet-B5."""
        rows = {row.name: row for row in self.article}
        return rows["RegNetX-8.0GF"], rows["EfficientNet-B5"]

    @cached_property
    def pair_speed(self) -> dict[str, float]:
        """Time of that EfficientNet over that RegNet's on each device."""
        regnet, efficientnet = self.pair
        side = NATIVE["b5"]
        others = self.timm["regnetx_080", 224], self.timm["efficientnet_b5", side]
        times = {
            device: efficientnet.milliseconds[device] / regnet.milliseconds[device]
            for device in (V100, V100_TRAINING)
        }
        return times | {
            device: others[1].milliseconds[device] / others[0].milliseconds[device]
            for device in SPEEDS
        }

    def padding(self, device: str) -> tuple[float, float]:
        """By how many percent TensorFlow's padding slows EfficientNets: least and most."""
        percent = [
            100 * (row.milliseconds[device] / self.timm[plain].milliseconds[device] - 1)
            for (name, side), row in self.timm.items()
            if row.family == EFFICIENTNET
            and name.startswith("tf_")
            and (plain := (name.removeprefix("tf_"), side)) in self.timm
        ]
        return min(percent), max(percent)

    @cached_property
    def predictions(self) -> list[tuple[str, Prediction]]:
        """What tells the time: for each set of networks, by name, and device."""
        small = [row for row in self.speeds if row.name != "efficientnet_b6"]
        every = convolutional(self.timm.values())
        low, high = LIKE_FLOPS
        alike = [row for row in every if low <= row.flops <= high]
        sets: list[tuple[str, Sequence[Row], Sequence[str]]] = [
            ("of the two families", self.article, (V100, V100_TRAINING)),
            ("of the two families", small, (RTX_4090, CORE_I9)),
            ("convolutional", every, (RTX_4090, CORE_I9)),
            ("of 3 to 6 GF", alike, (RTX_4090, CORE_I9)),
        ]
        return [
            (name, prediction(rows, device)) for name, rows, devices in sets for device in devices
        ]
