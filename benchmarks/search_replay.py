"""Regret of the search strategies on published tables of trained networks, over many seeds.

By default random, evolution and the best strategy on the four tables that hold a whole space;
`--all` takes every strategy, more networks and the estimate fitted to a table.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from _search_curves import Curve, Curves, ratios, rows, verdicts, write_json
from _search_plot import plot
from _search_tables import TABLES, YARDSTICKS, Setting, missing, setting
from _shared import print_result
from netspace.errors import SpecError
from netspace.search.objective import Accuracy
from netspace.search.strategies import STRATEGIES, search, strategy
from netspace.search.strategy import Search
from netspace.spaces.ranges import Floats

BEST = "surrogate"
SLOW = {"gp": 10}
"""Strategies that are replayed with fewer seeds."""

LONG = {"macro": 500}
"""Tables on which `--all` tries more networks."""

CHUNK = 5
"""Searches that a process does before it takes up others."""

PAST = 1_000
PROPOSALS = 50


@dataclass(frozen=True, kw_only=True)
class Task:
    """Searches with consecutive seeds by one strategy on one table."""

    table: str
    strategy: str
    seeds: range
    networks: int


@dataclass(frozen=True, kw_only=True)
class Done:
    """Regret so far, (seeds, networks), and seconds spent on proposals; or why none.

    notes: on the table.
    """

    task: Task
    regrets: Floats
    seconds: float
    notes: tuple[str, ...]
    refused: str = ""


def replay(task: Task) -> Done:
    """Do the searches, the table in the place of training."""
    chosen = setting(task.table)
    regrets, seconds = np.empty((len(task.seeds), task.networks)), 0.0
    for row, seed in enumerate(task.seeds):
        try:
            one = search(strategy(task.strategy), chosen.domain, Accuracy(), seed=seed)
        except SpecError as refusal:
            said = str(refusal)
            return Done(task=task, regrets=regrets[:0], seconds=0.0, notes=(), refused=said)
        errors, spent = _one(one, chosen, task.networks)
        regrets[row] = np.minimum.accumulate(errors) - chosen.best
        seconds += spent
    return Done(task=task, regrets=regrets, seconds=seconds, notes=chosen.notes)


def _one(one: Search, chosen: Setting, networks: int) -> tuple[Floats, float]:
    """The errors of the networks that a search asks for one by one, and its own seconds."""
    errors, seconds = np.empty(networks), 0.0
    for number in range(networks):
        start = time.perf_counter()
        (asked,) = one.ask()
        seconds += time.perf_counter() - start
        errors[number] = chosen.errors(asked.genes[np.newaxis])[0]
        one.tell(asked.number, float(errors[number]))
    return errors, seconds


def replayed(tasks: Sequence[Task], jobs: int) -> Curves:
    """All searches, in so many processes of one thread each."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    spawn = multiprocessing.get_context("spawn")
    done = []
    with ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        for number, one in enumerate(pool.map(replay, tasks)):
            done.append(one)
            if sys.stderr.isatty():
                print(f"\r{number + 1} of {len(tasks)} parts", end="", file=sys.stderr)
    for table, notes in {one.task.table: one.notes for one in done if one.notes}.items():
        for note in notes:
            print(f"{table}: {note}")
    return dict(_curves(done))


def _curves(done: Sequence[Done]) -> Iterator[tuple[tuple[str, str], Curve]]:
    for (table, name), group in groupby(done, lambda one: (one.task.table, one.task.strategy)):
        parts = list(group)
        if parts[0].refused:
            print(f"{table}: {name} is left out: {parts[0].refused}")
            continue
        regrets = np.concatenate([one.regrets for one in parts])
        ms = 1e3 * sum(one.seconds for one in parts) / regrets.size
        yield (table, name), Curve(table=table, strategy=name, regrets=regrets, ms=ms)


def tasks_of(words: argparse.Namespace) -> list[Task]:
    """What the command line asks for, table by table."""
    found = []
    for table in words.tables:
        networks = words.evaluations or (LONG.get(table, 200) if words.all else 200)
        for name in words.strategies:
            seeds = min(words.seeds, SLOW.get(name, words.seeds))
            found += [
                Task(
                    table=table,
                    strategy=name,
                    seeds=range(first, min(first + CHUNK, seeds)),
                    networks=networks,
                )
                for first in range(0, seeds, CHUNK)
            ]
    return found


def speed(jobs: int) -> float:
    """Seconds for 100 searches of 500 networks by evolution on the smallest table."""
    start = time.perf_counter()
    chunks = [range(first, first + CHUNK) for first in range(0, 100, CHUNK)]
    replayed(
        [Task(table="macro", strategy="evolution", seeds=c, networks=500) for c in chunks], jobs
    )
    return time.perf_counter() - start


def overhead(name: str, table: str) -> tuple[float, float]:
    """Milliseconds of the first proposal after 1,000 past networks, and of each one after that."""
    chosen = setting(table)
    past = search(strategy("random"), chosen.domain, Accuracy(), seed=1).ask(PAST)
    errors = chosen.errors(np.stack([one.genes for one in past]))
    one = search(strategy(name), chosen.domain, Accuracy(), seed=0)
    for told, error in zip(past, errors.tolist(), strict=True):
        one.restore(told.number, told.genes, told.costs)
        one.tell(told.number, error)
    _, first = _one(one, chosen, 1)
    _, others = _one(one, chosen, PROPOSALS)
    return 1e3 * first, 1e3 * others / PROPOSALS


def main() -> None:
    """Replay, say what came of it, and write or draw the curves."""
    words = _words()
    if absent := missing(words.tables):
        sys.exit(f"search_replay needs {', '.join(map(str, absent))}")
    if words.speed:
        print_speed(words.jobs)
    elif words.overhead:
        print_overheads(words.strategies)
    else:
        print_replays(words)


def print_replays(words: argparse.Namespace) -> None:
    """Regrets beside the yardsticks, verdicts and the ratio that counts."""
    start = time.perf_counter()
    curves = replayed(tasks_of(words), words.jobs)
    for line in rows(curves):
        print(line)
    found = list(verdicts(curves, words.best))
    for verdict in found:
        print(verdict.line)
    if words.json:
        write_json(curves, words.json)
    if words.plot:
        plot(curves, words.plot)
    by_place = ratios(curves, words.best)
    smallest = min(by_place, key=lambda place: by_place[place], default=None)
    print_result(
        "search_replay",
        seeds=words.seeds,
        best=words.best,
        regret=_regrets(curves, words.best),
        yardstick={name: dict(known.evolution) for name, known in YARDSTICKS.items()},
        ratios=by_place,
        smallest=smallest,
        ratio=None if smallest is None else by_place[smallest],
        claims=len(found),
        claims_failed=sum(not one.holds for one in found),
        ms_per_proposal={f"{t} {s}": round(curve.ms, 2) for (t, s), curve in curves.items()},
        minutes=round((time.perf_counter() - start) / 60, 1),
    )


def _regrets(curves: Curves, best: str) -> dict[str, dict[int, float]]:
    return {
        table: {n: round(float(one.mean[n - 1]), 4) for n in (100, 200, 500) if n <= one.networks}
        for (table, name), one in curves.items()
        if name == best
    }


def print_speed(jobs: int) -> None:
    """Seconds for the replay that the yardstick of 60 s is stated for."""
    seconds = speed(jobs)
    print_result(
        "search_replay_speed",
        searches=100,
        networks=500,
        jobs=jobs,
        seconds=round(seconds, 1),
        yardstick=60.0,
        ratio=round(60.0 / seconds, 2),
    )


def print_overheads(names: Sequence[str]) -> None:
    """Milliseconds per proposal after 1,000 networks, of every strategy that fits."""
    found = {}
    for name in names:
        try:
            first, others = overhead(name, "cifar10")
        except SpecError as refusal:
            print(f"{name} is left out: {refusal}")
            continue
        print(f"{name:<11} first {first:9.2f} ms, then {others:8.2f} ms a proposal")
        found[name] = {"first_ms": round(first, 2), "ms": round(others, 2)}
    slowest = max(one["ms"] for name, one in found.items() if name != "gp")
    print_result(
        "search_overhead",
        past=PAST,
        proposals=PROPOSALS,
        strategies=found,
        slowest_ms=slowest,
        yardstick=20.0,
        ratio=round(20.0 / slowest, 2),
    )


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every strategy and table")
    parser.add_argument("--strategies", type=_listed, help=f"of {', '.join(STRATEGIES)}")
    parser.add_argument("--tables", type=_listed, help=f"of {', '.join(TABLES)}")
    parser.add_argument("--seeds", type=int, default=100, help="searches of each strategy")
    parser.add_argument("--evaluations", type=int, help="networks that a search tries")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--best", default=BEST, help="the strategy held against evolution")
    parser.add_argument("--json", type=Path, help="file for the curves")
    parser.add_argument("--plot", type=Path, help="image of the curves")
    parser.add_argument("--speed", action="store_true", help="only seconds of 100 searches")
    parser.add_argument("--overhead", action="store_true", help="only ms after 1,000 networks")
    words = parser.parse_args()
    usual = tuple(STRATEGIES) if words.all or words.overhead else ("random", "evolution", BEST)
    words.strategies = words.strategies or tuple(name for name in usual if name in STRATEGIES)
    words.tables = words.tables or (TABLES if words.all else tuple(YARDSTICKS))
    if unknown := set(words.strategies) - set(STRATEGIES):
        parser.error(f"unknown strategy {min(unknown)}; known are {', '.join(STRATEGIES)}")
    if unknown := set(words.tables) - set(TABLES):
        parser.error(f"unknown table {min(unknown)}; known are {', '.join(TABLES)}")
    return words


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


if __name__ == "__main__":
    main()
