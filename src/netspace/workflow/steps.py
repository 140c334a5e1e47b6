"""The steps of a run's refinements, kept in its store."""

from collections.abc import Iterable

from netspace.analyse.refinement import Step
from netspace.design.serial import to_plain
from netspace.present.reading import steps_of
from netspace.run.store import Store

__all__ = ["record_steps", "steps_of"]


def record_steps(store: Store, steps: Iterable[Step]) -> None:
    """Keep the steps."""
    store.record(steps=[to_plain(step, complete=True) for step in steps])
