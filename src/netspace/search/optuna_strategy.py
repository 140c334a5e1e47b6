"""Optuna's samplers: TPE, a Gaussian process, NSGA-II and CMA-ES."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from netspace.errors import SpecError
from netspace.search.domain import Chance, Domain, Genes, Slot
from netspace.search.history import History
from netspace.search.objective import Objective, Pareto
from netspace.search.optuna_study import (
    Distributions,
    distributions_of,
    empty_study,
    ended_trial,
    label,
    named,
    objective_values,
    over,
    quiet,
    required,
)
from netspace.spaces.ranges import Floats

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True, slots=True, kw_only=True)
class Tpe:
    """Tree-structured Parzen estimator (Bergstra et al. 2011); proposes after `startup` results."""

    kind: Literal["tpe"] = "tpe"
    startup: int = 10

    def __post_init__(self) -> None:
        _at_least("startup", self.startup, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gp:
    """Expected improvement under a Gaussian process; slow; proposes after `startup` results."""

    kind: Literal["gp"] = "gp"
    startup: int = 10

    def __post_init__(self) -> None:
        _at_least("startup", self.startup, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nsga2:
    """NSGA-II (Deb et al. 2002), an evolution made for several objectives.

    population: candidates of a generation; the first is drawn at random. 20, where Optuna itself
    has 50: of a small budget so many would leave few generations.
    """

    kind: Literal["nsga2"] = "nsga2"
    population: int = 20

    def __post_init__(self) -> None:
        _at_least("population", self.population, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmaEs:
    """CMA-ES (Hansen 2016): a normal distribution that moves; for ordered parameters only."""

    kind: Literal["cmaes"] = "cmaes"


Sampler: TypeAlias = Tpe | Gp | Nsga2 | CmaEs

TRIES = 8
"""Rounds of suggestions in place of those that were known or not allowed; of a GP, a quarter."""

MOST = 192
"""Results that TPE is left with, a quarter the best and the others the youngest, whenever its study
has grown to twice as many trials: its time grows with them, and it gives old ones little weight."""


class Suggesting:
    """Proposes what a sampler of Optuna suggests, from a study in memory that follows the search.

    Raises UserError where Optuna is missing, and SpecError where sampler, domain and objective do
    not fit.
    """

    def __init__(self, spec: Sampler, domain: Domain, objective: Objective):
        if isinstance(spec, CmaEs):
            _fit_for_cmaes(domain.slots, objective)
            required("cmaes")
        required("optuna")
        self._spec, self._domain, self._objective = spec, domain, objective
        self._distributions = distributions_of(domain.slots)
        self._keys: dict[bytes, bytes] = {}  # by genes
        self._results: dict[bytes, list[float]] = {}  # by keys
        self._restart()

    def _restart(self) -> None:
        """An empty study."""
        self._study = empty_study(self._objective)
        self._told: Floats = np.zeros((0, 0))
        self._running: dict[bytes, int] = {}
        self._trials = 0

    def propose(self, known: History, count: int, chance: Chance) -> Genes:
        """Suggestions, each new and allowed; none before the first results are there."""
        if len(known.finished) < _startup(self._spec):
            return known.genes[:0]
        self._learn(known)
        # One sampler for each proposal, so that a search rebuilt from its results goes on alike.
        self._study.sampler = self._sampler(seed=int(chance.integers(2**31)))
        found = self._suggested(count)
        return np.stack(found) if found else known.genes[:0]

    def _sampler(self, seed: int) -> "optuna.samplers.BaseSampler":
        return _sampler(self._spec, self._distributions, seed)

    def _learn(self, known: History) -> None:
        """Let the study follow: what was told, what waits, and what was dropped."""
        values = objective_values(known, self._objective)
        rows = np.column_stack([known.genes, values])
        old = len(self._told)
        crowded = isinstance(self._spec, Tpe) and self._trials >= 2 * MOST
        # Results after other epochs may have taken the place of those told.
        if old and not crowded and np.array_equal(rows[:old], self._told, equal_nan=True):
            fresh = np.arange(old, len(rows))
        else:
            self._restart()
            old, fresh = 0, self._kept(values)
        self._study.sampler = self._sampler(seed=0)
        self._told = rows
        for row in fresh.tolist():
            self._tell(known.genes[row], values[row])
        self._wait(known.waiting)
        self._remember(np.concatenate([known.genes, known.waiting]))
        for gene, told in zip(known.genes[old:], values[old:], strict=True):
            self._results[self._keys[gene.tobytes()]] = told.tolist()

    def _kept(self, values: Floats) -> NDArray[np.int64]:
        """Numbers of the results that a new study begins with."""
        every = np.arange(len(values))
        if not isinstance(self._spec, Tpe) or len(values) <= MOST:
            return every
        low = values if isinstance(self._objective, Pareto) else -values
        better = np.array(
            [((low <= row).all(axis=1) & (low < row).any(axis=1)).sum() for row in low]
        )
        better[np.isnan(low).any(axis=1)] = len(low)
        best = np.argsort(better, kind="stable")[: MOST // 4]
        return np.sort(np.concatenate([best, np.setdiff1d(every, best)[MOST // 4 - MOST :]]))

    def _remember(self, genes: Genes) -> None:
        """Know these candidates and, by their keys, their likes."""
        fresh = [gene for gene in genes if gene.tobytes() not in self._keys]
        if fresh:
            keys = self._domain.judge(np.stack(fresh)).keys
            self._keys.update((gene.tobytes(), key) for gene, key in zip(fresh, keys, strict=True))

    def _tell(self, gene: Genes, values: Floats) -> None:
        number = self._running.pop(gene.tobytes(), None)
        if number is None and isinstance(self._spec, Tpe | Gp):
            self._study.add_trial(ended_trial(self._distributions, gene, values))
            self._trials += 1
            return
        self._end(self._entered(gene) if number is None else number, values.tolist())

    def _end(self, number: int, values: list[float]) -> None:
        """A running trial has these values, or failed where they are unknown."""
        from optuna.trial import TrialState

        if np.isfinite(values).all() and values:
            self._study.tell(number, values)
        else:
            self._study.tell(number, state=TrialState.FAIL)

    def _wait(self, waiting: Genes) -> None:
        """Trials that run for exactly these candidates."""
        now = {gene.tobytes(): gene for gene in waiting}
        for key in self._running.keys() - now.keys():
            self._end(self._running.pop(key), [])
        for key, gene in now.items():
            if key not in self._running:
                self._running[key] = self._entered(gene)

    def _entered(self, gene: Genes) -> int:
        """The number of a running trial for a candidate that Optuna did not suggest.

        NSGA-II and CMA-ES are asked all the same, since they note then the trial's generation.
        """
        self._study.enqueue_trial(named(self._distributions, gene))
        trial = self._study.ask(self._distributions)
        if isinstance(self._spec, Nsga2 | CmaEs):
            _ = trial.relative_params
        self._trials += 1
        return trial.number

    def _suggested(self, count: int) -> list[Genes]:
        """Up to `count`. TPE is told the result of known ones again, or it would go on with them.

        Other trials that are not used run until the end, so that they are not repeated.
        """
        known = set(self._keys.values())
        found: list[Genes] = []
        unused: list[int] = []
        for _ in range(TRIES // 4 if isinstance(self._spec, Gp) else TRIES):
            numbers, genes = self._asked(count - len(found))
            judged = self._domain.judge(genes)
            for number, gene, allowed, key in zip(
                numbers, genes, judged.allowed.tolist(), judged.keys, strict=True
            ):
                if allowed and key not in known:
                    known.add(key)
                    self._keys[gene.tobytes()] = key
                    self._running[gene.tobytes()] = number
                    found.append(gene)
                elif key in self._results and isinstance(self._spec, Tpe):
                    self._end(number, self._results[key])
                else:
                    unused.append(number)
            if len(found) == count:
                break
        for number in unused:
            self._end(number, [])
        return found

    def _asked(self, count: int) -> tuple[list[int], Genes]:
        trials = [self._study.ask(self._distributions) for _ in range(count)]
        self._trials += count
        genes = [[trial.params[name] for name in self._distributions] for trial in trials]
        return [trial.number for trial in trials], np.array(genes, dtype=np.int64)


def _sampler(
    spec: Sampler, distributions: Distributions, seed: int
) -> "optuna.samplers.BaseSampler":
    from optuna import samplers

    with quiet():
        match spec:
            case Tpe():
                return over(samplers.TPESampler, distributions)(
                    n_startup_trials=1, seed=seed, multivariate=True, constant_liar=True
                )
            case Gp():
                return over(samplers.GPSampler, distributions)(n_startup_trials=1, seed=seed)
            case Nsga2():
                return over(samplers.NSGAIISampler, distributions)(
                    population_size=spec.population, seed=seed
                )
            case CmaEs():
                return over(samplers.CmaEsSampler, distributions)(seed=seed)
            case _:
                assert_never(spec)


def _startup(spec: Sampler) -> int:
    """So many results come from candidates drawn at random."""
    match spec:
        case Tpe() | Gp():
            return spec.startup
        case Nsga2():
            return spec.population
        case CmaEs():
            return 1
        case _:
            assert_never(spec)


def _fit_for_cmaes(slots: Sequence[Slot], objective: Objective) -> None:
    """Raises SpecError where CMA-ES cannot search."""
    if isinstance(objective, Pareto):
        raise SpecError("cmaes takes one objective, not pareto; choose tpe, gp, nsga2 or a reward")
    free = [slot for slot in slots if len(slot.values) > 1]
    names = [label(slot) for slot in free if not slot.ordered]
    fitting = "choose tpe, gp, nsga2 or evolution"
    if names:
        raise SpecError(f"cmaes needs ordered parameters, and {names[0]} has no order; {fitting}")
    if len(free) < 2:
        raise SpecError(f"cmaes needs two parameters that vary, not {len(free)}; {fitting}")


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise SpecError(f"{name} {value} must be at least {least}")
