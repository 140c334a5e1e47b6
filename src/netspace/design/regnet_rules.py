"""Which findings of the RegNet article a network follows.

Radosavovic et al. 2020: widths and depths that rise (sec. 3.2), b = 1, w_m >= 2 and 12 <= d <= 28
(sec. 4). They describe what good RegNets have in common; a network may be good without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from netspace.design.blocks import Bottleneck
from netspace.design.fit import RegNetFit, fit_regnet
from netspace.design.network import Network

SHALLOWEST, DEEPEST = 12, 28
SMALLEST_MULTIPLIER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCheck:
    """One rule against one network.

    name: short and fixed; rule: what is asked; obeyed: None where there is nothing to ask; found:
    what the network has, in words.
    """

    name: str
    rule: str
    obeyed: bool | None
    found: str


def rules(network: Network, fit: RegNetFit | None = None) -> tuple[RuleCheck, ...]:
    """The rules one by one; `fit` saves the work of fitting again."""
    fit = fit_regnet(network) if fit is None else fit
    return (
        _bottleneck_ratio(network),
        _depth(network),
        _multiplier(fit),
        _rising_widths(network),
        _rising_from_stem(network),
        _rising_depths(network),
    )


def _bottleneck_ratio(network: Network) -> RuleCheck:
    blocks = [stage.block for stage in network.stages]
    ratios = {block.bottleneck_ratio for block in blocks if isinstance(block, Bottleneck)}
    return RuleCheck(
        name="bottleneck ratio",
        rule="bottleneck ratio b = 1",
        obeyed=ratios == {1} if ratios else None,
        found=", ".join(f"{ratio:g}" for ratio in sorted(ratios)) or "no bottleneck blocks",
    )


def _depth(network: Network) -> RuleCheck:
    return RuleCheck(
        name="depth",
        rule=f"{SHALLOWEST} <= d <= {DEEPEST} blocks",
        obeyed=SHALLOWEST <= network.depth <= DEEPEST,
        found=f"{network.depth:,}",
    )


def _multiplier(fit: RegNetFit) -> RuleCheck:
    """To one decimal: fitting widths to groups moves the line of a RegNet by up to that much."""
    w_m = fit.multiplier
    return RuleCheck(
        name="multiplier",
        rule=f"multiplier w_m >= {SMALLEST_MULTIPLIER}, to one decimal, of the fitted line",
        obeyed=None if w_m is None else round(w_m, 1) >= SMALLEST_MULTIPLIER,
        found="one width fits best" if w_m is None else f"{w_m:.4g}",
    )


def _rising_widths(network: Network) -> RuleCheck:
    widths = [stage.width for stage in network.stages]
    return RuleCheck(
        name="rising widths",
        rule="no stage is narrower than the one before",
        obeyed=_rising(widths),
        found=_listed(widths),
    )


def _rising_from_stem(network: Network) -> RuleCheck:
    """Not the article's own: its stem has 32 channels, whatever the first stage has."""
    stem, first = network.stem.width, network.stages[0].width
    return RuleCheck(
        name="rising from the stem",
        rule="the first stage is not narrower than the stem",
        obeyed=first >= stem,
        found=f"falls from {stem:,} to {first:,}" if first < stem else f"{stem:,}, then {first:,}",
    )


def _rising_depths(network: Network) -> RuleCheck:
    """The last stage is left aside: many of the article's best networks end in a short one."""
    depths = [stage.depth for stage in network.stages]
    return RuleCheck(
        name="rising depths",
        rule="no stage but the last has fewer blocks than the one before",
        obeyed=_rising(depths[:-1]),
        found=_listed(depths),
    )


def _rising(numbers: Sequence[int]) -> bool | None:
    """Whether none is below the one before; None if none has one before."""
    return all(a <= b for a, b in pairwise(numbers)) if len(numbers) > 1 else None


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)
