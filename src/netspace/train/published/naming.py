"""How the libraries name the layers of a family: rules as data, and what they say of a module."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from netspace.train.published.sites import Site

Dialect = Literal["netspace", "timm", "torchvision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The names that a library gives to the layers of a family.

    marks: names of tensors by which it is known. layers: our name within a block, in the stem or
    the head, to theirs; `same` keeps ours. block: a pattern whose group is a block's prefix.
    unexpanded: instead of `layers` in blocks without an expanding convolution. ignored: a pattern
    of layers that have no place here. norm_eps: of its batch normalisation, which weights do not
    say.

    Their names may have the fields `block`, the prefix of the block of the same number; `step`, the
    number of the convolution or squeeze in the block, and `after`, the next; `layer`, the number
    among all layers, and `last`, the highest number behind `features.` or `blocks.`.
    """

    dialect: Dialect
    family: str
    marks: tuple[str, ...]
    layers: dict[str, str] = field(default_factory=dict)
    block: str = "$^"
    unexpanded: dict[str, str] = field(default_factory=dict)
    ignored: str = "$^"
    norm_eps: float | None = None
    same: bool = False

    def prefixes(self, keys: Iterable[str]) -> list[str]:
        """The prefixes of the blocks, in the order of their numbers."""
        matches = (re.match(self.block, key) for key in keys)
        return sorted({match[1] for match in matches if match}, key=_natural)

    def names(self, places: Sequence[Site], keys: Iterable[str]) -> dict[str, str]:
        """Our layers to theirs; a layer without a rule, or in a block too many, is left out."""
        if self.same:
            return {site.name: site.name for site in places}
        keys = list(keys)
        prefixes, last = dict(enumerate(self.prefixes(keys))), _last(keys)
        found = {}
        for site in places:
            rules = self.layers if site.expanded else self.layers | self.unexpanded
            rule = rules.get(site.inside)
            if rule is None or ("{block}" in rule and site.block not in prefixes):
                continue
            found[site.name] = rule.format(
                block=prefixes.get(site.block),
                step=site.step,
                after=site.step + 1,
                layer=site.layer,
                last=last,
            )
        return found


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts `blocks.10` behind `blocks.9`."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _last(keys: Iterable[str]) -> int:
    matches = (re.match(r"(?:features|blocks)\.(\d+)\.", key) for key in keys)
    return max((int(match[1]) for match in matches if match), default=0)
