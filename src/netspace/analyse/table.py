"""Trials as columns: one row is one network, one array is one quantity."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netspace.analyse.outcomes import Floats
from netspace.errors import UnknownNameError, UserError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialTable:
    """Columns of one length `(trials,)`; `error` in percent, NaN where the trial did not finish.

    A trial that is neither finished nor failed is planned or running. `parameters` holds NaN where
    a trial's space lacks that parameter.
    """

    space: NDArray[np.str_]
    error: Floats
    flops: NDArray[np.int64]
    params: NDArray[np.int64]
    activations: NDArray[np.int64]
    finished: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    parameters: Mapping[str, Floats]

    def __post_init__(self) -> None:
        for name, column in self._columns().items():
            if column.shape != (len(self),):
                raise UserError(
                    f"column {name}: shape {column.shape} must be ({len(self)},), as for space; "
                    "give one value for each trial"
                )
            column.setflags(write=False)

    def __len__(self) -> int:
        return self.space.size

    @property
    def spaces(self) -> tuple[str, ...]:
        """Names of the spaces, in the order in which they first appear."""
        names, first = np.unique(self.space, return_index=True)
        return tuple(str(name) for name in names[np.argsort(first)])

    @property
    def failed_count(self) -> int:
        """How many trials failed."""
        return int(np.count_nonzero(self.failed))

    def errors(self) -> Floats:
        """Errors in percent of the finished trials, `(finished,)`."""
        return self.error[self.finished]

    def of_space(self, name: str) -> "TrialTable":
        """Select the rows of one space; raises UnknownNameError if there is none."""
        chosen = self.space == name
        if not chosen.any():
            raise UnknownNameError.of("space", name, self.spaces)
        return TrialTable(
            space=self.space[chosen],
            error=self.error[chosen],
            flops=self.flops[chosen],
            params=self.params[chosen],
            activations=self.activations[chosen],
            finished=self.finished[chosen],
            failed=self.failed[chosen],
            parameters={name: column[chosen] for name, column in self.parameters.items()},
        )

    def _columns(self) -> Mapping[str, NDArray[np.generic]]:
        return {
            "space": self.space,
            "error": self.error,
            "flops": self.flops,
            "params": self.params,
            "activations": self.activations,
            "finished": self.finished,
            "failed": self.failed,
        } | {f"parameters[{name}]": column for name, column in self.parameters.items()}


def table(
    *,
    space: ArrayLike,
    error: ArrayLike,
    flops: ArrayLike,
    params: ArrayLike,
    activations: ArrayLike,
    failed: ArrayLike,
    parameters: Mapping[str, ArrayLike],
) -> TrialTable:
    """Build a table from columns of one length `(trials,)`, which are copied.

    A trial is finished if it has an error and did not fail; an infinite error is a failure.
    Raises UserError if lengths differ or a count is not a whole number.
    """
    e = np.array(error, dtype=np.float64)
    broken = _same_length("failed", np.array(failed, dtype=np.bool_), e) | np.isinf(e)
    finished = np.isfinite(e) & ~broken
    return TrialTable(
        space=np.array(space, dtype=np.str_),
        error=np.where(finished, e, np.nan),
        flops=_counts("flops", flops),
        params=_counts("params", params),
        activations=_counts("activations", activations),
        finished=finished,
        failed=broken,
        parameters={
            name: np.array(column, dtype=np.float64) for name, column in parameters.items()
        },
    )


def _same_length(name: str, column: NDArray[np.bool_], error: Floats) -> NDArray[np.bool_]:
    if column.shape != error.shape:
        raise UserError(
            f"column {name}: shape {column.shape} must be {error.shape}, as for error; give one "
            "value for each trial"
        )
    return column


def _counts(name: str, values: ArrayLike) -> NDArray[np.int64]:
    column = np.array(values)
    wrong = np.zeros(column.shape, dtype=np.bool_)
    if not np.issubdtype(column.dtype, np.integer):
        column = column.astype(np.float64)
        wrong = ~np.isfinite(column) | (column != np.rint(column))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise UserError(
            f"column {name}, row {row}: {column[row]:g} must be a whole number; count it again"
        )
    return column.astype(np.int64)
