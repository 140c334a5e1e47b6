"""Latencies of a contest's networks on this machine, while nothing trains."""

from collections.abc import Sequence
from dataclasses import replace

from netspace.contest_study import ContestStudy
from netspace.present.contest_record import Entry
from netspace.present.latency_record import LatencyReport
from netspace.workflow.latency import Wish, measure
from netspace.workflow.watch import Watcher


def time_entries(study: ContestStudy, found: Sequence[Entry], watcher: Watcher) -> LatencyReport:
    """Every entry with every backend of the study, one image and one thread, in rounds."""
    networks = [replace(one.network, name=one.name) for one in found]
    return measure(networks, _wish(study), watcher)


def require_backends(study: ContestStudy) -> None:
    """Raise UserError for a backend that is unknown or cannot run here."""
    wish = _wish(study)
    wish.chosen(wish.conditions)


def _wish(study: ContestStudy) -> Wish:
    return Wish(backends=study.timed_backends, device=study.device)
