"""Which parameters tell the best networks of a population from the rest.

PED-ANOVA measures by the Pearson divergence how differently a parameter is distributed among the
best. Over bins of its values that is the chi-square statistic of a table of two rows, the best and
the rest, over the number of networks; so chance's part in it is known exactly and taken off.
Source: Watanabe, Bansal and Hutter 2023, "PED-ANOVA".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.bins import quantile_bins
from netspace.analyse.outcomes import Floats
from netspace.errors import UserError
from netspace.table import TrialTable

TOP = 0.1
FEWEST_BEST = 5
"""With fewer networks among the best, hardly any difference could be told from chance."""

MOST_BINS = 10
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """How much one parameter, or its value in one stage, separates the best networks.

    stage: from 1; None for a parameter that has no stages, or for the sum of its values over all of
    them; stages: how many it has. networks: finished ones that have a value. divergence: Pearson's,
    less what chance adds on average, so about 0 and at times below it where nothing separates.
    p_value: that the best are a random choice, by Holm's correction for all parameters tested.
    share: of all divergence above 0; of all parameters it adds up to 1, or is 0 everywhere if no
    p-value is below `SIGNIFICANT`.
    """

    parameter: str
    stage: int | None
    stages: int
    networks: int
    divergence: float
    p_value: float
    share: float

    @property
    def significant(self) -> bool:
        """Whether it separates the best by more than chance would."""
        return self.p_value < SIGNIFICANT


def importances(table: TrialTable, *, top: float = TOP) -> tuple[Importance, ...]:
    """Every parameter of a table, and every stage of it, the most important first.

    top: the share of finished networks that are the best; more where errors are equal. Networks
    without a value are left out for that parameter. Raises UserError if the best are fewer than
    `FEWEST_BEST`.
    """
    done = table.rows(table.finished)
    best = _best(done.errors, top)
    knobs = [knob for name, values in done.parameters.items() for knob in _knobs(name, values)]
    tests = [_tested(knob.values, best) for knob in knobs]
    p_values = _holm(np.array([test.p_value for test in tests]))
    separates = any(p < SIGNIFICANT for p in p_values)
    whole = sum(max(test.divergence, 0.0) for test in tests) if separates else 0.0
    found = [
        Importance(
            parameter=knob.parameter,
            stage=knob.stage,
            stages=knob.stages,
            networks=test.networks,
            divergence=test.divergence,
            p_value=p,
            share=max(test.divergence, 0.0) / whole if whole else 0.0,
        )
        for knob, test, p in zip(knobs, tests, p_values, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, -one.divergence)))


def fewest(top: float = TOP) -> int:
    """How many finished networks `importances` needs."""
    return ceil(FEWEST_BEST / top - 1e-9)


def _best(errors: Floats, top: float) -> NDArray[np.bool_]:
    """Which networks `(n,)` are among the best."""
    if not 0.0 < top < 1.0:
        raise UserError(f"top {top:g} must lie between 0 and 1; 0.1 is usual")
    if errors.size < fewest(top):
        raise UserError(
            f"the best {100 * top:g} % of {errors.size} finished networks are too few to tell from "
            f"the rest; train at least {fewest(top)} networks"
        )
    last = round(top * errors.size) - 1
    return np.asarray(errors <= np.partition(errors, last)[last])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Knob:
    parameter: str
    stage: int | None
    stages: int
    values: Floats


def _knobs(name: str, values: Floats) -> Iterator[_Knob]:
    """Each stage's values and their sum; the values alone where all stages have the same."""
    first, stages = values[:, 0], values.shape[1]
    if stages == 1 or np.array_equal(values, np.broadcast_to(first[:, None], values.shape), True):
        yield _Knob(parameter=name, stage=None, stages=1, values=first)
        return
    for stage, column in enumerate(values.T, start=1):
        yield _Knob(parameter=name, stage=stage, stages=stages, values=column)
    yield _Knob(parameter=name, stage=None, stages=stages, values=values.sum(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    networks: int
    divergence: float
    p_value: float


def _tested(values: Floats, best: NDArray[np.bool_]) -> _Tested:
    """Pearson's chi-square test of the best against the rest, over bins of the values."""
    from scipy.stats import chi2, chi2_contingency  # takes half a second to import

    known = np.isfinite(values)
    inside, n = best[known], int(np.count_nonzero(known))
    m = int(np.count_nonzero(inside))
    if not 0 < m < n:
        return _Tested(networks=n, divergence=0.0, p_value=1.0)
    place, bins = quantile_bins(values[known], min(MOST_BINS, m))
    if bins == 1:
        return _Tested(networks=n, divergence=0.0, p_value=1.0)
    counts = [np.bincount(place[rows], minlength=bins) for rows in (inside, ~inside)]
    found = chi2_contingency(counts, correction=False)
    # With both margins fixed the expected statistic is exactly (bins - 1) n / (n - 1).
    scaled = found.statistic * (n - 1) / n
    return _Tested(
        networks=n,
        divergence=float((scaled - found.dof) / (n - 1) * (n - m) / m),
        p_value=float(chi2.sf(scaled, found.dof)),
    )


def _holm(p_values: Floats) -> list[float]:
    """Adjusted so that chance puts any of them below a level only that often (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    times = np.arange(p_values.size, 0, -1)
    adjusted = np.empty(p_values.size)
    adjusted[order] = np.minimum(np.maximum.accumulate(times * p_values[order]), 1.0)
    return adjusted.tolist()
