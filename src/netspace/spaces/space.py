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
from netspace.spaces.lines import Lines, lines
from netspace.spaces.ranges import Floats, Range, distribution
from netspace.spaces.rules import NonDecreasing, QuantisedLinear, Rule, Shared, SingleRule

if TYPE_CHECKING:
    from netspace.spaces.sampling import Interval, Sample

Columns = Mapping[str, Floats]
"""Parameter values of N candidates: name to an (N, size) array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named parameter; `size` is 1, or the number of stages if each stage has its own value.

    labels: names of the values, in their order, where the values stand for kinds of something and
    have no order of their own.
    """

    name: str
    values: Range
    size: int = 1
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.labels:
            return
        values = len(distribution(self.values).values)
        if len(self.labels) != values or len(set(self.labels)) != values or not all(self.labels):
            raise SpecError(
                f"{self.name}: labels {self.labels} must name each of its {values} values, "
                "all differently"
            )


def _has_values(parameter: Parameter, row: Floats) -> bool:
    """Whether (1, size) values lie in the parameter's range."""
    fits = row.shape == (1, parameter.size)
    return fits and bool(distribution(parameter.values).contains(row).all())


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
        for name in (name for rule in self.rules for name in rule.parameters):
            if name not in known:
                raise UnknownNameError.of("parameter", name, known)
        for parameter in self.parameters:
            try:
                rules.narrowed(parameter.values, self.rules_of(parameter))
            except SpecError as fault:
                raise SpecError(f"{parameter.name}: {fault}") from None
        self._check_lines()

    def with_rule(self, *added: Rule, name: str = "") -> Self:
        """The child space with further rules."""
        child = name or f"{self.name}+{len(self.rules) + len(added)}"
        return replace(self, name=child, rules=self.rules + added, parent=self.name)

    def with_limits(self, *added: Constraint) -> Self:
        """The same space with further constraints of its own."""
        return replace(self, limits=self.limits + added)

    def rules_of(self, parameter: Parameter) -> tuple[SingleRule, ...]:
        """The rules on this parameter alone."""
        return tuple(
            rule
            for rule in self.rules
            if not isinstance(rule, QuantisedLinear) and rule.parameter == parameter.name
        )

    @property
    def dimensions(self) -> int:
        """Numbers that are drawn for one candidate."""
        return sum(parameter.size for parameter in self.parameters)

    def draw(self, uniforms: Floats) -> Columns:
        """Parameter values at (N, dimensions) uniforms in [0, 1), the rules obeyed."""
        starts = np.cumsum([0, *(parameter.size for parameter in self.parameters)])
        own = {
            parameter.name: uniforms[:, start : start + parameter.size]
            for parameter, start in zip(self.parameters, starts.tolist(), strict=False)
        }
        joint: dict[str, Floats] = {}
        for rule in self._joint_rules:
            first = (own[name][:, 0] for name in rule.parameters)
            joint |= zip(rule.parameters, self._lines(rule).draw(*first), strict=True)
        return {
            parameter.name: joint[parameter.name]
            if parameter.name in joint
            else rules.draw(parameter.values, self.rules_of(parameter), own[parameter.name])
            for parameter in self.parameters
        }

    def contains(self, parameters: Mapping[str, object]) -> bool:
        """Whether these parameter values (a number, or one per stage) belong to the space."""
        if set(parameters) != {parameter.name for parameter in self.parameters}:
            return False
        rows = {name: np.atleast_2d(np.asarray(v, float)) for name, v in parameters.items()}
        if not all(_has_values(parameter, rows[parameter.name]) for parameter in self.parameters):
            return False
        columns = ((rows[name] for name in rule.parameters) for rule in self.rules)
        if not all(rule.holds(*c).all() for rule, c in zip(self.rules, columns, strict=True)):
            return False
        return any(batch.rows.size for batch in self.template.decode(rows))

    @property
    def _joint_rules(self) -> tuple[QuantisedLinear, ...]:
        joint = (rule for rule in self.rules if isinstance(rule, QuantisedLinear))
        return tuple(dict.fromkeys(joint))

    @property
    def _single_parameters(self) -> Iterator[Parameter]:
        """The parameters that no joint rule speaks of."""
        joint = {name for rule in self._joint_rules for name in rule.parameters}
        return (parameter for parameter in self.parameters if parameter.name not in joint)

    @property
    def degrees_of_freedom(self) -> int:
        """Numbers that can still be chosen; of a quantised line d, w_0, w_a and w_m at most."""
        lone = sum(self._freedom(parameter) for parameter in self._single_parameters)
        return lone + sum(self._line_freedom(rule) for rule in self._joint_rules)

    def _line_freedom(self, rule: QuantisedLinear) -> int:
        """A fixed depth fixes d. Other rules on width and depth are not reckoned to fix any."""
        width, depth = (self._freedom(self._parameter(name)) for name in rule.parameters)
        return min(3 + min(depth, 1), width + depth)

    def _freedom(self, parameter: Parameter) -> int:
        values = distribution(rules.narrowed(parameter.values, self.rules_of(parameter))).values
        if len(values) == 1:
            return 0
        return 1 if self._has(parameter, Shared) else parameter.size

    @property
    def log10_size(self) -> float:
        """log10 of the number of parameter lists; fitted groups make fewer distinct networks.

        Of quantised lines those count that differ in some width or depth.
        """
        counts = [self._combinations(parameter) for parameter in self._single_parameters]
        counts += [self._lines(rule).count for rule in self._joint_rules]
        return sum(math.log10(count) for count in counts)

    def _combinations(self, parameter: Parameter) -> int:
        narrowed = rules.narrowed(parameter.values, self.rules_of(parameter))
        count = len(distribution(narrowed).values)
        if self._has(parameter, Shared):
            return count
        if self._has(parameter, NonDecreasing):
            return math.comb(count + parameter.size - 1, parameter.size)
        return int(count**parameter.size)

    def _has(self, parameter: Parameter, kind: type[Shared | NonDecreasing]) -> bool:
        return any(isinstance(rule, kind) for rule in self.rules_of(parameter))

    def _parameter(self, name: str) -> Parameter:
        return next(parameter for parameter in self.parameters if parameter.name == name)

    def _check_lines(self) -> None:
        names = [name for rule in self._joint_rules for name in rule.parameters]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise SpecError(f"{twice}: a parameter follows one quantised line; leave one rule out")
        for rule in self._joint_rules:
            width, depth = (self._parameter(name) for name in rule.parameters)
            where = f"{width.name} and {depth.name}"
            if width.size != depth.size:
                raise SpecError(
                    f"{where}: {width.size} and {depth.size} values; a quantised line needs one of "
                    "each in every stage"
                )
            try:
                self._lines(rule)
            except SpecError as fault:
                raise SpecError(f"{where}: {fault}") from None

    def _lines(self, rule: QuantisedLinear) -> Lines:
        """All lines that the other rules on width and depth leave."""
        width, depth = (self._parameter(name) for name in rule.parameters)
        return lines(
            width.values,
            depth.values,
            stages=width.size,
            width_rules=self.rules_of(width),
            depth_rules=self.rules_of(depth),
        )

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
