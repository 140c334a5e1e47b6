"""What a strategy chooses from: candidates as rows of value numbers, and what may be chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from netspace.errors import SpecError
from netspace.spaces.ranges import Floats

Genes = NDArray[np.int64]
"""(N, slots): for each candidate and slot the number of the value that it has there, from 0."""

Chance = np.random.Generator

COSTS = ("flops", "params", "activations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One choice: a parameter in one place, or in all of them where the space shares its value.

    place: from 0; 0 too where all places share the value. values: rising. ordered: whether a
    step to the next value is a small one.
    """

    name: str
    place: int
    values: tuple[float, ...]
    ordered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """N candidates: which may be chosen, and what they cost.

    allowed: (N,). costs: name to (N,), NaN where unknown. keys: equal where two candidates are the
    same network.
    """

    allowed: NDArray[np.bool_]
    costs: Mapping[str, Floats]
    keys: list[bytes]


class Domain(Protocol):
    """A set of candidates under hard limits."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """What is chosen."""

    @property
    def log10_size(self) -> float:
        """log10 of the number of candidates, the hard limits left aside."""

    def draw(self, count: int, chance: Chance) -> Genes:
        """Candidates as the set itself draws them; about `count`, allowed or not."""

    def judge(self, genes: Genes) -> Judged:
        """Which of these may be chosen, and what they cost."""

    def parameters(self, genes: Genes) -> dict[str, Floats]:
        """Parameter values by name, (N, size)."""

    def genes(self, parameters: Mapping[str, Floats]) -> Genes:
        """The candidates with these parameter values, (N, size) by name."""


def chosen_genes(slots: tuple[Slot, ...], parameters: Mapping[str, Floats]) -> Genes:
    """The candidates with these parameter values, (N, size) by name.

    Raises SpecError for a value that a slot lacks.
    """
    return np.stack(
        [_numbers(slot, parameters[slot.name][:, slot.place]) for slot in slots], axis=1
    )


def _numbers(slot: Slot, column: Floats) -> NDArray[np.int64]:
    values = np.array(slot.values)
    places = np.minimum(np.searchsorted(values, column), len(values) - 1)
    other = values[places] != column
    if other.any():
        raise SpecError(
            f"{slot.name}: {column[other][0]:g} is none of its values in place {slot.place + 1}; "
            f"{values[0]:g} to {values[-1]:g} are {len(values)}"
        )
    return places.astype(np.int64)


def parameter_values(slots: tuple[Slot, ...], genes: Genes) -> dict[str, Floats]:
    """What candidates have in the slots of each parameter, (N, slots of it) by name."""
    found: dict[str, list[Floats]] = {}
    for slot, chosen in zip(slots, genes.T, strict=True):
        found.setdefault(slot.name, []).append(np.array(slot.values)[chosen])
    return {name: np.stack(columns, axis=1) for name, columns in found.items()}


def mutated(domain: Domain, parents: Genes, chance: Chance) -> Genes:
    """Each row changed in one slot to another value; allowed or not.

    In an ordered slot of many values half of the changes are small: at most an eighth of them.
    """
    slots = domain.slots
    free = np.array([i for i, slot in enumerate(slots) if len(slot.values) > 1])
    children = parents.copy()
    if not free.size:
        return children
    for row, place in enumerate(chance.choice(free, len(parents)).tolist()):
        children[row, place] = _another(slots[place], int(parents[row, place]), chance)
    return children


def _another(slot: Slot, value: int, chance: Chance) -> int:
    count = len(slot.values)
    reach = count // 8
    if slot.ordered and reach and chance.random() < 0.5:
        low, high = max(0, value - reach), min(count - 1, value + reach)
        other = int(chance.integers(low, high))
        return other + (other >= value)
    other = int(chance.integers(count - 1))
    return other + (other >= value)
