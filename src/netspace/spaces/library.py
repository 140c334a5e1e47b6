"""The rules that a space could be narrowed by, whatever its networks' errors are."""

from collections.abc import Iterator

from netspace.errors import SpecError
from netspace.spaces.rules import NonDecreasing, QuantisedLinear, Rule, Shared
from netspace.spaces.space import Space


def library(space: Space) -> tuple[Rule, ...]:
    """Every rule that makes the space smaller and takes no number from data.

    One value for all stages, values that do not fall, widths and depths from a quantised line.
    """
    return tuple(rule for rule in _candidates(space) if narrows(rule, space))


def narrows(rule: Rule, space: Space) -> bool:
    """Whether the rule leaves something of the space, and not all of it."""
    try:
        return space.with_rule(rule).log10_size < space.log10_size
    except SpecError:
        return False


def _candidates(space: Space) -> Iterator[Rule]:
    parameters = [parameter for parameter in space.parameters if parameter.size > 1]
    staged = [parameter.name for parameter in parameters]
    for name in staged:
        yield Shared(parameter=name)
    for parameter in parameters:
        if not parameter.labels:  # kinds have no order
            yield NonDecreasing(parameter=parameter.name)
    line = QuantisedLinear()
    if set(line.parameters) <= set(staged):
        yield line
