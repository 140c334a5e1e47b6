"""What the report says of a search in sentences."""

import numpy as np

from netspace.analyse.summary import DRAWS_FOR_EACH, fewest_for
from netspace.present.search_findings import SearchFindings
from netspace.present.search_marks import costs_words, outside
from netspace.present.search_plots import progress_ends
from netspace.present.search_random import Expected
from netspace.present.search_shifts import FEWEST, Shift, third
from netspace.present.wording import counted, duration, listed, percent, share, spaced
from netspace.search.objective import Accuracy, Pareto, Reward

LEFT_OUT = (
    "Verdicts, distributions of errors and intervals for a whole space are left out: they take "
    "networks drawn at random, and those of a search are chosen."
)
ONE_DRAW = (
    "One run is one draw: with another seed the same strategy finds other networks, so this says "
    "little about which strategy is better."
)
MOST_SHIFTS = 4


def said(found: SearchFindings) -> str:
    """The search in one paragraph."""
    if not len(found.trace):
        return f"{_terms(found)} No network has been asked for yet."
    parts = (_terms(found), _asked(found), _rungs(found), best_words(found), random_words(found))
    last = (_volume(found), ONE_DRAW, _remark(found), spent_words(found))
    return " ".join(filter(None, (*parts, *last)))


def _terms(found: SearchFindings) -> str:
    terms = found.terms
    return f"Strategy: {terms.strategy.kind}. Objective: {terms.objective.sentence}."


def _asked(found: SearchFindings) -> str:
    trace = found.trace
    drawn = int(trace.drawn.sum())
    proposed = len(trace) - drawn
    words = [
        f"{drawn:,} drawn at random" if drawn else "",
        f"{proposed:,} proposed by the strategy" if proposed else "",
    ]
    open_ = sum(state in ("planned", "running") for state in trace.states)
    more = [
        f"{int(trace.failed.sum()):,} failed" if trace.failed.any() else "",
        f"{open_:,} still in training" if open_ else "",
    ]
    ended = "".join(f"; {part}" for part in more if part)
    return f"{counted(len(trace), 'network')} asked for: {listed(filter(None, words))}{ended}."


def _rungs(found: SearchFindings) -> str:
    trace = found.trace
    if not trace.rungs:
        return ""
    reached = [int(np.count_nonzero(trace.epochs >= rung)) for rung in trace.rungs]
    halving = found.terms.halving
    factor = f", about one in {halving.factor} going on each time" if halving else ""
    counts = listed(
        f"{count:,} to {counted(rung, 'epoch')}"
        for count, rung in zip(reached, trace.rungs, strict=True)
    )
    return (
        f"Networks were trained by rungs{factor}: {counts}. Only those trained to the end are "
        "compared; errors after fewer epochs are not comparable with theirs."
    )


def best_words(found: SearchFindings) -> str:
    """What was found, and after how many networks."""
    row = found.followed.best
    if row is None:
        return "No network has a result yet."
    trace = found.trace
    place = f"network {row + 1:,} of {len(trace):,} ({trace.names[row]})"
    match found.terms.objective:
        case Accuracy():
            return f"The lowest error is {percent(float(trace.errors[row]))}, found with {place}."
        case Reward():
            reward = float(found.followed.values[row])
            return f"The highest reward is {reward:.4f}: {_at(found, row)}, found with {place}."
        case Pareto():
            return _front(found)


def _front(found: SearchFindings) -> str:
    trace, rows = found.trace, found.front
    lowest, least = int(rows[np.argmin(trace.errors[rows])]), int(rows[0])
    if rows.size == 1:
        return f"One network beats all others: {_at(found, lowest)}."
    return (
        f"The front has {rows.size} networks: the lowest error is {_at(found, lowest)}, the "
        f"least {found.costs[0].removesuffix('_ms')} {_at(found, least)}."
    )


def _at(found: SearchFindings, row: int) -> str:
    """'38.12 % at 5.2M flops, 60K params'."""
    costs = costs_words({name: float(found.trace.costs[name][row]) for name in found.costs})
    return f"{percent(float(found.trace.errors[row]))} at {costs}"


def random_words(found: SearchFindings) -> str:
    """What random search would have found by then, or why that cannot be said."""
    if found.followed.best is None or isinstance(found.terms.objective, Pareto):
        return ""
    trace, random = found.trace, found.random
    if trace.drawn.all() and (random is None or not random.source):
        return "All networks were drawn at random, so there is nothing to set them against."
    if random is None:
        return f"What random search would have found cannot be said: {unknown(found)}."
    compared = int(trace.whole.sum())
    if compared <= len(random):
        return f"{_expected(found, random, compared)}."
    sure = int(np.isfinite(random.low).sum())
    least = f"{_expected(found, random, sure)}; w" if sure else "W"
    return (
        f"{least}hat {compared:,} random ones would have come to cannot be said from "
        f"{random.draws:,} draws: a run of the random strategy would tell."
    )


def unknown(found: SearchFindings) -> str:
    """Why nothing can be said of random search; only where nothing can."""
    if found.trace.rungs:
        return "its random draws were trained to the end only if they did well early"
    drawn = int((found.trace.drawn & found.trace.whole).sum())
    return f"{counted(drawn, 'random draw')} with a result, and it takes 2"


def _expected(found: SearchFindings, random: Expected, k: int) -> str:
    value, interval = float(random.values[k - 1]), random.interval(k)
    whose = f"the {random.draws:,} of {random.source or 'this run'}"
    if interval is None:
        sure = f"too few for an interval, which takes {fewest_for(k):,}"
    else:
        low, high = (_value(found, end) for end in interval)
        sure = f"95 % interval {low} to {high}"
    return (
        f"The best of {k:,} random draws comes to {_value(found, value)} on average, by {whose} "
        f"({sure})"
    )


def _value(found: SearchFindings, value: float) -> str:
    return f"{value:.4f}" if found.followed.high else percent(value)


def _volume(found: SearchFindings) -> str:
    if found.volume is None:
        return ""
    beaten = share(float(found.volume.share[-1]))
    whole = f"The front beats {beaten} of the box that is explained below"
    draws = found.volume.draws
    if found.trace.drawn.all():
        return f"{whole}."
    if not draws:
        return f"{whole}; what random draws would beat cannot be said: {unknown(found)}."
    return f"{whole}; its {draws:,} random draws alone {share(float(found.volume.random[-1]))}."


def _remark(found: SearchFindings) -> str:
    objective = found.terms.objective
    if not isinstance(objective, Reward) or not objective.remark:
        return ""
    return f"{objective.remark[0].upper()}{objective.remark[1:]}."


def progress_note(found: SearchFindings) -> str:
    """How to read the figure of the progress."""
    ends = progress_ends(found.followed, found.random)
    everyone = np.concatenate([found.followed.values, found.followed.early])
    far = outside(everyone, ends)
    parts = [
        "One dot is one network, in the order asked for; the line is the best so far, which a "
        "failed one does not change."
    ]
    if found.trace.rungs:
        parts.append("The line counts networks trained to the end; hollow dots stopped early.")
    if found.random is not None:
        parts.append(
            "The dashed line is what the best of as many random draws has on average, exactly over "
            f"all choices among {found.random.draws:,} of them, inside its 95 % band where there "
            f"are at least {DRAWS_FOR_EACH} times as many."
        )
    if far:
        parts.append(f"{counted(far, 'network')} far worse stand at the edge.")
    return " ".join(parts)


def axis_of(found: SearchFindings, errors: str) -> str:
    """What the progress is measured in; errors: the name of their axis."""
    objective = found.terms.objective
    return f"reward: {objective.sentence}" if isinstance(objective, Reward) else errors


def shift_words(found: SearchFindings) -> str:
    """Which parameters moved between the first and the last third of the networks."""
    count = third(found.trace)
    if count < FEWEST:
        asked = counted(len(found.trace), "network")
        return f"{asked}: too few to set the first third against the last; it takes {3 * FEWEST}."
    clear = sorted((one for one in found.shifts if one.clear), key=lambda one: -one.moved)
    if not clear:
        return (
            f"Between the first {count} networks and the last {count} no parameter moved by more "
            "than a random order of them would let it."
        )
    more = f", and {len(clear) - MOST_SHIFTS} more" if len(clear) > MOST_SHIFTS else ""
    return (
        f"From the first {count} networks to the last {count} more than a random order explains: "
        f"{'; '.join(_moved(one) for one in clear[:MOST_SHIFTS])}{more}."
    )


def _moved(one: Shift) -> str:
    gained = int(np.argmax(one.late - one.early))
    return (
        f"{one.name} {one.values[gained]} from {share(float(one.early[gained]))} to "
        f"{share(float(one.late[gained]))}"
    )


def unmoved(found: SearchFindings) -> str:
    """The parameters that had one value in all networks; empty where there are none."""
    shown = {one.parameter for one in found.shifts}
    rest = [name for name in found.trace.parameters if name not in shown]
    if not rest or not found.shifts:
        return ""
    return f"The same in all networks: {listed(spaced(name) for name in rest)}."


def spent_words(found: SearchFindings) -> str:
    """What the search cost in training; empty where nothing was trained."""
    trace = found.trace
    if not len(trace) or not trace.spent_epochs[-1]:
        return ""
    seconds = float(trace.spent_seconds[-1])
    took = f" in {duration(seconds)} of training" if seconds else ""
    return f"In all {counted(int(trace.spent_epochs[-1]), 'epoch')} were trained{took}."


def strips_note(found: SearchFindings) -> str:
    """How to read the strips."""
    marked = " An asterisk marks what moved by more than any would in 95 % of random orders."
    shown = marked if any(one.clear for one in found.shifts) else ""
    return (
        "How often each value occurs, in percent: of each pair the upper strip is the first third "
        f"of the networks asked for, {third(found.trace)}, the lower one the last. It shows where "
        f"the search looked, not that a value is better.{shown}"
    )
