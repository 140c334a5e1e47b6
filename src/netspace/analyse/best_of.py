"""The expected best of k networks, exactly: the mean of the minimum over all subsets of k."""

import numpy as np

from netspace.analyse.outcomes import Floats


def best_of(ascending: Floats, k: int) -> Floats:
    """Return the expected best of k `(...)` of errors `(..., n)`, ascending along the last axis."""
    # Measured from the lowest error: equal errors then give exactly that error, for every n and k.
    lowest = ascending[..., :1]
    above: Floats = (ascending - lowest) @ best_of_weights(ascending.shape[-1], k)
    return lowest[..., 0] + above


def best_of_weights(n: int, k: int) -> Floats:
    """Share `(n,)` of the subsets of k in which the i-th lowest error is the best.

    That is C(n-i, k-1) / C(n, k): k/n for the first, then each the one before times a factor of at
    most 1, so nothing overflows however large n and k are.
    """
    i = np.arange(1, n)
    factors = np.maximum(n - i - k + 1, 0) / (n - i)
    return np.multiply.accumulate(np.concatenate(([k / n], factors)), dtype=np.float64)
