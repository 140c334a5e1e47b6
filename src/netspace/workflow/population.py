"""Populations as trials: sampled from the study's spaces, planned in the store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from netspace.config import SpaceChoice, Study
from netspace.present.record import SpaceFacts
from netspace.run.store import Store
from netspace.spaces.sampling import Sample, sample
from netspace.spaces.space import Space
from netspace.train.data import DataSet
from netspace.trial import Trial
from netspace.workflow.choosing import ranked
from netspace.workflow.latency_kept import Timing
from netspace.workflow.latency_limit import Kept, Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """A space of the study and the networks drawn from it.

    kept: how those within the study's limit of latency were found; None without such a limit.
    """

    space: Space
    sample: Sample
    limit: Limit | None = None
    kept: Kept | None = None

    @property
    def facts(self) -> SpaceFacts:
        """What a report says about the space."""
        return SpaceFacts(
            name=self.space.name,
            degrees_of_freedom=self.space.degrees_of_freedom,
            log10_size=self.space.log10_size,
            rules=tuple(rule.sentence for rule in self.space.rules)
            + tuple(limit.sentence for limit in self.space.limits),
            adapted=self.space.adapted,
            acceptance_rate=self.sample.acceptance_rate,
            shortfall=self._shortfall,
            latency=self._latency,
            latencies_ms=() if self.kept is None else self.kept.latencies_ms,
        )

    @property
    def _latency(self) -> str:
        if self.kept is None or self.limit is None:
            return ""
        return self.kept.sentence(self.limit)

    @property
    def _shortfall(self) -> str:
        if self.kept is None:
            return self.sample.shortfall
        found, asked = len(self.sample), self.sample.asked
        return "" if found >= asked else f"only {found} of {asked} networks found"

    @property
    def sentences(self) -> tuple[str, ...]:
        """What to say of the space and the drawing."""
        facts = self.facts
        said = [
            f"Space {facts.name}: {facts.degrees_of_freedom} degrees of freedom, "
            f"10^{facts.log10_size:.1f} parameter lists; {facts.acceptance_rate:.2%} of the draws "
            "lay within the budget."
        ]
        if facts.latency:
            said.append(facts.latency)
        if facts.adapted:
            said.append(f"Fitted to these images: {'; '.join(facts.adapted)}.")
        if facts.shortfall:
            said.append(f"{facts.shortfall}.")
        return tuple(said)


def draw(
    study: Study, choice: SpaceChoice, data: DataSet, *, networks: int, timing: Timing | None = None
) -> Population:
    """So many distinct networks of one of the study's spaces, within its budget.

    timing: measures latencies, where the study limits them; without it that limit is left aside.
    Fewer networks come back where no more keep to it.
    """
    space = choice.space(
        resolution=data.resolution, channels=data.channels, classes=len(data.classes)
    )
    return drawn_of(space, study, seed=study.seed, networks=networks, timing=timing)


def drawn_of(
    space: Space, study: Study, *, seed: int, networks: int, timing: Timing | None
) -> Population:
    """So many distinct networks of a space within the study's budget."""

    def larger(size: int) -> Sample:
        return sample(space, size, study.budget.bounds, seed=seed)

    if timing is None or study.budget.latency_ms is None:
        return Population(space=space, sample=larger(networks))
    drawn, kept = timing.keep(space.name, larger, networks)
    within = replace(drawn, members=kept.members(drawn)[:networks], asked=networks)
    return Population(space=space, sample=within, limit=timing.check.limit, kept=kept)


def plan_population(study: Study, populations: Sequence[Population], store: Store) -> None:
    """Plan a trial for every network of every space; planning again changes nothing."""
    for place, population in enumerate(populations):
        store.plan(trials_of(population, study, place))


def trials_of(population: Population, study: Study, place: int) -> Iterator[Trial]:
    """A trial for every network; place: the population's number in the run, for its seeds."""
    for index, member in enumerate(population.sample.members):
        yield Trial(
            space=population.space.name,
            index=index,
            network=member.network,
            parameters=member.parameters,
            complexity=member.complexity,
            recipe=study.recipe,
            seed=trial_seed(study.seed, place, index),
        )


def plan_final(study: Study, store: Store) -> None:
    """Plan the final round: the best candidates, several seeds, longer."""
    recipe = replace(study.recipe, epochs=study.final.epochs_factor * study.recipe.epochs)
    known = store.trials(round="population", state="finished")
    chosen = distinct(ranked(study, known, store.fact("latencies_ms") or ()))
    store.plan(
        Trial(
            round="final",
            space=trial.space,
            index=trial.index,
            network=trial.network,
            parameters=trial.parameters,
            complexity=trial.complexity,
            recipe=recipe,
            seed=seed,
        )
        for trial in chosen[: study.final.candidates]
        for seed in final_seeds(study)
    )


def final_seeds(study: Study) -> range:
    """The seeds of the final round, shared by all candidates; others for another study's seed."""
    first = 1 + study.seed * study.final.seeds
    return range(first, first + study.final.seeds)


def distinct(trials: Iterable[Trial]) -> list[Trial]:
    """The first trial of each network: two spaces may hold the same one."""
    first: dict[object, Trial] = {}
    for trial in trials:
        first.setdefault(trial.network, trial)
    return list(first.values())


def trial_seed(seed: int, *place: int) -> int:
    """The training seed of a trial: a function of the study's seed and its place alone."""
    return int(np.random.SeedSequence(seed, spawn_key=place).generate_state(1)[0])
