"""What a contest's errors say: standings with intervals, real differences, orders elsewhere."""

from dataclasses import dataclass
from statistics import fmean

from netspace.analyse.agreement import Estimate as Interval
from netspace.analyse.ranking import Pair, order_agreement, pairs, pooled
from netspace.analyse.replicates import Estimate, mean
from netspace.design.regnet_rules import RuleCheck, rules
from netspace.present.contest_record import ContestRecord, Entry, Heat


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An entry's outcome on one data set; error is None where no training finished."""

    entry: Entry
    errors: tuple[float, ...]
    error: Estimate | None
    failed: int


def standings(record: ContestRecord, heat: Heat) -> tuple[Standing, ...]:
    """All entries: those that finished most seeds first, among them the lowest mean error."""
    errors, failed = heat.errors(), heat.failed()
    shared = pooled(errors)
    found = [
        Standing(
            entry=one,
            errors=errors.get(one.name, ()),
            error=mean(errors[one.name], shared) if errors.get(one.name) else None,
            failed=failed.get(one.name, 0),
        )
        for one in record.entries
    ]
    return tuple(sorted(found, key=_place))


def _place(one: Standing) -> tuple[int, float]:
    """Fewer results come last: a mean over other seeds is no match."""
    return -len(one.errors), 0.0 if one.error is None else one.error.value


def differences(heat: Heat) -> tuple[Pair, ...]:
    """Every pair of entries with a result; the intervals hold all at once."""
    return pairs(heat.errors())


def difference_sentence(pair: Pair) -> str:
    """By how much the first is better, with the interval, or that this is open."""
    found = pair.difference
    if not found.known:
        return f"{pair.first} against {pair.second}: no network has two results, so no interval."
    span = f"({-found.high:.2f} to {-found.low:.2f})"
    if pair.real:
        return f"{pair.first} is better than {pair.second} by {-found.value:.2f} points {span}."
    return (
        f"{pair.first} and {pair.second}: {-found.value:.2f} points apart {span}, not beyond what "
        "other seeds might give."
    )


def agreement_with_first(record: ContestRecord, heat: Heat) -> Interval | None:
    """Kendall's tau of the orders on the first data set and in this heat."""
    return order_agreement(record.first.errors(), heat.errors())


def agreement_sentence(heat: Heat, found: Interval | None) -> str:
    """What the order on the first data set says of the order here."""
    if found is None:
        return f"{heat.title}: no order to compare (fewer than three networks, or equal errors)."
    if found.low > 0:
        said = "the order carries over in part" if found.value < 1 else "the order carries over"
    elif found.high < 0:
        said = "the order is turned round"
    else:
        said = "whether the order carries over is open"
    return f"{heat.title}: tau {found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f}), {said}."


def gains_of_fine_tuning(scratch: Heat, tuned: Heat) -> dict[str, float]:
    """By how many points fine-tuning lowers each network's mean error against from scratch."""
    before, after = scratch.errors(), tuned.errors()
    return {
        name: fmean(before[name]) - fmean(after[name])
        for name in before
        if before[name] and after.get(name)
    }


def obeyed(entry: Entry) -> tuple[RuleCheck, ...]:
    """The rules of handcraft, one by one, against the network."""
    return rules(entry.network)
