"""Executors: where jobs are done. A pool of spawned processes on this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol, Self

from netspace.run.jobs import Died, EpochDone, Event, Job
from netspace.run.worker import serve

ENDING_S = 20
"""How long a worker that is to be replaced may take to end."""


class Executor(Protocol):
    """Takes jobs as long as there is room and gives events back."""

    @property
    def room(self) -> int:
        """How many more jobs can be taken now."""

    @property
    def size(self) -> int:
        """How many jobs are done at once."""

    def submit(self, job: Job) -> None:
        """Begin a job; only where there is room."""

    def events(self) -> Iterator[Event]:
        """Wait for the next events; every job ends in one that is not EpochDone."""


@dataclass(slots=True, kw_only=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    job: Job | None = None


class ProcessPool:
    """Spawned processes of one thread each, all reading the same saved images.

    Without a number given: one a core, or a single one for an accelerator.
    """

    def __init__(self, data_folder: Path, *, workers: int | None = None, device: str = "cpu"):
        self._data_folder, self._device = data_folder, device
        count = workers or (usable_cores() if device == "cpu" else 1)
        self._workers = [self._spawn() for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """How many jobs are done at once."""
        return len(self._workers)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The operating system's numbers of the workers."""
        return tuple(worker.process.pid or 0 for worker in self._workers)

    @property
    def room(self) -> int:
        """How many more jobs can be taken now."""
        return sum(worker.job is None for worker in self._workers)

    def submit(self, job: Job) -> None:
        """Hand the job to an idle worker."""
        worker = next(worker for worker in self._workers if worker.job is None)
        worker.job = job
        with suppress(OSError):  # a worker that is gone is noticed in events()
            worker.pipe.send(job)

    def events(self) -> Iterator[Event]:
        """Wait for the next events of busy workers; a dead worker is replaced."""
        busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
        for pipe in wait(list(busy)):
            yield self._next_event(busy[pipe])  # type: ignore[index]

    def close(self) -> None:
        """End all workers, whatever they are doing."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers = []

    def _next_event(self, worker: _Worker) -> Event:
        assert worker.job is not None
        try:
            event: Event = worker.pipe.recv()
        except (EOFError, OSError):
            return self._bury(worker)
        if isinstance(event, Died):  # of its accelerator: the process itself ends in good order
            self._replace(worker)
        elif not isinstance(event, EpochDone):
            worker.job = None
        return event

    def _bury(self, worker: _Worker) -> Died:
        assert worker.job is not None
        self._replace(worker)
        code = worker.process.exitcode
        killed = code is not None and code < 0
        how = f"signal {-code}" if killed and code else f"exit code {code}"
        return Died(id=worker.job.id, reason=f"its worker process died ({how})", killed=killed)

    def _replace(self, worker: _Worker) -> None:
        worker.process.join(ENDING_S)
        worker.process.kill()  # where CUDA hangs as it is taken down; else it is gone already
        worker.process.join()
        worker.pipe.close()
        self._workers[self._workers.index(worker)] = self._spawn()

    def _spawn(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(
            target=serve, args=(there, self._data_folder, self._device), daemon=True
        )
        with _interrupts_held_back():
            process.start()
        there.close()
        return _Worker(process=process, pipe=here)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let a process that starts now ignore Ctrl-C from its first moment on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
