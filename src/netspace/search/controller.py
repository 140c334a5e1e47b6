"""Reinforcement learning: a policy writes candidates and learns from their results with PPO."""

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from netspace.errors import SpecError
from netspace.search.domain import Chance, Domain, Genes
from netspace.search.history import History
from netspace.search.policy import Policy
from netspace.spaces.ranges import Floats

ROWS = 32
"""Candidates written together, few enough for the matrix products to stay on one core."""

HEATS = np.concatenate([np.ones(ROWS), np.geomspace(1, 64, 2 * ROWS + 1)[1:]])
"""Temperatures of what is written for each candidate wanted: a policy that has settled on a few
known networks still comes to others near them."""

MOST = 128
"""Values that a softmax tells apart; of a slot with more of them, so many groups of neighbours."""

KEPT = 0.9
"""What the moving baseline keeps of itself from batch to batch."""

COMMON = 1 / 16
"""Where a smaller share of the first candidates is allowed, the policy first learns what is."""

EXAMPLES = 256
PASSES = 10
"""Allowed draws that it learns that from, and how often it sees each: after more passes over 128 of
them, other allowed draws became less likely again (anynetx_a, anynetx_e, 5 to 6 MFLOPs)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """An RL controller as in MnasNet (Tan et al. 2019), trained with PPO (Schulman et al. 2017).

    batch: results that an update is made of. updates: steps of Adam on them, at learning_rate.
    clip: beyond which change of a value's probability, as a share of it, a step gains nothing.
    entropy: what a nat of the policy's entropy is worth. hidden: units of the LSTM.
    """

    kind: Literal["controller"] = "controller"
    batch: int = 5
    updates: int = 5
    learning_rate: float = 0.01
    clip: float = 0.2
    entropy: float = 0.01
    hidden: int = 32

    def __post_init__(self) -> None:
        for name in ("batch", "updates", "hidden"):
            if getattr(self, name) < 1:
                raise SpecError(f"{name} {getattr(self, name)} must be at least 1")
        if not 0 < self.learning_rate < math.inf:
            raise SpecError(f"learning_rate {self.learning_rate:g} must be above 0; 0.01 is usual")
        if not 0 < self.clip < 1:
            raise SpecError(f"clip {self.clip:g} must be between 0 and 1; 0.2 is usual")
        if not 0 <= self.entropy < math.inf:
            raise SpecError(f"entropy {self.entropy:g} must be at least 0; 0.01 is usual")


class Controlling:
    """Proposes what the policy writes; it learns from every batch of results, in the order told.

    A training that failed counts as the worst of its batch: the policy turns away from it, yet no
    further than from a poor network.
    """

    def __init__(self, spec: Controller, domain: Domain, *, seed: int = 0):
        self._spec = spec
        self._counts = np.array([len(slot.values) for slot in domain.slots])
        self._untaught = _begun(spec, domain, seed)
        self._start()

    @property
    def policy(self) -> Policy:
        """What it has learnt."""
        return self._policy

    def propose(self, known: History, count: int, chance: Chance) -> Genes:
        """Candidates of the policy, then ever less typical ones; allowed and new or not."""
        self._follow(known)
        heats = np.repeat(HEATS, count).reshape(-1, ROWS)
        groups = np.concatenate([self._policy.write(some, chance) for some in heats])
        return _one_of(groups, self._counts, chance)

    def _start(self) -> None:
        self._policy = deepcopy(self._untaught)
        self._baseline = math.nan
        self._genes = np.zeros((0, self._policy.slots), dtype=np.int64)
        self._errors = np.zeros(0)

    def _follow(self, known: History) -> None:
        """Learn what was told since; from the start where other errors are now compared."""
        if not self._continued(known):
            self._start()
        batch = self._spec.batch
        for start in range(len(self._errors), len(known) - batch + 1, batch):
            self._learn(known.rows(slice(start, start + batch)))
        learnt = len(known) // batch * batch
        self._genes, self._errors = known.genes[:learnt], known.errors[:learnt]

    def _learn(self, told: History) -> None:
        spec = self._spec
        self._policy.learn(
            _groups(told.genes, self._counts),
            self._advantages(told.fitness),
            updates=spec.updates,
            clip=spec.clip,
            entropy=spec.entropy,
        )

    def _continued(self, known: History) -> bool:
        learnt = len(self._errors)
        return np.array_equal(self._genes, known.genes[:learnt]) and np.array_equal(
            self._errors, known.errors[:learnt], equal_nan=True
        )

    def _advantages(self, rewards: Floats) -> Floats:
        """How much better than of late each is, (N,), with a mean square of 1."""
        finished = np.isfinite(rewards)
        if not finished.any():
            return np.zeros(len(rewards))
        rewards = np.where(finished, rewards, rewards[finished].min())
        mean = float(rewards.mean())
        before = mean if math.isnan(self._baseline) else self._baseline
        self._baseline = KEPT * before + (1 - KEPT) * mean
        better = rewards - before
        size = math.sqrt(float((better**2).mean()))
        return better / size if size else better


def _begun(spec: Controller, domain: Domain, seed: int) -> Policy:
    """A policy that comes upon allowed candidates, as far as draws of the domain show it how."""
    counts = np.array([len(slot.values) for slot in domain.slots])
    policy = Policy(
        tuple(np.minimum(counts, MOST).tolist()),
        hidden=spec.hidden,
        learning_rate=spec.learning_rate,
        seed=seed,
    )
    chance = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3,)))
    genes = chance.integers(counts, size=(512, len(counts)))
    if domain.judge(genes).allowed.mean() < COMMON:
        examples = _groups(_allowed(domain, chance), counts)
        for _ in range(PASSES):
            for start in range(0, len(examples), ROWS):
                policy.imitate(examples[start : start + ROWS])
    return policy


def _groups(genes: Genes, counts: NDArray[np.int64]) -> Genes:
    """Each value's group, from 0; the value itself in a slot of up to MOST values."""
    return np.asarray(genes * np.minimum(counts, MOST) // counts)


def _one_of(groups: Genes, counts: NDArray[np.int64], chance: Chance) -> Genes:
    """A value at random of each group."""
    sizes = np.minimum(counts, MOST)
    first, after = -(-groups * counts // sizes), -(-(groups + 1) * counts // sizes)
    return np.asarray(chance.integers(first, after))


def _allowed(domain: Domain, chance: Chance) -> Genes:
    """Allowed draws: up to EXAMPLES, fewer where they are rare."""
    found, count = [], 0
    for _ in range(32):
        genes = domain.draw(1024, chance)
        found.append(genes[domain.judge(genes).allowed])
        count += len(found[-1])
        if count >= EXAMPLES:
            break
    return np.concatenate(found)[:EXAMPLES]
