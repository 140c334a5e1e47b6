"""Tables of made-up networks whose errors obey a planted rule, so that the truth is known."""

from dataclasses import dataclass

import numpy as np

from netspace.analyse.refinement import Step, outcome_of
from netspace.analyse.verdict import compare
from netspace.spaces.listed import listed_space, members
from netspace.spaces.rules import NonDecreasing, Rule
from netspace.spaces.space import Space
from netspace.table import TrialTable
from tests.analyse.tables import table as made_up

ROWS = 12_000
STAGES = 3
PLANTED = NonDecreasing(parameter="width")


def table(seed: int, *, effect: float, rows: int = ROWS) -> TrialTable:
    """Four parameters; only obeying the planted rule lowers the error, by `effect` points."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(7,)))
    parameters = {
        "width": rng.choice([16.0, 32.0, 64.0, 128.0, 256.0], (rows, STAGES)),
        "kernel": rng.choice([1.0, 2.0, 3.0, 4.0], (rows, STAGES)),
        "group_width": rng.choice([8.0, 16.0, 32.0], (rows, STAGES)),
        "resolution": rng.choice([32.0, 48.0, 64.0], (rows, 1)),
    }
    obeys = PLANTED.holds(parameters["width"])
    errors = rng.normal(50.0, 3.0, rows) - effect * obeys
    return made_up(errors, parameters)


@dataclass(frozen=True)
class Truth:
    """What all rows of a table say of a step."""

    whole: TrialTable

    def space(self, rules: tuple[Rule, ...]) -> Space:
        return listed_space("table", self.whole.parameters).with_rule(*rules)

    def agrees(self, step: Step, before: tuple[Rule, ...]) -> bool:
        """Whether the accepted step is what its outcome says, judged on all rows."""
        parent, child = (
            self.whole.errors[members(self.space(rules), self.whole.parameters)]
            for rules in (before, (*before, step.rule))
        )
        found = compare(parent, child, estimand="mean", margin=step.comparison.margin)
        if step.outcome == "improvement":
            return found.difference < 0.0
        return outcome_of(found) in ("improvement", "simplification") or (
            found.difference < found.margin
        )
