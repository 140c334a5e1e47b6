"""Spaces side by side as if their networks had the same flops."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from netspace.analyse.normalised import NormalisedEdf, normalised_edfs
from netspace.errors import UserError
from netspace.present.plots import Curve
from netspace.present.populations import Tabled

FEWEST = 2
"""Finished networks that a space needs to take part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtEqualFlops:
    """Populations and, in the same order, their curves at the flops that all of them have."""

    populations: tuple[Tabled, ...]
    curves: tuple[NormalisedEdf, ...]

    @property
    def drawable(self) -> list[Curve]:
        """The curves as they are drawn."""
        return [
            Curve(
                population=population,
                edf=one.curve,
                note=f"{one.curve.finished:,} networks, worth {one.effective:,.0f}",
            )
            for population, one in zip(self.populations, self.curves, strict=True)
        ]


def at_equal_flops(populations: Sequence[Tabled]) -> tuple[AtEqualFlops, ...]:
    """All populations together where their flops overlap, else each pair that does.

    Empty if no two do, or are of known flops.
    """
    able = [one for one in populations if _known(one) >= FEWEST]
    if len(able) < 2:
        return ()
    together = _alike(able)
    if together is not None:
        return (together,)
    pairs = (_alike(pair) for pair in combinations(able, 2)) if len(able) > 2 else ()
    return tuple(pair for pair in pairs if pair is not None)


def _known(population: Tabled) -> int:
    """Finished networks of known flops."""
    table = population.table
    return int(np.count_nonzero(table.finished & np.isfinite(table.flops)))


def _alike(populations: Sequence[Tabled]) -> AtEqualFlops | None:
    tables = [one.table for one in populations]
    try:
        curves = normalised_edfs(
            [table.errors for table in tables], [table.flops for table in tables]
        )
    except UserError:  # their flops have nothing in common
        return None
    return AtEqualFlops(populations=tuple(populations), curves=curves)
