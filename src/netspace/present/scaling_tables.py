"""The tables of a scaling study on its errors: comparisons, series, gains, grid, failures."""

from collections.abc import Sequence

from netspace.analyse.replicates import Estimate
from netspace.design.complexity import count
from netspace.design.scaling import between
from netspace.present.populations import errors
from netspace.present.run_tables import MOST_FAILED
from netspace.present.scaling_findings import CALLED, Duel, Gains, error_of, place_of_best
from netspace.present.scaling_record import Point, ScalingRecord, best_of_grid
from netspace.present.scaling_sentences import bases, saturation
from netspace.present.tables import NONE, Table
from netspace.present.wording import exact, percent, times
from netspace.trial import Trial

JUDGED = {
    "better": "compound is better",
    "worse": "compound is worse",
    "undecided": "cannot be told apart",
}


def duels_table(found: Sequence[Duel]) -> Table:
    """Compound against each known method at each factor, in points of error."""
    rows = tuple(
        (
            times(duel.factor),
            f"compound minus {CALLED[duel.series]}",
            _signed(duel.difference),
            _interval(duel.difference),
            _judged(duel),
        )
        for duel in found
    )
    columns = ("flops", "difference in error", "points", "95 % interval", "verdict")
    return Table(columns=columns, rows=rows, words=2)


def errors_table(record: ScalingRecord) -> Table:
    """Each way at each factor: flops, seeds, error and its interval."""
    rows = tuple(
        (
            CALLED[point.series],
            times(point.factor),
            exact(point.complexity.flops),
            *_error_cells(record, point),
        )
        for point in record.ways
    )
    columns = ("series", "flops asked", "flops", "seeds", "mean error", "95 % interval")
    return Table(columns=columns, rows=rows, marked=place_of_best(record))


def _error_cells(record: ScalingRecord, point: Point) -> tuple[str, str, str]:
    """Seeds, mean and interval."""
    failed = f", {point.failed} failed" if point.failed else ""
    seeds = f"{len(point.errors)} of {len(point.trials)}{failed}"
    if not point.errors:
        return seeds, NONE, NONE
    found = error_of(record, point)
    return seeds, percent(found.value), _interval(found)


def _interval(found: Estimate) -> str:
    return f"{found.low:.2f} to {found.high:.2f}" if found.known else "unknown"


def _signed(found: Estimate) -> str:
    return f"{found.value:+.2f}"


def _judged(duel: Duel) -> str:
    if duel.same:
        return "the same network"
    return JUDGED[duel.difference.verdict] if duel.difference.known else "spread unknown"


def grid_table(record: ScalingRecord) -> Table:
    """The grid by mean error: alpha, beta and gamma asked for, what came of them, and errors."""
    grid = sorted(record.grid, key=lambda p: (not p.errors, p.mean if p.errors else 0.0))
    base, failures = record.network, any(point.failed for point in grid)
    seeds = max((len(point.trials) for point in grid), default=0)
    rows = []
    for point in grid:
        came = between(base, point.network)
        outcomes = [_outcome(trial) for trial in point.trials]
        rows.append(
            (
                *(f"{asked:.3f}" for asked in point.bases),
                f"{came.depth:.3f}",
                f"{came.width:.3f}",
                f"{came.resolution:.3f}",
                f"{point.complexity.flops / count(base).flops:.3f}",
                *(outcomes + [NONE] * (seeds - len(outcomes))),
                percent(point.mean) if point.errors else NONE,
                *([str(point.failed)] if failures else []),
            )
        )
    asked = ("alpha", "beta", "gamma", "depth ×", "width ×", "resolution ×", "flops ×")
    by_seed = (f"seed {number}" for number in range(1, seeds + 1))
    columns = (*asked, *by_seed, "mean error", *(["failed"] if failures else []))
    best = best_of_grid(record.points)
    marked = None if best is None else grid.index(best)
    return Table(columns=columns, rows=tuple(rows), words=0, marked=marked)


def _outcome(trial: Trial) -> str:
    known = errors([trial])
    return percent(known[0]) if known else trial.state


def gains_table(record: ScalingRecord, found: Sequence[Gains]) -> Table:
    """By how many points each step lowers the error, and whether the second gains less."""
    rows = tuple(
        (
            CALLED[one.series],
            _with_half(one.first),
            _with_half(one.second),
            _with_half(one.slowing),
            saturation(one),
        )
        for one in found
    )
    once, twice = (times(factor) for factor in record.factors)
    columns = ("series", f"1x to {once}", f"{once} to {twice}", "first minus second", "verdict")
    return Table(columns=columns, rows=rows)


def _with_half(found: Estimate | None) -> str:
    if found is None:
        return NONE
    return f"{_signed(found)} ± {found.half_width:.2f}" if found.known else _signed(found)


def failed_points_table(record: ScalingRecord) -> Table | None:
    """The trainings that broke down, with their reasons; None if there is none."""
    failed = [
        (point, trial)
        for point in record.points
        for trial in point.trials
        if trial.state == "failed"
    ]
    if not failed:
        return None
    rows = [
        (_called(point), str(trial.seed), str(trial.attempts), trial.reason or "no reason is known")
        for point, trial in failed[:MOST_FAILED]
    ]
    if len(failed) > MOST_FAILED:
        rows.append((f"and {len(failed) - MOST_FAILED:,} more", "", "", ""))
    return Table(columns=("network", "seed", "attempts", "reason"), rows=tuple(rows), words=4)


def _called(point: Point) -> str:
    at = f"{CALLED[point.series]} at {times(point.factor)}"
    return f"{at}: {bases(point)}" if point.series == "grid" else at
