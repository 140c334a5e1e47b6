"""The trials of one run as columns, read from its store without decoding networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from netspace.errors import RunError
from netspace.present.wording import spaced
from netspace.run.columns import Standing
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.table import Floats, TrialTable
from netspace.trial import State

MEASURED = ("error", "flops", "params", "activations", "index")
"""What every trial has; all other quantities are parameters of its space."""

_TITLES = {
    "error": "top-1 error (%)",
    "flops": "flops",
    "params": "params",
    "activations": "activations",
    "index": "place in the sample",
}
_READINGS = 5
"""So often a store is read until no trial ended while it was."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The finished and failed trials of one round and space.

    number: of the space in the round, which gives its colour. ids, attempts, seeds: (n,), beside
    the rows of the table; a seed is -1 where it is the study's. reasons: by id, of failed ones.
    """

    space: str
    number: int
    table: TrialTable
    ids: NDArray[np.int64]
    attempts: NDArray[np.int64]
    seeds: NDArray[np.int64]
    names: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.table)

    def called(self, index: int) -> str:
        """The network's own name, or its space and index: 'regnetx-7'."""
        return self.names.get(index) or f"{self.space}-{index}"

    def quantity(self, key: str) -> Floats:
        """(n,), NaN where a trial lacks it: measured, 'slope', or 'width.3' of the third stage."""
        if key == "error":
            return self.table.errors
        if key == "index":
            return self.table.index.astype(np.float64)
        if key in MEASURED:
            column: Floats = getattr(self.table, key)
            return column
        name, stage = (key, 0) if key in self.table.parameters else _stage(key)
        values = self.table.parameters.get(name)
        if values is None or (values.shape[1] > 1) != bool(stage) or stage > values.shape[1]:
            return np.full(len(self), nan)
        return values[:, max(0, stage - 1)]

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Some of the trials."""
        return replace(
            self,
            table=self.table.rows(chosen),
            ids=self.ids[chosen],
            attempts=self.attempts[chosen],
            seeds=self.seeds[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunData:
    """One run as far as it has come.

    rounds: the trials of each round by its name, as they were begun. facts: what the run says of
    itself. running: what the networks in training are called.
    """

    folder: RunFolder
    kind: str
    counts: Mapping[State, int]
    rounds: Mapping[str, tuple[Rows, ...]]
    facts: Mapping[str, Any]
    running: tuple[str, ...] = ()

    @property
    def first_round(self) -> str:
        """The round that is shown first; empty where nothing is planned."""
        return "population" if "population" in self.rounds else next(iter(self.rounds), "")

    @property
    def best(self) -> tuple[Rows, int] | None:
        """Where the lowest error of the first round stands: its rows, and which one."""
        known = [
            rows for rows in self.rounds.get(self.first_round, ()) if rows.table.finished.any()
        ]
        if not known:
            return None
        rows = min(known, key=lambda one: float(np.nanmin(one.table.errors)))
        return rows, int(np.nanargmin(rows.table.errors))


FACTS = ("study", "seconds", "started", "command", "table", "data")


def read_run(folder: RunFolder) -> RunData:
    """The run in a folder. Raises RunError or StorageError if it cannot be read."""
    with Store.existing(folder.database) as store:
        standings, rounds = _consistent(store)
        return RunData(
            folder=folder,
            kind=store.fact("kind") or "design",
            counts=store.counts(),
            rounds=rounds,
            facts={name: store.fact(name) for name in FACTS},
            running=tuple(
                f"{one.space}-{one.index}" for one in standings if one.state == "running"
            ),
        )


def _consistent(store: Store) -> tuple[list[Standing], dict[str, tuple[Rows, ...]]]:
    """Where every trial stands, and the rounds as they were at that moment."""
    for _ in range(_READINGS):
        standings = store.standings()
        rounds: dict[str, tuple[Rows, ...]] = {
            name: _spaces(store, name, [one for one in standings if one.round == name])
            for name in dict.fromkeys(one.round for one in standings)
        }
        # Two readings make the columns; a trial that ended in between is in one of them only.
        if all(len(rows.ids) == len(rows.table) for own in rounds.values() for rows in own):
            return standings, rounds
    raise RunError("trials end faster than they can be read; look again when fewer are running")


def _spaces(store: Store, name: Any, standings: Sequence[Standing]) -> tuple[Rows, ...]:
    seeds = {} if name == "population" else {t.id: t.seed for t in store.trials(round=name)}
    ended: dict[str, list[Standing]] = {space: [] for space in store.spaces(name)}
    for one in sorted(standings, key=lambda one: (one.index, one.id)):
        if one.state in ("finished", "failed"):
            ended.setdefault(one.space, []).append(one)
    return tuple(
        Rows(
            space=space,
            number=number,
            table=store.table(round=name, space=space),
            ids=_integers([one.id for one in own]),
            attempts=_integers([one.attempts for one in own]),
            seeds=_integers([seeds.get(one.id, -1) for one in own]),
            names={one.index: one.name for one in own if one.name},
            reasons={one.id: one.reason for one in own if one.state == "failed"},
        )
        for number, (space, own) in enumerate(ended.items())
    )


def _integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _stage(key: str) -> tuple[str, int]:
    """'width.3' to ('width', 3); a stage of 0 is none."""
    name, _, stage = key.rpartition(".")
    return (name, int(stage)) if name and stage.isdecimal() else (key, 0)


def quantities(own: Sequence[Rows]) -> tuple[str, ...]:
    """The keys of everything that the trials of a round can be drawn against or filtered by."""
    keys = [key for key in MEASURED if any(np.isfinite(rows.quantity(key)).any() for rows in own)]
    sizes: dict[str, set[int]] = {}
    for rows in own:
        for name, values in rows.table.parameters.items():
            sizes.setdefault(name, set()).add(values.shape[1])
    for name, found in sizes.items():
        keys += [name] if 1 in found else []
        keys += [f"{name}.{stage}" for stage in range(1, max(found) + 1)] if max(found) > 1 else []
    return tuple(keys)


def title(key: str) -> str:
    """A quantity in words: 'flops', 'slope', 'group width, stage 3'."""
    name, stage = _stage(key)
    words = _TITLES.get(name) or spaced(name)
    return f"{words}, stage {stage}" if stage else words


def joined(own: Sequence[Rows], key: str) -> Floats:
    """A quantity of all spaces after each other; NaN where a trial lacks it."""
    return np.concatenate([rows.quantity(key) for rows in own]) if own else np.empty(0)
