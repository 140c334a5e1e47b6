"""Dividing labelled images: in proportion by class, copies of one image never on both sides."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]


def hold_out(
    labels: Integers, groups: Integers, *, images: int, leave: int, seed: int
) -> NDArray[np.bool_]:
    """Mask (N,) of about `images` images to set aside, in proportion by class.

    `groups` numbers distinct images; equal numbers are copies and stay together. Every class gives
    at least one group and keeps at least `leave`; a class with no more than `leave` gives none. A
    group whose copies carry several labels counts for the class of its first one.
    """
    _, first, inverse, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    homes = labels[first]
    taken = np.zeros(len(sizes), dtype=np.bool_)
    for home, quota in _quotas(labels[first][inverse], images).items():
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(home,)))
        order = generator.permutation(np.flatnonzero(homes == home))
        taken[_fill(order, sizes, quota, len(order) - leave)] = True
    return taken[inverse]


def distinct(labels: Integers, groups: Integers, classes: int) -> Integers:
    """How many groups each class has, as `hold_out` counts them; shape (classes,)."""
    _, first = np.unique(groups, return_index=True)
    return np.bincount(labels[first], minlength=classes)


def copies(groups: Integers) -> int:
    """How many images could go without losing a distinct one."""
    return len(groups) - len(np.unique(groups))


def _quotas(labels: Integers, images: int) -> dict[int, int]:
    """Images wanted of each class, by largest remainder, at least 1."""
    classes, counts = np.unique(labels, return_counts=True)
    whole, remainder = np.divmod(counts * images, max(len(labels), 1))
    spare = images - int(whole.sum())
    whole[np.argsort(-remainder, kind="stable")[:spare]] += 1
    return dict(zip(classes.tolist(), np.maximum(whole, 1).tolist(), strict=True))


def _fill(order: Integers, sizes: Integers, room: int, at_most: int) -> list[int]:
    """The groups of `order` that fit into `room` images; the smallest one if none does."""
    chosen: list[int] = []
    for group in order.tolist():
        if len(chosen) >= at_most:
            break
        if sizes[group] <= room:
            chosen.append(group)
            room -= int(sizes[group])
    if not chosen and at_most > 0:
        chosen = [min(order.tolist(), key=lambda group: sizes[group])]
    return chosen
