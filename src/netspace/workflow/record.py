"""A run read back from its folder, as one value."""

from netspace.errors import RunError
from netspace.present.reading import record_of
from netspace.present.record import RunRecord
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.workflow.session import require_kind

__all__ = ["read_record", "record_of"]


def read_record(folder: RunFolder) -> RunRecord:
    """The run in a folder. Raises RunError if there is none, or none that has begun."""
    with Store.existing(folder.database) as store:
        require_kind(("design", "search"), store, folder)
        if store.fact("data") is None or store.fact("study") is None:
            raise RunError(
                f"{folder.path}: this run stopped before its images were read; start it again"
            )
        return record_of(folder, store)
