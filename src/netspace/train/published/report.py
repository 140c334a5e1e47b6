"""What became of each tensor when weights were loaded."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from netspace.train.published.naming import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedWeights:
    """What became of each tensor; each of the module's stands in one of the first three.

    dialect, family: whose names the weights have. loaded: taken as they are. adapted: tensor to
    what was done to it. fresh: tensor to why it was left as it was. ignored: tensors of the source
    that have no place in the module.
    """

    dialect: Dialect
    family: str
    loaded: tuple[str, ...]
    adapted: Mapping[str, str]
    fresh: Mapping[str, str]
    ignored: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{' '.join((self.dialect, self.family)).strip()}: {len(self.loaded)} loaded"]
        parts += [f"{names} adapted ({why})" for names, why in _grouped(self.adapted)]
        parts += [f"{names} left as built ({why})" for names, why in _grouped(self.fresh)]
        parts += [f"{len(self.ignored)} ignored"] if self.ignored else []
        return "; ".join(parts)


def _grouped(reasons: Mapping[str, str]) -> list[tuple[str, str]]:
    """('stem.conv.weight', why), or ('57', why) where many share the reason."""
    counts = Counter(reasons.values())
    return [
        (", ".join(names) if len(names) <= 2 else str(len(names)), why)
        for why in counts
        if (names := [name for name, reason in reasons.items() if reason == why])
    ]
