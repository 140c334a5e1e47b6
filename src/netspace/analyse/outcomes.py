"""The errors of a population, with the networks that failed kept apart from them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netspace.errors import UserError

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """Errors in percent of the finished networks, ascending `(finished,)`, and how many failed."""

    errors: Floats
    failed: int

    @property
    def finished(self) -> int:
        """How many networks finished; at least 1."""
        return self.errors.size


def outcomes(errors: ArrayLike, *, failed: int = 0, where: str = "") -> Outcomes:
    """Sort the finite errors `(n,)`; NaN and infinite ones join the `failed`.

    Raises UserError, prefixed by `where`, if no network finished.
    """
    values = np.asarray(errors, dtype=np.float64)
    if values.ndim != 1:
        raise UserError(f"{where}errors must be one row of numbers, not of shape {values.shape}")
    if failed < 0:
        raise UserError(f"{where}failed {failed} must be a count; give 0 or more")
    finite = values[np.isfinite(values)]
    failed += values.size - finite.size
    if not finite.size:
        raise UserError(f"{where}no finished network, {failed} failed; train more networks first")
    return Outcomes(errors=read_only(np.sort(finite)), failed=failed)


def read_only(array: Floats) -> Floats:
    """Close an array to writing."""
    array.setflags(write=False)
    return array


def check_confidence(confidence: float) -> None:
    """Raise UserError unless `confidence` lies strictly between 0 and 1."""
    if not 0.0 < confidence < 1.0:
        raise UserError(f"confidence {confidence:g} must lie between 0 and 1; 0.95 is usual")


def check_resamples(resamples: int) -> None:
    """Raise UserError unless there is at least one resample."""
    if resamples < 1:
        raise UserError(f"resamples {resamples} must be at least 1; 2000 is usual")
