"""What a search knows: the candidates told of, with their errors, costs and fitness."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from netspace.search.domain import Genes
from netspace.spaces.ranges import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Candidates that were trained, in the order asked for, and those that are still in training.

    genes: (N, slots). errors: (N,), in percent, NaN where the training failed; of each after the
    epochs that it came to, so that those which halving let go on stand out. fitness: (N,), what is
    to be high, NaN where failed. waiting: (M, slots), no result yet.
    """

    genes: Genes
    errors: Floats
    costs: Mapping[str, Floats]
    fitness: Floats
    waiting: Genes

    def __len__(self) -> int:
        return len(self.errors)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Self:
        """Some of the candidates told of."""
        return replace(
            self,
            genes=self.genes[chosen],
            errors=self.errors[chosen],
            costs={name: values[chosen] for name, values in self.costs.items()},
            fitness=self.fitness[chosen],
        )

    @property
    def finished(self) -> Self:
        """Those with a fitness."""
        return self.rows(np.isfinite(self.fitness))

    def best(self, count: int) -> Genes:
        """The fittest, best first; (up to count, slots)."""
        known = self.finished
        return known.genes[np.argsort(-known.fitness, kind="stable")[:count]]
