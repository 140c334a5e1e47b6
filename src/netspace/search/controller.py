"""Reinforcement learning: a policy that writes candidates value by value, trained with PPO.

Small enough for numpy: beside workers that keep every core busy, torch's threads would wait for
each other in each of its many short operations.
"""

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from netspace.errors import SpecError
from netspace.search.domain import Chance, Domain, Genes
from netspace.search.history import History
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
    def policy(self) -> "Policy":
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
            told = known.rows(slice(start, start + batch))
            self._policy.learn(_groups(told.genes, self._counts), self._advantages(told.fitness))
        learnt = len(known) // batch * batch
        self._genes, self._errors = known.genes[:learnt], known.errors[:learnt]

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


def _begun(spec: Controller, domain: Domain, seed: int) -> "Policy":
    """A policy that comes upon allowed candidates, as far as draws of the domain show it how."""
    counts = np.array([len(slot.values) for slot in domain.slots])
    policy = Policy(tuple(np.minimum(counts, MOST).tolist()), spec, seed)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What came of reading a value of N candidates.

    tokens: (N,), the values. gates: (N, 4 units), the LSTM's gates for input, forgetting and
    output, and its new value. logs: (N, values of the next slot), log-probabilities.
    """

    tokens: NDArray[np.int64]
    gates: Floats
    memory: Floats
    state: Floats
    logs: Floats


class Policy:
    """The probabilities of each slot's values, given the values before it; all alike at first.

    An LSTM reads the value written last; a softmax of its own for each slot tells the next.
    """

    def __init__(self, sizes: tuple[int, ...], spec: Controller, seed: int):
        chance = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
        units = spec.hidden
        self._sizes, self._spec = sizes, spec
        self._first = [1 + sum(sizes[:slot]) for slot in range(len(sizes))]
        self._shapes = [
            (1 + sum(sizes), 4 * units),
            (units, 4 * units),
            *((units, size) for size in sizes),
            *((1, size) for size in sizes),
        ]
        self.weights = np.zeros(sum(rows * columns for rows, columns in self._shapes))
        inputs, recurrent, *_ = self._views(self.weights)
        inputs[:] = chance.normal(scale=0.5, size=inputs.shape)
        recurrent[:] = chance.uniform(-(units**-0.5), units**-0.5, recurrent.shape)
        self._mean, self._square, self._steps = np.zeros(1), np.zeros(1), 0

    def _views(self, numbers: Floats) -> list[Floats]:
        """The weights of the inputs, of the last state, and of each slot's softmax, then biases."""
        ends = np.cumsum([rows * columns for rows, columns in self._shapes])[:-1]
        parts = np.split(numbers, ends)
        return [part.reshape(shape) for part, shape in zip(parts, self._shapes, strict=True)]

    @property
    def slots(self) -> int:
        """How many values a candidate has."""
        return len(self._sizes)

    def write(self, heats: Floats, chance: Chance) -> Genes:
        """A candidate at each temperature, (N, slots)."""
        genes = np.zeros((len(heats), len(self._sizes)), dtype=np.int64)
        views = self._views(self.weights)
        last = None
        for slot in range(len(self._sizes)):
            last = self._step(views, slot, genes, last)
            genes[:, slot] = _drawn(last.logs / heats[:, np.newaxis], chance)
        return genes

    def probabilities(self, genes: Genes) -> list[Floats]:
        """Of every value, given the candidate's values before it: (N, values) for each slot."""
        return [np.exp(step.logs) for step in self._read(genes)]

    def learn(self, genes: Genes, advantages: Floats) -> None:
        """Write the better of these candidates more often. Source: Schulman et al. 2017, eq. 7."""
        before, better = None, advantages[:, np.newaxis]
        for _ in range(self._spec.updates):
            steps = self._read(genes)
            now = _taken(steps, genes)
            before = now if before is None else before
            ratio = np.exp(now - before)
            worth = np.where(better > 0, ratio < 1 + self._spec.clip, ratio > 1 - self._spec.clip)
            self._climb(self._gradient(steps, genes, worth * ratio * better, self._spec.entropy))

    def imitate(self, genes: Genes) -> None:
        """Write these candidates more often."""
        self._climb(self._gradient(self._read(genes), genes, np.ones(genes.shape), 0.0))

    def _read(self, genes: Genes) -> list[_Step]:
        views, steps = self._views(self.weights), list[_Step]()
        for slot in range(len(self._sizes)):
            steps.append(self._step(views, slot, genes, steps[-1] if steps else None))
        return steps

    def _step(self, views: list[Floats], slot: int, genes: Genes, last: _Step | None) -> _Step:
        inputs, recurrent, *softmax = views
        slots, units = len(self._sizes), self._spec.hidden
        if last is None:
            tokens = np.zeros(len(genes), dtype=np.int64)
            gates, memory = inputs[tokens], np.zeros((len(genes), units))
        else:
            tokens = self._first[slot - 1] + genes[:, slot - 1]
            gates, memory = inputs[tokens] + last.state @ recurrent, last.memory
        gates[:, : 3 * units] = (1 + np.tanh(gates[:, : 3 * units] / 2)) / 2
        gates[:, 3 * units :] = np.tanh(gates[:, 3 * units :])
        entering, kept, shown, new = _quarters(gates)
        memory = kept * memory + entering * new
        state = shown * np.tanh(memory)
        logits = state @ softmax[slot] + softmax[slots + slot]
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return _Step(tokens=tokens, gates=gates, memory=memory, state=state, logs=logs)

    def _gradient(self, steps: list[_Step], genes: Genes, pull: Floats, entropy: float) -> Floats:
        """Of the mean of pull x log-probability, (N, slots), and of entropy x the entropy."""
        found = np.zeros_like(self.weights)
        (_, recurrent, *softmax), (d_inputs, d_recurrent, *d_softmax) = (
            self._views(self.weights),
            self._views(found),
        )
        slots, nothing = len(steps), np.zeros((len(genes), self._spec.hidden))
        d_state = d_memory = nothing
        for slot in reversed(range(slots)):
            step = steps[slot]
            before = (steps[slot - 1].state, steps[slot - 1].memory) if slot else (nothing, nothing)
            d_logits = _pulled(step.logs, genes[:, slot], pull[:, slot], entropy) / pull.size
            d_softmax[slot][:] = step.state.T @ d_logits
            d_softmax[slots + slot][:] = d_logits.sum(axis=0)
            d_gates, d_memory = _back(
                step, before[1], d_state + d_logits @ softmax[slot].T, d_memory
            )
            np.add.at(d_inputs, step.tokens, d_gates)
            d_recurrent += before[0].T @ d_gates
            d_state = d_gates @ recurrent.T
        return found

    def _climb(self, gradient: Floats) -> None:
        """A step of Adam (Kingma and Ba 2015), upwards."""
        self._steps += 1
        self._mean = 0.9 * self._mean + 0.1 * gradient
        self._square = 0.999 * self._square + 0.001 * gradient**2
        size = np.sqrt(self._square / (1 - 0.999**self._steps)) + 1e-8
        self.weights += self._spec.learning_rate * self._mean / (1 - 0.9**self._steps) / size


def _quarters(gates: Floats) -> list[Floats]:
    units = gates.shape[1] // 4
    return [gates[:, start : start + units] for start in range(0, 4 * units, units)]


def _back(step: _Step, before: Floats, d_state: Floats, d_memory: Floats) -> tuple[Floats, Floats]:
    """Gradients of what the gates are made from and of the memory before."""
    entering, kept, shown, new = _quarters(step.gates)
    seen = np.tanh(step.memory)
    d_memory = d_memory + d_state * shown * (1 - seen**2)
    parts = [
        d_memory * new * entering * (1 - entering),
        d_memory * before * kept * (1 - kept),
        d_state * seen * shown * (1 - shown),
        d_memory * entering * (1 - new**2),
    ]
    return np.concatenate(parts, axis=1), d_memory * kept


def _pulled(logs: Floats, values: NDArray[np.int64], pull: Floats, entropy: float) -> Floats:
    """The gradient of pull x the values' log-probability + entropy x the entropy, (N, values)."""
    shares = np.exp(logs)
    spread = -(shares * logs).sum(axis=1, keepdims=True)
    found = -shares * (pull[:, np.newaxis] + entropy * (logs + spread))
    found[np.arange(len(values)), values] += pull
    return np.asarray(found)


def _taken(steps: list[_Step], genes: Genes) -> Floats:
    """The log-probability of each value that a candidate has, (N, slots)."""
    rows = np.arange(len(genes))
    return np.stack([s.logs[rows, v] for s, v in zip(steps, genes.T, strict=True)], axis=1)


def _drawn(logits: Floats, chance: Chance) -> NDArray[np.int64]:
    """A value for each row, (N,)."""
    upto = np.exp(logits).cumsum(axis=1)
    below = upto < chance.random((len(logits), 1)) * upto[:, -1:]
    return np.asarray(np.minimum(below.sum(axis=1), logits.shape[1] - 1))
