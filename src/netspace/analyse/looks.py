"""When to look while networks are still being trained, so that the verdict holds at any stop.

Looking again and again until an interval decides finds differences that are not there. So the looks
are stated beforehand (Renard's R10 numbers: 20, 25, 32, 40 ... networks a side), and the error that
all of them together may make is spent on them in stated parts: `BY_HORIZON` of it in equal parts up
to the horizon (small looks a smaller part), the rest in falling parts on all later looks, without
an end. A verdict therefore holds whenever one stops. Each look's normal quantile follows from the
joint distribution of the looks, whose differences are correlated since they share networks.

Source: group-sequential tests by error spending, Lan and DeMets 1983; recursive integration of
Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, ch. 7 and 19.
"""

from collections.abc import Sequence
from functools import cache
from itertools import count, takewhile

import numpy as np

from netspace.analyse.outcomes import Floats

FIRST = 20
HORIZON = 500

BY_HORIZON = 0.65
"""Share of the error spent up to the horizon."""

SMALL, SMALL_PART = 50, 0.2
"""A look at fewer networks than SMALL spends such a part of what a later one does.

The lowest errors of so few are too few for an exact interval of the best of ten: on tables of
trained networks a look at 20 errs four times as often as it says, one at 50 no more than it says.
"""

FALL = 0.8
"""Each look after the horizon spends so much of what the one before it spent."""

_R10 = (10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80)
_POINTS = 401


def looks(last: int) -> tuple[int, ...]:
    """The numbers of finished networks a side at which one looks, up to `last`."""
    numbers = (int(step * 10**decade + 0.5) for decade in count() for step in _R10)
    return tuple(n for n in takewhile(lambda n: n <= last, numbers) if n >= FIRST)


@cache
def quantiles(last: int, error: float, horizon: int = HORIZON) -> tuple[float, ...]:
    """The normal quantile of each look up to `last`, two-sided, all looks together at `error`."""
    from scipy.special import ndtr  # takes a while to import

    stated = looks(last)
    sums, odds, before = np.zeros(1), np.ones(1), 0
    found = []
    for n, spent in zip(stated, _spending(stated, error, horizon), strict=True):
        step = float(np.sqrt(n - before))
        quantile = _quantile(sums / step, odds, np.sqrt(n) / step, spent)
        found.append(quantile)
        edge = quantile * np.sqrt(n)
        inside = np.linspace(-edge, edge, _POINTS)
        half = (inside[1] - inside[0]) / 2
        # How likely the sum moves into each cell without having left the bounds before.
        distance = (inside[:, np.newaxis] - sums) / step
        odds = (ndtr(distance + half / step) - ndtr(distance - half / step)) @ odds
        sums, before = inside, n
    return tuple(found)


def _spending(stated: Sequence[int], error: float, horizon: int) -> Floats:
    """The part of the error that each look spends."""
    early = np.array(looks(max(horizon, FIRST)))
    parts = np.where(early < SMALL, SMALL_PART, 1.0)
    late = (1.0 - BY_HORIZON) * (1.0 - FALL) * FALL ** np.arange(max(0, len(stated) - len(early)))
    return np.asarray(error * np.concatenate([BY_HORIZON * parts / parts.sum(), late]))[
        : len(stated)
    ]


def _quantile(sums: Floats, odds: Floats, scale: float, spent: float) -> float:
    """The quantile beyond which the next sum lies with the probability `spent`."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    def excess(quantile: float) -> float:
        outside = ndtr(sums - quantile * scale) + ndtr(-sums - quantile * scale)
        return float(outside @ odds) - spent

    return float(brentq(excess, 0.0, 12.0, xtol=1e-6))
