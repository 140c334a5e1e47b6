"""The part of a report that shows a search."""

from dataclasses import dataclass

from netspace.config import Budget
from netspace.present.page import Plot, plot
from netspace.present.palette import AXIS_ERROR
from netspace.present.record import RunRecord
from netspace.present.search_findings import SearchFindings, findings_of
from netspace.present.search_front_plot import draw_front, limits_of
from netspace.present.search_marks import costs_words
from netspace.present.search_plots import draw_progress, draw_volume
from netspace.present.search_random import Baseline
from netspace.present.search_shift_plot import draw_shifts
from netspace.present.search_words import (
    LEFT_OUT,
    axis_of,
    progress_note,
    said,
    shift_words,
    strips_note,
    unmoved,
)
from netspace.present.tables import Table
from netspace.present.wording import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchShown:
    """What the section holds; figures are None where no network has a result.

    left_out: what a report of drawn networks has, and why this one has not.
    """

    said: str
    left_out: str
    progress: Plot | None
    progress_note: str
    volume: Plot | None
    front: Plot | None
    front_costs: str
    front_table: Table | None
    shifts: Plot | None
    shifts_said: str
    shifts_note: str


def search_shown(record: RunRecord, baseline: Baseline | None = None) -> SearchShown | None:
    """The section; None for a run that is no search."""
    if record.study.search is None:
        return None
    return section_of(findings_of(record, baseline), record.study.budget)


def section_of(found: SearchFindings, budget: Budget, *, axis: str = AXIS_ERROR) -> SearchShown:
    """The section of any search; axis: names the errors."""
    known = bool(found.trace.whole.any())
    limits = limits_of(budget, found.terms.objective)
    progress = draw_progress(found.trace, found.followed, found.random, axis=axis_of(found, axis))
    front = draw_front(found.trace, found.costs, limits, axis=axis) if known else None
    widest = 680 if len(found.costs) > 1 else 0
    return SearchShown(
        said=said(found),
        left_out=LEFT_OUT,
        progress=plot("search", "The best so far against networks asked for", progress)
        if known
        else None,
        progress_note=progress_note(found),
        volume=_volume(found),
        front=plot("front", "Error against cost, with the front", front, widest) if front else None,
        front_costs=" and ".join(name.removesuffix("_ms") for name in found.costs),
        front_table=_front_table(found) if known else None,
        shifts=_shifts(found),
        shifts_said=" ".join(filter(None, (shift_words(found), unmoved(found)))),
        shifts_note=strips_note(found),
    )


def _volume(found: SearchFindings) -> Plot | None:
    if found.volume is None:
        return None
    words = "The share of the box that the front beats against networks asked for"
    return plot("volume", words, draw_volume(found.volume))


def _shifts(found: SearchFindings) -> Plot | None:
    if not found.shifts:
        return None
    words = "How often each value occurs among the first and the last third of the networks"
    return plot("shifts", words, draw_shifts(found.shifts), 720)


def _front_table(found: SearchFindings) -> Table:
    trace = found.trace
    rows = [
        (
            trace.names[row],
            f"{row + 1:,}",
            "drawn" if trace.drawn[row] else "proposed",
            percent(float(trace.errors[row])),
            costs_words({name: float(column[row]) for name, column in trace.costs.items()}),
        )
        for row in found.front.tolist()
    ]
    columns = ("network", "number", "how", "error", "costs")
    return Table(columns=columns, rows=tuple(rows), words=5)
