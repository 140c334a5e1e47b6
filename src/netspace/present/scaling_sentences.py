"""What is said of a scaling study in sentences: the answer, each verdict, how far it has come."""

from collections.abc import Sequence

from netspace.analyse.replicates import CONFIDENCE, Estimate
from netspace.present.scaling_findings import CALLED, Duel, Gains, error_of, rival
from netspace.present.scaling_record import Point, ScalingRecord, best_of_grid
from netspace.present.wording import counted, decimals, duration, listed, times, uncertain

NO_BREAK = "\u00a0"
NO_SPREAD = "no network has two results, so the spread over seeds is unknown"

KINDS = (
    "is better than",
    "is worse than",
    "came to the same network as",
    "cannot be told apart from",
    "cannot be compared yet with",
)


def scaling_answer(record: ScalingRecord) -> str:
    """The study in one line: how well the best of the grid does, and against which method."""
    best, duel = record.best, rival(record)
    if best is None:
        return _unfinished(record)
    said = f"Scaled {times(best.factor)} with {bases(best)}: {error_words(record, best)} error"
    other = None if duel is None else record.at(duel.series, duel.factor)
    if duel is None or other is None:
        return f"{said}; no known method has finished yet"
    against = f"against {error_words(record, other)} for {CALLED[duel.series]}"
    return f"{said}, {against}; {_judged(duel)}"


def _judged(duel: Duel) -> str:
    found = duel.difference
    if duel.same:
        return "the two are one network"
    if not found.known:
        return "the spread over seeds is not known yet"
    if found.verdict == "undecided":
        return "the two cannot be told apart"
    return f"{found.verdict} by {uncertain(abs(found.value), found.half_width)} points"


def _unfinished(record: ScalingRecord) -> str:
    trials, grid = record.trials, record.grid
    failed = sum(trial.state == "failed" for trial in trials)
    done = sum(len(point.errors) for point in record.points)
    counts = f"{done:,} of {counted(len(trials), 'training')} done"
    counts += f", {failed:,} failed" if failed else ""
    if grid and all(_lost(point) for point in grid):
        return f"No answer: no network of the grid finished; {counts}"
    if any(_lost(point) for point in record.ways if point.series == "compound"):
        return f"No answer: the best of the grid failed with fresh seeds; {counts}"
    return f"Not finished yet: {counts}"


def _lost(point: Point) -> bool:
    """Whether no training of a point came to a result, and none will."""
    return point.failed == len(point.trials)


def bases(point: Point) -> str:
    """'alpha 1.26, beta 1.12, gamma 1.00' of a point that has them."""
    named = zip(("alpha", "beta", "gamma"), point.bases, strict=True)
    return ", ".join(f"{name} {value:.2f}" for name, value in named)


def error_words(record: ScalingRecord, point: Point) -> str:
    """'38.1 ± 0.9 %', which no line breaks."""
    found = error_of(record, point)
    return f"{uncertain(found.value, found.half_width)} %".replace(" ", NO_BREAK)


def scaling_circumstances(record: ScalingRecord) -> str:
    """Of which network, on which data, with how many networks, in what time."""
    data, base = record.data, record.network
    height, width = base.resolution
    done = sum(len(point.errors) for point in record.points)
    said = [
        f"{base.name or 'a network'} at {height}×{width} on {data.name}, "
        f"{counted(len(data.classes), 'class')}",
        f"{counted(len(record.points), 'network')}, {done:,} of "
        f"{counted(len(record.trials), 'training')} done",
        f"{duration(record.seconds)} of work",
    ]
    return "; ".join(said)


def duel_sentence(duel: Duel) -> str:
    """One verdict, with its interval."""
    found, other = duel.difference, CALLED[duel.series]
    at, minus = f"at {times(duel.factor)}", f"compound minus {other} is"
    if duel.same:
        return f"{at}, compound and {other} came to the same network"
    if not found.known:
        return f"{at}, {minus} {found.value:.2f} points; {NO_SPREAD}"
    match found.verdict:
        case "better":
            return f"{at}, compound beats {other} by {_points(found, -1)}"
        case "worse":
            return f"{at}, {other} beats compound by {_points(found, 1)}"
        case "undecided":
            return f"{at}, compound and {other} cannot be told apart: {minus} {_points(found, 1)}"


def gathered(found: Sequence[Duel]) -> str:
    """The verdicts at one factor in one sentence, the decided ones first."""
    groups: dict[str, list[str]] = {}
    for duel in found:
        groups.setdefault(_kind(duel), []).append(CALLED[duel.series])
    said = [f"{words} {listed(groups[words])}" for words in KINDS if words in groups]
    return f"At {times(found[0].factor)}, compound {listed(said)}."


def _kind(duel: Duel) -> str:
    better, worse, same, undecided, unknown = KINDS
    if duel.same:
        return same
    if not duel.difference.known:
        return unknown
    return {"better": better, "worse": worse, "undecided": undecided}[duel.difference.verdict]


def _points(found: Estimate, sign: int) -> str:
    """'0.9 points (95 % interval 0.2 to 1.6)'."""
    digits = decimals(found.value, found.half_width)
    ends = sorted((sign * found.low, sign * found.high))
    size, low, high = (
        f"{round(value, digits) + 0.0:.{digits}f}" for value in (sign * found.value, *ends)
    )
    return f"{size} points ({100 * CONFIDENCE:g} % interval {low} to {high})"


def saturation(gains: Gains) -> str:
    """Whether the second step of a series gains less than the first."""
    if gains.slowing is None:
        return "not trained twice as far yet"
    if not gains.slowing.known:
        return "spread unknown"
    match gains.slowing.verdict:
        case "worse":
            return "the second step gains less"
        case "better":
            return "the second step gains more"
        case "undecided":
            return "cannot be told apart"


def spread_sentence(record: ScalingRecord) -> str:
    """Where the intervals come from, and what they do not cover."""
    if record.spread is None:
        return "No network has two results yet: nothing is known of the spread over seeds."
    several = len(record.replicates)
    return (
        f"A training varies by {record.spread.deviation:.2f} points from seed to seed (standard "
        f"deviation, pooled over {counted(several, 'point')} with two results or more); every "
        "interval is made from that. It holds for its own comparison: of 20 pairs without any "
        "difference one is still called different. It says nothing of other images or recipes."
    )


def choice(record: ScalingRecord) -> str:
    """How the best of the grid was chosen, and what that says of its error."""
    best, grid = best_of_grid(record.points), record.grid
    if best is None:
        return f"Of {counted(len(grid), 'point')} of the grid none has a result yet."
    done = sum(bool(point.errors) for point in grid)
    number = f"{done:,}" if done == len(grid) else f"{done:,} of {len(grid):,}"
    chosen = (
        f"Among {number} points of the grid, {bases(best)} has the lowest mean error: "
        f"{error_words(record, best)}. "
    )
    waiting = sum(trial.state in ("planned", "running") for p in grid for trial in p.trials)
    if record.best is None and waiting:
        return f"{chosen}{counted(waiting, 'training')} of the grid are still to come."
    if record.best is None:
        return (
            f"{chosen}The lowest of many is flattered by chance, so it is to be trained again with "
            "fresh seeds; that has no result yet."
        )
    return (
        f"{chosen}The lowest of many is flattered by chance, so it was trained again with fresh "
        f"seeds: {error_words(record, record.best)}. As compound only these trainings count."
    )
