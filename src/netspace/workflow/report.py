"""The report of whatever kind of run lies in a folder."""

from dataclasses import replace
from pathlib import Path

from netspace.errors import RunError, UserError
from netspace.present.contest_report import render_contest
from netspace.present.populations import populations, tabled
from netspace.present.record import RunRecord
from netspace.present.report import render
from netspace.present.scaling_report import render_scaling
from netspace.present.search_random import Baseline
from netspace.present.table_report import render_table
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.search.domain import COSTS
from netspace.workflow.contest_result import read_contest
from netspace.workflow.record import read_record
from netspace.workflow.scaling import read_scaling
from netspace.workflow.session import kind_of
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
            record = read_record(folder)
            return render(record, None if baseline is None else _beside(record, baseline))
        case "scaling":
            return render_scaling(read_scaling(folder))
        case "table":
            return render_table(read_table_run(folder))
        case "contest":
            return render_contest(read_contest(folder))


def _beside(record: RunRecord, path: Path) -> Baseline:
    """The random networks of another run. Raises RunError unless it is alike but for its strategy.

    They must come from the same space, budget and images, by the same recipe, trained to the end.
    """
    other = read_record(RunFolder(path))
    search = other.study.search
    if search is not None and (search.strategy.kind != "random" or search.halving is not None):
        raise RunError(
            f"{path} is no baseline: it takes a run whose networks are all drawn at random, and "
            "trained to the end"
        )
    differing = [
        name for name, there in _compared(other).items() if _compared(record)[name] != there
    ]
    if differing:
        raise RunError(
            f"{path} is no baseline for {record.folder}: it differs in {' and '.join(differing)}; "
            "give a run that differs in its strategy alone"
        )
    weighed = () if record.study.search is None else record.study.search.objective.costs
    if "latency_ms" in weighed:
        raise RunError(f"{path} is no baseline: the latency of its networks was not measured")
    table = tabled(populations(other)[0]).table
    return Baseline(
        name=str(path), errors=table.errors, costs={name: getattr(table, name) for name in COSTS}
    )


def _compared(record: RunRecord) -> dict[str, object]:
    """What must be the same in two runs for their networks to be set side by side."""
    study = record.study
    return {
        "images": record.data.fingerprint,
        "budget": study.budget.bounds,
        "recipe": study.recipe,
        "space": [replace(choice, networks=1) for choice in study.spaces],
    }
