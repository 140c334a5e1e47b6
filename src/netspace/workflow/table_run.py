"""The run of an imported table: read back as one value, and written as files."""

import json
from typing import Any

from netspace.present.populations import TablePopulation
from netspace.present.table_record import TableRecord
from netspace.present.table_report import render_table
from netspace.run.folder import RunFolder, write_whole
from netspace.run.store import Store
from netspace.workflow.session import require_kind
from netspace.workflow.steps import steps_of
from netspace.workflow.summary import comparisons, space_summary


def read_table_run(folder: RunFolder) -> TableRecord:
    """The table in a folder. Raises RunError if none was imported there."""
    with Store.existing(folder.database) as store:
        require_kind("table", store, folder)
        return table_record(folder, store)


def table_record(folder: RunFolder, store: Store) -> TableRecord:
    """The table that the store holds."""
    table = store.fact("table")
    options = {name: given for name, given in table["options"].items() if given is not None}
    names = _names(store) if "name" in options else {}
    return TableRecord(
        folder=str(folder.path),
        file=table["file"],
        fingerprint=table["fingerprint"],
        options=options,
        measure=table["measure"],
        column=table["column"],
        left_out=store.fact("left_out") or {},
        notes=tuple(store.fact("plan") or ()),
        populations=tuple(
            TablePopulation(
                space=space,
                number=number,
                table=store.table(space=space),
                names=names.get(space, {}),
            )
            for number, space in enumerate(store.spaces())
        ),
        steps=steps_of(store),
        command=store.fact("command") or "",
        started=store.fact("started") or "",
    )


def _names(store: Store) -> dict[str, dict[int, str]]:
    """What the networks are called, by space and index."""
    found: dict[str, dict[int, str]] = {}
    for trial in store.standings():
        found.setdefault(trial.space, {})[trial.index] = trial.name
    return found


def write_table_results(folder: RunFolder, store: Store) -> None:
    """Write summary and report from what the store holds."""
    record = table_record(folder, store)
    write_whole(folder.summary, json.dumps(table_summary(record), indent=2) + "\n")
    write_whole(folder.report, render_table(record))


def table_summary(record: TableRecord) -> dict[str, Any]:
    """The table in figures, as plain values, with the names that a run's summary.json has."""
    return {
        "winner": None,
        "networks_trained": record.rows - record.failed,
        "networks_failed": record.failed,
        "spaces": [space_summary(one) for one in record.populations],
        "comparisons": comparisons(record.shown),
        "data": {"name": record.file, "fingerprint": record.fingerprint},
    }
