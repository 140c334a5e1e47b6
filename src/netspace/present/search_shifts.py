"""Where a search looked at first and where at last: how often each value of a parameter occurs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.bins import quantile_bins
from netspace.analyse.outcomes import Floats
from netspace.present.search_trace import Trace
from netspace.present.wording import spaced

MOST_VALUES, BINS = 8, 6
"""A parameter with more values is put into so many bins."""

FEWEST = 6
"""Networks in each third that frequencies take."""

ORDERS = 999
LEVEL = 0.05

Labels = Mapping[str, Mapping[float, str]]
"""What the values of a parameter are called, where they have names."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shift:
    """One parameter in one place: how often it had each value early and late.

    place: from 1, None where it has one, or the same value in all. values: what they are called,
    or the ends of bins. early, late: shares of the networks with a value, `(values,)`.
    p_value: how often a random order of the same networks lets any parameter stand out as much.
    """

    parameter: str
    place: int | None
    values: tuple[str, ...]
    early: Floats
    late: Floats
    p_value: float = 1.0

    @property
    def moved(self) -> float:
        """The share of networks that would have to change for one to become the other."""
        return float(np.abs(self.late - self.early).sum() / 2)

    @property
    def clear(self) -> bool:
        """Whether a random order would hardly move as much."""
        return self.p_value < LEVEL

    @property
    def name(self) -> str:
        """The parameter in words, with its stage: 'width, stage 2'."""
        return spaced(self.parameter) + ("" if self.place is None else f", stage {self.place}")


def third(trace: Trace) -> int:
    """How many networks are the first, and the last, third."""
    return len(trace) // 3


def shifts(trace: Trace, labels: Labels | None = None) -> tuple[Shift, ...]:
    """Every parameter that varies, place by place; empty where the thirds are too small."""
    count = third(trace)
    if count < FEWEST:
        return ()
    found = [
        column
        for name, values in trace.parameters.items()
        for column in _columns(name, values, count, (labels or {}).get(name, {}))
    ]
    chances = _chances(found, count)
    return tuple(_shift(column, p) for column, p in zip(found, chances, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Column:
    """codes: numbers of values, `(2 thirds,)`, the first third first; -1 where there is none."""

    parameter: str
    place: int | None
    values: tuple[str, ...]
    codes: NDArray[np.int64]

    def halves(self, first: Floats) -> tuple[Floats, Floats]:
        """How often each value occurs among networks marked 1 `(..., 2 thirds)`, and the others."""
        has = (self.codes[:, np.newaxis] == np.arange(len(self.values))).astype(np.float64)
        counts = first @ has
        return _shares(counts), _shares(has.sum(axis=0) - counts)


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1))


def _columns(
    name: str, values: Floats, count: int, called: Mapping[float, str]
) -> Iterator[_Column]:
    codes, names = _coded(values, called)
    ends = np.concatenate([codes[:count], codes[-count:]])
    alike = bool((codes == codes[:, :1]).all())
    for place, column in enumerate(ends.T[:1] if alike else ends.T, start=1):
        if len(names) > 1 and all((half >= 0).any() for half in np.split(column, 2)):
            yield _Column(
                parameter=name, place=None if alike else place, values=names, codes=column
            )


def _coded(
    columns: Floats, called: Mapping[float, str]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The number of each value or bin, -1 where there is none, and what they are called."""
    known = np.isfinite(columns)
    flat = columns[known]
    distinct = np.unique(flat)
    codes = np.full(columns.shape, -1, dtype=np.int64)
    if distinct.size <= MOST_VALUES or called:
        codes[known] = np.searchsorted(distinct, flat)
        return codes, tuple(called.get(value, f"{value:g}") for value in distinct.tolist())
    bins, count = quantile_bins(flat, BINS)
    codes[known] = bins
    return codes, tuple(_ends(flat[bins == number]) for number in range(count))


def _ends(values: Floats) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.4g}" if low == high else f"{low:.4g}–{high:.4g}"


def _shift(column: _Column, p_value: float) -> Shift:
    early, late = column.halves(np.repeat([1.0, 0.0], len(column.codes) // 2))
    return Shift(
        parameter=column.parameter,
        place=column.place,
        values=column.values,
        early=early,
        late=late,
        p_value=p_value,
    )


def _chances(columns: Sequence[_Column], count: int) -> list[float]:
    """For each column how often in a random order any of them stands out as much.

    By how much more it moves than it does on average in random orders, in standard deviations
    (Westfall and Young 1993, single step).
    """
    if not columns:
        return []
    order = np.random.default_rng(np.random.SeedSequence(0))
    first = np.repeat([1.0, 0.0], count)
    # The first row is the order that was.
    rows = np.vstack([first, order.permuted(np.tile(first, (ORDERS, 1)), axis=1)])
    moved = np.stack([np.abs(np.subtract(*one.halves(rows))).sum(axis=1) for one in columns])
    spread = moved.std(axis=1, keepdims=True)
    apart = (moved - moved.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    most = apart[:, 1:].max(axis=0)
    return [float((1 + np.count_nonzero(most >= own - 1e-9)) / (1 + ORDERS)) for own in apart[:, 0]]
