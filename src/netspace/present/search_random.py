"""What random search would have found by then: the expected best of k random networks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from netspace.analyse.best_of import best_of
from netspace.analyse.outcomes import Floats
from netspace.analyse.summary import best_interval
from netspace.present.search_trace import Followed, Trace
from netspace.search.objective import Objective, Reward


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """Networks that another run drew at random from the same space, trained as long as here.

    errors: `(m,)`, in percent, NaN where one failed. costs: by name, as far as a reward needs them.
    """

    name: str
    errors: Floats
    costs: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """What the best of k = 1, 2 … random draws has on average, as long as k is known.

    values: `(k,)`. low, high: `(k,)`, the 95 % interval, NaN where the draws are too few for one.
    draws: how many networks it rests on. source: whose; empty for the search's own.
    """

    values: Floats
    low: Floats
    high: Floats
    draws: int
    source: str = ""

    def __len__(self) -> int:
        return len(self.values)

    def interval(self, k: int) -> tuple[float, float] | None:
        """Of the best of k, if there is one."""
        low, high = float(self.low[k - 1]), float(self.high[k - 1])
        return (low, high) if np.isfinite(low) else None


def expected(
    trace: Trace, found: Followed, objective: Objective, baseline: Baseline | None = None
) -> Expected | None:
    """What random draws give by what the search is followed by; None where nobody knows.

    Without a baseline from the search's own draws, unless rungs stopped most of them: those that
    were trained to the end were chosen by then.
    """
    if baseline is not None:
        values, source = _of_baseline(baseline, objective), baseline.name
    elif trace.rungs:
        return None
    else:
        values, source = found.values[trace.drawn], ""
    sign = -1.0 if found.high else 1.0
    ascending = np.sort(sign * values[np.isfinite(values)])
    most = min(ascending.size, len(trace))
    if ascending.size < 2:
        return None
    best = np.array([best_of(ascending, k) for k in range(1, most + 1)])
    intervals = [best_interval(ascending, k) for k in range(1, most + 1)]
    ends = sign * np.array([(one.low, one.high) if one else (np.nan, np.nan) for one in intervals])
    ends.sort(axis=1)
    return Expected(
        values=sign * best, low=ends[:, 0], high=ends[:, 1], draws=ascending.size, source=source
    )


def _of_baseline(baseline: Baseline, objective: Objective) -> Floats:
    if isinstance(objective, Reward):
        return objective.preference(baseline.errors, baseline.costs)
    return baseline.errors
