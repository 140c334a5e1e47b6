"""Which differences among several networks are real, and whether another data set ranks alike.

Errors come in groups, one for each network, one error for each seed. The spread over seeds is
pooled (see replicates). Among k networks the widest of all differences grows with k by chance
alone; Tukey's studentized range takes that into account, so that all intervals hold at once
(Tukey-Kramer where networks have unequally many errors).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import inf, sqrt
from statistics import fmean

import numpy as np

from netspace.analyse.agreement import Estimate as Interval
from netspace.analyse.agreement import kendall_tau
from netspace.analyse.outcomes import Floats, check_confidence, check_resamples
from netspace.analyse.replicates import CONFIDENCE, Estimate, Spread, spread

Groups = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two networks and the difference of their mean errors, the first minus the second."""

    first: str
    second: str
    difference: Estimate

    @property
    def real(self) -> bool:
        """Whether the interval, which holds together with those of all pairs, leaves out 0."""
        return self.difference.verdict != "undecided"


def pooled(groups: Groups) -> Spread | None:
    """The spread over seeds that all networks share; None where no network has two errors."""
    if all(len(group) < 2 for group in groups.values()):
        return None
    return spread(list(groups.values()))


def pairs(groups: Groups, *, confidence: float = CONFIDENCE) -> tuple[Pair, ...]:
    """Every pair of the networks that have an error, the better one first, best pairs first.

    The intervals hold all at once with this confidence.
    """
    check_confidence(confidence)
    known = {name: group for name, group in groups.items() if group}
    ranked = sorted(known, key=lambda name: fmean(known[name]))
    shared = pooled(known)
    quantile = inf if shared is None else _range_quantile(len(known), shared.degrees, confidence)
    return tuple(
        Pair(
            first=first,
            second=second,
            difference=Estimate(
                value=fmean(known[first]) - fmean(known[second]),
                half_width=_half_width(shared, quantile, len(known[first]), len(known[second])),
            ),
        )
        for first, second in combinations(ranked, 2)
    )


@cache
def _range_quantile(networks: int, degrees: int, confidence: float) -> float:
    """Of the range of so many means, in standard errors of a mean."""
    from scipy.stats import studentized_range  # takes half a second to import

    return float(studentized_range.ppf(confidence, networks, degrees)) if networks > 1 else 0.0


def _half_width(shared: Spread | None, quantile: float, first: int, second: int) -> float:
    if shared is None:
        return inf
    return quantile / sqrt(2) * shared.deviation * sqrt(1 / first + 1 / second)


def order_agreement(
    groups: Groups,
    others: Groups,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = 4_000,
    seed: int = 0,
) -> Interval | None:
    """Kendall's tau-b of the mean errors on two data sets, over the networks with both.

    1 where both rank alike, -1 where the one's order is the other's turned round. None below three
    networks, or where all are equal. The interval says what other seeds would give for the *same*
    networks: means are drawn around those found, with each data set's own pooled spread and as many
    degrees of freedom. What other networks would give it does not say.
    """
    check_confidence(confidence)
    check_resamples(resamples)
    both = [name for name in groups if groups[name] and others.get(name)]
    if len(both) < 3:
        return None
    first, second = (np.array([fmean(side[name]) for name in both]) for side in (groups, others))
    tau = kendall_tau(first, second)
    if not np.isfinite(tau):
        return None
    rng = np.random.default_rng(seed)
    drawn = [_redrawn(side, both, resamples, rng) for side in (groups, others)]
    if drawn[0] is None or drawn[1] is None:
        return Interval(value=float(tau), low=-1.0, high=1.0)
    taus = _taus(drawn[0], drawn[1])
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(taus, (tail, 1.0 - tail))
    return Interval(value=float(tau), low=float(min(low, tau)), high=float(max(high, tau)))


def _taus(first: Floats, second: Floats) -> Floats:
    """Kendall's tau of each row with the row beside it; drawn numbers have no ties."""
    before, after = np.triu_indices(first.shape[1], k=1)
    signs = (np.sign(side[:, before] - side[:, after]) for side in (first, second))
    found: Floats = np.prod(list(signs), axis=0).mean(axis=1)
    return found


def _redrawn(
    groups: Groups, names: Sequence[str], resamples: int, rng: np.random.Generator
) -> Floats | None:
    """Means (resamples, networks) as other seeds might give them; None where no spread is known."""
    shared = pooled({name: groups[name] for name in names})
    if shared is None:
        return None
    means = np.array([fmean(groups[name]) for name in names])
    counts = np.array([len(groups[name]) for name in names])
    # One draw of the spread for all networks: it was pooled over them.
    scale = shared.deviation * np.sqrt(shared.degrees / rng.chisquare(shared.degrees, resamples))
    noise = rng.standard_normal((resamples, len(names))) / np.sqrt(counts)
    found: Floats = means + scale[:, None] * noise
    return found
