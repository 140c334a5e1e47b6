"""Made-up tables of trials."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from netspace.table import TrialTable


def table(errors: ArrayLike, parameters: Mapping[str, ArrayLike], **costs: ArrayLike) -> TrialTable:
    """A table of these errors; a parameter given as one row of numbers has no stages."""
    values = np.asarray(errors, dtype=np.float64)
    unknown = np.full(values.size, np.nan)
    columns = {name: np.asarray(column, dtype=np.float64) for name, column in parameters.items()}
    known = {name: np.asarray(cost, dtype=np.float64) for name, cost in costs.items()}
    return TrialTable(
        index=np.arange(values.size),
        errors=values,
        parameters={n: c[:, None] if c.ndim == 1 else c for n, c in columns.items()},
        **{name: known.get(name, unknown) for name in ("flops", "params", "activations")},
    )
