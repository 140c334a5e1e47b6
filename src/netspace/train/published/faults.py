"""Weights that do not fit, said in one line."""

from collections.abc import Iterator, Mapping, Sequence

from netspace.errors import DataError
from netspace.train.published.naming import Naming

_SHOWN = 5


def check(
    where: str, naming: Naming, faults: Mapping[str, Sequence[str]], blocks: tuple[int, int] | None
) -> None:
    """Raise DataError if any of the lists of faults has an entry.

    Its line names the first of each list and how many there are; its notes name all. blocks: how
    many here and there.
    """
    found = {kind: names for kind, names in faults.items() if names}
    if not found:
        return
    said = (
        [f"{blocks[1]} blocks there, {blocks[0]} here"] if blocks and len(set(blocks)) > 1 else []
    )
    said += [f"{kind} ({len(names)}): {_first(names)}" for kind, names in found.items()]
    owner = f"weights of {naming.dialect}{f' ({naming.family})' if naming.family else ''}"
    fault = DataError(
        f"{where}: {owner} do not fit this network: {'; '.join(said)}; "
        "build the network that they belong to"
    )
    for note in _notes(found):
        fault.add_note(note)
    raise fault


def _first(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _notes(found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    return (
        f"all {kind}: {', '.join(names)}" for kind, names in found.items() if len(names) > _SHOWN
    )
