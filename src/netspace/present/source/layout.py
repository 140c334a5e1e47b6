"""Python calls laid out on lines, in the way of the usual formatters."""

from collections.abc import Iterable
from dataclasses import dataclass

LINE_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """function(name=value, …); an argument without a name stands by its position.

    A `spread` call takes one line per argument as soon as it has two.
    """

    function: str
    arguments: tuple[tuple[str, "Expression"], ...]
    spread: bool = False


Expression = str | Call


def call(function: str, *positional: Expression, **named: Expression) -> Call:
    """A call that stands on one line if it fits."""
    unnamed = tuple(("", value) for value in positional)
    return Call(function=function, arguments=(*unnamed, *named.items()))


def spread(function: str, arguments: Iterable[tuple[str, Expression]]) -> Call:
    """A call with one line per argument."""
    return Call(function=function, arguments=tuple(arguments), spread=True)


def lines(
    expression: Expression, *, indent: int = 0, before: str = "", after: str = ""
) -> list[str]:
    """The lines of an expression between the words before and after it."""
    margin = " " * indent
    flat = f"{margin}{before}{_flat(expression)}{after}"
    if isinstance(expression, str) or not expression.arguments:
        return [flat]
    if len(flat) <= LINE_LENGTH and not _is_spread(expression):
        return [flat]
    inner = [f"{margin}    {_flat_arguments(expression)}"]
    if len(inner[0]) > LINE_LENGTH or _is_spread(expression):
        inner = [
            line
            for name, value in expression.arguments
            for line in lines(value, indent=indent + 4, before=name and f"{name}=", after=",")
        ]
    return [f"{margin}{before}{expression.function}(", *inner, f"{margin}){after}"]


def _flat(expression: Expression) -> str:
    if isinstance(expression, str):
        return expression
    return f"{expression.function}({_flat_arguments(expression)})"


def _flat_arguments(expression: Call) -> str:
    return ", ".join(f"{name and f'{name}='}{_flat(value)}" for name, value in expression.arguments)


def _is_spread(expression: Expression) -> bool:
    if isinstance(expression, str):
        return False
    wide = expression.spread and len(expression.arguments) > 1
    return wide or any(_is_spread(value) for _, value in expression.arguments)
