"""Ask and tell: what to train next, and what came of it.

Every strategy is a proposer behind the same `Search`, which keeps the promises: no network twice,
none over a hard limit, any number at once. A search is rebuilt by telling it what is known.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from netspace.errors import InfeasibleError
from netspace.search.domain import Chance, Domain, Genes
from netspace.search.history import History
from netspace.search.objective import Objective
from netspace.spaces.ranges import Floats

PATIENCE = 256
"""Rounds of draws without a candidate that is new and allowed, after which there is none."""

Origin = Literal["drawn", "proposed"]


class Proposer(Protocol):
    """What makes a strategy."""

    def propose(self, known: History, count: int, chance: Chance) -> Genes:
        """Candidates in order of preference, (any number, slots): known, forbidden ones too.

        None where the strategy wants random draws. Called with ever longer histories.
        """


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """What is to be tried next. number: its place in the search, from 0. genes: (slots,).

    origin: drawn at random, or proposed by the strategy.
    """

    number: int
    genes: Genes
    costs: Mapping[str, float]
    origin: Origin


@dataclass(slots=True, kw_only=True)
class _Asked:
    """A candidate asked for and, by epochs, its errors in percent; failed: without a result."""

    genes: Genes
    costs: dict[str, float]
    errors: dict[int, float] = field(default_factory=dict)
    failed: bool = False

    @property
    def last(self) -> float:
        """The error after the most epochs, in percent; NaN where the training failed."""
        return math.nan if self.failed else self.errors[max(self.errors)]


class Search:
    """A strategy at work on a domain; the same seed and answers give the same questions."""

    def __init__(self, proposer: Proposer, domain: Domain, objective: Objective, *, seed: int):
        self._proposer, self._domain, self._objective = proposer, domain, objective
        self._seed = seed
        self._asked: dict[int, _Asked] = {}
        self._withdrawn = 0
        self._told: set[int] = set()
        self._exhausted = False
        self._keys: set[bytes] = set()
        self._draws = 0
        self._reserve: list[tuple[Genes, bytes, dict[str, float]]] = []

    @property
    def domain(self) -> Domain:
        """What is chosen from."""
        return self._domain

    @property
    def exhausted(self) -> bool:
        """Whether random draws bring no new candidate any more."""
        return self._exhausted

    def ask(self, count: int = 1) -> tuple[Candidate, ...]:
        """The next candidates: new ones, within all limits; fewer where no more can be found.

        Raises InfeasibleError where none was ever found.
        """
        place = (0, len(self._asked), self._withdrawn)[: 3 if self._withdrawn else 2]
        chance = np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=place))
        found = [
            self._ask(genes, costs, "proposed") for genes, costs in self._proposed(count, chance)
        ]
        while len(found) < count:
            drawn = self._drawn()
            if drawn is None:
                break
            found.append(self._ask(*drawn, "drawn"))
        if not found and not self._asked:
            raise InfeasibleError(
                f"no candidate within the limits in {PATIENCE} rounds of draws; widen the budget"
            )
        return tuple(found)

    def restore(self, number: int, genes: Genes, costs: Mapping[str, float]) -> None:
        """Know again of a candidate that was asked for before; in the order of the numbers."""
        assert number not in self._asked
        self._keys.add(self._domain.judge(genes[np.newaxis]).keys[0])
        self._asked[number] = _Asked(genes=genes, costs=dict(costs))

    def tell(self, number: int, error: float, *, epochs: int = 1) -> None:
        """The error in percent of a candidate after so many epochs; NaN: its training failed.

        A candidate may be told of several times, each time after more epochs.
        """
        asked = self._asked[number]
        self._told.add(number)
        if np.isfinite(error):
            asked.errors[epochs] = float(error)
        else:
            asked.failed = True

    def measured(self, number: int, **costs: float) -> None:
        """Costs of a candidate that had to be measured, such as latency_ms."""
        self._asked[number].costs.update(costs)

    def withdraw(self, number: int) -> None:
        """Take back the last candidate, which a measurement showed to be over a hard limit.

        It is not asked for again; the next one gets its number.
        """
        assert number == max(self._asked)
        assert number not in self._told
        del self._asked[number]
        self._withdrawn += 1

    @property
    def history(self) -> History:
        """All that was told, in the order asked, with the last error of each."""
        return self._history(np.random.default_rng(self._seed))

    def fitness(self, epochs: int) -> dict[int, float]:
        """What a choice among those told of after so many epochs prefers, by their numbers."""
        numbers = [number for number in sorted(self._told) if epochs in self._asked[number].errors]
        reached = [self._asked[number] for number in numbers]
        errors = np.array([one.errors[epochs] for one in reached])
        if not numbers:
            return {}
        found = self._objective.preference(errors, _costs(reached))
        return dict(zip(numbers, found.tolist(), strict=True))

    def _history(self, chance: Chance) -> History:
        told = [self._asked[number] for number in sorted(self._told)]
        errors = np.array([one.last for one in told])
        costs = _costs(told)
        waiting = [one.genes for number, one in self._asked.items() if number not in self._told]
        return History(
            genes=self._stacked([one.genes for one in told]),
            errors=errors,
            costs=costs,
            fitness=self._fitness(errors, costs, chance),
            waiting=self._stacked(waiting),
        )

    def _fitness(self, errors: Floats, costs: Mapping[str, Floats], chance: Chance) -> Floats:
        if not len(errors):
            return errors
        return self._objective.fitness(errors, costs, chance)

    def _stacked(self, rows: list[Genes]) -> Genes:
        empty = np.zeros((0, len(self._domain.slots)), dtype=np.int64)
        return np.stack(rows) if rows else empty

    def _ask(self, genes: Genes, costs: dict[str, float], origin: Origin) -> Candidate:
        number = max(self._asked, default=-1) + 1
        self._asked[number] = _Asked(genes=genes, costs=costs)
        return Candidate(number=number, genes=genes, costs=costs, origin=origin)

    def _proposed(self, count: int, chance: Chance) -> Iterator[tuple[Genes, dict[str, float]]]:
        """Up to `count` of what the strategy prefers."""
        genes = self._proposer.propose(self._history(chance), count, chance)
        if not len(genes):
            return
        for found, _ in zip(self._new(genes), range(count), strict=False):
            self._keys.add(found[1])
            yield found[0], found[2]

    def _drawn(self) -> tuple[Genes, dict[str, float]] | None:
        """The next random draw that is new; None where there is no more."""
        for _ in range(0 if self._exhausted else PATIENCE):
            while self._reserve:
                genes, key, costs = self._reserve.pop()
                if key not in self._keys:
                    self._keys.add(key)
                    return genes, costs
            chance = np.random.default_rng(
                np.random.SeedSequence(self._seed, spawn_key=(1, self._draws))
            )
            self._draws += 1
            self._reserve = list(self._new(self._domain.draw(DRAWS, chance)))[::-1]
        self._exhausted = True
        return None

    def _new(self, genes: Genes) -> Iterator[tuple[Genes, bytes, dict[str, float]]]:
        judged = self._domain.judge(genes)
        seen = set[bytes]()
        for row in np.flatnonzero(judged.allowed).tolist():
            key = judged.keys[row]
            if key in self._keys or key in seen:
                continue
            seen.add(key)
            costs = {name: float(values[row]) for name, values in judged.costs.items()}
            yield genes[row], key, costs


def _costs(asked: list[_Asked]) -> dict[str, Floats]:
    names = dict.fromkeys(name for one in asked for name in one.costs)
    return {name: np.array([one.costs.get(name, np.nan) for one in asked]) for name in names}


DRAWS = 2_048
"""Candidates drawn at random together."""
