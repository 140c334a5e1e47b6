"""The space of a table of networks that were trained elsewhere: its rows are its members."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.errors import SpecError
from netspace.spaces.ranges import Choice, Floats
from netspace.spaces.space import Batch, Columns, Parameter, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTemplate:
    """Stands where a template would: the table tells parameters and errors, not networks."""

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """Refuse. Raises SpecError."""
        raise SpecError("the networks of an imported table are not known; it has only their errors")


def listed_space(name: str, columns: Mapping[str, Floats]) -> Space:
    """A space whose parameters take the values that the table has, all equally likely.

    columns: parameter values by name, (N, size). A parameter that some row lacks is left out.
    """
    known = {name: values for name, values in columns.items() if np.isfinite(values).all()}
    return Space(
        name=name,
        parameters=tuple(
            Parameter(
                name=parameter,
                values=Choice(values=tuple(np.unique(values).tolist())),
                size=values.shape[1],
            )
            for parameter, values in known.items()
        ),
        template=ListedTemplate(),
    )


def members(space: Space, columns: Mapping[str, Floats]) -> NDArray[np.bool_]:
    """Which rows (N,) of the table obey all rules of the space."""
    obeying = [rule.holds(*(columns[name] for name in rule.parameters)) for rule in space.rules]
    rows = len(next(iter(columns.values()), ()))
    everything = np.ones(rows, dtype=np.bool_)
    return np.asarray(np.logical_and.reduce([everything, *obeying]))
