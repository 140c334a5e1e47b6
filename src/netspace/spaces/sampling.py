"""n distinct networks of a space that meet constraints, counted as arrays.

Candidates are drawn in blocks; block k of seed s uses SeedSequence(s, spawn_key=(k,)), so a sample
is the beginning of every larger sample of the same seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as counting
from itertools import product
from typing import overload

import numpy as np
from numpy.typing import NDArray

from netspace.design.complexity import Complexity
from netspace.design.network import Network
from netspace.design.units import format_size
from netspace.errors import InfeasibleError
from netspace.spaces.batch import keys, one
from netspace.spaces.constraints import Bound, Constraint, Measured, Quantity
from netspace.spaces.judging import excess, measured, with_own_limits
from netspace.spaces.space import Batch, Columns, Space

BLOCK = 8192
PATIENCE = 64 * BLOCK
"""Draws without a new network after which the search for more stops."""

Interval = tuple[float | None, float | None] | None
Value = float | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A network of a space, the parameters it was decoded from, and what it costs."""

    network: Network
    parameters: Mapping[str, Value]
    complexity: Complexity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Sequence[Network]):
    """Distinct networks, in the order drawn. drawn, accepted: candidates, repeats included."""

    members: tuple[Member, ...]
    asked: int
    drawn: int
    accepted: int

    @property
    def acceptance_rate(self) -> float:
        """Share of the candidates that met the constraints."""
        return self.accepted / self.drawn

    @property
    def shortfall(self) -> str:
        """Why there are fewer than asked for; empty if there are not."""
        missing = self.asked - len(self.members)
        if missing <= 0:
            return ""
        return (
            f"only {len(self.members)} distinct networks found, {missing} short of {self.asked}: "
            f"the last {PATIENCE:,} draws brought no new one"
        )

    def __len__(self) -> int:
        return len(self.members)

    @overload
    def __getitem__(self, index: int) -> Network: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Network, ...]: ...
    def __getitem__(self, index: int | slice) -> Network | tuple[Network, ...]:
        if isinstance(index, slice):
            return tuple(member.network for member in self.members[index])
        return self.members[index].network


def within(**intervals: Interval) -> tuple[Bound, ...]:
    """Bounds from (low, high) intervals by quantity; None is no bound."""
    return tuple(
        Bound(quantity=_quantity(name), low=interval[0], high=interval[1])
        for name, interval in intervals.items()
        if interval is not None
    )


def _quantity(name: str) -> Quantity:
    known: dict[str, Quantity] = {
        "flops": "flops",
        "params": "params",
        "activations": "activations",
        "stages": "stages",
    }
    return known[name]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Hit:
    """A candidate that meets the constraints: its row in the draw and its place in its batch."""

    row: int
    place: int
    batch: Batch
    measured: Measured
    key: bytes


@dataclass(slots=True, kw_only=True)
class _Search:
    """The state of one sampling: what was found and how near the nearest miss was."""

    found: dict[Network, Member] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)
    drawn: int = 0
    accepted: int = 0
    last_new: int = 0
    nearest_excess: float = np.inf
    nearest: str = ""

    @property
    def stalled(self) -> bool:
        return self.drawn - self.last_new >= PATIENCE


def sample(space: Space, count: int, constraints: Sequence[Constraint], *, seed: int) -> Sample:
    """`count` distinct networks that meet the constraints and the space's own limits.

    A bound on a quantity replaces the space's own bound on it. Fewer networks come back when the
    space holds no more; InfeasibleError names the nearest reachable values when there is none.
    """
    everything = with_own_limits(space, constraints)
    search = _Search()
    for block in counting():
        _search_block(
            space, everything, search, count, np.random.SeedSequence(seed, spawn_key=(block,))
        )
        if len(search.found) >= count or search.stalled:
            break
    if not search.found:
        _search_corners(space, everything, search)
        wanted = ", ".join(constraint.sentence for constraint in everything)
        raise InfeasibleError(
            f"space {space.name}: none of {search.drawn:,} draws has {wanted}; "
            f"the nearest has {search.nearest}; widen the range towards it"
        )
    members = tuple(search.found.values())
    return Sample(members=members, asked=count, drawn=search.drawn, accepted=search.accepted)


def _search_block(
    space: Space,
    constraints: Sequence[Constraint],
    search: _Search,
    count: int,
    seed: np.random.SeedSequence,
) -> None:
    uniforms = np.random.Generator(np.random.PCG64(seed)).random((BLOCK, space.dimensions))
    columns = space.draw(uniforms)
    hits: list[_Hit] = []
    for batch in space.template.decode(columns):
        costs = measured(batch)
        off = excess(costs, constraints)
        _remember_nearest(search, costs, off)
        hits += _hits(batch, costs, np.flatnonzero(off == 0))
    start = search.drawn
    search.drawn += BLOCK
    for hit in sorted(hits, key=lambda hit: hit.row):
        search.accepted += 1
        if hit.key in search.seen:
            continue
        search.seen.add(hit.key)
        network = one(hit.batch.network, hit.place)
        if network in search.found:
            continue
        search.found[network] = _member(network, columns, hit)
        search.last_new = start + hit.row + 1
        if len(search.found) == count:
            search.drawn = search.last_new
            return


def _search_corners(space: Space, constraints: Sequence[Constraint], search: _Search) -> None:
    """Look for the nearest miss where every parameter stands at one of its ends."""
    ends = np.array(list(product((0.0, 1 - 1e-12), repeat=len(space.parameters))))
    sizes = [parameter.size for parameter in space.parameters]
    for batch in space.template.decode(space.draw(np.repeat(ends, sizes, axis=1))):
        costs = measured(batch)
        _remember_nearest(search, costs, excess(costs, constraints))


def _hits(batch: Batch, costs: Measured, places: NDArray[np.int64]) -> Iterator[_Hit]:
    for place, key in zip(places.tolist(), keys(batch.network, places), strict=True):
        row = int(batch.rows[place])
        yield _Hit(row=row, place=place, batch=batch, measured=costs, key=key)


def _remember_nearest(search: _Search, costs: Measured, off: NDArray[np.float64]) -> None:
    best = int(np.argmin(off))
    if off[best] < search.nearest_excess:
        search.nearest_excess = float(off[best])
        search.nearest = (
            f"{format_size(costs.flops[best])} flops, {format_size(costs.params[best])} "
            f"params, {format_size(costs.activations[best])} activations, "
            f"{costs.stages[best]} stages"
        )


def _member(network: Network, columns: Columns, hit: _Hit) -> Member:
    values = {name: tuple(column[hit.row].tolist()) for name, column in columns.items()}
    return Member(
        network=network,
        parameters={name: v[0] if len(v) == 1 else v for name, v in values.items()},
        complexity=Complexity(
            flops=int(hit.measured.flops[hit.place]),
            params=int(hit.measured.params[hit.place]),
            activations=int(hit.measured.activations[hit.place]),
        ),
    )
