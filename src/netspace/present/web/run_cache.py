"""Runs read once: a run is read again only when its files have changed."""

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from netspace.errors import RunError, UserError
from netspace.present.reading import record_of, steps_of
from netspace.present.record import RunRecord
from netspace.present.refinement_section import WalkShown, walks_shown
from netspace.present.web.run_data import RunData, read_run
from netspace.run.folder import RunFolder
from netspace.run.store import Store

Stamp: TypeAlias = tuple[tuple[int, int], ...]
"""When the database and its write-ahead log changed last, and how large they are."""

FEW, MANY = 4, 256


def stamp(folder: RunFolder) -> Stamp:
    """Changes whenever the run does."""
    log = folder.database.with_name(f"{folder.database.name}-wal")
    return tuple(_size(path) for path in (folder.database, log))


def changed(folder: RunFolder) -> float:
    """When the run's files changed last, in seconds since 1970."""
    return max(time for time, _ in stamp(folder)) / 1e9


def _size(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def run_data(folder: RunFolder) -> RunData:
    """The run's trials as columns. Raises RunError or StorageError if it cannot be read."""
    return _data(folder, stamp(folder))


@lru_cache(maxsize=FEW)
def _data(folder: RunFolder, _: Stamp) -> RunData:
    try:
        return read_run(folder)
    except UserError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        # What somebody else wrote into the file.
        raise RunError(
            f"{folder.database}: its trials cannot be read ({fault}); restore the run"
        ) from None


def run_record(folder: RunFolder) -> RunRecord:
    """The run of a design or a search with all its networks."""
    return _record(folder, stamp(folder))


@lru_cache(maxsize=FEW)
def _record(folder: RunFolder, _: Stamp) -> RunRecord:
    with Store.existing(folder.database) as store:
        return record_of(folder, store)


def run_walks(folder: RunFolder) -> tuple[WalkShown, ...]:
    """The refinements of the run's spaces."""
    return _walks(folder, stamp(folder))


@lru_cache(maxsize=FEW)
def _walks(folder: RunFolder, _: Stamp) -> tuple[WalkShown, ...]:
    with Store.existing(folder.database) as store:
        return walks_shown(steps_of(store))
