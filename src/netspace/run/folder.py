"""A run's folder: what lies where, and the lock that lets one process work on it."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from netspace.errors import RunError, StorageError


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def database(self) -> Path:
        """Trials and facts."""
        return self.path / "run.db"

    @property
    def study(self) -> Path:
        """The study file that this run follows."""
        return self.path / "study.yaml"

    @property
    def weights(self) -> Path:
        """Weights of the final round or of a contest, while it lasts."""
        return self.path / "weights"

    @property
    def winner(self) -> Path:
        """The chosen network."""
        return self.path / "winner.yaml"

    @property
    def winner_weights(self) -> Path:
        """The chosen network's weights."""
        return self.path / "winner.safetensors"

    @property
    def summary(self) -> Path:
        """The result in figures."""
        return self.path / "summary.json"

    @property
    def report(self) -> Path:
        """The result for people."""
        return self.path / "report.html"

    def discard(self) -> None:
        """Take away what opening a run made, and the folder if nothing else lies in it."""
        for name in ("run.db", "run.db-wal", "run.db-shm", ".lock"):
            (self.path / name).unlink(missing_ok=True)
        with suppress(OSError):
            self.path.rmdir()

    @property
    def in_use(self) -> bool:
        """Whether a process is at work on the run."""
        try:
            lock = os.open(self.path / ".lock", os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Work on the folder alone. Raises RunError while another process does.

        The lock goes with the process, so a kill leaves none behind.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as fault:
            reason = fault.strerror
            raise StorageError(
                f"{self.path}: cannot write there ({reason}); choose another --out"
            ) from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunError(
                    f"{self.path}: another netspace process is working on this run; wait for it, "
                    "or choose another --out"
                ) from None
            yield
        finally:
            os.close(lock)


def write_whole(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as fault:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written ({_remedy(fault)}") from None


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file; the copy appears whole or not at all."""
    partial = target.with_name(target.name + ".partial")
    try:
        shutil.copyfile(source, partial)
        os.replace(partial, target)
    except OSError as fault:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StorageError(f"{target}: cannot be written ({_remedy(fault)}") from None


def _remedy(fault: OSError) -> str:
    if fault.errno == errno.ENOSPC:
        return "the disk is full); free some space and run the same command again"
    return f"{fault.strerror}); check that its folder exists and may be written"
