"""The networks of a space within a budget, as strategies choose from them."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from netspace.design.complexity import count
from netspace.search.domain import (
    Chance,
    Genes,
    Judged,
    Slot,
    chosen_genes,
    parameter_values,
)
from netspace.spaces import rules
from netspace.spaces.constraints import Constraint
from netspace.spaces.judging import decoded, judge, with_own_limits
from netspace.spaces.ranges import Floats, distribution
from netspace.spaces.rules import Shared
from netspace.spaces.sampling import Member, Value, sample
from netspace.spaces.space import Parameter, Space


class SpaceDomain:
    """A space under constraints. Raises InfeasibleError where no network of it meets them."""

    def __init__(self, space: Space, constraints: Sequence[Constraint] = ()):
        self._space = space
        self._constraints = with_own_limits(space, constraints)
        sample(space, 1, constraints, seed=0)

    @property
    def space(self) -> Space:
        """The space."""
        return self._space

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """A slot for every place of every parameter; a single one where the places share it."""
        return tuple(slot for parameter in self._space.parameters for slot in self._own(parameter))

    def _own(self, parameter: Parameter) -> tuple[Slot, ...]:
        own = self._space.rules_of(parameter)
        values = distribution(rules.narrowed(parameter.values, own)).values
        shared = any(isinstance(rule, Shared) for rule in own)
        return tuple(
            Slot(
                name=parameter.name,
                place=place,
                values=tuple(values.tolist()),
                ordered=not parameter.labels,
            )
            for place in range(1 if shared else parameter.size)
        )

    @property
    def log10_size(self) -> float:
        """log10 of the number of parameter lists."""
        return self._space.log10_size

    def draw(self, count: int, chance: Chance) -> Genes:
        """Candidates as the space draws them; over the budget or not."""
        return self.genes(self._space.draw(chance.random((count, self._space.dimensions))))

    def judge(self, genes: Genes) -> Judged:
        """Which obey the space's rules, decode to a network and keep to the budget."""
        columns = self.parameters(genes)
        found = judge(self._space, columns, self._constraints)
        costs = {
            "flops": found.flops,
            "params": found.params,
            "activations": found.activations,
        }
        return Judged(allowed=found.allowed & self._obey(columns), costs=costs, keys=found.keys)

    def _obey(self, columns: Mapping[str, Floats]) -> NDArray[np.bool_]:
        rows = len(next(iter(columns.values())))
        obeying = [rule.holds(*(columns[n] for n in rule.parameters)) for rule in self._space.rules]
        return np.asarray(np.logical_and.reduce([np.ones(rows, np.bool_), *obeying]))

    def parameters(self, genes: Genes) -> dict[str, Floats]:
        """Parameter values by name, (N, size)."""
        own = parameter_values(self.slots, genes)
        return {
            parameter.name: np.broadcast_to(own[parameter.name], (len(genes), parameter.size))
            for parameter in self._space.parameters
        }

    def genes(self, parameters: Mapping[str, Floats]) -> Genes:
        """The candidates with these parameter values, (N, size) by name."""
        return chosen_genes(self.slots, parameters)

    def member(self, gene: Genes) -> Member:
        """The network of one allowed candidate, (slots,), with its parameters and counts."""
        columns = self.parameters(gene[np.newaxis])
        values: dict[str, Value] = {
            name: _plain(column[0].tolist()) for name, column in columns.items()
        }
        network = decoded(self._space, columns)
        return Member(network=network, parameters=values, complexity=count(network))


def _plain(values: list[float]) -> Value:
    return values[0] if len(values) == 1 else tuple(values)
