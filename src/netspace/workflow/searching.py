"""The networks of a run that a strategy proposes, one after the other, while they are trained."""

from collections.abc import Iterator, Sequence

import numpy as np

from netspace.config import SearchTerms, Study
from netspace.errors import InfeasibleError
from netspace.present.populations import costs_of
from netspace.run.loop import Part
from netspace.run.store import Store
from netspace.search.objective import Reward
from netspace.search.space_domain import SpaceDomain
from netspace.search.strategies import search
from netspace.search.strategy import Candidate, Origin
from netspace.trial import Trial
from netspace.workflow.choosing import best_words, ranked
from netspace.workflow.latency_domain import LatencyDomain
from netspace.workflow.latency_kept import Timing
from netspace.workflow.latency_limit import Limit
from netspace.workflow.population import trial_seed
from netspace.workflow.session import Session

OVER = 50
"""Candidates in a row, measured to be over a latency that they may keep to by prediction, that end
a search."""


class Searching:
    """A strategy at work on a run: asked for networks as workers come free, told what came out.

    All it knows lies in the store, so a run that was stopped goes on as if it had not been.
    """

    def __init__(self, study: Study, at_work: Session):
        assert study.search is not None
        self._study, self._terms, self._at_work = study, study.search, at_work
        (self._choice,) = study.spaces
        data = at_work.data
        space = self._choice.space(
            resolution=data.resolution, channels=data.channels, classes=len(data.classes)
        )
        bounds, timing = study.budget.bounds, Timing.of(study, data, self._store, self._say)
        self._check = None if timing is None else timing.check
        self._domain = (
            SpaceDomain(space, bounds)
            if self._check is None
            else LatencyDomain(space, bounds, self._check)
        )
        terms = self._terms
        self._search = search(terms.strategy, self._domain, terms.objective, seed=study.seed)
        self._rungs = _rungs(terms, study.recipe.epochs)
        self._trials: dict[int, Trial] = {}
        self._best: int | None = None
        self._over_in_a_row = 0
        self._latency_of: dict[int, float] = {}
        self._recall()

    def train(self) -> None:
        """Train as many networks as the study says, whatever is done already left alone."""
        say, objective = self._say, self._terms.objective
        say(f"Search by {self._terms.strategy.kind}: {objective.sentence}.")
        if isinstance(objective, Reward) and objective.remark:
            say(f"Note: {objective.remark}.")
        self._at_work.train("population", source=self)
        for sentence in self._last_words():
            say(sentence)
            self._store.record(plan=[*(self._store.fact("plan") or ()), sentence])

    def _last_words(self) -> Iterator[str]:
        """What was left out, and why the search ended before its time."""
        over = self._store.fact("over_latency") or 0
        if over:
            yield f"{over} candidates were measured to be over the latency, and not trained."
        if len(self._trials) >= self._choice.networks:
            return
        if self._search.exhausted or self._over_in_a_row >= OVER:
            why = (
                "random draws bring no other network of the space within the budget"
                if self._search.exhausted
                else f"the last {OVER} candidates were all measured to be over the latency"
            )
            yield f"The search ended after {len(self._trials)} networks: {why}."

    @property
    def epochs(self) -> int:
        """About how many epochs the whole search trains for."""
        halving, epochs = self._terms.halving, self._study.recipe.epochs
        each = epochs if halving is None else halving.mean_epochs(epochs)
        return round(self._choice.networks * each)

    def more(self, count: int) -> Sequence[Trial]:
        """Up to `count` trainings more, planned in the store: of known networks, and of new ones.

        Where latency counts there are none until all workers are idle, for a quiet measurement.
        """
        self._hear()
        if self._measures and count < self._at_work.pool.size:
            return ()
        found: list[Trial] = []
        while len(found) < count and (again := self._promoted()) is not None:
            found.append(again)
        wanted = min(count - len(found), self._choice.networks - len(self._trials))
        new = self._new(self._asked(wanted)) if wanted > 0 else ()
        return (*found, *new) or self._last()

    def part(self, trial: Trial) -> Part:
        """As far as the trial's training goes now, and where its state is kept until it goes on."""
        if trial.round != "population":  # planned already when the run was stopped
            return Part()
        done = len(trial.curve)
        until = next((rung for rung in self._rungs if rung > done), None)
        if self._terms.halving is None:
            return Part(until=until)
        state = self._at_work.folder.weights / f"{trial.id}.state.safetensors"
        return Part(until=until, state=state)

    @property
    def _store(self) -> Store:
        return self._at_work.store

    @property
    def _latencies(self) -> Sequence[float]:
        return self._store.fact("latencies_ms") or ()

    @property
    def _measures(self) -> bool:
        """Whether latencies are measured: the objective weighs them, or there is a limit."""
        return self._check is not None or "latency_ms" in self._terms.objective.costs

    def _say(self, sentence: str) -> None:
        self._at_work.watcher.say(sentence)

    def _recall(self) -> None:
        """Tell the strategy all that the store knows."""
        known = self._store.trials(round="population")
        costs = costs_of(known, self._latencies)
        for row, trial in enumerate(known):
            values = {n: np.atleast_2d(np.asarray(v, float)) for n, v in trial.parameters.items()}
            genes = self._domain.genes(values)[0]
            own = {name: float(column[row]) for name, column in costs.items()}
            self._search.restore(trial.index, genes, own)
            self._tell(trial)

    def _hear(self) -> None:
        """Tell the strategy what came of the trials that were under way."""
        under_way = [one for one in self._trials.values() if one.state in ("planned", "running")]
        for trial in under_way:
            (now,) = self._store.trials(id=trial.id)
            self._tell(now)
        self._say_best()

    def _say_best(self) -> None:
        """Tell the watcher of a new best, with the front and what was spent."""
        known = list(self._trials.values())
        order = ranked(self._study, known, self._latencies)
        if not order or order[0].index == self._best:
            return
        self._best = order[0].index
        epochs = sum(len(trial.curve) for trial in known)
        self._at_work.watcher.say(best_words(order, self._terms.objective, self._latencies, epochs))

    def _tell(self, trial: Trial) -> None:
        self._trials[trial.index] = trial
        for rung in self._rungs:  # also of a network that goes on, or failed when it did
            if rung <= len(trial.curve):
                error = trial.curve[rung - 1].validation_error_percent
                self._search.tell(trial.index, error, epochs=rung)
        if trial.state == "failed":
            self._search.tell(trial.index, float("nan"))

    def _promoted(self) -> Trial | None:
        """A network that goes on, planned again."""
        if self._terms.halving is None:
            return None
        fitness = {rung: self._search.fitness(rung) for rung in self._rungs[:-1]}
        number = self._terms.halving.promoted(fitness, self._waiting)
        return None if number is None else self._going_on(number)

    def _last(self) -> tuple[Trial, ...]:
        """Where all wait, too few for one to come to the end: the best of the longest trained."""
        waiting, states = self._waiting, {trial.state for trial in self._trials.values()}
        if self._rungs[-1] in waiting.values() or states & {"planned", "running"}:
            return ()
        for rung in reversed(self._rungs[:-1]):
            fitness = self._search.fitness(rung)
            here = [number for number in fitness if waiting.get(number) == rung]
            if here:
                return (self._going_on(max(here, key=lambda number: (fitness[number], -number))),)
        return ()

    @property
    def _waiting(self) -> dict[int, int]:
        """The rung at which each network stands that is not in training."""
        return {
            index: len(trial.curve)
            for index, trial in self._trials.items()
            if trial.state == "finished"
        }

    def _going_on(self, number: int) -> Trial:
        self._store.go_on(self._trials[number].id)
        return self._planned(number)

    def _new(self, candidates: Sequence[Candidate]) -> tuple[Trial, ...]:
        """Trials of new networks; what the store is told of them comes before their plan."""
        trials = [self._trial(candidate) for candidate in candidates]
        if not trials:
            return ()
        self._keep_origins([candidate.origin for candidate in candidates])
        if self._measures:
            self._keep_latencies(trials)
        self._store.plan(trials)
        return tuple(self._planned(trial.index) for trial in trials)

    def _asked(self, count: int) -> Sequence[Candidate]:
        """Up to so many candidates, measured where latency counts; those over a limit left out."""
        if self._check is None:
            asked = self._search.ask(count)
            if self._measures:
                for candidate in asked:
                    self._note(candidate, self._measured_ms(candidate))
            return asked
        found: list[Candidate] = []
        while len(found) < count and self._over_in_a_row < OVER and (asked := self._search.ask()):
            found += [one for one in asked if self._keeps(one, self._check.limit)]
        if not found and not self._trials:
            raise InfeasibleError(
                f"latency {self._study.budget.latency}: {self._over_in_a_row} networks that may "
                "keep to it by prediction were measured, and none does; raise it, or lower the "
                "flops"
            )
        return found

    def _keeps(self, candidate: Candidate, limit: Limit) -> bool:
        """Measure a candidate; one over the limit is taken back."""
        latency = self._measured_ms(candidate)
        if limit.holds(latency):
            self._note(candidate, latency)
            return True
        self._search.withdraw(candidate.number)
        self._over_in_a_row += 1
        self._store.record(over_latency=(self._store.fact("over_latency") or 0) + 1)
        return False

    def _note(self, candidate: Candidate, latency: float) -> None:
        self._search.measured(candidate.number, latency_ms=latency)
        self._latency_of[candidate.number] = latency
        self._over_in_a_row = 0

    def _measured_ms(self, candidate: Candidate) -> float:
        from netspace.train.latency import measure_latency

        network = self._domain.member(candidate.genes).network
        if self._check is not None:
            return self._check.measure(network)
        return measure_latency(network).median_ms

    def _trial(self, candidate: Candidate) -> Trial:
        member = self._domain.member(candidate.genes)
        return Trial(
            space=self._domain.space.name,
            index=candidate.number,
            network=member.network,
            parameters=member.parameters,
            complexity=member.complexity,
            recipe=self._study.recipe,
            seed=trial_seed(self._study.seed, 0, candidate.number),
        )

    def _planned(self, number: int) -> Trial:
        space = self._domain.space.name
        (trial,) = self._store.trials(round="population", space=space, index=number)
        self._trials[number] = trial
        return trial

    def _keep_origins(self, origins: Sequence[Origin]) -> None:
        # A stop between this and the plan leaves some too many behind: cut off what has no trial.
        known = (self._store.fact("origins") or [])[: len(self._trials)]
        self._store.record(origins=[*known, *origins])

    def _keep_latencies(self, trials: Sequence[Trial]) -> None:
        known = (self._store.fact("latencies_ms") or [])[: len(self._trials)]
        new = [self._latency_of[trial.index] for trial in trials]
        self._store.record(latencies_ms=[*known, *new])


def _rungs(terms: SearchTerms, epochs: int) -> tuple[int, ...]:
    """The epochs after which networks wait; only the last one without halving."""
    return (epochs,) if terms.halving is None else terms.halving.rungs(epochs)
