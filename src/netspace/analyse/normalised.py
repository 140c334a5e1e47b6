"""Error distributions of populations as if all had the same complexities.

Where one population has more of the costly networks, its errors are lower whatever its design. So
each network gets a weight, by bins of complexity, that makes the populations' complexities alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netspace.analyse.bins import quantile_bins
from netspace.analyse.edf import Edf, effective_size, weighted_edf
from netspace.analyse.outcomes import Floats, check_confidence, outcomes, read_only
from netspace.design.units import format_range
from netspace.errors import UserError

MOST_BINS = 50
NETWORKS_A_BIN = 10
"""Of the smallest population, on average: with fewer, many bins would lack one population."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormalisedEdf:
    """The EDF of one population at complexities that all compared populations have.

    weights: of every network given, `(n,)`, adding up to 1; 0 for those outside. effective: as many
    equal networks would tell as much. left_out: share of the finished networks, of known
    complexity, that lie where some other population has none. unknown: finished networks whose
    complexity is not known; they are left out too.
    """

    curve: Edf
    weights: Floats
    effective: float
    left_out: float
    unknown: int


def normalised_edfs(
    errors: Sequence[ArrayLike],
    complexities: Sequence[ArrayLike],
    *,
    names: Sequence[str] = (),
    measure: str = "complexity",
    bins: int | None = None,
    confidence: float = 0.95,
) -> tuple[NormalisedEdf, ...]:
    """The EDFs of two or more populations, weighted to a common distribution of complexity.

    errors, complexities: of each population, `(n,)` each; NaN errors are failed networks. names,
    measure: for messages. bins: about equally large; up to `MOST_BINS` if left out. The common
    distribution is the one that keeps the effective sizes highest: a bin counts as much as the
    populations have networks in it, by their harmonic mean, so one that any of them lacks drops
    out. The band is that of the effective size; it holds for the distribution over these bins.
    Raises UserError if a population has no finished network or none shares a bin with the others.
    Source: Radosavovic et al. 2019, section 3.3, where all bins count the same.
    """
    check_confidence(confidence)
    called = names or [chr(ord("A") + place) for place in range(len(errors))]
    given = list(zip(called, errors, complexities, strict=True))
    sides = [_side(name, e, c, measure) for name, e, c in given]
    shares = _shares(sides, called, measure, bins)
    return tuple(
        _normalised(side, share, confidence) for side, share in zip(sides, shares, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Side:
    """One population, row by row; known: (n,), finished and of known complexity."""

    errors: Floats
    complexities: Floats
    known: NDArray[np.bool_]

    @property
    def inside(self) -> Floats:
        """The known complexities."""
        return self.complexities[self.known]


def _side(name: str, errors: ArrayLike, complexities: ArrayLike, measure: str) -> _Side:
    where = f"population {name}: "
    e, c = np.asarray(errors, dtype=np.float64), np.asarray(complexities, dtype=np.float64)
    outcomes(e, where=where)
    if e.shape != c.shape:
        raise UserError(f"{where}{e.size} errors but {c.size} of {measure}; give one to each")
    known = np.isfinite(e) & np.isfinite(c)
    if not known.any():
        raise UserError(f"{where}no finished network of known {measure}; give its {measure}")
    return _Side(errors=e, complexities=c, known=known)


def _shares(
    sides: Sequence[_Side], names: Sequence[str], measure: str, bins: int | None
) -> list[Floats]:
    """The unscaled weight of each network, one array `(n,)` for each population."""
    shared = _within_all(sides)
    smallest = min(np.count_nonzero(rows) for rows in shared)
    if not smallest:
        raise _apart(sides, names, measure)
    most = bins or int(np.clip(smallest // NETWORKS_A_BIN, 1, MOST_BINS))
    placed, count = _placed(
        [side.complexities[rows] for side, rows in zip(sides, shared, strict=True)], most
    )
    counts = np.array([np.bincount(own, minlength=count) for own in placed], dtype=np.float64)
    if not counts.all(axis=0).any():
        raise _apart(sides, names, measure)
    target, found = _target(counts), []
    for rows, own, networks in zip(shared, placed, counts, strict=True):
        weights = np.zeros(rows.size)
        weights[rows] = (target / np.maximum(networks, 1.0))[own]
        found.append(weights)
    return found


def _within_all(sides: Sequence[_Side]) -> list[NDArray[np.bool_]]:
    """The rows `(n,)` of each population whose complexity lies in the range of all."""
    low = max(side.inside.min() for side in sides)
    high = min(side.inside.max() for side in sides)
    return [s.known & (low <= s.complexities) & (s.complexities <= high) for s in sides]


def _placed(values: Sequence[Floats], most: int) -> tuple[list[NDArray[np.int64]], int]:
    """The bin of each value, by population, and the number of bins."""
    # Each population has the same say in where the bins end, however large it is.
    says = np.concatenate([np.full(own.size, 1.0 / own.size) for own in values])
    places, count = quantile_bins(np.concatenate(values), most, says)
    return np.split(places, np.cumsum([own.size for own in values])[:-1]), count


def _target(counts: Floats) -> Floats:
    """The share `(bins,)` of each bin, by counts `(populations, bins)`; 0 where one has none."""
    with np.errstate(divide="ignore"):
        # Minimises the sum over populations of 1 / effective size.
        target = 1.0 / (1.0 / counts).sum(axis=0)
    return np.asarray(target / target.sum())


def _normalised(side: _Side, share: Floats, confidence: float) -> NormalisedEdf:
    inside = share > 0.0
    finished = np.isfinite(side.errors)
    return NormalisedEdf(
        curve=weighted_edf(
            side.errors[inside],
            share[inside],
            failed=int(np.count_nonzero(~finished)),
            confidence=confidence,
        ),
        weights=read_only(share / share.sum()),
        effective=effective_size(share[inside]),
        left_out=1.0 - np.count_nonzero(inside) / np.count_nonzero(side.known),
        unknown=int(np.count_nonzero(finished & ~side.known)),
    )


def _apart(sides: Sequence[_Side], names: Sequence[str], measure: str) -> UserError:
    ranges = (
        f"{format_range(side.inside.min(), side.inside.max())} ({name})"
        for name, side in zip(names, sides, strict=True)
    )
    return UserError(
        f"{measure} of {' and '.join(ranges)} have nothing in common, so the populations cannot be "
        f"made alike; draw them within one range of {measure}"
    )
