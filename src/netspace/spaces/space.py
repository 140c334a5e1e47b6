"""A space: parameters with ranges, rules that narrow them, and a template that decodes them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from netspace.design.network import Network
from netspace.errors import SpecError, UnknownNameError
from netspace.spaces import rules
from netspace.spaces.constraints import Constraint
from netspace.spaces.ranges import Floats, Range, distribution
from netspace.spaces.rules import Fixed, NonDecreasing, Rule, Shared

if TYPE_CHECKING:
    from netspace.spaces.sampling import Interval, Sample

Columns = Mapping[str, Floats]
"""Parameter values of N candidates: name to an (N, size) array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named parameter; `size` is 1, or the number of stages if each stage has its own value."""

    name: str
    values: Range
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Networks of like structure: one Network whose numbers are arrays, and their row numbers."""

    rows: NDArray[np.int64]
    network: Network


class Template(Protocol):
    """Turns parameter values into networks."""

    def decode(self, columns: Columns) -> Iterator[Batch]:
        """The networks of these candidates, grouped by structure; degenerate ones left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A family of networks as a value.

    limits: constraints that belong to the space. adapted: sentences on what was fitted to the
    input size. parent: name of the space it was narrowed from.
    """

    name: str
    parameters: tuple[Parameter, ...]
    template: Template
    rules: tuple[Rule, ...] = ()
    limits: tuple[Constraint, ...] = ()
    adapted: tuple[str, ...] = ()
    parent: str = ""

    def __post_init__(self) -> None:
        known = {parameter.name for parameter in self.parameters}
        for rule in self.rules:
            if rule.parameter not in known:
                raise UnknownNameError.of("parameter", rule.parameter, known)
        for parameter in self.parameters:
            try:
                rules.narrowed(parameter.values, self.rules_of(parameter))
            except SpecError as fault:
                raise SpecError(f"{parameter.name}: {fault}") from None

    def with_rule(self, *added: Rule, name: str = "") -> Self:
        """The child space with further rules."""
        child = name or f"{self.name}+{len(self.rules) + len(added)}"
        return replace(self, name=child, rules=self.rules + added, parent=self.name)

    def with_limits(self, *added: Constraint) -> Self:
        """The same space with further constraints of its own."""
        return replace(self, limits=self.limits + added)

    def rules_of(self, parameter: Parameter) -> tuple[Rule, ...]:
        """The rules on one parameter."""
        return tuple(rule for rule in self.rules if rule.parameter == parameter.name)

    @property
    def dimensions(self) -> int:
        """Numbers that are drawn for one candidate."""
        return sum(parameter.size for parameter in self.parameters)

    def draw(self, uniforms: Floats) -> Columns:
        """Parameter values at (N, dimensions) uniforms in [0, 1), the rules obeyed."""
        columns, start = {}, 0
        for parameter in self.parameters:
            own = uniforms[:, start : start + parameter.size]
            columns[parameter.name] = rules.draw(parameter.values, self.rules_of(parameter), own)
            start += parameter.size
        return columns

    def contains(self, parameters: Mapping[str, object]) -> bool:
        """Whether these parameter values (a number, or one per stage) belong to the space."""
        if set(parameters) != {parameter.name for parameter in self.parameters}:
            return False
        rows = {name: np.atleast_2d(np.asarray(v, float)) for name, v in parameters.items()}
        if not all(self._allows(parameter, rows[parameter.name]) for parameter in self.parameters):
            return False
        return any(batch.rows.size for batch in self.template.decode(rows))

    def _allows(self, parameter: Parameter, row: Floats) -> bool:
        if row.shape != (1, parameter.size):
            return False
        member = distribution(parameter.values).contains(row).all()
        return bool(member and all(rule.holds(row).all() for rule in self.rules_of(parameter)))

    @property
    def degrees_of_freedom(self) -> int:
        """Parameters that can still be chosen."""
        return sum(self._freedom(parameter) for parameter in self.parameters)

    def _freedom(self, parameter: Parameter) -> int:
        values = distribution(rules.narrowed(parameter.values, self.rules_of(parameter))).values
        if len(values) == 1:
            return 0
        return 1 if self._has(parameter, Shared) else parameter.size

    @property
    def log10_size(self) -> float:
        """log10 of the number of parameter lists; fitted groups make fewer distinct networks."""
        return sum(math.log10(self._combinations(parameter)) for parameter in self.parameters)

    def _combinations(self, parameter: Parameter) -> int:
        narrowed = rules.narrowed(parameter.values, self.rules_of(parameter))
        count = len(distribution(narrowed).values)
        if self._has(parameter, Shared):
            return count
        if self._has(parameter, NonDecreasing):
            return math.comb(count + parameter.size - 1, parameter.size)
        return int(count**parameter.size)

    def _has(self, parameter: Parameter, kind: type[Shared | NonDecreasing | Fixed]) -> bool:
        return any(isinstance(rule, kind) for rule in self.rules_of(parameter))

    def sample(
        self,
        count: int,
        *,
        seed: int = 0,
        flops: "Interval" = None,
        params: "Interval" = None,
        activations: "Interval" = None,
        stages: "Interval" = None,
    ) -> "Sample":
        """`count` distinct networks of the space within these (low, high) ranges.

        Raises InfeasibleError, naming the nearest reachable values, when none can be found.
        """
        from netspace.spaces.sampling import sample, within

        bounds = within(flops=flops, params=params, activations=activations, stages=stages)
        if count < 1:
            raise SpecError(f"count {count} must be at least 1")
        if seed < 0:
            raise SpecError(f"seed {seed} must be at least 0")
        return sample(self, count, bounds, seed=seed)
