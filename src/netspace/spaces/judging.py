"""What candidates cost, and whether they keep to constraints, counted as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.design.complexity import measure
from netspace.design.network import Network, layers
from netspace.spaces.batch import keys, one
from netspace.spaces.constraints import Bound, Constraint, Measured
from netspace.spaces.ranges import Floats
from netspace.spaces.space import Batch, Columns, Space


def measured(batch: Batch) -> Measured:
    """The costs of a batch's networks."""
    cost, _ = measure(layers(batch.network), batch.network.input)
    size = len(batch.rows)
    return Measured(
        flops=np.broadcast_to(cost.flops, size),
        params=np.broadcast_to(cost.params, size),
        activations=np.broadcast_to(cost.activations, size),
        stages=np.full(size, len(batch.network.stages)),
    )


def excess(costs: Measured, constraints: Sequence[Constraint]) -> Floats:
    """How far each network is from meeting all constraints, (N,); 0 where it does."""
    return sum((one.excess(costs) for one in constraints), start=np.zeros(len(costs.flops)))


def with_own_limits(space: Space, constraints: Sequence[Constraint]) -> tuple[Constraint, ...]:
    """The constraints and the space's own limits; a bound replaces the own one on its quantity."""
    return (*_own_limits(space, constraints), *constraints)


def _own_limits(space: Space, constraints: Sequence[Constraint]) -> Iterator[Constraint]:
    replaced = {bound.quantity for bound in constraints if isinstance(bound, Bound)}
    for limit in space.limits:
        if not (isinstance(limit, Bound) and limit.quantity in replaced):
            yield limit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """N candidates: which of them are networks that keep to the constraints, and what they cost.

    allowed: (N,). flops, params, activations: (N,), NaN where nothing decodes. keys: equal where
    the networks are equal; empty where a candidate is not allowed.
    """

    allowed: NDArray[np.bool_]
    flops: Floats
    params: Floats
    activations: Floats
    keys: list[bytes]


def judge(space: Space, columns: Columns, constraints: Sequence[Constraint]) -> Judged:
    """Judge candidates, (N, size) values of every parameter; rules of the space are not checked."""
    size = len(next(iter(columns.values())))
    allowed, costs, found = np.zeros(size, np.bool_), np.full((3, size), np.nan), [b""] * size
    for batch in space.template.decode(columns):
        counted = measured(batch)
        fits = excess(counted, constraints) == 0
        allowed[batch.rows] = fits
        costs[:, batch.rows] = (counted.flops, counted.params, counted.activations)
        places = np.flatnonzero(fits)
        for place, key in zip(places.tolist(), keys(batch.network, places), strict=True):
            found[int(batch.rows[place])] = key
    return Judged(
        allowed=allowed, flops=costs[0], params=costs[1], activations=costs[2], keys=found
    )


def decoded(space: Space, columns: Columns) -> Network:
    """The network of a single candidate, (1, size) values of every parameter.

    Raises StopIteration where it decodes to nothing.
    """
    batch = next(batch for batch in space.template.decode(columns) if len(batch.rows))
    return one(batch.network, 0)
