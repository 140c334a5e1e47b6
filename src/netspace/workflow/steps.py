"""The steps of a run's refinements, kept in its store."""

from collections.abc import Iterable

from netspace.analyse.refinement import Step
from netspace.design.serial import read, to_plain
from netspace.run.store import Store


def steps_of(store: Store) -> tuple[Step, ...]:
    """The steps of the run's refinement so far."""
    return tuple(read(Step, plain) for plain in store.fact("steps") or ())


def record_steps(store: Store, steps: Iterable[Step]) -> None:
    """Keep the steps."""
    store.record(steps=[to_plain(step, complete=True) for step in steps])
