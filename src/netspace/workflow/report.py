"""The report of whatever kind of run lies in a folder."""

from netspace.present.report import render
from netspace.present.scaling_report import render_scaling
from netspace.present.table_report import render_table
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.workflow.record import read_record
from netspace.workflow.scaling import read_scaling
from netspace.workflow.session import kind_of
from netspace.workflow.table_run import read_table_run


def report_text(folder: RunFolder) -> str:
    """The report as one HTML page. Raises RunError if no run has begun there."""
    with Store.existing(folder.database) as store:
        kind = kind_of(store)
    match kind:
        case "design" | "search":
            return render(read_record(folder))
        case "scaling":
            return render_scaling(read_scaling(folder))
        case "table":
            return render_table(read_table_run(folder))
