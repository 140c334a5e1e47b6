"""A walk from a broad space to a simpler one, a rule at a time, each with its verdict.

From networks at hand come proposals; from networks drawn afterwards comes the verdict. A child that
is taken is the next parent, and the networks of its verdict propose the next rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol

import numpy as np

from netspace.analyse.comparison import Comparison
from netspace.analyse.estimands import EstimandName
from netspace.analyse.looks import SMALL, looks
from netspace.analyse.proposals import Proposal, propose
from netspace.analyse.refinement import Size, Step, next_error_rate, outcome_of
from netspace.analyse.verdict import decide
from netspace.errors import InfeasibleError, UserError
from netspace.spaces.space import Space
from netspace.table import TrialTable

PROPOSERS = 40
"""Finished networks from which rules are proposed, at least."""

HORIZON = 80
"""Networks a side at which a rule is given up if they have not decided."""

HOPELESS = 2.0
"""A rule is given up if it seems to need so many times the networks that there may be."""


USUAL_ESTIMAND: EstimandName = "mean"
"""A rule must be good for the space as a whole.

The best of ten hardly moves where the parent holds many networks that obey the rule anyway.
"""


class Source(Protocol):
    """Where the errors of a walk come from: a run that trains, or a table of trained networks."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps so far, of all walks."""

    def keep(self, steps: Iterable[Step]) -> None:
        """Keep these steps."""

    def space(self, name: str) -> Space:
        """The space of this name, a child of some step included."""

    def table(self, name: str) -> TrialTable:
        """The space's networks so far, in the order drawn."""

    def grow(self, name: str, finished: int) -> TrialTable:
        """The same, after so many of them have finished. Raises InfeasibleError if too few are."""

    @property
    def trained(self) -> int:
        """Networks trained so far, in all spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk is asked to do.

    at_most: networks it may train. margin: in the estimand's points; a child that is worse by less
    costs nothing. before: networks that were trained before it began.
    """

    start: str
    at_most: int = 300
    margin: float = 0.5
    estimand: EstimandName = USUAL_ESTIMAND
    seed: int = 0
    before: int = 0


class Guide(Protocol):
    """Who decides on a walk: the automatic one, or a person."""

    @property
    def nothing(self) -> str:
        """Why it chose no rule."""

    def choose(self, space: Space, proposals: Sequence[Proposal]) -> Proposal | None:
        """The rule to try next; None ends the walk."""

    def takes(self, step: Step) -> bool:
        """Whether to go on from the step's child."""

    def hears(self, sentence: str) -> None:
        """Hear what happens."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """Tries what promises most, and takes what was shown to help or to cost nothing."""

    say: Callable[[str], None]

    @property
    def nothing(self) -> str:
        """Why no rule is tried any more."""
        return "no rule is left that promises anything"

    def choose(self, space: Space, proposals: Sequence[Proposal]) -> Proposal | None:
        """The first one that does not seem to harm."""
        return next((one for one in proposals if one.promises != "harm"), None)

    def takes(self, step: Step) -> bool:
        """Whether its rule holds."""
        return step.holds

    def hears(self, sentence: str) -> None:
        """Pass the sentence on."""
        self.say(sentence)


def walk(source: Source, wanted: Walk, guide: Guide) -> str:
    """Go on with a walk until nothing is left to try or to train; returns why it ended.

    Every step is kept as soon as it changes, so a walk that was stopped goes on where it was.
    """
    while True:
        steps = walked(source.steps, wanted.start)
        if steps and steps[-1].taken is None:
            ended = _test(source, wanted, guide, steps[-1])
        else:
            ended = _propose(source, wanted, guide, steps)
        if ended:
            return ended


def walked(steps: Iterable[Step], start: str) -> list[Step]:
    """The steps of the walk from this space."""
    return [step for step in steps if step.start == start]


def standing(steps: Sequence[Step], start: str) -> str:
    """The space that a walk has come to."""
    return next((step.child for step in reversed(steps) if step.taken), start)


def _left(source: Source, wanted: Walk) -> int:
    """Networks that the walk may still train."""
    return wanted.at_most - (source.trained - wanted.before)


def _propose(source: Source, wanted: Walk, guide: Guide, steps: list[Step]) -> str:
    """Add a step for the next rule; why there is none."""
    parent = standing(steps, wanted.start)
    tried = [step for step in steps if step.parent == parent]
    table = source.table(parent)
    first_look = looks(HORIZON)[0]
    missing = PROPOSERS - int(table.finished.sum())
    if not tried and missing > 0:
        if (needed := missing + 2 * first_look) > _left(source, wanted):
            return _out_of(source, wanted, needed)
        try:
            table = source.grow(parent, PROPOSERS)
        except InfeasibleError as fault:
            return f"{fault}"
    seen = tried[0].seen if tried else len(table)
    fresh = int(table.rows(slice(seen, None)).finished.sum())
    if (needed := first_look + max(0, first_look - fresh)) > _left(source, wanted):
        return _out_of(source, wanted, needed)
    space = source.space(parent)
    declined = {step.rule for step in steps if not step.taken}
    proposals = [
        one
        for one in propose(space, table.rows(slice(0, seen)), seed=wanted.seed)
        if one.rule not in declined
    ]
    chosen = guide.choose(space, proposals)
    if chosen is None:
        return guide.nothing
    source.keep((*source.steps, _step(source, wanted, steps, space, chosen, seen)))
    return ""


def _step(
    source: Source, wanted: Walk, steps: list[Step], space: Space, chosen: Proposal, seen: int
) -> Step:
    number = max((step.number for step in source.steps), default=0) + 1
    while len(source.table(f"{wanted.start}.{number}")):  # a space of the study has this name
        number += 1
    child = space.with_rule(chosen.rule, name=f"{wanted.start}.{number}")
    entropy = np.random.SeedSequence(wanted.seed, spawn_key=(number,))
    return Step(
        number=number,
        start=wanted.start,
        parent=space.name,
        child=child.name,
        rule=chosen.rule,
        seed=int(entropy.generate_state(1)[0]),
        seen=seen,
        evidence=chosen.evidence,
        before=_size(space),
        after=_size(child),
        error_rate=next_error_rate(steps),
        trained_before=source.trained,
    )


def _size(space: Space) -> Size:
    return Size(degrees_of_freedom=space.degrees_of_freedom, log10_size=space.log10_size)


def _out_of(source: Source, wanted: Walk, needed: int) -> str:
    """Why nothing more is trained. Raises UserError where the walk has trained nothing at all."""
    at_least = wanted.at_most + needed - _left(source, wanted)
    if not walked(source.steps, wanted.start) and source.trained == wanted.before:
        raise UserError(
            f"--at-most {wanted.at_most} is fewer than the first look takes; give at least "
            f"{at_least}"
        )
    return (
        f"the next look would take more than the {wanted.at_most} networks allowed; it goes on "
        f"with --at-most {at_least}"
    )


def _test(source: Source, wanted: Walk, guide: Guide, step: Step) -> str:
    """Train both sides from look to look until the rule is decided; why the walk must stop."""
    guide.hears(f"Trying on {step.parent}: {step.rule.sentence}.")
    before = step.trained_before
    if before is None:  # kept by an older version
        before = source.trained - step.networks
    ended = ""
    for n in looks(HORIZON):
        try:
            sides = _grown(source, wanted, step, n)
        except InfeasibleError as fault:
            guide.hears(f"{fault}")
            break
        if isinstance(sides, int):
            ended = _out_of(source, wanted, sides)
            break
        step = _judged(step, wanted, *sides, networks=source.trained - before)
        _keep(source, step)
        if step.outcome != "undecided" or _hopeless(step, n, _left(source, wanted)):
            break
    if not ended:
        step = replace(step, taken=guide.takes(step) if step.comparison is not None else False)
        _keep(source, step)
        guide.hears(f"{step.sentence}.")
    return ended


def _grown(source: Source, wanted: Walk, step: Step, n: int) -> tuple[TrialTable, TrialTable] | int:
    """Parent and child with n finished networks each; or how many that takes, if too many."""
    parent, child = source.table(step.parent), source.table(step.child)
    used = int(parent.rows(slice(0, step.seen)).finished.sum())
    missing = max(0, used + n - int(parent.finished.sum())) + max(0, n - int(child.finished.sum()))
    if missing > _left(source, wanted):
        return missing
    parent = source.grow(step.parent, used + n)
    child = source.grow(step.child, n)
    return parent.rows(slice(step.seen, None)), child


def _judged(
    step: Step, wanted: Walk, parent: TrialTable, child: TrialTable, *, networks: int
) -> Step:
    found = decide(
        parent.errors,
        child.errors,
        estimand=wanted.estimand,
        margin=wanted.margin,
        confidence=1.0 - step.error_rate,
        horizon=HORIZON,
        decided=lambda found: outcome_of(found) != "undecided",
    )
    return replace(
        step,
        comparison=found,
        networks=networks,
        parent_errors=_rested_on(parent, found.finished_a),
        child_errors=_rested_on(child, found.finished_b),
    )


def _rested_on(table: TrialTable, finished: int) -> tuple[float, ...]:
    return tuple(table.errors[table.finished][:finished].tolist())


def _hopeless(step: Step, n: int, left: int) -> bool:
    """Whether the rule seems to need far more networks than there may be."""
    found = step.comparison
    assert found is not None
    return n >= SMALL and _needed(found, n) > HOPELESS * min(HORIZON, n + left // 2)


def _needed(found: Comparison, n: int) -> float:
    """Networks a side at which the interval would end below the margin, were all else equal."""
    gap, half = found.margin - found.difference, found.high - found.difference
    return n * (half / gap) ** 2 if gap > 0.0 else inf


def _keep(source: Source, changed: Step) -> None:
    source.keep(changed if step.number == changed.number else step for step in source.steps)
