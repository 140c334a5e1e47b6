"""Many trainings as columns: what analysis reads instead of one trial after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialTable:
    """The finished and failed trainings of one population, a row each, by index.

    errors: (n,), validation error in percent; NaN where the training failed. index: (n,), the
    place in the space's sample. flops, params, activations: (n,); NaN where unknown. parameters:
    name to (n, size), a column for each stage or a single one; NaN where a row lacks a value.
    """

    index: NDArray[np.int64]
    errors: Floats
    flops: Floats
    params: Floats
    activations: Floats
    parameters: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.errors)

    @property
    def finished(self) -> NDArray[np.bool_]:
        """(n,), which rows have an error."""
        return np.isfinite(self.errors)

    @property
    def failed(self) -> int:
        """How many trainings failed."""
        return int(np.count_nonzero(~self.finished))

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Self:
        """Some of the rows."""
        return replace(
            self,
            index=self.index[chosen],
            errors=self.errors[chosen],
            flops=self.flops[chosen],
            params=self.params[chosen],
            activations=self.activations[chosen],
            parameters={name: values[chosen] for name, values in self.parameters.items()},
        )
