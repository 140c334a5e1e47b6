"""A table of results made elsewhere becomes a run."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from netspace.errors import RunError
from netspace.run.folder import RunFolder
from netspace.workflow.session import opened, require_kind
from netspace.workflow.table_populations import ImportRequest, Populations, read_populations
from netspace.workflow.table_run import write_table_results


def import_file(path: Path, request: ImportRequest, out: Path, *, command: str = "") -> Populations:
    """Make a run of a table in the folder `out`, with summary and report.

    Doing so again changes nothing in the run, writes these files anew, and says so.

    Raises DataError for a file that cannot be used, RunError if the folder holds something else.
    """
    found = read_populations(path, request)
    folder = RunFolder(out)
    wanted = {**found.origin, "file": path.name, "options": asdict(request)}
    with opened(folder) as store:
        require_kind("table", store, folder)
        known = store.fact("table")
        if known is None:
            store.add_tables(
                found.tables,
                found.names,
                kind="table",
                table=wanted,
                left_out=dict(found.left_out),
                plan=list(found.notes),
                command=command,
                started=datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
            )
        elif known != wanted:
            raise RunError(
                f"{folder.path} holds another table ({_differing(known, wanted)} differs); choose "
                "another --out"
            )
        write_table_results(folder, store)
    if known is None:
        return found
    again = f"{folder.path} holds this table already; nothing was changed"
    return replace(found, notes=(again, *found.notes))


def _differing(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The first thing that is not the same, in words."""
    if known["file"] != wanted["file"]:
        return "the file's name"
    if known["fingerprint"] != wanted["fingerprint"]:
        return "what the file holds"
    options = wanted["options"]
    return f"--{next(name for name in options if known['options'].get(name) != options[name])}"
