"""A worker process: takes jobs from a pipe, trains on one thread, answers with events."""

import ctypes
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import assert_never

from netspace.errors import DataError, StorageError, TrainingError
from netspace.run.jobs import (
    Died,
    EpochDone,
    Event,
    Failed,
    Finished,
    Job,
    Probed,
    ProbeJob,
    Stopped,
    TrainJob,
)
from netspace.train import device as devices
from netspace.train.data import DataSet, open_saved
from netspace.train.device import Compute
from netspace.train.probe import measure_speed
from netspace.train.trainer import train
from netspace.train.weights import save_weights
from netspace.trial import Epoch

THREADS = 1


def serve(pipe: Connection, data_folder: Path, device_name: str) -> None:
    """Do the jobs that come through the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the loop decides what an interrupt means
    _die_with_parent()
    _keep_freed_memory()
    devices.use_threads(THREADS)
    data, device = open_saved(data_folder), devices.device(device_name)
    while True:
        try:
            job: Job = pipe.recv()
        except EOFError:
            return
        event = answer(job, data, device, pipe.send)
        pipe.send(event)
        if isinstance(event, Died):
            return


def answer(job: Job, data: DataSet, device: devices.Device, tell: Callable[[Event], None]) -> Event:
    """Do one job; whatever breaks becomes an event, so that the worker and the others go on."""
    began, curve = time.perf_counter(), list[Epoch]()

    def on_epoch(epoch: Epoch) -> None:
        curve.append(epoch)
        tell(EpochDone(id=job.id, epoch=epoch))

    try:
        match job:
            case ProbeJob():
                speed = measure_speed(job.network, job.recipe, data, device=device)
                return Probed(id=job.id, speed=speed)
            case TrainJob():
                return _train(job, data, device, on_epoch)
            case _:
                assert_never(job)
    except StorageError as fault:
        return Stopped(id=job.id, reason=str(fault))
    except Exception as fault:
        if _lost_accelerator(fault):
            first = str(fault).partition("\n")[0]
            return Died(id=job.id, reason=f"its worker lost the GPU ({first})", killed=False)
        return Failed(
            id=job.id,
            reason=str(fault)
            if isinstance(fault, TrainingError | DataError)
            else _unexpected(fault),
            unexpected=not isinstance(fault, TrainingError),
            seconds=time.perf_counter() - began,
            curve=tuple(curve),
            setting=Compute.of(device, job.recipe.precision).setting(),
        )


def _lost_accelerator(fault: Exception) -> bool:
    """Whether CUDA refuses all further work of this process, so that only a new one can go on."""
    return isinstance(fault, RuntimeError) and "CUDA error" in str(fault)


def _unexpected(fault: Exception) -> str:
    """What broke, and where in the code."""
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    told = str(fault).partition("\n")[0]
    return f"unexpected {type(fault).__name__}: {told} ({Path(frame.filename).name}:{frame.lineno})"


def _train(
    job: TrainJob, data: DataSet, device: devices.Device, on_epoch: Callable[[Epoch], None]
) -> Finished:
    result = train(
        job.network,
        job.recipe,
        data,
        seed=job.seed,
        device=device,
        until=job.until,
        state=job.state,
        start=job.start,
        on_epoch=on_epoch,
    )
    if job.weights is not None:
        save_weights(result.module, job.weights)
    return Finished(
        id=job.id,
        error=result.error,
        seconds=result.seconds,
        curve=result.curve,
        setting=result.setting,
    )


def _die_with_parent() -> None:
    """End this process when the loop's process ends, also by kill -9."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _keep_freed_memory() -> None:
    """Let glibc reuse freed tensors: giving them back at every step costs a tenth of the speed."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # from glibc's malloc.h
