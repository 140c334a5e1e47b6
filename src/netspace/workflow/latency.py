"""Networks timed with several backends on this machine, and what that says of them."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version

from netspace.analyse.latency_difference import CONFIDENCE, builds
from netspace.design.network import Network
from netspace.errors import UserError
from netspace.present.latency_record import LatencyReport
from netspace.present.wording import counted, duration
from netspace.train import backends, timing
from netspace.train.backends import Backend, Conditions, Run
from netspace.train.device import Compute, device
from netspace.train.latency import wait_for
from netspace.train.proxies import on_threads
from netspace.workflow.latency_findings import findings
from netspace.workflow.watch import Watcher

MANY_TO_COMPILE = 12
"""Above so many networks it is said how long compiling will take."""

BUSY = 0.5
"""A load of the machine above which latencies are not to be trusted much."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to measure. None: the usual backends that run here; rounds and runs as fit the time."""

    backends: tuple[str, ...] | None = None
    batch_size: int = 1
    threads: int = 1
    rounds: int | None = None
    runs: int | None = None
    device: str = "cpu"

    @property
    def conditions(self) -> Conditions:
        """Checked against this machine. Raises UserError for more threads than it has."""
        found = Conditions(
            batch_size=self.batch_size, threads=self.threads, device=device(self.device)
        )
        there = _processors()
        if self.threads > there:
            raise UserError(
                f"threads {self.threads} is more than the {counted(there, 'processor')} that this "
                f"process may use; use 1 to {there}"
            )
        return found

    def chosen(self, conditions: Conditions) -> tuple[Backend, ...]:
        """The backends, each once. Raises UserError for one that is unknown or cannot run here."""
        if self.backends is None:
            return backends.usual(conditions.device)
        found = tuple(dict.fromkeys(backends.named(name) for name in self.backends))
        for one in found:
            backends.require(one, conditions.device)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """One build of a network, ready to run. network: its place."""

    network: int
    backend: Backend
    run: Run


def measure(
    networks: Sequence[Network],
    wish: Wish,
    watcher: Watcher,
    *,
    clock: Clock = time.perf_counter,
) -> LatencyReport:
    """Build and time the networks, each at its own resolution, untrained, and compare them.

    The thread count holds for the measurement only. Raises UserError for what cannot be measured
    here.
    """
    where = wish.conditions
    chosen = wish.chosen(where)
    _warn_of_load(watcher)
    with on_threads(where.threads):
        built = _build(networks, chosen, where, watcher)
        schedule, seconds = _timed([one.run for one in built], wish, where, watcher, clock)
        setting = Compute.of(where.device, "fp32").setting()
    cells = {
        (place, backend): seconds[
            [one.network == place and one.backend == backend for one in built]
        ]
        for place in range(len(networks))
        for backend in chosen
    }
    timed, found = findings(networks, chosen, cells)
    return LatencyReport(
        networks=timed,
        findings=found,
        device=setting["device"],
        versions=_versions(chosen),
        batch_size=where.batch_size,
        threads=where.threads,
        rounds=schedule.rounds,
        runs=schedule.runs,
        warmup=schedule.warmup,
        confidence=CONFIDENCE,
    )


def _processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _warn_of_load(watcher: Watcher) -> None:
    """Say so where other programs keep the processors busy."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > BUSY:
        watcher.say(
            f"note: other programs are at work here (a load of {load:.1f} on "
            f"{counted(_processors(), 'processor')}); latencies are steadier on an idle machine"
        )


def _versions(chosen: Sequence[Backend]) -> Mapping[str, str]:
    onnx = any(name.startswith("onnx") for name in chosen)
    torch = any(not name.startswith("onnx") for name in chosen)
    names = [*(["torch"] if torch else []), *(["onnxruntime"] if onnx else [])]
    return {name: version(name) for name in names}


def _build(
    networks: Sequence[Network], chosen: Sequence[Backend], where: Conditions, watcher: Watcher
) -> list[Built]:
    times = builds(len(networks))
    found: list[Built] = []
    with _watched(watcher, "building", len(chosen) * sum(times)):
        for backend in chosen:
            for place, (network, often) in enumerate(zip(networks, times, strict=True)):
                begin = time.monotonic()
                make = backends.builder(network, backend, where)
                for _ in range(often):
                    found.append(Built(network=place, backend=backend, run=make()))
                    watcher.advance(1)
                if backend == "compile" and place == 0 and len(networks) > MANY_TO_COMPILE:
                    _warn_of_compiling(time.monotonic() - begin, len(networks), watcher)
    return found


def _warn_of_compiling(seconds: float, networks: int, watcher: Watcher) -> None:
    watcher.say(
        f"compile took {duration(seconds)} for the first of {networks} networks, which makes about "
        f"{duration(seconds * networks)} for all; stop and leave compile out to be spared that"
    )


@contextmanager
def _watched(watcher: Watcher, title: str, total: int) -> Iterator[None]:
    watcher.begin(title, total=total)
    try:
        yield
    finally:
        watcher.end()


def _timed(
    runs: Sequence[Run], wish: Wish, where: Conditions, watcher: Watcher, clock: Clock
) -> tuple[timing.Schedule, timing.Seconds]:
    def settle() -> None:
        wait_for(where.device)

    once = timing.warm_up(runs, settle=settle, clock=clock)
    schedule = timing.fitted(wish.rounds or timing.ROUNDS, once)
    if wish.runs is not None:
        schedule = replace(schedule, runs=wish.runs)
    watcher.say(
        f"{counted(len(runs), 'build')} in {schedule.rounds} rounds of "
        f"{counted(schedule.runs, 'run')} each: about {duration(max(1.0, schedule.seconds(once)))}"
    )
    with _watched(watcher, "timing", schedule.rounds * len(runs)):
        seconds = timing.in_rounds(
            runs, schedule, settle=settle, clock=clock, advance=watcher.advance
        )
    return schedule, seconds
