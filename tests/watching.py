"""What tests watch runs with: a watcher that ignores everything, and a wait for results."""

import time
from pathlib import Path

from netspace.run.jobs import Event
from netspace.run.store import Store
from netspace.trial import Trial


class Silent:
    """A watcher that ignores everything."""

    def say(self, sentence: str) -> None:
        """Ignore it."""

    def begin(self, title: str, *, total: int, done: int = 0, best: Trial | None = None) -> None:
        """Ignore it."""

    def advance(self, steps: int) -> None:
        """Ignore it."""

    def trial(self, trial: Trial, event: Event) -> None:
        """Ignore it."""

    def end(self) -> None:
        """Ignore it."""


def wait_for_finished(database: Path, number: int) -> list[Trial]:
    """The finished trials of a run that another process trains, once there are so many."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if database.exists():
            with Store(database) as store:
                done = store.trials(state="finished")
            if len(done) >= number:
                return done
        time.sleep(0.05)
    raise AssertionError("too few trainings finished in four minutes")
