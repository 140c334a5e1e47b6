"""The report of whatever kind of run lies in a folder."""

from pathlib import Path

from netspace.config import study_from_plain
from netspace.errors import RunError, UserError
from netspace.present.report import render
from netspace.present.scaling_report import render_scaling
from netspace.present.search_random import Baseline
from netspace.present.table_report import render_table
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.search.domain import COSTS
from netspace.workflow.record import read_record
from netspace.workflow.scaling import read_scaling
from netspace.workflow.session import kind_of, require_kind
from netspace.workflow.table_run import read_table_run


def report_text(folder: RunFolder, *, baseline: Path | None = None) -> str:
    """The report as one HTML page. Raises RunError if no run has begun there.

    baseline: the folder of another run, whose random networks a search is set against.
    """
    with Store.existing(folder.database) as store:
        kind = kind_of(store)
    if baseline is not None and kind != "search":
        raise UserError(f"{folder.path} is no search, so it takes no --baseline: leave that out")
    match kind:
        case "design" | "search":
            beside = None if baseline is None else _random_networks(RunFolder(baseline))
            return render(read_record(folder), beside)
        case "scaling":
            return render_scaling(read_scaling(folder))
        case "table":
            return render_table(read_table_run(folder))


def _random_networks(folder: RunFolder) -> Baseline:
    """The networks of a run of one space that were drawn at random."""
    with Store.existing(folder.database) as store:
        require_kind(("search", "design"), store, folder)
        plain, names = store.fact("study"), store.spaces()
        search = None if plain is None else study_from_plain(plain).search
        if len(names) != 1 or (search is not None and search.strategy.kind != "random"):
            raise RunError(
                f"{folder.path} is no baseline: it takes a run whose networks are all drawn at "
                "random, from one space"
            )
        table = store.table(space=names[0])
    costs = {name: getattr(table, name) for name in COSTS}
    return Baseline(name=str(folder.path), errors=table.errors, costs=costs)
