"""What a workflow tells whoever watches it, and the watcher that draws it on stderr."""

from typing import Protocol

from netspace.present.progress import ProgressBar
from netspace.run.jobs import Died, EpochDone, Event, Failed, Finished, Probed, Stopped
from netspace.trial import Trial


class Watcher(Protocol):
    """Listens to a workflow."""

    def say(self, sentence: str) -> None:
        """Hear a sentence for the user."""

    def begin(self, title: str, *, total: int, done: int = 0, best: Trial | None = None) -> None:
        """A stretch of work of `total` steps begins, `done` of them done already.

        best: the best trial among those.
        """

    def advance(self, steps: int) -> None:
        """So many steps further."""

    def trial(self, trial: Trial, event: Event) -> None:
        """Something happened to a trial; its epochs are the steps."""

    def end(self) -> None:
        """The stretch of work is over."""


class Reporter:
    """Draws progress on stderr: epochs done, time left, the best network so far."""

    def __init__(self) -> None:
        self._bar = ProgressBar()
        self._best = ""
        self._lowest = float("inf")
        self._epochs: dict[int, int] = {}

    def say(self, sentence: str) -> None:
        """Print a line."""
        self._bar.say(sentence)

    def begin(self, title: str, *, total: int, done: int = 0, best: Trial | None = None) -> None:
        """Show a bar, with the best so far behind it."""
        self._best, self._lowest, self._epochs = "", float("inf"), {}
        if best is not None and best.error is not None:
            self._note_best(best, best.error)
        self._bar.begin(title, total=total, done=done)

    def advance(self, steps: int) -> None:
        """Move the bar."""
        self._bar.advance(steps)

    def end(self) -> None:
        """Take the bar away."""
        self._bar.end()

    def trial(self, trial: Trial, event: Event) -> None:
        """Move the bar by an epoch; say what finished or broke down."""
        match event:
            case EpochDone():
                self._epochs[trial.id] = self._epochs.get(trial.id, 0) + 1
                self._bar.advance(1, self._best)
            case Finished(error=error):
                self._note_best(trial, error)
                self._epochs.pop(trial.id, None)
                self._bar.advance(0, self._best)
                if not self._bar.live:
                    self.say(f"{trial.name}: validation error {error:.2f} %, {event.seconds:.0f} s")
            case Failed(reason=reason):
                done = len(trial.curve) + self._epochs.pop(trial.id, 0)
                self._bar.advance(trial.recipe.epochs - done)
                self.say(f"{trial.name} failed: {reason}")
            case Died(reason=reason):
                self._bar.advance(-self._epochs.pop(trial.id, 0))
                self.say(f"{trial.name}: {reason}")
            case Stopped() | Probed():
                pass

    def _note_best(self, trial: Trial, error: float) -> None:
        if error < self._lowest:
            self._lowest, self._best = error, f"best {error:.2f} % ({trial.name})"
