"""Refinement of a run's space: rules with their evidence, kept in the run, children as studies."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netspace.analyse.estimands import EstimandName, margin_of
from netspace.analyse.proposals import Proposal, propose
from netspace.analyse.refinement import Step
from netspace.config import Study, study_from_plain, study_text
from netspace.design.serial import read, to_plain
from netspace.errors import RunError, UserError
from netspace.present.record import DataFacts
from netspace.present.refinement_text import Refined
from netspace.run.folder import RunFolder, write_whole
from netspace.run.store import Store
from netspace.spaces.listed import listed_space
from netspace.spaces.rules import Rule
from netspace.spaces.space import Space
from netspace.table import TrialTable
from netspace.workflow.compare import Side, side
from netspace.workflow.growing import Growing, growing, space_of
from netspace.workflow.session import kind_of, opened
from netspace.workflow.steps import record_steps, steps_of
from netspace.workflow.table_run import write_table_results
from netspace.workflow.tables import TableSource
from netspace.workflow.walk import USUAL_ESTIMAND, Guide, Source, Walk, standing, walk, walked
from netspace.workflow.watch import Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user of `refine` gives; None: as the walk began, else the usual."""

    at_most: int = 300
    margin: float | None = None
    estimand: EstimandName | None = None
    seed: int | None = None


class RunSource:
    """The populations of a run that trains."""

    def __init__(self, run: Growing) -> None:
        self._run = run

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the run."""
        return steps_of(self._run.store)

    def keep(self, steps: Iterable[Step]) -> None:
        """Record the steps."""
        record_steps(self._run.store, steps)

    @property
    def trained(self) -> int:
        """Finished and failed networks of all populations."""
        store = self._run.store
        return sum(len(store.table(space=space)) for space in store.spaces())

    def space(self, name: str) -> Space:
        """The space of this name."""
        return self._run.space(name)

    def table(self, name: str) -> TrialTable:
        """What was trained of it."""
        return self._run.table(name)

    def grow(self, name: str, finished: int) -> TrialTable:
        """Train until so many of it have finished."""
        return self._run.grow(name, finished)


def refine(text: str, wanted: Wanted, guide: Guide, watcher: Watcher) -> Refined:
    """Begin a walk from DIR:SPACE or go on with it; the run's report is written anew at the end.

    Raises RunError if the walk began with another margin, estimand or seed.
    """
    found = side(text)
    folder = RunFolder(Path(found.folder))
    with Store.existing(folder.database) as store:
        kind = kind_of(store)
    if kind == "table":
        _listed(found)
        with opened(folder) as store:
            source = _table_source(store, found.space, found.table, wanted)
            refined = _walked(source, store, found.space, wanted, guide, folder)
            write_table_results(folder, store)
            return refined
    with growing(folder, watcher) as run:
        run.finish()
        return _walked(RunSource(run), run.store, found.space, wanted, guide, folder)


def proposals(text: str, wanted: Wanted) -> tuple[str, tuple[Proposal, ...]]:
    """The space of DIR:SPACE and what its networks at hand propose; nothing is trained.

    Raises UserError if fewer than 2 of them finished.
    """
    found = side(text)
    finished = int(found.table.finished.sum())
    if finished < 2:
        raise UserError(
            f"{text}: a proposal needs 2 finished networks, this has {finished} "
            f"({found.table.failed} failed); train more networks there"
        )
    folder = RunFolder(Path(found.folder))
    with Store.existing(folder.database) as store:
        if kind_of(store) == "table":
            space = _listed(found)
        else:
            facts = read(DataFacts, store.fact("data"))
            study = study_from_plain(store.fact("study"))
            space = space_of(found.space, study, facts, steps_of(store))
    return found.space, propose(space, found.table, seed=wanted.seed or 0)


def _walked(
    source: Source,
    store: Store,
    start: str,
    wanted: Wanted,
    guide: Guide,
    folder: RunFolder,
) -> Refined:
    before = store.fact("walks") or {}
    begun = _begun(source, store, start, wanted)
    try:
        ended = walk(source, begun, guide)
    except UserError:
        if not walked(source.steps, start):  # nothing rests on its terms
            store.record(walks=before)
        raise
    steps = tuple(walked(source.steps, start))
    came_to = standing(steps, start)
    written = None
    if came_to != start and kind_of(store) == "design":
        written = folder.path / f"{came_to}.yaml"
        study = study_from_plain(store.fact("study"))
        write_whole(written, study_text(child_study(study, source.steps, came_to)))
    return Refined(
        start=start,
        space=came_to,
        steps=steps,
        ended=ended,
        networks=source.trained - begun.before,
        written=written,
    )


def _begun(source: Source, store: Store, start: str, wanted: Wanted) -> Walk:
    """The walk as it was begun, or begun now; only the number of networks may change."""
    walks: dict[str, Any] = store.fact("walks") or {}
    given = {
        name: value
        for name in ("margin", "estimand", "seed")
        if (value := getattr(wanted, name)) is not None
    }
    known = walks.get(start)
    if known is None:
        estimand = wanted.estimand or USUAL_ESTIMAND
        given |= {"estimand": estimand, "margin": margin_of(estimand, wanted.margin)}
        begun = Walk(start=start, at_most=wanted.at_most, before=source.trained, **given)
    else:
        begun = replace(Walk(**known), at_most=wanted.at_most)
        differing = next((name for name in given if given[name] != known[name]), None)
        if differing is not None:
            raise RunError(
                f"the walk from {start} began with --{differing} {known[differing]}, which is now "
                f"{given[differing]}: a verdict must not change its terms; go on without "
                f"--{differing}, or refine a new run"
            )
    store.record(walks={**walks, start: to_plain(begun, complete=True)})
    return begun


def _listed(found: Side) -> Space:
    """The space of an imported table. Raises RunError if no rule could speak of it."""
    space = listed_space(found.space, found.table.parameters)
    if not space.parameters:
        raise RunError(
            f"{found.folder}:{found.space} has no parameter that every row gives, so there is no "
            "rule to try; import the table with columns of parameters"
        )
    return space


def _table_source(store: Store, start: str, table: TrialTable, wanted: Wanted) -> TableSource:
    drawn: dict[str, Any] = store.fact("drawn") or {}

    def kept(steps: tuple[Step, ...], rows: Any) -> None:
        others = [step for step in steps_of(store) if step.start != start]
        record_steps(store, sorted((*others, *steps), key=lambda step: step.number))
        store.record(drawn={**drawn, start: rows})

    return TableSource(
        start,
        table,
        seed=wanted.seed or 0,
        steps=walked(steps_of(store), start),
        drawn=drawn.get(start),
        kept=kept,
    )


def child_study(study: Study, steps: Iterable[Step], child: str) -> Study:
    """The study of a child that walks came to, alone, with as many networks."""
    by_child = {step.child: step for step in steps}
    rules: tuple[Rule, ...] = ()
    name = child
    while name in by_child:
        rules = (by_child[name].rule, *rules)
        name = by_child[name].parent
    first = next(choice for choice in study.spaces if choice.called == name)
    choice = replace(first, label=child, rules=(*first.rules, *rules))
    return replace(study, spaces=(choice,))
