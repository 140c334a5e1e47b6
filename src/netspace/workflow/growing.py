"""Populations of a run that grow after it began: more networks of the same samples.

A sample is the beginning of every larger sample of its seed, so a population grows at its end and
nothing that was trained before loses its place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from netspace.analyse.refinement import Step
from netspace.config import Study, study_from_plain
from netspace.design.serial import to_plain
from netspace.errors import InfeasibleError, RunError, UnknownNameError
from netspace.present.record import DataFacts
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.spaces.space import Space
from netspace.table import TrialTable
from netspace.workflow.latency_kept import Timing
from netspace.workflow.population import Population, drawn_of, trials_of
from netspace.workflow.session import Session, data_facts, opened, require_kind, session
from netspace.workflow.steps import steps_of
from netspace.workflow.study import write_results
from netspace.workflow.watch import Watcher

FAILING = 0.5
"""Above such a share of failed trainings a population does not grow any further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growing:
    """A run whose populations grow."""

    study: Study
    at_work: Session

    @property
    def store(self) -> Store:
        """The run's store."""
        return self.at_work.store

    def space(self, name: str) -> Space:
        """A space of the study, or a child that a refinement made of one."""
        return space_of(name, self.study, data_facts(self.at_work.data), steps_of(self.store))

    def table(self, name: str) -> TrialTable:
        """What has been trained of a space."""
        return self.store.table(space=name)

    def finish(self) -> None:
        """Train what is planned: until then a network's place among the finished may change."""
        self.at_work.train("population")

    def grow(self, name: str, finished: int) -> TrialTable:
        """Train networks of a space until so many have finished.

        What fails is made up for, unless most of it does. Raises InfeasibleError then, and if the
        space holds too few networks within the budget.
        """
        while True:
            self.finish()
            known = self.table(name)
            missing = finished - int(known.finished.sum())
            if missing <= 0:
                return known
            if known.failed > max(FAILING * len(known), missing):
                raise InfeasibleError(
                    f"space {name}: {known.failed} of {len(known)} trainings failed; lower the "
                    "recipe's learning_rate in a new run"
                )
            self._plan(name, len(known) + missing)

    def _plan(self, name: str, networks: int) -> None:
        steps = steps_of(self.store)
        children = {step.child: step for step in steps}
        seed = children[name].seed if name in children else self.study.seed
        data, say = self.at_work.data, self.at_work.watcher.say
        timing = Timing.of(self.study, data, self.store, say)
        space = self.space(name)
        population = drawn_of(space, self.study, seed=seed, networks=networks, timing=timing)
        if len(population.sample) < networks:
            raise InfeasibleError(f"space {name}: {population.facts.shortfall}; widen the budget")
        self._tell(population)
        self.store.plan(trials_of(population, self.study, self._place(name, steps)))

    def _place(self, name: str, steps: tuple[Step, ...]) -> int:
        names = [choice.called for choice in self.study.spaces]
        if name in names:
            return names.index(name)
        return len(names) + next(step.number for step in steps if step.child == name)

    def _tell(self, population: Population) -> None:
        """Say and keep what a report says of a space, the first time it is drawn from."""
        facts = self.store.fact("spaces") or []
        places = [known["name"] for known in facts]
        if population.space.name in places:
            if population.kept is not None:  # the networks that come in addition were measured too
                facts[places.index(population.space.name)] = to_plain(population.facts)
                self.store.record(spaces=facts)
            return
        for sentence in population.sentences:
            self.at_work.watcher.say(sentence)
        self.store.record(spaces=[*facts, to_plain(population.facts)])


def space_of(name: str, study: Study, data: DataFacts, steps: tuple[Step, ...]) -> Space:
    """The space of this name in a run, fitted to its images. Raises UnknownNameError."""
    for choice in study.spaces:
        if choice.called == name:
            return choice.space(
                resolution=data.resolution, channels=data.channels, classes=len(data.classes)
            )
    for step in steps:
        if step.child == name:
            return space_of(step.parent, study, data, steps).with_rule(step.rule, name=name)
    known = [choice.called for choice in study.spaces] + [step.child for step in steps]
    raise UnknownNameError.of("space", name, known)


@contextmanager
def growing(folder: RunFolder, watcher: Watcher) -> Iterator[Growing]:
    """A run opened to grow, its images decoded and workers started; its report is written after.

    Raises RunError if none has begun there, or another process is at work on it.
    """
    if not folder.database.is_file():
        raise RunError(f"{folder.path}: no run there (no run.db); give a run's folder")
    with opened(folder) as store:
        require_kind("design", store, folder)
        plain: Any = store.fact("study")
        if plain is None or store.fact("spaces") is None:
            raise RunError(
                f"{folder.path}: this run stopped before its first training; start it again"
            )
        study = study_from_plain(plain)
        with session(study, folder, store, watcher) as at_work:
            yield Growing(study=study, at_work=at_work)
        write_results(folder, store)
