"""How much a front beats, as a share of all that it could: the hypervolume over a search."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netspace.analyse.outcomes import Floats
from netspace.present.search_trace import Trace
from netspace.search.front import front, hypervolume

ORDERS = 200
"""Random orders of the drawn networks, over which the share of k random ones is averaged."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """The share of the box that the networks so far beat, from 0 to 1, after 1, 2 … of them.

    The box lies between 0 % error at the least costs of all networks asked for, and 100 % error at
    their largest costs, which is the reference; costs count by their logarithms. share: `(n,)`.
    random: what k of the search's own m drawn networks beat on average, `(m,)`; empty where rungs
    stopped most of them. draws: m.
    """

    share: Floats
    random: Floats

    @property
    def draws(self) -> int:
        """How many drawn networks the average rests on."""
        return len(self.random)


def volume(trace: Trace, costs: Sequence[str]) -> Volume | None:
    """The share over the search; None where all networks cost the same, or none has an error."""
    logarithms = [np.log10(trace.costs[name]) for name in costs]
    ends = [(np.nanmin(column), np.nanmax(column)) for column in logarithms if len(column)]
    known = trace.whole
    if not known.any() or any(not low < high for low, high in ends):
        return None
    scaled = [(c - low) / (high - low) for c, (low, high) in zip(logarithms, ends, strict=True)]
    values = np.stack([trace.compared / 100, *scaled], axis=1)
    chosen = values[known & trace.drawn]
    return Volume(share=covered(values), random=np.empty(0) if trace.rungs else _random(chosen))


def covered(values: Floats) -> Floats:
    """The hypervolume of the first 1, 2 … rows of `(n, k)` values from 0 to 1, against 1; `(n,)`.

    Rows with NaN add nothing.
    """
    reference = np.ones(values.shape[1])
    kept, share, found = values[:0], 0.0, np.empty(len(values))
    for place, row in enumerate(values):
        known = bool(np.isfinite(row).all())
        if known and not (kept <= row).all(axis=1).any():
            both = np.vstack([kept, row])
            kept = both[front(both)]
            share = hypervolume(kept, reference)
        found[place] = share
    return found


def _random(values: Floats) -> Floats:
    if len(values) < 2:
        return np.empty(0)
    chance = np.random.default_rng(np.random.SeedSequence(0))
    orders = [covered(values[chance.permutation(len(values))]) for _ in range(ORDERS)]
    return np.asarray(np.mean(orders, axis=0))
