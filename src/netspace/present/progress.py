"""Live progress on stderr: a bar with the time left, or plain lines where nobody looks."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class ProgressBar:
    """One bar at a time; sentences go above it. On a pipe, sentences only."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress: Progress | None = None
        self._task = TaskID(0)

    @property
    def live(self) -> bool:
        """Whether somebody can see a bar move."""
        return self._console.is_terminal

    def say(self, sentence: str) -> None:
        """Print a line."""
        self._console.print(sentence, markup=False)

    def begin(self, title: str, *, total: int, done: int = 0) -> None:
        """Show a bar of so many steps; a total of 0 is not known."""
        self.end()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("elapsed"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
            transient=True,
            disable=not self.live,
        )
        self._progress.start()
        self._task = self._progress.add_task(title, total=total or None, completed=done, note="")

    def advance(self, steps: int, note: str = "") -> None:
        """Move the bar; the note stands behind it."""
        if self._progress is not None:
            self._progress.update(self._task, advance=steps)
            if note:
                self._progress.update(self._task, note=note)

    def end(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
