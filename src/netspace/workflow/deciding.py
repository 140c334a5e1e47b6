"""Two populations that are trained in turn until a verdict is reached, valid at any stop."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from netspace.analyse.comparison import Comparison
from netspace.analyse.estimands import margin_of
from netspace.analyse.looks import FIRST, looks
from netspace.analyse.verdict import decide
from netspace.errors import UserError
from netspace.run.folder import RunFolder
from netspace.table import Floats, TrialTable
from netspace.workflow.compare import Side, Terms, require_alike
from netspace.workflow.growing import Growing, growing
from netspace.workflow.watch import Watcher

Grow: TypeAlias = Callable[[int], TrialTable]
"""A population with so many finished networks, trained if need be."""


def compare_until_decided(
    a: Side, b: Side, terms: Terms, *, at_most: int, watcher: Watcher
) -> Comparison:
    """Train networks of A and B in turn, from look to look, until they decide or reach `at_most`.

    Networks that are there already count. The rows of imported tables are taken in random order.
    Raises RunError if A and B are one population, or their errors have different origins; UserError
    if the margin is none, before anything is trained.
    """
    require_alike(a, b, force=terms.force)
    margin_of(terms.estimand, terms.margin)
    stated = looks(at_most)
    if not stated:
        raise UserError(
            f"--at-most {at_most} is fewer than the first look takes; give at least {FIRST}"
        )
    found = None
    with _growing(a, b, watcher) as sides:
        for n in stated:
            tables = [grow(n) for grow in sides]
            errors = [_first(table, n) for table in tables]
            found = decide(*errors, estimand=terms.estimand, margin=terms.margin)
            short = any(np.count_nonzero(table.finished) < n for table in tables)
            if found.verdict != "undecided" or short:
                break
            watcher.say(f"{n} networks each: {found.sentence(a.space, b.space)}")
    assert found is not None
    return found


def _first(table: TrialTable, finished: int) -> Floats:
    """The errors up to so many finished networks, the failed ones among them."""
    places = np.flatnonzero(table.finished)[:finished]
    return table.errors[: places[-1] + 1] if len(places) else table.errors


@contextmanager
def _growing(a: Side, b: Side, watcher: Watcher) -> Iterator[tuple[Grow, Grow]]:
    """Both populations, each run opened once."""
    with ExitStack() as stack:
        runs = {
            folder: stack.enter_context(growing(RunFolder(Path(folder)), watcher))
            for folder in dict.fromkeys(side.folder for side in (a, b) if side.trains)
        }
        yield _grow(a, runs, 0), _grow(b, runs, 1)


def _grow(side: Side, runs: Mapping[str, Growing], number: int) -> Grow:
    if side.trains:
        return partial(runs[side.folder].grow, side.space)
    order = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(number,)))
    shuffled = side.table.rows(order.permutation(len(side.table)))
    return lambda finished: shuffled
