"""Random search and regularised (aging) evolution."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from netspace.errors import SpecError
from netspace.search.domain import Chance, Domain, Genes, mutated
from netspace.search.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    """Candidates as the space draws them."""

    kind: Literal["random"] = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """Regularised evolution (Real et al. 2019): the youngest survive, not the fittest.

    population: how many of the youngest candidates are parents. sample: how many of those are drawn
    for a tournament, whose fittest is changed in one slot.
    """

    kind: Literal["evolution"] = "evolution"
    population: int = 50
    sample: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.sample <= self.population:
            raise SpecError(
                f"sample {self.sample} must be at least 1 and at most population {self.population}"
            )


class Drawing:
    """Proposes nothing, so that candidates are drawn at random."""

    def propose(self, known: History, count: int, chance: Chance) -> Genes:
        """None."""
        return known.genes[:0]


class Evolving:
    """Proposes mutations of the fittest of a few of the youngest."""

    def __init__(self, spec: Evolution, domain: Domain):
        self._spec, self._domain = spec, domain

    def propose(self, known: History, count: int, chance: Chance) -> Genes:
        """Mutations, allowed or not; nothing until the first population is there."""
        alive = known.finished
        if len(alive) + len(known.waiting) < self._spec.population or not len(alive):
            return known.genes[:0]
        alive = alive.rows(slice(-self._spec.population, None))
        parents = np.concatenate([self._tournament(alive, chance) for _ in range(TRIES * count)])
        return mutated(self._domain, parents, chance)

    def _tournament(self, alive: History, chance: Chance) -> Genes:
        chosen = chance.choice(len(alive), min(self._spec.sample, len(alive)), replace=False)
        fittest = chosen[np.argmax(alive.fitness[chosen])]
        return alive.genes[fittest : fittest + 1]


TRIES = 32
"""Mutations made for each one wanted: known ones and those over the budget are left out."""
