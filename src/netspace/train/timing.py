"""Several things timed in rounds, so that what changes on the machine meanwhile hits all alike."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netspace.errors import UserError

Seconds = NDArray[np.float64]
Task = Callable[[], object]

ROUNDS = 9
"""The fewest rounds whose 95 % interval leaves out the fastest and the slowest of them."""

WARMUP = 5
FEWEST_RUNS, MOST_RUNS = 3, 20
AIM_SECONDS = 60.0
"""Runs a round are so many that all rounds take about this long, within the limits above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How often each task runs: `runs` counted ones in each of `rounds`, one uncounted before them.

    The uncounted one brings back into the processor's caches what the other tasks pushed out.
    warmup: runs of each task before the first round.
    """

    rounds: int = ROUNDS
    runs: int = FEWEST_RUNS
    warmup: int = WARMUP

    def __post_init__(self) -> None:
        for name in ("rounds", "runs", "warmup"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)} must be at least 1")

    @property
    def uncounted(self) -> int:
        """Runs of each task that do not count."""
        return self.warmup + self.rounds

    @property
    def counted(self) -> int:
        """Runs of each task that do."""
        return self.rounds * self.runs

    def seconds(self, once: float) -> float:
        """How long the rounds take where all tasks, each run once, take so many seconds."""
        return self.rounds * (self.runs + 1) * once


def fitted(rounds: int, once: float) -> Schedule:
    """So many runs a round as the time aimed at allows.

    once: seconds of all tasks, each run once.
    """
    affordable = AIM_SECONDS / (rounds * once) - 1 if once > 0 else MOST_RUNS
    return Schedule(rounds=rounds, runs=int(np.clip(affordable, FEWEST_RUNS, MOST_RUNS)))


def nothing() -> None:
    """Wait for nothing: a processor has done its work on return."""


def warm_up(
    tasks: Sequence[Task],
    runs: int = WARMUP,
    *,
    settle: Task = nothing,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Run each task so often; the seconds of all tasks, each run once, by the fastest run of each.

    The first run, which may allocate and compile, is slower than all later ones.
    """
    return sum(min(_runs(task, runs, settle, clock)) for task in tasks)


def in_rounds(
    tasks: Sequence[Task],
    schedule: Schedule,
    *,
    settle: Task = nothing,
    clock: Callable[[], float] = time.perf_counter,
    seed: int = 0,
    advance: Callable[[int], None] = lambda steps: None,
) -> Seconds:
    """Seconds of the counted runs `(tasks, rounds, runs)`, after a warm-up.

    Each round takes all tasks in an order drawn anew, so that none always follows the same one.
    settle: waits for an accelerator's work. advance: hears of each task done in a round.
    """
    taken = np.empty((len(tasks), schedule.rounds, schedule.runs))
    chance = np.random.default_rng(seed)
    with _no_collection():
        for number in range(schedule.rounds):
            for place in chance.permutation(len(tasks)):
                found = _runs(tasks[place], schedule.runs + 1, settle, clock)
                taken[place, number] = found[1:]
                advance(1)
    return taken


def _runs(task: Task, count: int, settle: Task, clock: Callable[[], float]) -> list[float]:
    seconds = []
    for _ in range(count):
        settle()
        begin = clock()
        task()
        settle()
        seconds.append(clock() - begin)
    return seconds


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from collecting its garbage in the middle of a run."""
    before = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
