"""Values sorted into bins that hold about equally many of them."""

import numpy as np
from numpy.typing import NDArray

from netspace.analyse.outcomes import Floats


def quantile_bins(
    values: Floats, most: int, weights: Floats | None = None
) -> tuple[NDArray[np.int64], int]:
    """The bin `(n,)` of each finite value `(n,)`, from 0, and the number of bins, at most `most`.

    Each edge is one of the values, so equal values share a bin and any rising function of them,
    the logarithm for one, has the same bins. weights: `(n,)`, how much each value counts.
    """
    levels = np.arange(1, most) / most
    edges = np.quantile(values, levels, weights=weights, method="inverted_cdf")
    inner = np.unique(edges[edges < values.max()])
    return np.searchsorted(inner, values, side="left"), inner.size + 1
