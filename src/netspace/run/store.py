"""The store of a run: every trial and a few facts, in one SQLite file.

One process writes (the loop); any number may read. Each change is one transaction, so a kill at
any moment leaves the last finished trial in place. A trial's identity is (round, space, index,
seed): planning it again changes nothing.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from netspace.design.complexity import Complexity
from netspace.design.serial import network_from_plain, read, to_plain
from netspace.errors import RunError, StorageError
from netspace.recipe import Recipe
from netspace.run.columns import (
    ROWS_AT_ONCE,
    Standing,
    read_spaces,
    read_standings,
    read_table,
    rows_of,
)
from netspace.run.schema import FACTS, TRIALS, create_tables
from netspace.table import TrialTable
from netspace.trial import Epoch, Round, State, Trial

BUSY_TIMEOUT_S = 30
FORMAT = 1


class Store:
    """Trials and facts of one run, in the SQLite file at `path`.

    read_only: change nothing, not even where the folder may not be written.
    """

    def __init__(self, path: Path, *, read_only: bool = False):
        self._path = path
        if read_only:
            self._engine = sa.create_engine("sqlite://", creator=lambda: _open_to_read(path))
        else:
            url = sa.URL.create("sqlite", database=str(path))
            self._engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
            sa.event.listen(self._engine, "connect", _configure)
            with self._begin() as connection:
                create_tables(connection)
        if self.fact("format") is None and not read_only:
            self.record(format=FORMAT)
        elif self.fact("format") != FORMAT:
            raise RunError(
                f"{path}: run format {self.fact('format')} was written by another version of "
                f"netspace, this one reads format {FORMAT}; use that version"
            )

    @classmethod
    def existing(cls, path: Path) -> Self:
        """The store at `path`, to be read only. Raises RunError if there is none."""
        if not path.is_file():
            raise RunError(f"{path.parent}: no run there (no {path.name}); give a run's folder")
        return cls(path, read_only=True)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(self, **facts: object) -> None:
        """Set facts about the run; values are plain JSON."""
        with self._begin() as connection:
            _record(connection, facts)

    def fact(self, name: str) -> Any:
        """A fact's value; None if it was never recorded."""
        with self._begin() as connection:
            return connection.scalar(sa.select(FACTS.c.value).where(FACTS.c.name == name))

    def plan(self, trials: Iterable[Trial]) -> None:
        """Add the trials that are not there yet."""
        rows = [_row(trial) for trial in trials]
        if not rows:
            return
        with self._begin() as connection:
            connection.execute(insert(TRIALS).on_conflict_do_nothing(), rows)

    def add_tables(
        self,
        tables: Mapping[str, TrialTable],
        names: Mapping[str, Sequence[str]] = MappingProxyType({}),
        **facts: object,
    ) -> None:
        """Add populations trained elsewhere, by space, and facts about them: all or nothing.

        names: what each row is called, by space. Such trials have no network; see `table`.
        """
        with self._begin() as connection:
            for space, table in tables.items():
                rows = rows_of(space, table, names.get(space, ()))
                while some := list(islice(rows, ROWS_AT_ONCE)):
                    connection.execute(insert(TRIALS), some)
            _record(connection, facts)

    def begin(self, trial_id: int) -> bool:
        """Mark a planned trial as running; False if it was not planned (any more)."""
        return self._change(
            trial_id, was="planned", state="running", attempts=TRIALS.c.attempts + 1
        )

    def finish(
        self,
        trial_id: int,
        *,
        error: float,
        seconds: float,
        curve: Iterable[Epoch],
        setting: Mapping[str, str],
    ) -> None:
        """Mark a running trial as finished, with its result."""
        self._change(
            trial_id,
            was="running",
            state="finished",
            error=error,
            seconds=seconds,
            curve=[asdict(epoch) for epoch in curve],
            setting=dict(setting),
        )

    def fail(
        self,
        trial_id: int,
        reason: str,
        *,
        seconds: float | None = None,
        curve: Iterable[Epoch] = (),
        setting: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Mark a running trial as failed, with the reason and what was measured until then."""
        self._change(
            trial_id,
            was="running",
            state="failed",
            error=None,
            reason=reason,
            seconds=seconds,
            curve=[asdict(epoch) for epoch in curve],
            setting=dict(setting),
        )

    def release(self, trial_id: int) -> None:
        """Put a running trial back to planned: its worker is gone."""
        self._change(trial_id, was="running", state="planned")

    def go_on(self, trial_id: int) -> None:
        """Put a finished trial back to planned, to be trained further.

        Its error, curve, seconds and setting stay until it finishes again, or fails.
        """
        self._change(trial_id, was="finished", state="planned")

    def plan_again(self, trials: Iterable[Trial]) -> None:
        """Put failed trials back to planned as they are given here: from before the failure."""
        kept = ("error", "seconds", "reason", "curve", "setting")
        for trial in trials:
            row = _row(trial)
            before = {name: row[name] for name in kept}
            self._change(trial.id, was="failed", state="planned", **before)

    def release_running(self) -> int:
        """Put all running trials back to planned; how many there were."""
        stale = sa.update(TRIALS).where(TRIALS.c.state == "running").values(state="planned")
        with self._begin() as connection:
            return connection.execute(stale).rowcount

    def trials(self, **equal: object) -> list[Trial]:
        """The trials whose columns have these values, by id."""
        chosen = sa.select(TRIALS).order_by(TRIALS.c.id)
        for name, value in equal.items():
            chosen = chosen.where(TRIALS.c[name] == value)
        with self._begin() as connection:
            return [_trial(row) for row in connection.execute(chosen).mappings()]

    def table(self, *, round: Round = "population", space: str) -> TrialTable:
        """The finished and failed trials of one round and space, as columns, by index."""
        with self._begin() as connection:
            return read_table(connection, round=round, space=space)

    def spaces(self, round: Round = "population") -> tuple[str, ...]:
        """The spaces of a round's trials, in the order of their first one."""
        with self._begin() as connection:
            return read_spaces(connection, round=round)

    def standings(self) -> list[Standing]:
        """Where every trial stands, by id."""
        with self._begin() as connection:
            return read_standings(connection)

    def counts(self) -> dict[State, int]:
        """How many trials are in each state."""
        found: dict[State, int] = {"planned": 0, "running": 0, "finished": 0, "failed": 0}
        grouped = sa.select(TRIALS.c.state, sa.func.count()).group_by(TRIALS.c.state)
        with self._begin() as connection:
            found.update((state, count) for state, count in connection.execute(grouped))
        return found

    def _change(self, trial_id: int, *, was: State, **values: object) -> bool:
        here = (TRIALS.c.id == trial_id) & (TRIALS.c.state == was)
        with self._begin() as connection:
            return connection.execute(sa.update(TRIALS).where(here).values(**values)).rowcount == 1

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as fault:
            raise StorageError(f"{self._path}: {_remedy(str(fault.orig))}") from None


def _record(connection: sa.Connection, facts: Mapping[str, object]) -> None:
    for name, value in facts.items():
        new = insert(FACTS).values(name=name, value=value)
        connection.execute(
            new.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )


def _open_to_read(path: Path) -> sqlite3.Connection:
    # Without a write-ahead log, or where none could be kept, nobody writes: read the file alone.
    written = path.with_name(f"{path.name}-wal").exists() and os.access(path.parent, os.W_OK)
    mode = "mode=ro" if written else "mode=ro&immutable=1"
    address = f"file:{quote(str(path))}?{mode}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False)


def _configure(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    _use_write_ahead_log(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    # The switch of a new file needs it alone, and SQLite does not wait for that: it fails at once.
    patience_ends = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as fault:
            busy = fault.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > patience_ends:
                raise
            time.sleep(0.01)


def _remedy(told: str) -> str:
    if "full" in told:
        return "the disk is full; free some space and run the same command again, it resumes"
    if "not a database" in told or "malformed" in told:
        return "not a readable run; restore it, or choose another folder"
    return f"{told}; check the disk and the folder's permissions"


def _row(trial: Trial) -> dict[str, object]:
    return {
        "round": trial.round,
        "space": trial.space,
        "index": trial.index,
        "seed": trial.seed,
        "network": to_plain(trial.network, complete=True),
        "parameters": to_plain(trial.parameters),
        **asdict(trial.complexity),
        "recipe": asdict(trial.recipe),
        "state": trial.state,
        "attempts": trial.attempts,
        "error": trial.error,
        "seconds": trial.seconds,
        "reason": trial.reason,
        "curve": [asdict(epoch) for epoch in trial.curve],
        "setting": dict(trial.setting),
    }


def _trial(row: sa.RowMapping) -> Trial:
    return Trial(
        id=row["id"],
        round=row["round"],
        space=row["space"],
        index=row["index"],
        seed=row["seed"],
        network=network_from_plain(row["network"]),
        parameters=row["parameters"],
        complexity=Complexity(
            flops=row["flops"], params=row["params"], activations=row["activations"]
        ),
        recipe=read(Recipe, row["recipe"]),
        state=row["state"],
        attempts=row["attempts"],
        error=row["error"],
        seconds=row["seconds"],
        reason=row["reason"],
        curve=tuple(Epoch(**epoch) for epoch in row["curve"]),
        setting=row["setting"],
    )
