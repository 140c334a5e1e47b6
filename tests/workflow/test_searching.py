"""A search at work on a run whose trainings are made up: what it asks for, and how it goes on."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from zlib import crc32

import numpy as np
import pytest

from netspace.config import Budget, FinalRound, SpaceChoice, Study
from netspace.design.network import Network
from netspace.errors import RunError
from netspace.recipe import Recipe
from netspace.run.folder import RunFolder
from netspace.run.jobs import Event, Failed, Finished, TrainJob
from netspace.run.store import Store
from netspace.search.evolution import Evolution
from netspace.search.halving import Halving
from netspace.search.objective import Pareto, Reward
from netspace.search.strategies import STRATEGIES
from netspace.search.strategy import Search
from netspace.train.build import build
from netspace.train.weights import save_weights
from netspace.trial import Epoch, Trial
from netspace.workflow import session, study
from netspace.workflow.study import run_study
from tests.pictures import picture_folder
from tests.watching import Silent

EVOLUTION = Evolution(population=3, sample=2)


def made_up(network: Network, epochs: int) -> float:
    """An error in percent that only the network and its epochs decide."""
    return 30 + 40 * crc32(repr(network).encode()) / 2**32 - 2 * epochs


def curve(network: Network, epochs: int) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(
            number=number,
            learning_rate=0.1,
            train_loss=1.0,
            validation_error_percent=made_up(network, number),
            seconds=1.0,
        )
        for number in range(1, epochs + 1)
    )


class Killed(BaseException):
    """Stands for kill -9."""


class Pool:
    """In place of the worker processes; jobs end in the order in which they were begun.

    begun: every job. stop_at: the event, counted from 1, in whose place an interrupt comes.
    """

    def __init__(self, breaks: Callable[[TrainJob], bool] = lambda job: False):
        self.begun: list[TrainJob] = []
        self.stop_at: int | None = None
        self.going_on: list[bool] = []
        self._breaks, self._jobs, self._heard = breaks, deque[TrainJob](), 0

    def __call__(self, images: Path, *, workers: int | None, device: str) -> Self:
        self.size, self._heard = workers or 1, 0
        self._jobs.clear()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def room(self) -> int:
        return self.size - len(self._jobs)

    def submit(self, job: TrainJob) -> None:
        assert self.room
        self.begun.append(job)
        self.going_on.append(job.state is not None and job.state.is_file())
        self._jobs.append(job)

    def events(self) -> Iterator[Event]:
        self._heard += 1
        if self._heard == self.stop_at:
            raise KeyboardInterrupt
        job = self._jobs.popleft()
        if self._breaks(job):
            yield Failed(id=job.id, reason="diverged: loss nan")
            return
        for file in (job.weights, job.state):
            if file is not None:
                save_weights(build(job.network), file)
        done = curve(job.network, job.until or job.recipe.epochs)
        error = done[-1].validation_error_percent
        yield Finished(id=job.id, error=error, seconds=len(done), curve=done, setting={})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return picture_folder(tmp_path_factory.mktemp("data") / "colours", images=16)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    return use(Pool(), monkeypatch)


def use(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setattr(session, "ProcessPool", pool)
    return pool


def searching(data: Path, *, networks: int = 7, epochs: int = 1, **changes: Any) -> Study:
    """A study of few networks; changes: of the study, and of its search."""
    terms = {name: changes.pop(name) for name in ("strategy", "objective", "halving") & changes.keys()}
    plain = Study(
        data=str(data),
        budget=Budget(flops="100K..600K"),
        spaces=(SpaceChoice(name="anynetx_e", networks=networks),),
        recipe=Recipe(epochs=epochs, batch_size=16, warmup_epochs=0.5),
        final=FinalRound(candidates=2, seeds=2, epochs_factor=2),
        workers=1,
    )
    from netspace.config import SearchTerms

    return replace(plain, search=SearchTerms(**{"strategy": EVOLUTION, **terms}), **changes)


def trials(folder: Path, **equal: object) -> list[Trial]:
    with Store.existing(RunFolder(folder).database) as store:
        return store.trials(**({"round": "population"} | equal))


def fact(folder: Path, name: str) -> Any:
    with Store.existing(RunFolder(folder).database) as store:
        return store.fact(name)


def networks(folder: Path) -> list[Network]:
    return [trial.network for trial in trials(folder)]


def test_x(pool, pictures, tmp_path):
    import time
    for i in range(3):
        t = time.perf_counter()
        run_study(searching(pictures), tmp_path / f"r{i}", Silent())
        print("took", time.perf_counter() - t)
    print([ (t.index,t.state,t.error,t.complexity.flops) for t in trials(tmp_path/"r0")], fact(tmp_path/"r0","origins"), len(pool.begun))
