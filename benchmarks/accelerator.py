"""Training on an accelerator: speed and accuracy in fp32 and bf16, by how many processes share it.

The network of the plain loop (5.1 MFLOP at 32x32) on CIFAR-10, by worker processes as in a run.
Small networks leave an accelerator waiting for the next call, so several processes share it. A
training that is stopped after an epoch and goes on from its file is compared with one that is not.
Accuracies are on the first 2,000 test images, by which nothing is selected.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from _shared import SHARED, print_result
from netspace.recipe import Precision, Recipe
from netspace.run.executors import ProcessPool
from netspace.train import device as devices
from netspace.train.data import DataSet, Split, load, save
from netspace.train.latency import measure_latency
from netspace.train.trainer import train
from training_speed import plain_network, train_all

WORKERS = (1, 4)
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")


def images() -> DataSet:
    """CIFAR-10, judged on the first test images."""
    data = load(str(SHARED / "data" / "cifar10"))
    first = slice(0, 2_000)
    judged = Split(images=data.test.images[first], labels=data.test.labels[first])
    return replace(data, validation=judged)


def pooled(
    saved: Path, device: str, workers: int, recipe: Recipe, trainings: int
) -> dict[str, Any]:
    """Images per second of all workers together, start and evaluations left out, and accuracies."""
    with ProcessPool(saved, workers=workers, device=device) as pool:
        train_all(pool, [replace(recipe, epochs=1, warmup_epochs=0)] * workers)
        done = train_all(pool, [recipe] * trainings)
    part = recipe.train_images or 0
    trained = part // recipe.batch_size * recipe.batch_size * recipe.epochs
    speeds = [trained / sum(epoch.seconds for epoch in one.curve) for one in done]
    accuracies = [100 - one.error for one in done]
    return {
        "images_per_second": round(workers * statistics.fmean(speeds)),
        "accuracy": round(statistics.fmean(accuracies), 2),
        "spread": round(statistics.stdev(accuracies), 2),
        "trainings": trainings,
        "device": done[0].setting["device"],
    }


def in_parts(data: DataSet, device: str) -> dict[str, Any]:
    """How far a training in two parts ends from one without a stop: weights and errors."""
    recipe = Recipe(epochs=3, train_images=5_000)
    where = devices.device(device)
    whole = train(plain_network(), recipe, data, seed=0, device=where)
    again = train(plain_network(), recipe, data, seed=0, device=where)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.safetensors"
        train(plain_network(), recipe, data, seed=0, device=where, until=1, state=state)
        resumed = train(plain_network(), recipe, data, seed=0, device=where, state=state)
    return {
        "weights_apart_of_a_repeat": _apart(whole.module, again.module),
        "weights_apart_in_parts": _apart(whole.module, resumed.module),
        "errors": [round(one.error, 2) for one in (whole, again, resumed)],
    }


def _apart(a: torch.nn.Module, b: torch.nn.Module) -> float:
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return max(float((one - other).abs().max()) for one, other in pairs)


def main() -> None:
    """Measure, and print the best speed over that of one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--trainings", type=int, default=8)
    given = parser.parse_args()
    start = time.perf_counter()
    data = images()
    print(f"images decoded in {time.perf_counter() - start:.1f} s", flush=True)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "images"
        save(data, saved)
        for precision in PRECISIONS:
            for workers in WORKERS:
                recipe = Recipe(epochs=given.epochs, train_images=given.images, precision=precision)
                one = pooled(saved, given.device, workers, recipe, given.trainings)
                found[f"{precision}, {workers} workers"] = one
                print(f"{precision}, {workers} workers: {one}", flush=True)
    parts = in_parts(data, given.device)
    print(f"in parts: {parts}", flush=True)
    latency = measure_latency(plain_network(), device=devices.device(given.device))
    print(latency.sentence)
    alone = found["fp32, 1 workers"]["images_per_second"]
    best = max(one["images_per_second"] for one in found.values())
    print_result(
        "accelerator",
        images_per_second=best,
        yardstick=alone,
        ratio=round(best / alone, 2),
        **parts,
        seconds=round(time.perf_counter() - start),
        measured=found,
        latency_ms=round(latency.median_ms, 3),
    )


if __name__ == "__main__":
    main()
