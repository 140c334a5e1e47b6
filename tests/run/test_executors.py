"""The pool of worker processes, with real trainings on small images."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from netspace.recipe import Recipe
from netspace.run import executors, worker
from netspace.run.executors import ProcessPool
from netspace.run.jobs import (
    Died,
    EpochDone,
    Event,
    Failed,
    Finished,
    Probed,
    ProbeJob,
    Stopped,
    TrainJob,
)
from netspace.spaces.families import space
from netspace.train.build import build
from netspace.train.data import load, save
from tests.pictures import picture_folder

RECIPE = Recipe(epochs=2, batch_size=16, learning_rate=0.05, precision="fp32")
NETWORK = space("anynetx_e", resolution=12, classes=3).sample(1, flops=(1e5, 6e5))[0]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    saved = folder / "saved"
    save(load(picture_folder(folder / "pictures")), saved)
    return saved


@pytest.fixture(scope="module")
def pool(images: Path) -> Iterator[ProcessPool]:
    with ProcessPool(images, workers=1) as opened:
        yield opened


def outcome(pool: ProcessPool) -> list[Event]:
    """The events of one job, to its end."""
    heard: list[Event] = []
    while not heard or isinstance(heard[-1], EpochDone):
        heard.extend(pool.events())
    return heard


def test_a_training_tells_its_epochs_and_its_result(pool: ProcessPool, tmp_path: Path) -> None:
    weights = tmp_path / "weights" / "1.safetensors"
    pool.submit(TrainJob(id=1, network=NETWORK, recipe=RECIPE, seed=3, weights=weights))
    assert pool.room == 0
    first, second, result = outcome(pool)
    assert pool.room == 1
    assert isinstance(result, Finished)
    assert [first.epoch, second.epoch] == list(result.curve)
    assert 0 <= result.error <= 100
    assert result.setting["threads"] == "1"
    assert result.setting["precision"] == "fp32"
    assert load_file(weights).keys() == build(NETWORK).state_dict().keys()


def test_the_same_seed_gives_the_same_result(pool: ProcessPool) -> None:
    errors, losses = [], []
    for number, seed in enumerate((5, 5, 6)):
        pool.submit(TrainJob(id=number, network=NETWORK, recipe=RECIPE, seed=seed))
        result = outcome(pool)[-1]
        errors.append(result.error)
        losses.append([epoch.train_loss for epoch in result.curve])
    assert losses[0] == losses[1] != losses[2]
    assert errors[0] == errors[1]


def test_a_network_that_diverges_fails_and_the_worker_goes_on(pool: ProcessPool) -> None:
    wild = replace(RECIPE, learning_rate=1e30, warmup_epochs=0)
    pool.submit(TrainJob(id=1, network=NETWORK, recipe=wild, seed=0))
    broken = outcome(pool)[-1]
    assert isinstance(broken, Failed)
    assert "diverged" in broken.reason
    pool.submit(ProbeJob(id=2, network=NETWORK, recipe=RECIPE))
    (probed,) = outcome(pool)
    assert isinstance(probed, Probed)
    assert probed.speed.training > 0
    assert probed.speed.evaluation > 0


def test_weights_that_cannot_be_written_stop_the_run_not_the_trial(
    pool: ProcessPool, tmp_path: Path
) -> None:
    (tmp_path / "weights").write_text("a file where a folder should be")
    weights = tmp_path / "weights" / "1.safetensors"
    pool.submit(TrainJob(id=1, network=NETWORK, recipe=RECIPE, seed=0, weights=weights))
    stopped = outcome(pool)[-1]
    assert isinstance(stopped, Stopped)
    assert "cannot write weights" in stopped.reason


def test_a_training_in_parts_gives_what_a_whole_one_gives(
    pool: ProcessPool, tmp_path: Path
) -> None:
    state = tmp_path / "states" / "1.state.safetensors"
    job = TrainJob(id=1, network=NETWORK, recipe=RECIPE, seed=3, weights=tmp_path / "whole")
    pool.submit(job)
    *_, whole = outcome(pool)
    results = []
    for until in (1, None):
        pool.submit(replace(job, until=until, state=state, weights=tmp_path / f"until {until}"))
        heard = outcome(pool)
        assert [event.epoch.number for event in heard[:-1]] == [until or 2]
        results.append(heard[-1])
    first, second = results
    assert len(first.curve) == 1
    assert second.error == whole.error
    assert [one.train_loss for one in second.curve] == [one.train_loss for one in whole.curve]
    assert second.curve[:1] == first.curve
    weights = load_file(tmp_path / "until None")
    for name, value in load_file(tmp_path / "whole").items():
        assert torch.equal(value, weights[name])


def test_a_damaged_or_foreign_state_is_a_failed_trial_and_the_worker_goes_on(
    pool: ProcessPool, tmp_path: Path
) -> None:
    state = tmp_path / "1.state.safetensors"
    job = TrainJob(id=1, network=NETWORK, recipe=RECIPE, seed=3, until=1, state=state)
    pool.submit(job)
    outcome(pool)
    pool.submit(replace(job, seed=4))
    foreign = outcome(pool)[-1]
    assert isinstance(foreign, Failed)
    assert foreign.reason.startswith(f"{state}: training state of another seed")
    state.write_bytes(state.read_bytes()[:-1])
    pool.submit(replace(job, until=2))
    damaged = outcome(pool)[-1]
    assert isinstance(damaged, Failed)
    assert damaged.reason.startswith(f"{state}: damaged, or no training state")
    state.unlink()
    pool.submit(job)
    assert isinstance(outcome(pool)[-1], Finished)


def test_a_state_that_cannot_be_written_stops_the_run_not_the_trial(
    pool: ProcessPool, tmp_path: Path
) -> None:
    (tmp_path / "states").write_text("a file where a folder should be")
    state = tmp_path / "states" / "1.state.safetensors"
    pool.submit(TrainJob(id=1, network=NETWORK, recipe=RECIPE, seed=0, until=1, state=state))
    assert isinstance(outcome(pool)[-1], Stopped)


def test_a_bug_is_a_failed_trial_that_says_where(pool: ProcessPool) -> None:
    other = NETWORK.for_input(channels=7)
    pool.submit(TrainJob(id=1, network=other, recipe=RECIPE, seed=0))
    failed = outcome(pool)[-1]
    assert isinstance(failed, Failed)
    assert "unexpected RuntimeError" in failed.reason
    assert ".py:" in failed.reason


def test_a_killed_worker_is_told_and_replaced(images: Path) -> None:
    with ProcessPool(images, workers=1) as pool:
        pool.submit(TrainJob(id=7, network=NETWORK, recipe=replace(RECIPE, epochs=500), seed=0))
        next(pool.events())
        os.kill(pool.process_ids[0], signal.SIGKILL)
        heard = outcome(pool)
        assert isinstance(heard[-1], Died)
        assert "signal 9" in heard[-1].reason
        pool.submit(TrainJob(id=8, network=NETWORK, recipe=RECIPE, seed=0))
        assert isinstance(outcome(pool)[-1], Finished)


def _lose_the_accelerator(pipe: Connection, data_folder: Path, device_name: str) -> None:
    """A worker whose first job breaks CUDA for good."""
    job = pipe.recv()
    pipe.send(Died(id=job.id, reason="its worker lost the GPU", killed=False))


def test_a_worker_that_lost_its_accelerator_is_replaced(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "serve", _lose_the_accelerator)
    with ProcessPool(images, workers=1) as pool:
        before = pool.process_ids
        for number in range(2):
            pool.submit(TrainJob(id=number, network=NETWORK, recipe=RECIPE, seed=0))
            (event,) = pool.events()
            assert event == Died(id=number, reason="its worker lost the GPU", killed=False)
            assert pool.room == 1
        assert pool.process_ids != before


def test_a_process_that_lost_the_accelerator_does_no_further_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CUDA refuses every call after an illegal memory access, whatever the network."""
    told = "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be ..."

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(told)

    monkeypatch.setattr(worker, "train", broken)
    job = TrainJob(id=7, network=NETWORK, recipe=RECIPE, seed=0)
    data: Any = None
    event = worker.answer(job, data, torch.device("cpu"), lambda event: None)
    assert isinstance(event, Died)
    assert event.reason == f"its worker lost the GPU ({told.splitlines()[0]})"
    told = "a bug of ours"
    assert isinstance(worker.answer(job, data, torch.device("cpu"), lambda event: None), Failed)


def test_workers_end_when_their_parent_is_killed(images: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from netspace.run.executors import ProcessPool\n"
        "if __name__ == '__main__':\n"
        "    pool = ProcessPool(Path(sys.argv[1]), workers=1)\n"
        "    print(pool.process_ids[0], flush=True)\n"
        "    time.sleep(60)\n"
    )
    file = images.parent / "parent.py"
    file.write_text(script)
    parent = subprocess.Popen(
        [sys.executable, str(file), str(images)], stdout=subprocess.PIPE, text=True
    )
    worker = int(parent.stdout.readline())
    time.sleep(3)  # let the worker reach its loop
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(worker)


def _alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().split(")")[-1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
