"""A watcher for tests that ignores everything."""

from netspace.run.jobs import Event
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
