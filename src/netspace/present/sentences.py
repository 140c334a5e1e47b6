"""What the report says in sentences: the answer, why, and which space is better."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from netspace.analyse.comparison import FEW
from netspace.analyse.importance import TOP, Importance, fewest
from netspace.config import Budget, Study
from netspace.design.units import format_size
from netspace.present.equal_flops import AtEqualFlops
from netspace.present.good_ranges import Knob
from netspace.present.importance_plot import called
from netspace.present.populations import (
    Candidate,
    Tabled,
    candidates,
    compare_spaces,
    done,
    finished,
    key,
    populations,
)
from netspace.present.record import RunRecord, Winner
from netspace.present.wording import counted, duration, listed, percent, share, spaced
from netspace.search.objective import Pareto, Reward
from netspace.trial import Trial


def answer(record: RunRecord) -> str:
    """The run in one line: which network, at what error and cost; or how far it has come."""
    if record.winner is not None:
        best, error = record.winner.best, percent(record.winner.test_error)
        flops = format_size(best.complexity.flops)
        latency = record.latency_ms(best)
        took = "" if latency is None else f" and {latency:.3g} ms an image on one thread"
        return f"The choice is {best.name}: {error} test error at {flops} flops{took}"
    trials = record.population
    wanted = sum(choice.networks for choice in record.study.spaces)
    planned = wanted if record.study.search else len(trials) or wanted
    failed = sum(trial.state == "failed" for trial in trials)
    if trials and failed == planned:
        return f"No network was chosen: {failed:,} of {counted(planned, 'training')} failed"
    broken = f", {failed:,} failed" if failed else ""
    trained = len(finished(trials))
    return f"Not finished yet: {trained:,} of {counted(planned, 'network')} trained{broken}"


def circumstances(record: RunRecord) -> str:
    """On which data, within which budget, among how many networks, in what time."""
    data, trials = record.data, record.population
    classes = counted(len(data.classes), "class")
    search = record.study.search
    searched = f", searched by {search.strategy.kind}" if search else ""
    said = [
        f"{data.name}, {classes} at {data.resolution}×{data.resolution}",
        f"{'budget ' if _limited(record.study.budget) else ''}{budget_words(record.study.budget)}",
        f"{counted(len(finished(trials)), 'network')} trained from "
        f"{listed(population.space for population in populations(record))}{searched}",
        f"{duration(record.seconds)} of work",
    ]
    return "; ".join(said)


def budget_words(budget: Budget) -> str:
    """What was asked for: '6M flops, 1M params'; a search may have no hard limit."""
    asked = (
        (budget.flops, "flops"),
        (budget.params, "params"),
        (budget.activations, "activations"),
        (budget.latency, "latency"),
    )
    limits = [f"{size} {name}" for size, name in asked if size is not None]
    return ", ".join(limits) or "no hard limit"


def draws(study: Study) -> str:
    """What the networks keep to."""
    limits = [bound.sentence for bound in study.budget.bounds]
    if study.budget.latency_ms is not None:
        limits.append(f"at most {study.budget.latency_ms:g} ms an image on one thread")
    if not limits:
        return "Networks are asked for whatever they cost."
    how = "drawn" if study.search is None else "asked for"
    return f"Networks are {how} with {listed(limits)}."


def _limited(budget: Budget) -> bool:
    return bool(budget.bounds) or budget.latency is not None


def best_so_far(record: RunRecord, best: Trial) -> str:
    """Why the report shows this network of a run without a winner."""
    search = record.study.search
    if search is None:
        among = f"the lowest of {counted(len(finished(record.population)), 'finished network')}"
    else:
        among = f"the best so far by the objective ({search.objective.sentence})"
    return (
        f"{percent(best.error or 0.0)} validation error, {among}. Nothing is chosen yet, and test "
        f"has not been read. {progress(record)}"
    )


def progress(record: RunRecord) -> str:
    """How far the final round has come, for a run without a winner."""
    trials = record.final
    if not trials:
        return "The final round has not begun."
    ended = len(finished(trials))
    return f"Of the final round, {ended:,} of {counted(len(trials), 'training')} are finished."


def reason(record: RunRecord, winner: Winner) -> str:
    """Why this network: among how many candidates, and how long they were trained."""
    found = candidates(record.final)
    seeds = max((len(one.trials) for one in found), default=0)
    return (
        f"Of {counted(len(finished(record.population)), 'network')} trained for "
        f"{_epochs(record.study)}, {counted(len(found), 'candidate')} "
        f"went into the final round: {counted(winner.best.recipe.epochs, 'epoch')}, "
        f"{counted(seeds, 'seed')} each. "
        f"This one {_chosen(record.study, found, winner)} there. "
        "Validation error is what the choice saw, so it flatters what was chosen; test was read "
        "once, for this network alone, after the choice."
    )


def _epochs(study: Study) -> str:
    whole = counted(study.recipe.epochs, "epoch")
    return f"up to {whole}" if study.search and study.search.halving else whole


def _chosen(study: Study, found: Sequence[Candidate], winner: Winner) -> str:
    """By what the winner was chosen."""
    objective = None if study.search is None else study.search.objective
    if isinstance(objective, Reward):
        return f"was chosen by its reward at the mean validation error ({objective.sentence})"
    lowest = bool(found) and key(found[0].first) == key(winner.best)
    if not lowest:
        return "was chosen"
    front = ", which puts it on the front" if isinstance(objective, Pareto) else ""
    return f"has the lowest mean validation error{front}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One pair of spaces: the verdict, what else is known, and how far to trust it."""

    verdict: str
    remarks: tuple[str, ...]


def judgements(people: Sequence[Tabled]) -> tuple[Judgement, ...]:
    """Every pair of spaces, in their order."""
    return tuple(_judgement(a, b) for a, b in combinations(people, 2))


def _judgement(a: Tabled, b: Tabled) -> Judgement:
    short = [side for side in (a, b) if done(side) < 2]
    if short:
        counts = listed(f"{side.space} has {done(side)}" for side in short)
        need = f"A comparison needs 2 finished networks on each side; {counts}."
        return Judgement(verdict=f"{a.space} and {b.space}: no verdict", remarks=(need,))
    found = compare_spaces(a, b)
    said = found.sentence(a.space, b.space)
    chance = (
        f"A network of {b.space} has a lower error than one of {a.space} with probability "
        f"{found.chance_b_below_a:.2f}."
    )
    remarks = [chance]
    if found.rough:
        remarks.append(
            f"With {found.finished_a} and {found.finished_b} finished networks (fewer than "
            f"{FEW} on a side) the interval is rough: it holds the true difference less "
            f"often than {100 * found.confidence:g} % of the time."
        )
    return Judgement(verdict=said, remarks=tuple(remarks))


def untold(found: Sequence[Knob]) -> str:
    """The parameters on which the good networks are no guide; empty if there are none."""
    telling = {knob.parameter for knob in found if knob.telling}
    rest = [name for name in dict.fromkeys(knob.parameter for knob in found) if name not in telling]
    if not rest:
        return ""
    return f"Not narrowed: {listed(map(spaced, rest))}; good networks lie over the whole range."


def effective_sizes(found: AtEqualFlops) -> str:
    """What each population is worth at the flops that all have."""
    said, unknown = [], 0
    for population, one in zip(found.populations, found.curves, strict=True):
        whole = counted(done(population), "finished network")
        inside = f"{one.curve.finished:,} of {whole}"
        said.append(f"{inside} of {population.space} count as {one.effective:,.0f} equal ones")
        unknown += one.unknown
    spaces = "both spaces" if len(found.populations) == 2 else "all spaces"
    left_out = f" The flops of {counted(unknown, 'network')} are not known." if unknown else ""
    return f"At the flops that {spaces} have, {listed(said)}.{left_out}"


def separation(finished: int, found: Sequence[Importance]) -> str:
    """Which parameters separate the best networks, or why that cannot be said."""
    best = f"best {100 * TOP:g} %"
    if finished < fewest():
        few = counted(finished, "finished network")
        return f"{few}: too few to say which parameters matter; it takes {fewest()}."
    clear = [one for one in found if one.significant]
    if not clear:
        return (
            f"No parameter separates the {best} of the {finished:,} networks from the rest by "
            "more than chance would."
        )
    first = listed(f"{called(one)} ({share(one.share)})" for one in clear[:3])
    more = f", and {len(clear) - 3} more" if len(clear) > 3 else ""
    return f"What separates the {best} of the {finished:,} networks: {first}{more}."
