"""How far a cheap estimate of networks can be trusted: whether it ranks them as errors do.

Kendall's tau-b of an estimate and the errors, turned so that + is good: 1 where a higher estimate
always means a lower error, 0 where it says nothing, -1 where it is always the other way round.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netspace.analyse.agreement import Estimate, kendall_tau, taus, widened
from netspace.analyse.outcomes import Floats, check_confidence, check_resamples

FEWEST = 10
"""Networks below which no figure is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """How an estimate ranks `networks`, those of them that have an error and the estimate.

    tau: + is good. gains: that tau minus each baseline's over the same networks, by its name.
    """

    networks: int
    tau: Estimate
    gains: Mapping[str, Estimate]

    @property
    def better(self) -> bool:
        """Whether it does better than every baseline, beyond the intervals."""
        return bool(self.gains) and all(gain.low > 0.0 for gain in self.gains.values())


def correlation(
    errors: ArrayLike,
    scores: ArrayLike,
    baselines: Mapping[str, ArrayLike],
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 0,
) -> Correlation | None:
    """How estimates `(n,)` rank networks of these errors `(n,)`, against baselines `(n,)` each.

    Networks without an error or an estimate (NaN) are left out. None if fewer than 10 are left, or
    all of them have the same error or estimate, which ranks none. A baseline that ranks none has a
    tau of 0. Intervals are percentile bootstraps over networks, each drawn with its error and all
    its estimates; that of a tau is at least as wide as Fieller's for normal errors. At 95 %, in
    simulated normal errors of 10 to 120 networks, they cover a tau 96 to 99 % of the time and a
    gain 94 to 98 %; an estimate no better than its baseline came out as better in 1 to 4 %.
    """
    check_confidence(confidence)
    check_resamples(resamples)
    rows = np.stack([-np.asarray(errors, np.float64), *_rows(scores, *baselines.values())])
    rows = rows[:, np.isfinite(rows[:2]).all(axis=0)]
    n = rows.shape[1]
    if n < FEWEST or (np.ptp(rows[:2], axis=1) == 0.0).any():
        return None
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    values = np.nan_to_num([kendall_tau(rows[0], row) for row in rows[1:]])
    resampled = _taus_of(rows, drawn)
    own = _estimate(values[0], resampled[0], confidence)
    gains = {
        name: _estimate(values[0] - value, resampled[0] - others, confidence)
        for name, value, others in zip(baselines, values[1:], resampled[1:], strict=True)
    }
    return Correlation(networks=n, tau=widened(own, n, confidence), gains=gains)


def _rows(*columns: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.asarray(column, np.float64) for column in columns)


def _taus_of(rows: Floats, counts: NDArray[np.int64]) -> Floats:
    """Tau of the first row `(n,)` with each of the others `(m - 1, k)`; 0 where a row ranks none.

    counts: how often each network is taken `(k, n)`.
    """
    quality, *others = (np.sign(row[:, np.newaxis] - row[np.newaxis]) for row in rows)
    return np.nan_to_num(np.stack([taus(quality, other, counts) for other in others]))


def _estimate(value: float, resampled: Floats, confidence: float) -> Estimate:
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(resampled, (tail, 1.0 - tail))
    return Estimate(value=float(value), low=float(min(low, value)), high=float(max(high, value)))
