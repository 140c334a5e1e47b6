"""Search by a model of what was learnt: what promises most to beat the best is trained next.

Bayesian optimisation by expected improvement (Jones et al. 1998) under a Gaussian process.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from threadpoolctl import ThreadpoolController

from netspace.errors import SpecError
from netspace.search.domain import Chance, Domain, Genes, mutated
from netspace.search.gaussian import Kernel, Posterior, encoded, fitted
from netspace.search.history import History
from netspace.spaces.ranges import Floats

View = Literal["ranks", "gaps"]

VIEWS: tuple[View, ...] = ("ranks", "gaps")
"""Two views of the same results; a model of one overlooks what a model of the other finds."""

LEARNT, FITTED = 300, 160
"""Results that the model learns from, and those that its kernel is fitted to, at most."""

FAILED = 100
"""Failed trainings, the last ones, in whose places the model expects to learn nothing."""

ROUNDS = 4
"""Times that candidates are made before it is left to random draws to find an allowed one."""

SPARE = 8
"""Candidates named beyond those wanted, in case one is the same network as a known one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrogate:
    """What a model of all results so far expects to improve most on the best of them.

    first: random draws before there is a model. parents: how many of the fittest are changed into
    candidates. candidates: how many are compared for each question.
    """

    kind: Literal["surrogate"] = "surrogate"
    first: int = 20
    parents: int = 10
    candidates: int = 400

    def __post_init__(self) -> None:
        if self.first < 2:
            raise SpecError(f"first {self.first} must be at least 2: a model needs results")
        if self.parents < 1:
            raise SpecError(f"parents {self.parents} must be at least 1")
        if self.candidates < 8:
            raise SpecError(f"candidates {self.candidates} must be at least 8")


class Modelling:
    """Proposes what a model of the results finds most promising.

    Kernels are kept between questions; a new proposer asks the same where fitness is the same each
    time, as it is but for `Pareto`.
    """

    def __init__(self, spec: Surrogate, domain: Domain):
        self._spec, self._domain = spec, domain
        self._threads = ThreadpoolController()
        self._kernels: dict[View, tuple[int, Kernel]] = {}

    def propose(self, known: History, count: int, chance: Chance) -> Genes:
        """Allowed candidates; none until the first results are there, and they differ."""
        told = known.finished
        if len(told) + len(known.waiting) < self._spec.first or len(set(told.fitness)) < 2:
            return known.genes[:0]
        found = self._candidates(known, chance)
        if not len(found):
            return found
        view = VIEWS[int(chance.integers(len(VIEWS)))]
        with self._threads.limit(limits=1):  # small products wait for each other on more
            return found[_most_promising(*self._expected(view, known, found), count)]

    def _expected(self, view: View, known: History, found: Genes) -> tuple[Posterior, float]:
        """What the model makes of candidates, and the best that is known or under way."""
        told = known.finished
        targets = _seen(view, told.fitness)
        learnt = _telling(targets, LEARNT)
        results = _centred(targets[learnt])
        failed = known.genes[~np.isfinite(known.fitness)][-FAILED:]
        genes = np.concatenate([told.genes[learnt], failed, known.waiting, found])
        points, _ = encoded(self._domain.slots, genes)
        known_points, wanted = points[: -len(found)], points[-len(found) :]
        posterior = Posterior(self._kernel(view, told), known_points, results, wanted)
        under_way = posterior.expected(known_points[len(learnt) + len(failed) :])
        return posterior, max(results.max(), under_way.max(initial=-np.inf))

    def _candidates(self, known: History, chance: Chance) -> Genes:
        """Allowed ones not asked for yet; none where a few rounds find none."""
        taken = {row.tobytes() for row in (*known.genes, *known.waiting)}
        for _ in range(ROUNDS):
            genes = self._made(known, chance)
            different = {row.tobytes(): place for place, row in enumerate(genes)}
            genes = genes[[place for key, place in different.items() if key not in taken]]
            genes = genes[self._domain.judge(genes).allowed] if len(genes) else genes
            if len(genes):
                break
        return genes

    def _made(self, known: History, chance: Chance) -> Genes:
        """Changes and mixtures of the fittest, and draws; allowed or not."""
        quarter = self._spec.candidates // 4
        parents = known.best(self._spec.parents)
        once = mutated(self._domain, _some(parents, 2 * quarter, chance), chance)
        twice = mutated(self._domain, once[:quarter], chance)
        mixed = _crossed(_some(parents, quarter, chance), chance)
        return np.concatenate([once, twice, mixed, self._domain.draw(quarter, chance)])

    def _kernel(self, view: View, told: History) -> Kernel:
        """The kernel, fitted anew whenever there are a tenth more results."""
        count = _milestone(len(told), self._spec.first)
        if view not in self._kernels or self._kernels[view][0] != count:
            self._kernels[view] = count, self._fitted(view, told.rows(slice(count)))
        return self._kernels[view][1]

    def _fitted(self, view: View, told: History) -> Kernel:
        targets = _seen(view, told.fitness)
        rows = _telling(targets, FITTED)
        points, owners = encoded(self._domain.slots, told.genes[rows])
        return fitted(points, owners, _centred(targets[rows]))


def _milestone(count: int, first: int) -> int:
    """The largest of first, a tenth more, a tenth more than that, ... that is at most count."""
    reached = min(first, count)
    while (following := reached + max(1, reached // 10)) <= count:
        reached = following
    return reached


def _some(parents: Genes, count: int, chance: Chance) -> Genes:
    """Parents at random, the fitter ones, which come first, more often."""
    return parents[(len(parents) * chance.random(count) ** 1.5).astype(np.int64)]


def _crossed(parents: Genes, chance: Chance) -> Genes:
    """Mixtures of the first half of these with the second, each slot from one of both."""
    half = len(parents) // 2
    left, right = parents[:half], parents[half : 2 * half]
    return np.where(chance.random(left.shape) < 0.5, left, right)


def _seen(view: View, fitness: Floats) -> Floats:
    """What is modelled, (N,), high where fitness is: no outlier may outweigh all others.

    ranks: normal scores. gaps: minus the logarithm of what lacks to the best, as a share of what
    the median lacks, so that differences among the best count most.
    """
    if view == "ranks":
        _, places, counts = np.unique(fitness, return_inverse=True, return_counts=True)
        # Equal results share the middle of their ranks.
        return np.asarray(ndtri((np.cumsum(counts) - counts / 2)[places] / len(fitness)))
    gaps = fitness.max() - fitness
    # Where most results equal the best the median lacks nothing.
    usual = np.median(gaps) or gaps.mean() or 1.0
    return np.asarray(-np.log(gaps / usual + 0.1))


def _telling(targets: Floats, most: int) -> NDArray[np.int64]:
    """Numbers of up to `most` results: the better half, and the others evenly thinned out."""
    order = np.argsort(-targets, kind="stable")
    if len(order) <= most:
        return np.sort(order)
    half = most // 2
    thinned = np.linspace(half, len(order) - 1, most - half).astype(np.int64)
    return np.sort(np.concatenate([order[:half], order[thinned]]))


def _centred(targets: Floats) -> Floats:
    """Results with mean 0 and deviation 1."""
    return np.asarray((targets - targets.mean()) / (targets.std() or 1.0))


def _most_promising(posterior: Posterior, best: float, count: int) -> list[int]:
    """Numbers of candidates, each the best once those before it turn out as expected."""
    chosen: list[int] = []
    for _ in range(min(count, len(posterior.mean))):
        promise = _log_improvement((posterior.mean - best) / posterior.deviation)
        promise += np.log(posterior.deviation)
        promise[chosen] = -np.inf
        chosen.append(int(np.argmax(promise)))
        posterior.believe(chosen[-1])
        best = max(best, float(posterior.mean[chosen[-1]]))
    others = np.argsort(-promise, kind="stable")[: SPARE + count].tolist()
    return [*chosen, *(row for row in others if row not in chosen)]


def _log_improvement(z: Floats) -> Floats:
    """Logarithm of the expected excess over 0 of a normal of mean z and deviation 1."""
    density = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
    near = np.maximum(z, -6.0)
    exact = np.log(np.exp(-0.5 * near**2) / np.sqrt(2 * np.pi) + near * ndtr(near))
    # Far below the best both terms cancel; Mills' ratio tells what is left.
    return np.asarray(np.where(z > -6.0, exact, density - 2 * np.log(np.maximum(-z, 1.0))))
