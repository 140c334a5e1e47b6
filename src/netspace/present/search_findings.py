"""What came of a search, found once for its words, figures and files."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.config import SearchTerms
from netspace.present.record import RunRecord
from netspace.present.search_random import Baseline, Expected, expected
from netspace.present.search_shifts import Labels, Shift, shifts
from netspace.present.search_trace import (
    Followed,
    Trace,
    followed,
    front_costs,
    front_rows,
    terms_of,
    trace_of,
)
from netspace.present.search_volume import Volume, volume
from netspace.search.objective import Cost, Pareto
from netspace.spaces.ranges import distribution


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchFindings:
    """A search and what it came to.

    random: what random draws give; None where nobody knows. costs: those of the front. front: its
    rows. volume: only of a search for a front.
    """

    trace: Trace
    terms: SearchTerms
    followed: Followed
    random: Expected | None
    costs: tuple[Cost, ...]
    front: NDArray[np.int64]
    volume: Volume | None
    shifts: tuple[Shift, ...]


def findings_of(record: RunRecord, baseline: Baseline | None = None) -> SearchFindings:
    """Of a run's search, as far as it has come."""
    return findings(
        trace_of(record), terms_of(record), baseline=baseline, labels=_labels_of(record)
    )


def _labels_of(record: RunRecord) -> Labels:
    """The names of values of the space's parameters, where they have some."""
    (choice,), data = record.study.spaces, record.data
    space = choice.space(
        resolution=data.resolution, channels=data.channels, classes=len(data.classes)
    )
    return {
        one.name: dict(zip(distribution(one.values).values.tolist(), one.labels, strict=True))
        for one in space.parameters
        if one.labels
    }


def findings(
    trace: Trace,
    terms: SearchTerms,
    *,
    baseline: Baseline | None = None,
    labels: Labels | None = None,
) -> SearchFindings:
    """Of any search. labels: of parameters whose values have names."""
    objective = terms.objective
    own = followed(trace, objective)
    costs = front_costs(objective)
    return SearchFindings(
        trace=trace,
        terms=terms,
        followed=own,
        random=expected(trace, own, objective, baseline),
        costs=costs,
        front=front_rows(trace, costs),
        volume=volume(trace, costs) if isinstance(objective, Pareto) else None,
        shifts=shifts(trace, labels),
    )
