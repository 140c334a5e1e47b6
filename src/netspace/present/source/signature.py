"""A Python function in the making: its numbers get names, and those that differ become parameters.

Each number is a column with one entry per place where the function is called. A column that follows
from another one is computed from it (`inner = width // 4`), but only where that holds in every
place: a relation is found in the numbers, never assumed.
"""

import ast
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netspace.present.source.layout import Expression, call, lines

Column = NDArray[Any]

# Widths share one family: a convolution may put out as many channels as another one took in.
_FAMILIES = {"width_in": "width"}
_FIRST = ("depth", "width_in", "width", "stride")


class Function:
    """Statements and numbers of a function that is called in some places.

    known: columns named from the start; they become parameters only if the statements read them.
    constants: the same, but named outside of the function.
    """

    def __init__(
        self,
        name: str,
        places: int,
        *,
        returns: str,
        docstring: str,
        known: Mapping[str, Any],
        constants: Mapping[str, Any] | None = None,
    ):
        self.name = name
        self._returns, self._docstring = returns, docstring
        self._places = places
        self._given = set(constants or {})
        named = {**known, **(constants or {})}
        self._columns = {name: np.broadcast_to(column, places) for name, column in named.items()}
        self._families = {name: _FAMILIES.get(name, name) for name in named}
        self._statements: list[str] = []

    @property
    def parameters(self) -> dict[str, Column]:
        """The numbers that a call has to give, with their columns."""
        read = self._names_read()
        names = [name for name in self._columns if name in read - self._given]
        first = [name for name in _FIRST if name in names]
        return {name: self._columns[name] for name in (*first, *names)}

    def knows(self, name: str) -> bool:
        """Whether a number has this name."""
        return name in self._columns

    def family(self, name: str) -> str:
        """The family of a name: columns share a name where they are equal and of one family."""
        return self._families[name]

    def number(self, hint: str, column: Any, family: str = "") -> str:
        """The column as source text: a name, a literal, or else a new name after the hint.

        Of several names for the same numbers the hint comes first.
        """
        column = np.broadcast_to(column, self._places)
        family = family or _FAMILIES.get(hint, hint)
        relatives = self._relatives(family)
        same = [name for name, known in relatives if np.array_equal(known, column)]
        if same:
            return hint if hint in same else same[0]
        formula = self._multiple(column) if family == "width" else None
        if formula is None and (column == column[0]).all():
            return str(column[0])
        if formula is None and hint == "inner":
            formula = self._ratio(column)
        name = self._new(hint, family, column)
        if formula is not None:
            self._given.add(name)
            self.state(formula, before=f"{name} = ")
        return name

    def condition(self, hint: str, column: Any, *, equal: bool) -> str:
        """A column of truths as source text: a test of stride and widths if one fits everywhere.

        equal: whether the test is that the block changes nothing, or that it changes something.
        """
        column = np.broadcast_to(column, self._places)
        tests = [
            (left, right, self._columns[left] != self._columns.get(right, 1))
            for left, right in (("stride", "1"), ("width_in", "width"))
            if left in self._columns
        ]
        sign, joint = ("==", " and ") if equal else ("!=", " or ")
        for chosen in (tests, *([test] for test in tests)):
            differs = np.any([found for _, _, found in chosen], axis=0)
            if np.array_equal(differs != equal, column):
                return joint.join(f"{left} {sign} {right}" for left, right, _ in chosen)
        return self.number(hint, column)

    def state(self, expression: Expression, *, before: str = "", indent: int = 4) -> None:
        """Add a statement: the words before it, and the expression."""
        self._statements += lines(expression, before=before, indent=indent)

    def source(self) -> list[str]:
        """The lines of the whole definition."""
        parameters = (
            f"{name}: {'bool' if column.dtype == bool else 'int'}"
            for name, column in self.parameters.items()
        )
        head = lines(call(self.name, *parameters), before="def ", after=f" -> {self._returns}:")
        return [*head, f'    """{self._docstring}"""', *self._statements]

    def _names_read(self) -> set[str]:
        tree = ast.parse(textwrap.dedent("\n".join(self._statements)))
        return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    def _relatives(self, family: str) -> Iterator[tuple[str, Column]]:
        return ((n, column) for n, column in self._columns.items() if self._families[n] == family)

    def _new(self, hint: str, family: str, column: Column) -> str:
        name, number = hint, 1
        while name in self._columns:
            number += 1
            name = f"{hint}_{number}"
        self._columns[name], self._families[name] = column, family
        return name

    def _multiple(self, column: Column) -> str | None:
        """The column as a fixed part or multiple of a known width; one place would prove none."""
        if self._places == 1:
            return None
        relatives = list(self._relatives("width"))
        for name, known in relatives:
            part = round(known.sum() / column.sum())
            if part > 1 and np.array_equal(known // part, column):
                return f"{name} // {part}"
        # Where a block's input is always as wide as its output, an expansion is of the input.
        for name, known in reversed(relatives):
            times = round(column.sum() / known.sum())
            if times > 1 and np.array_equal(known * times, column):
                return f"{name} * {times}"
        return None

    def _ratio(self, column: Column) -> str | None:
        """The column by a bottleneck ratio or an expansion that differs from place to place."""
        width, width_in = self._columns["width"], self._columns["width_in"]
        if not (width % column).any():
            return f"width // {self.number('bottleneck_ratio', width // column)}"
        if not (column % width_in).any():
            return f"width_in * {self.number('expansion', column // width_in)}"
        return None
