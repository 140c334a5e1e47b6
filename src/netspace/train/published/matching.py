"""Which tensor of theirs each of ours takes, and which are left over on either side."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from netspace.train.published.naming import Naming
from netspace.train.published.sites import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Tensors by their names. pairs: ours to theirs; missing: ours that have no counterpart.

    unknown: theirs that have none; ignored: theirs that need none. blocks: how many here and there,
    None where blocks have no names.
    """

    pairs: dict[str, str]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    ignored: tuple[str, ...]
    blocks: tuple[int, int] | None


def match(
    places: Sequence[Site], own: Iterable[str], keys: Collection[str], naming: Naming
) -> Matching:
    """Our tensors beside theirs, by the rules of the naming."""
    layers = naming.names(places, keys)
    pairs, missing = {}, []
    for name in own:
        layer, _, part = name.rpartition(".")
        theirs = f"{layers.get(layer)}.{part}"
        if theirs in keys:
            pairs[name] = theirs
        else:
            missing.append(name)
    taken = set(pairs.values())
    left = [key for key in keys if key not in taken]
    ignored = tuple(key for key in left if re.match(naming.ignored, key))
    prefixes = naming.prefixes(keys)
    return Matching(
        pairs=pairs,
        missing=tuple(missing),
        unknown=tuple(key for key in left if key not in ignored),
        ignored=ignored,
        blocks=(max(site.block for site in places) + 1, len(prefixes)) if prefixes else None,
    )


def layers_of(names: Iterable[str], used: Iterable[str]) -> list[str]:
    """The layers of these tensors; the tensor itself where others of its layer are used."""
    known = {_layer(name) for name in used}
    return list(dict.fromkeys(n if _layer(n) in known else _layer(n) for n in names))


def _layer(name: str) -> str:
    return name.rpartition(".")[0]
