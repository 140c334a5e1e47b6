"""Everything a report says about one imported table, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from netspace.analyse.refinement import Step
from netspace.present.populations import TablePopulation

MOST_SPACES = 7
"""So many spaces have colours of their own, and their pairs can still be read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableRecord:
    """An imported table, read back from its run.

    file: its name. options: what the user of `import` gave, by option. measure: 'error' or
    'accuracy', which stands in `column`. left_out: column to the reason. notes: what else was said.
    populations: of all spaces, in the table's order. steps: of the refinements. command: how to
    repeat the import; started: when it was made.
    """

    folder: str
    file: str
    fingerprint: str
    options: Mapping[str, str]
    measure: str
    column: str
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    populations: tuple[TablePopulation, ...]
    steps: tuple[Step, ...] = ()
    command: str = ""
    started: str = ""

    @property
    def rows(self) -> int:
        """Networks of all spaces, with an error or without."""
        return sum(len(one.table) for one in self.populations)

    @property
    def failed(self) -> int:
        """Those without an error."""
        return sum(one.table.failed for one in self.populations)

    @property
    def shown(self) -> tuple[TablePopulation, ...]:
        """The spaces that are drawn and compared: all, or the largest, numbered anew."""
        largest = sorted(self.populations, key=lambda one: -len(one.table))[:MOST_SPACES]
        own = [one for one in self.populations if one in largest]
        return tuple(replace(one, number=number) for number, one in enumerate(own))
