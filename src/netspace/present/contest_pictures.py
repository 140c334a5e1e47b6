"""The pictures of a contest: error against the costs that were not made equal."""

from collections.abc import Sequence
from math import inf

import plotly.graph_objects as go

from netspace.contest_study import EqualFlops
from netspace.present.contest_findings import Standing, differences, standings
from netspace.present.contest_record import ContestRecord
from netspace.present.page import Plot, plot
from netspace.present.pareto import Point, Real, backdrop_words, pareto_words
from netspace.present.pareto_plot import draw_pareto
from netspace.present.published import published
from netspace.present.tables import COSTS

WORDS = "Mean error of each network against a cost, with intervals and the front of the means"


def points(record: ContestRecord) -> list[Point]:
    """Every entry with a result on the first data set."""
    return [_point(record, one) for one in standings(record, record.first) if one.error is not None]


def _point(record: ContestRecord, one: Standing) -> Point:
    assert one.error is not None
    entry, known = one.entry, one.error.known
    counts = {name: float(getattr(entry.complexity, name)) for name in COSTS}
    times = {name: own.median_ms for name, own in record.figures(entry.name).items()}
    return Point(
        name=entry.name,
        kind=entry.origin,
        error=one.error.value,
        low=one.error.low if known else -inf,
        high=one.error.high if known else inf,
        costs=counts | times,
    )


def real_pairs(record: ContestRecord) -> Real:
    """Names of (better, worse) networks that differ beyond the noise of seeds."""
    return {(pair.first, pair.second) for pair in differences(record.first) if pair.real}


def costs_of(record: ContestRecord) -> tuple[str, ...]:
    """What the networks may be set against, what was made equal last: it tells nothing apart."""
    backends = () if record.latency is None else record.latency.backends
    if isinstance(record.study.equal, EqualFlops):
        return (*backends, "activations", "params", "flops")
    return (*COSTS, *backends)


def picture(record: ContestRecord, cost: str, *, stacked: bool = False) -> go.Figure:
    """Error against this cost, with published networks in a panel beside it, or below."""
    return draw_pareto(
        points(record), cost, real=real_pairs(record), backdrop=published(), stacked=stacked
    )


def words(record: ContestRecord, cost: str) -> Sequence[str]:
    """What the picture shows, and how to read it."""
    return (*pareto_words(points(record), cost, real_pairs(record)), *backdrop_words(cost))


def pictures(record: ContestRecord) -> list[tuple[Plot, Sequence[str]]]:
    """The report's: against the first cost, and against activations."""
    if not points(record):
        return []
    return [
        (
            plot(f"pareto-{cost}", f"{WORDS}: {cost}", picture(record, cost), 760),
            words(record, cost),
        )
        for cost in dict.fromkeys((costs_of(record)[0], "activations"))
    ]
