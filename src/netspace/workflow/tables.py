"""A table of trained networks in the place of training: a walk draws rows instead."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.refinement import Step
from netspace.errors import InfeasibleError
from netspace.spaces.listed import listed_space, members
from netspace.spaces.space import Space
from netspace.table import TrialTable

Drawn = Mapping[str, list[int]]
"""The rows drawn of each space, in the order drawn."""


class TableSource:
    """The rows of one table, drawn at random without replacement as a walk asks for them.

    Each row goes to one space: what proposed a rule or stood on one side of a verdict is not drawn
    again. kept: hears the steps and the rows drawn, whenever they change.
    """

    def __init__(
        self,
        name: str,
        table: TrialTable,
        *,
        seed: int = 0,
        steps: Iterable[Step] = (),
        drawn: Drawn | None = None,
        kept: Callable[[tuple[Step, ...], Drawn], None] = lambda steps, drawn: None,
    ) -> None:
        self._name = name
        self._whole = table
        self._seed = seed
        self._steps = tuple(steps)
        self._drawn = {space: list(rows) for space, rows in (drawn or {}).items()}
        self._kept = kept
        self._own_space = listed_space(name, table.parameters)
        self._members: dict[str, NDArray[np.bool_]] = {}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps so far."""
        return self._steps

    def keep(self, steps: Iterable[Step]) -> None:
        """Keep these steps."""
        self._steps = tuple(steps)
        self._kept(self._steps, self._drawn)

    @property
    def trained(self) -> int:
        """Rows drawn so far."""
        return sum(map(len, self._drawn.values()))

    def space(self, name: str) -> Space:
        """The table's own space, or the child of a step."""
        if name == self._name:
            return self._own_space
        step = next(step for step in self._steps if step.child == name)
        return self.space(step.parent).with_rule(step.rule, name=name)

    def table(self, name: str) -> TrialTable:
        """The rows drawn of a space."""
        return self._whole.rows(np.array(self._drawn.get(name, []), dtype=np.int64))

    def grow(self, name: str, finished: int) -> TrialTable:
        """Draw rows of a space until so many with an error are there."""
        known = self.table(name)
        while (missing := finished - int(known.finished.sum())) > 0:
            self._draw(name, missing)
            known = self.table(name)
        return known

    def _draw(self, name: str, rows: int) -> None:
        if name not in self._members:
            self._members[name] = members(self.space(name), self._whole.parameters)
        free = self._members[name].copy()
        free[[row for taken in self._drawn.values() for row in taken]] = False
        left = np.flatnonzero(free)
        if len(left) < rows:
            raise InfeasibleError(
                f"{name}: only {len(left)} rows of the table are left that obey its rules, "
                f"{rows} are needed; use a larger table"
            )
        own = self._drawn.setdefault(name, [])
        number = next((step.number for step in self._steps if step.child == name), 0)
        entropy = np.random.SeedSequence(self._seed, spawn_key=(number, len(own)))
        chosen = np.random.default_rng(entropy).choice(left, rows, replace=False)
        own.extend(chosen.tolist())
        self._kept(self._steps, self._drawn)
