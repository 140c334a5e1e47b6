"""A contest read back from its folder, and the files that are written from it."""

from dataclasses import replace

from netspace.config import study_text
from netspace.errors import RunError
from netspace.present.contest_reading import contest_record
from netspace.present.contest_record import ContestRecord
from netspace.present.contest_report import render_contest
from netspace.present.contest_summary import contest_summary_text
from netspace.present.export import yaml_text
from netspace.run.folder import RunFolder, write_whole
from netspace.run.store import Store
from netspace.workflow.session import require_kind


def read_contest(folder: RunFolder) -> ContestRecord:
    """The contest in a folder. Raises RunError if there is none that has begun."""
    with Store.existing(folder.database) as store:
        require_kind("contest", store, folder)
        if store.fact("study") is None:
            raise RunError(f"{folder.path}: this run has not begun; start it again")
        return contest_record(folder.path, store)


def write_contest(folder: RunFolder, store: Store) -> None:
    """Write the study, the best network, the summary and the report."""
    record = contest_record(folder.path, store)
    write_whole(folder.study, study_text(record.study))
    if record.victor is not None:
        write_whole(
            folder.winner,
            yaml_text(replace(record.entry(record.victor.name).network, name=record.victor.name)),
        )
    write_whole(folder.summary, contest_summary_text(record))
    write_whole(folder.report, render_contest(record))
