"""The latencies of a run's networks: what keeps to the run's limit, remembered in its store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from netspace.config import Study
from netspace.design.serial import read, to_plain
from netspace.run.store import Store
from netspace.spaces.sampling import Sample
from netspace.train.data import DataSet
from netspace.workflow.latency_file import Say
from netspace.workflow.latency_limit import Kept, LatencyCheck, Limit, keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The check of a run's latencies, and the store that remembers what was measured.

    Nothing may be training meanwhile: the measurement is to be a quiet one.
    """

    check: LatencyCheck
    store: Store

    @classmethod
    def of(cls, study: Study, data: DataSet, store: Store, say: Say) -> Self | None:
        """For a study that limits latency; None for one that does not."""
        most = study.budget.latency_ms
        if most is None:
            return None
        return cls(check=LatencyCheck.of(Limit(high_ms=most), data.resolution, say), store=store)

    def keep(self, space: str, draw: Callable[[int], Sample], count: int) -> tuple[Sample, Kept]:
        """`count` networks of a space within the limit, those that the store knows of first."""
        everything = self.store.fact("kept") or {}
        known = read(Kept, everything[space]) if space in everything else None
        drawn, found = keep(draw, count, self.check, known)
        self.store.record(kept={**everything, space: to_plain(found, complete=True)})
        return drawn, found
