"""The list of the runs that there are to look at."""

import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from netspace.errors import UserError
from netspace.present.tables import NONE
from netspace.present.web.folders import run_folders
from netspace.present.web.parts import Cell, table
from netspace.present.web.run_cache import changed, run_data
from netspace.present.web.run_data import RunData
from netspace.present.web.run_progress import state_words
from netspace.present.wording import percent
from netspace.run.folder import RunFolder

HEAD = (
    "run",
    "kind",
    "state",
    "finished",
    "failed",
    "running",
    "planned",
    "lowest error",
    "changed",
)
_NUMBERS = range(3, len(HEAD))
_AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def run_list(folders: Sequence[Path]) -> Component:
    """A row for each run in these folders; what cannot be read says why."""
    found = run_folders(folders)
    if not found:
        places = ", ".join(str(folder) for folder in folders) or "no folder"
        return html.P(
            f"No run was found in {places}. Begin one with 'netspace design' or 'netspace run', "
            "or give its folder: netspace ui DIR.",
            className="note",
        )
    now = time.time()
    return table(HEAD, [_row(path, now) for path in found], numbers=_NUMBERS)


def any_running(folders: Sequence[Path]) -> bool:
    """Whether a process is at work on one of the runs."""
    return any(RunFolder(path).in_use for path in run_folders(folders))


def _row(path: Path, now: float) -> Sequence[Cell]:
    folder = RunFolder(path)
    link = html.A(str(path), href=f"/runs?{urlencode({'run': str(path)})}")
    when = age(now - changed(folder))
    try:
        data = run_data(folder)
    except UserError as fault:
        said = html.Span(f"cannot be read: {fault}", className="runs-unread")
        return (link, NONE, said, *("",) * 5, when)
    counts = data.counts
    numbers = (f"{counts[state]:,}" for state in ("finished", "failed", "running", "planned"))
    return (link, data.kind, state_words(data), *numbers, _best(data), when)


def _best(data: RunData) -> str:
    if data.best is None:
        return NONE
    rows, place = data.best
    return percent(float(rows.table.errors[place]))


def age(seconds: float) -> str:
    """How long ago: '3 days ago', 'now'."""
    for length, unit in _AGES:
        if seconds >= length:
            many = int(seconds // length)
            return f"{many:,} {unit}{'' if many == 1 else 's'} ago"
    return "now"
