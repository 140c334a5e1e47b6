"""The tables of a contest: standings, pairs, other data sets, rules of handcraft, latencies."""

from collections.abc import Sequence

from netspace.analyse.ranking import Pair
from netspace.design.units import format_size
from netspace.present.contest_findings import (
    Standing,
    differences,
    gains_of_fine_tuning,
    obeyed,
    standings,
)
from netspace.present.contest_record import ContestRecord, Entry, Heat
from netspace.present.latency_record import LatencyReport
from netspace.present.tables import COSTS, NONE, Table
from netspace.present.wording import exact, uncertain

BETTER, WORSE, OPEN = "better", "worse", "="


def standings_table(record: ContestRecord) -> Table:
    """All entries by their mean error on the first data set, with everything they cost."""
    backends = () if record.latency is None else record.latency.backends
    rows = []
    for one in standings(record, record.first):
        cost = one.entry.complexity
        figures = record.figures(one.entry.name)
        rows.append(
            (
                one.entry.name,
                one.entry.origin,
                error_cell(one),
                *(format_size(getattr(cost, name)) for name in COSTS),
                *(f"{figures[b].median_ms:.3g}" if b in figures else NONE for b in backends),
                f"{_seconds(record.first, one.entry):.0f}",
            )
        )
    columns = (
        "network",
        "origin",
        "error, %",
        *COSTS,
        *(f"{backend}, ms" for backend in backends),
        "s a training",
    )
    return Table(columns=columns, rows=tuple(rows), words=2, marked=_place(record, rows))


def _place(record: ContestRecord, rows: Sequence[tuple[str, ...]]) -> int | None:
    name = None if record.victor is None else record.victor.name
    return next((place for place, row in enumerate(rows) if row[0] == name), None)


def _seconds(heat: Heat, entry: Entry) -> float:
    """Mean seconds of a training of this network."""
    own = [t.seconds for t in heat.trials if t.space == entry.name and t.seconds is not None]
    return sum(own) / len(own) if own else 0.0


def error_cell(one: Standing) -> str:
    """Mean and half-width, and how many trainings failed."""
    failed = f", {one.failed} failed" if one.failed else ""
    if one.error is None:
        return f"{NONE}{failed}"
    return f"{uncertain(one.error.value, one.error.half_width)}{failed}"


def pairs_table(record: ContestRecord, heat: Heat) -> Table:
    """Each network of a row against each of a column: better, worse, or not told apart."""
    found = {(pair.first, pair.second): pair for pair in differences(heat)}
    names = [one.entry.name for one in standings(record, heat) if one.error is not None]
    rows = tuple((name, *(_against(found, name, other) for other in names)) for name in names)
    return Table(columns=("", *names), rows=rows, words=1)


def _against(found: dict[tuple[str, str], Pair], name: str, other: str) -> str:
    if name == other:
        return ""
    pair = found.get((name, other))
    sign = 1.0
    if pair is None:
        pair, sign = found[other, name], -1.0
    if not pair.real:
        return OPEN
    points = sign * pair.difference.value
    return f"{BETTER if points < 0 else WORSE}, {abs(points):.1f}"


def carried_table(record: ContestRecord) -> Table:
    """Errors on every data set, in every way, and what fine-tuning gains over from scratch."""
    by_heat = [{s.entry.name: s for s in standings(record, heat)} for heat in record.heats]
    order = [one.entry.name for one in standings(record, record.first)]
    rows = tuple((name, *(error_cell(own[name]) for own in by_heat)) for name in order)
    return Table(columns=("error, %", *(heat.title for heat in record.heats)), rows=rows)


def gains_table(record: ContestRecord) -> Table:
    """By how many points fine-tuning lowers each network's error, on each further data set."""
    scratch = [heat for heat in record.heats if heat.mode == "transfer"]
    tuned = [heat for heat in record.heats if heat.mode == "fine-tuning"]
    gains = [gains_of_fine_tuning(*both) for both in zip(scratch, tuned, strict=True)]
    rows = tuple(
        (one.name, *(f"{own[one.name]:+.2f}" if one.name in own else NONE for own in gains))
        for one in record.entries
    )
    return Table(columns=("points", *(heat.data.name for heat in tuned)), rows=rows)


def rules_table(record: ContestRecord) -> Table:
    """Which of the findings of the RegNet article each network follows."""
    checks = {one.name: obeyed(one) for one in record.entries}
    names = [check.name for check in next(iter(checks.values()))]
    words = {True: "yes", False: "no", None: NONE}
    rows = tuple(
        (name, *(f"{words[check.obeyed]} ({check.found})" for check in own))
        for name, own in checks.items()
    )
    return Table(columns=("network", *names), rows=rows, words=len(names) + 1)


def latency_table(report: LatencyReport) -> Table:
    """Median, 90th percentile and spread of each network with each backend."""
    rows = tuple(
        (
            one.name,
            backend,
            f"{own.median_ms:.3g}",
            f"{own.high_ms:.3g}",
            f"{own.low_ms:.3g} to {own.high_ms:.3g}",
            exact(own.runs),
        )
        for one in report.networks
        for backend, own in one.figures.items()
    )
    columns = ("network", "backend", "median, ms", "p90, ms", "middle 80 %, ms", "runs")
    return Table(columns=columns, rows=rows, words=2)
