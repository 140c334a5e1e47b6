"""A policy that writes candidates value by value: an LSTM, its gradient and Adam.

Small enough for numpy: beside workers that keep every core busy, torch's threads would wait for
each other in each of its many short operations.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.search.domain import Chance, Genes
from netspace.spaces.ranges import Floats


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

    sizes: how many values each slot has. hidden: units of the LSTM. learning_rate: of Adam's steps.
    """

    def __init__(self, sizes: tuple[int, ...], *, hidden: int, learning_rate: float, seed: int):
        chance = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
        self._sizes, self._hidden, self._learning_rate = sizes, hidden, learning_rate
        self._first = [1 + sum(sizes[:slot]) for slot in range(len(sizes))]
        self._shapes = [
            (1 + sum(sizes), 4 * hidden),
            (hidden, 4 * hidden),
            *((hidden, size) for size in sizes),
            *((1, size) for size in sizes),
        ]
        self.weights = np.zeros(sum(rows * columns for rows, columns in self._shapes))
        inputs, recurrent, *_ = self._views(self.weights)
        inputs[:] = chance.normal(scale=0.5, size=inputs.shape)
        recurrent[:] = chance.uniform(-(hidden**-0.5), hidden**-0.5, recurrent.shape)
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

    def learn(
        self, genes: Genes, advantages: Floats, *, updates: int, clip: float, entropy: float
    ) -> None:
        """Write the better of these candidates more often, by PPO.

        advantages: (N,). updates: steps of Adam. clip: beyond which change of a value's
        probability, as a share of it, a step gains nothing. entropy: what a nat of the policy's
        entropy is worth. Source: Schulman et al. 2017, eq. 7.
        """
        before, better = None, advantages[:, np.newaxis]
        for _ in range(updates):
            steps = self._read(genes)
            now = _taken(steps, genes)
            before = now if before is None else before
            ratio = np.exp(now - before)
            worth = np.where(better > 0, ratio < 1 + clip, ratio > 1 - clip)
            self._climb(self._gradient(steps, genes, worth * ratio * better, entropy))

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
        slots, units = len(self._sizes), self._hidden
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
        slots, nothing = len(steps), np.zeros((len(genes), self._hidden))
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
        self.weights += self._learning_rate * self._mean / (1 - 0.9**self._steps) / size


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
