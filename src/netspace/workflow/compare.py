"""Two populations side by side, each given as DIR or DIR:SPACE."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netspace.analyse.comparison import Comparison
from netspace.analyse.estimands import EstimandName
from netspace.analyse.verdict import compare
from netspace.config import study_from_plain
from netspace.design.units import format_size
from netspace.errors import RunError, UnknownNameError
from netspace.run.folder import RunFolder
from netspace.run.store import Store
from netspace.table import TrialTable
from netspace.workflow.session import kind_of, require_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One population of one run.

    origin: where its errors come from; what must be equal, by name, where two are compared.
    """

    folder: str
    space: str
    table: TrialTable
    origin: Mapping[str, object]

    @property
    def trains(self) -> bool:
        """Whether it can grow: a run trains further networks, a table has its rows."""
        return self.origin["kinds of run"] != "table"


def side(text: str) -> Side:
    """The population that DIR or DIR:SPACE names; DIR alone must hold a single space."""
    path, space = _split(text)
    folder = RunFolder(path)
    with Store.existing(folder.database) as store:
        origin = _origin(folder, store)
        names = store.spaces()
        if space and space not in names:
            raise UnknownNameError.of("space", space, names)
        if not space and len(names) != 1:
            others = " or :".join(names)
            raise RunError(f"{text} holds {len(names)} spaces; say which: {text}:{others}")
        chosen = space or names[0]
        table = store.table(space=chosen)
    return Side(folder=str(path), space=chosen, table=table, origin=origin)


def _split(text: str) -> tuple[Path, str]:
    """DIR and SPACE, either of which may hold colons; SPACE is empty if there is none."""
    ends = [len(text), *(place for place, letter in enumerate(text) if letter == ":")]
    end = next((end for end in sorted(ends, reverse=True) if Path(text[:end]).is_dir()), None)
    if end is None:
        folder, _, space = text.rpartition(":")
        return Path(folder or text), space
    return Path(text[:end]), text[end + 1 :]


def _origin(folder: RunFolder, store: Store) -> dict[str, object]:
    """Where a run's errors come from. Raises RunError if it has no populations (yet)."""
    kind = kind_of(store)
    if kind == "table":
        table = store.fact("table")
        same = ("fingerprint", "measure", "column", "scale")
        return {
            "kinds of run": kind,
            "imported tables or error columns": {name: table[name] for name in same},
        }
    require_kind("design", store, folder)
    data, study = store.fact("data"), store.fact("study")
    if data is None or study is None or not store.spaces():
        raise RunError(f"{folder.path}: this run stopped before its first training; start it again")
    return {
        "kinds of run": kind,
        "images or splits": data["fingerprint"],
        "recipes": study_from_plain(study).recipe,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What two populations are compared by; margin None is the estimand's usual one."""

    estimand: EstimandName = "best_of_10"
    margin: float | None = None
    force: bool = False


def compare_populations(a: Side, b: Side, terms: Terms) -> Comparison:
    """Compare B with A, at one look. Raises RunError if their errors have different origins."""
    require_alike(a, b, force=terms.force)
    return compare(a.table.errors, b.table.errors, estimand=terms.estimand, margin=terms.margin)


def require_alike(a: Side, b: Side, *, force: bool) -> tuple[str, ...]:
    """Why A and B should not be compared, where that is forced. Raises RunError where it is not.

    One population against itself is never compared.
    """
    if (a.folder, a.space) == (b.folder, b.space):
        raise RunError(f"{a.folder}:{a.space} stands on both sides; give two populations")
    found = tuple(_obstacles(a, b))
    if found and not force:
        raise RunError(f"{found[0]}; --force compares them all the same")
    return found


def _obstacles(a: Side, b: Side) -> Iterator[str]:
    differing = _differing(a.origin, b.origin)
    if differing:
        yield f"{a.folder} and {b.folder} have different {differing}"
    costs = [table.flops[np.isfinite(table.flops)] for table in (a.table, b.table)]
    if all(cost.size for cost in costs):
        (low_a, high_a), (low_b, high_b) = ((cost.min(), cost.max()) for cost in costs)
        if high_a < low_b or high_b < low_a:
            yield (
                f"the networks of {a.space} have {format_size(low_a)} to {format_size(high_a)} "
                f"flops, those of {b.space} {format_size(low_b)} to {format_size(high_b)}: spaces "
                "are compared at like cost"
            )


def _differing(a: Mapping[str, object], b: Mapping[str, object]) -> str:
    """What differs, in words; of runs of different kinds just that."""
    names = [name for name in a if name in b and a[name] != b[name]]
    return " and ".join(names[:1] if "kinds of run" in names else names)
