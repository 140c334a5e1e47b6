"""Which rules a population suggests for its space, the most promising first."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netspace.analyse.evidence import Evidence, evidence
from netspace.analyse.insight import good_range
from netspace.spaces.library import library, narrows
from netspace.spaces.ranges import distribution
from netspace.spaces.rules import Fixed, Rule, Within, narrowed
from netspace.spaces.space import Parameter, Space
from netspace.table import TrialTable

PROMISING = 1.0
"""In standard deviations: from here on a rule seems to help, from minus this on to harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A rule for a space, what the population says of it, and the space's size with it.

    saved: degrees of freedom that the rule takes away. shrinks: by so many powers of ten.
    """

    rule: Rule
    evidence: Evidence
    saved: int
    shrinks: float

    @property
    def promises(self) -> str:
        """What the evidence lets one hope for: 'improvement', 'simplification' or 'harm'."""
        if self.evidence.strength >= PROMISING:
            return "improvement"
        return "simplification" if self.evidence.strength > -PROMISING else "harm"


def propose(space: Space, table: TrialTable, *, seed: int = 0) -> tuple[Proposal, ...]:
    """Every rule of the library that narrows the space, judged by the table of its networks.

    First those that seem to lower the error, the strongest first; then those that seem to cost
    nothing, what they simplify most first; last those that seem to harm.
    """
    from_data = (rule for rule in _from_data(space, table, seed) if narrows(rule, space))
    rules = (*library(space), *from_data)
    found = [_proposal(space, rule, table) for rule in dict.fromkeys(rules)]
    return tuple(sorted(found, key=_rank))


def _rank(proposal: Proposal) -> tuple[int, float]:
    strength = proposal.evidence.strength
    match proposal.promises:
        case "improvement":
            return 0, -strength
        case "simplification":
            return 1, -proposal.shrinks
    return 2, -strength


def _proposal(space: Space, rule: Rule, table: TrialTable) -> Proposal:
    child = space.with_rule(rule)
    return Proposal(
        rule=rule,
        evidence=evidence(rule, table),
        saved=space.degrees_of_freedom - child.degrees_of_freedom,
        shrinks=space.log10_size - child.log10_size,
    )


def _from_data(space: Space, table: TrialTable, seed: int) -> Iterator[Rule]:
    """The range that holds the best value of each parameter; a single value where it is one."""
    for parameter in space.parameters:
        left = distribution(narrowed(parameter.values, space.rules_of(parameter))).values
        low, high = _good_range(parameter, table, seed)
        inside = left[(left >= low) & (left <= high)]
        if len(left) == 1 or not 0 < len(inside) < len(left):
            continue
        if len(inside) == 1:
            yield Fixed(parameter=parameter.name, value=float(inside[0]))
        else:
            ends = float(inside[0]), float(inside[-1])
            yield Within(parameter=parameter.name, low=ends[0], high=ends[1])


def _good_range(parameter: Parameter, table: TrialTable, seed: int) -> tuple[float, float]:
    """The bootstrap range of a parameter, that of all stages together where it has several."""
    values = table.parameters[parameter.name]
    ranges = [good_range(column, table.errors, seed=seed) for column in np.transpose(values)]
    return min(found.low for found in ranges), max(found.high for found in ranges)
