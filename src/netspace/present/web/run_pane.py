"""What a state of the page of a run rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netspace.errors import RunError
from netspace.present.web.folders import run_folders
from netspace.present.web.run_cache import run_data
from netspace.present.web.run_data import Rows, RunData
from netspace.present.web.run_state import Looking
from netspace.present.web.view import View
from netspace.run.folder import RunFolder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pane:
    """What a state of the page rests on: all trials of the round, and those that pass."""

    looking: Looking
    data: RunData
    view: View
    whole: tuple[Rows, ...]
    shown: tuple[Rows, ...]

    @classmethod
    def of(cls, looking: Looking, data: RunData, view: View) -> "Pane":
        """The pane of this state."""
        whole = data.rounds.get(looking.round, ())
        shown = looking.filter.rows(whole)
        return cls(looking=looking, data=data, view=view, whole=whole, shown=shown)

    @property
    def sampled(self) -> bool:
        """Whether the round's networks were drawn at random, so that they stand for their space."""
        return self.looking.round == "population" and self.data.kind in ("design", "table")


def pane_of(view: View, query: Mapping[str, str]) -> Pane:
    """What this query shows. Raises UserError for a run or a state that is not there."""
    data = run_data(_folder(view.folders, query.get("run", "")))
    return Pane.of(Looking.of(query, data), data, view)


def _folder(folders: Sequence[Path], name: str) -> RunFolder:
    """The run of this name, if it is one of those to be looked at."""
    for path in run_folders(folders):
        if str(path) == name:
            return RunFolder(path)
    raise RunError(f"no run '{name}' among the folders given; choose one from the list")
