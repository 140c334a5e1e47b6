"""The controller's policy: its gradient and its updates against torch."""

from itertools import product

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netspace.search.policy import Policy


def made(*sizes: int, learning_rate: float = 0.01) -> Policy:
    return Policy(sizes, hidden=32, learning_rate=learning_rate, seed=0)


def torch_logs(policy: Policy, weights: torch.Tensor, genes: np.ndarray, sizes) -> list:
    """The policy again, with torch's own LSTM; log-probabilities of every value by slot."""
    shapes = policy._shapes
    parts = [
        part.reshape(shape)
        for part, shape in zip(
            weights.split([rows * columns for rows, columns in shapes]), shapes, strict=True
        )
    ]
    units = shapes[1][0]
    # torch's gates come in the order input, forget, new value, output.
    order = np.concatenate([np.arange(2 * units), np.arange(3 * units, 4 * units)])
    order = np.concatenate([order, np.arange(2 * units, 3 * units)])
    state = memory = torch.zeros(len(genes), units, dtype=torch.float64)
    tokens, found = torch.zeros(len(genes), dtype=torch.int64), []
    zeros = torch.zeros(4 * units, dtype=torch.float64)
    for slot in range(len(sizes)):
        state, memory = torch.lstm_cell(
            torch.nn.functional.one_hot(tokens, len(parts[0])).double(),
            (state, memory),
            parts[0].T[order],
            parts[1].T[order],
            zeros,
            zeros,
        )
        logits = state @ parts[2 + slot] + parts[2 + len(sizes) + slot]
        found.append(torch.log_softmax(logits, 1))
        tokens = 1 + sum(sizes[:slot]) + torch.from_numpy(genes[:, slot])
    return found


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 99))
def test_reads_and_differentiates_as_torch_does(sizes, seed):
    chance = np.random.default_rng(seed)
    policy = Policy(tuple(sizes), hidden=3, learning_rate=0.01, seed=seed)
    policy.weights += chance.normal(size=policy.weights.shape)
    genes = np.stack([chance.integers(size, size=6) for size in sizes], axis=1)
    pull = chance.normal(size=genes.shape)

    weights = torch.from_numpy(policy.weights.copy()).requires_grad_()
    logs = torch_logs(policy, weights, genes, sizes)
    for ours, theirs in zip(policy.probabilities(genes), logs, strict=True):
        np.testing.assert_allclose(ours, theirs.exp().detach().numpy(), atol=1e-12)
    taken = torch.stack(
        [log[range(6), torch.from_numpy(v)] for log, v in zip(logs, genes.T, strict=True)], 1
    )
    entropy = torch.stack([-(log.exp() * log).sum(1) for log in logs], 1)
    (torch.from_numpy(pull) * taken + 0.3 * entropy).mean().backward()
    ours = policy._gradient(policy._read(genes), genes, pull, 0.3)
    np.testing.assert_allclose(ours, weights.grad.numpy(), atol=1e-12)


def test_an_update_climbs_as_torchs_ppo_and_adam_do():
    policy = Policy((3, 4), hidden=4, learning_rate=0.05, seed=0)
    chance = np.random.default_rng(0)
    genes, better = chance.integers(3, size=(10, 2)), chance.normal(size=10)
    weights = torch.from_numpy(policy.weights.copy()).requires_grad_()
    adam, before = torch.optim.Adam([weights], lr=0.05), None
    gain = torch.from_numpy(better)[:, None]
    clipped = False
    for _ in range(8):
        logs = torch_logs(policy, weights, genes, (3, 4))
        now = torch.stack(
            [log[range(10), torch.from_numpy(v)] for log, v in zip(logs, genes.T, strict=True)], 1
        )
        before = now.detach() if before is None else before
        ratio = (now - before).exp()
        clipped |= bool((ratio > 1.2).any() and (ratio < 0.8).any())
        entropy = torch.stack([-(log.exp() * log).sum(1) for log in logs], 1).mean()
        adam.zero_grad()
        objective = torch.minimum(ratio * gain, ratio.clamp(0.8, 1.2) * gain).mean()
        (-objective - 0.02 * entropy).backward()
        adam.step()
    policy.learn(genes, better, updates=8, clip=0.2, entropy=0.02)
    assert clipped
    np.testing.assert_allclose(policy.weights, weights.detach().numpy(), atol=1e-7)


def test_is_uniform_before_it_has_learnt():
    policy = made(2, 7, 1)
    for slot, size in zip(policy.probabilities(np.array([[1, 6, 0]])), (2, 7, 1), strict=True):
        np.testing.assert_allclose(slot, np.full((1, size), 1 / size))


def test_writes_with_the_probabilities_it_tells():
    policy, chance = made(2, 3), np.random.default_rng(0)
    policy.weights += chance.normal(size=policy.weights.shape)
    every = np.array(list(product(range(2), range(3))))
    first, second = policy.probabilities(every)
    expected = first[range(6), every[:, 0]] * second[range(6), every[:, 1]]
    written = policy.write(np.ones(40_000), chance) @ [3, 1]
    found = np.bincount(written, minlength=6) / len(written)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_a_high_temperature_loosens_a_settled_policy():
    policy, chance = made(4, 4, learning_rate=0.1), np.random.default_rng(0)
    for _ in range(100):
        policy.imitate(np.full((8, 2), 3))
    assert (policy.write(np.ones(500), chance) == 3).mean() > 0.99
    assert (policy.write(np.full(500, 50.0), chance) == 3).mean() < 0.5
